"""Models that the tests run with torch and that hwlint reads."""

import math

import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, groups=4),
        )

    def forward(self, x):
        return nn.functional.relu(x + self.body(x))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 7, stride=2, padding="valid")
        self.blocks = nn.ModuleList(Residual(16) for _ in range(3))
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = self.pool(block(x))
        return self.head(x.mean((2, 3)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, 2, 1)
        self.deep = nn.Conv2d(8, 16, 3, 2, 1)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.out = nn.Conv2d(16, 1, 1)

    def forward(self, x):
        high = nn.functional.gelu(self.down(x))
        low = nn.functional.gelu(self.deep(high))
        both = torch.cat([high, self.up(low)], dim=1)
        return nn.functional.interpolate(self.out(both), size=x.shape[-2:], mode="bilinear")


class OwnAttention(nn.Module):
    def __init__(self, width=48, heads=4):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, mask=None):
        batch, length, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, float("-inf"))
        x = scores.softmax(dim=-1) @ v
        return self.out(x.transpose(1, 2).flatten(2))


class VisionTransformer(nn.Module):
    def __init__(self, width=48, depth=2):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(torch.zeros(1, 17, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.blocks = nn.ModuleList(OwnAttention(width) for _ in range(depth))
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), dim=1) + self.place
        for norm, block in zip(self.norms, self.blocks, strict=True):
            x = x + block(norm(x))
        return self.head(x[:, 0])


class Decoder(nn.Module):
    def __init__(self, words=100, width=32, depth=2):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(64, width)
        self.layers = nn.ModuleList(
            nn.ModuleDict({"attend": OwnAttention(width), "feed": nn.Linear(width, width)})
            for _ in range(depth)
        )
        self.register_buffer("mask", torch.tril(torch.ones(64, 64)).view(1, 1, 64, 64))
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.words.weight

    def forward(self, ids):
        length = ids.size(1)
        x = self.words(ids) + self.places(torch.arange(length, device=ids.device))
        for layer in self.layers:
            x = x + layer["attend"](x, self.mask[:, :, :length, :length])
            x = x + nn.functional.silu(layer["feed"](x))
        return {"logits": self.head(x), "last": x[:, -1]}


class Fused(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.q, self.kv = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        q = self.q(x).unflatten(-1, (4, 8)).transpose(1, 2)
        k, v = self.kv(x).chunk(2, dim=-1)
        k, v = (t.unflatten(-1, (2, 8)).transpose(1, 2) for t in (k, v))
        out = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return out.transpose(1, 2).reshape(x.shape)


class Torchs(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(24, 3, 48, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.attend = nn.MultiheadAttention(24, 4, kdim=12, vdim=12, batch_first=True)

    def forward(self, x):
        x = self.encoder(x)
        out, weights = self.attend(x, x[..., :12], x[..., 12:])
        return out, weights


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(12, 16, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(32, 8)
        self.cell = nn.LSTMCell(8, 8)

    def forward(self, x):
        x, (hidden, _) = self.lstm(x)
        x, _ = self.gru(x)
        state, _ = self.cell(x[:, -1])
        return state, hidden[-1]


class Keywords(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(40, 64, 5, stride=2, dilation=2)
        self.depth = nn.Conv1d(64, 64, 3, padding="same", groups=64)
        self.norm = nn.GroupNorm(8, 64)

    def forward(self, x):
        x = self.norm(self.conv(x))
        parts = torch.split(self.depth(x), [16, 48], dim=1)
        gate = torch.sigmoid(parts[0].amax(-1, keepdim=True))
        return torch.einsum("bct,bc->bt", parts[0], gate.squeeze(-1)) + parts[1].sum(1)


class Mixture(nn.Module):
    def __init__(self, width=16, experts=4):
        super().__init__()
        self.router = nn.Linear(width, experts)
        self.up = nn.Parameter(torch.randn(experts, width, 2 * width))
        self.down = nn.Parameter(torch.randn(experts, 2 * width, width))

    def forward(self, x):
        weights, chosen = self.router(x).softmax(-1).topk(2, dim=-1)
        hidden = torch.einsum("bd,bkdh->bkh", x, self.up[chosen])
        out = torch.bmm(hidden.flatten(0, 1).unsqueeze(1), self.down[chosen].flatten(0, 1))
        return (out.view(*weights.shape, -1) * weights.unsqueeze(-1)).sum(1)


class Windows(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(12, 12)

    def forward(self, x):
        batch, height, width, channels = x.shape
        x = nn.functional.pad(x, (0, 0, 0, -width % 4, 0, -height % 4))
        x = torch.roll(x, shifts=(-2, -2), dims=(1, 2))
        x = x.view(batch, x.shape[1] // 4, 4, x.shape[2] // 4, 4, channels)
        x = self.proj(x.permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, channels))
        return x[:, ::2, None].contiguous().masked_fill(x[:, ::2, None] > 0, 0.0)


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 8, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        self.pool = nn.AdaptiveAvgPool3d((4, None, 1))
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x, *, scale: float = 2.0):
        x = self.pool(self.conv(x) * scale)
        frames = torch.stack(x.unbind(2)).squeeze(-1)
        low = self.shuffle(x[..., 0].permute(0, 2, 1, 3).repeat(1, 1, 1, 1))
        return frames, low


def padding(mask):
    if mask.all():
        return None
    return mask[:, None, None, :].expand(-1, 1, mask.shape[1], -1)


class Masked(nn.Module):
    """Whether there is a mask, and which function makes the scores, depends on values."""

    needs_values = True

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(24, 72)

    def forward(self, x, mask):
        q, k, v = self.qkv(x).unflatten(-1, (3, 4, 6)).permute(2, 0, 3, 1, 4)
        found = padding(mask)
        scale = torch.sigmoid if mask[0, 0] else torch.tanh
        scores = q @ k.transpose(-1, -2)
        if found is not None:
            scores = scores.masked_fill(~found, -1e9)
        if hasattr(self.qkv.weight, "quantised"):
            scores = scores[0]
        return (scale(scores).softmax(-1) @ v).transpose(1, 2).flatten(2)


class MaskedTorch(nn.Module):
    """torch's own attention with each kind of mask."""

    def __init__(self):
        super().__init__()
        self.first = nn.MultiheadAttention(24, 4, batch_first=True)
        self.second = nn.MultiheadAttention(24, 4, batch_first=True)
        self.mix = nn.Linear(24, 28)

    def forward(self, x, hidden):
        causal = torch.ones(7, 7, device=x.device).triu(diagonal=1).bool()
        each = self.mix(x).view(2, 7, 4, 7).permute(0, 2, 1, 3).flatten(0, 1)
        y, weights = self.first(x, x, x, attn_mask=causal, key_padding_mask=hidden)
        y = self.second(y, x, x, attn_mask=each < 0.5, need_weights=False)[0]
        return self.first(y, y, y, attn_mask=each)[0], weights


class Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x)
        return torch.sigmoid(x @ weight)

    @staticmethod
    def backward(ctx, grad):
        return grad, None


def one_row(row, column):
    return row.sum() > column.mean()


class Functions(nn.Module):
    """A function of autograd, attention as a function, work in place, functions of functions."""

    needs_values = True  # on the device where it makes tensors

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(16, 16))
        self.bias = nn.Parameter(torch.randn(1, 1, 16))
        self.register_buffer("state", torch.zeros(2, 5, 5))

    def forward(self, x):
        x = Gate.apply(x, self.weight)
        self.state.add_(torch.baddbmm(self.state, x, x.transpose(1, 2)))
        pairs = torch.vmap(torch.vmap(one_row, (None, 0)), (0, None))(x[0], x[1])
        x = x.transpose(0, 1)
        made, weights = nn.functional.multi_head_attention_forward(
            x, x, x, 16, 4, torch.empty([0]), torch.zeros(48), self.bias, self.bias, True, 0.0,
            self.weight, None, training=False, use_separate_proj_weight=True,
            q_proj_weight=self.weight, k_proj_weight=self.weight, v_proj_weight=self.weight,
        )  # fmt: skip
        return made, weights, pairs


class Tables(nn.Module):
    """Biases picked by a long table and kept by device, a floor for values, weights at random."""

    needs_values = True

    def __init__(self):
        super().__init__()
        self.biases = nn.Parameter(torch.zeros(2, 70))
        apart = [abs(i - j) for i in range(70) for j in range(70)]
        self.table = nn.Buffer(torch.LongTensor(apart).view(70, 70), persistent=False)
        self.floor = nn.Buffer(torch.tensor(-1e-6))
        self.start = nn.Parameter(torch.normal(0, 0.1, size=(70,)))
        self.kept = {}

    def forward(self, x):
        place = str(x.device)
        if place not in self.kept:
            self.kept[place] = self.biases[:, self.table]
        spread = torch.distributions.normal.Normal(0, 1).icdf(torch.tensor(0.95))
        x = torch.min(x, self.floor) * self.start + spread
        apart = self.kept[place] + torch.eye(70)
        return torch.linalg.solve_triangular(apart, x, upper=True) @ x.mT


INPUTS = {
    "Masked": ["2x7x24", "2x7:bool"],
    "MaskedTorch": ["2x7x24", "2x7:bool"],
    "Functions": ["2x5x16"],
    "Tables": ["2x70x70"],
    "ConvNet": ["2x3x64x48"],
    "UNet": ["1x1x32x32"],
    "VisionTransformer": ["2x3x32x32"],
    "Decoder": ["2x9:int64"],
    "Fused": ["2x7x32"],
    "Torchs": ["2x5x24"],
    "Recurrent": ["3x6x12"],
    "Keywords": ["2x40x50"],
    "Mixture": ["5x16"],
    "Windows": ["2x6x7x12"],
    "Video": ["1x3x6x8x8"],
    "OwnAttention": ["2x6x48", "mask=2x1x6x6"],
}
