import torch
from torch import nn, einsum

from einops import rearrange, repeat
from einops.layers.torch import Rearrange, Reduce

# helpers

def exists(val):
    return val is not None

def default(val, d):
    return val if exists(val) else d

def cast_tuple(val, length = 1):
    return val if isinstance(val, tuple) else ((val,) * length)

# classes

class LayerNorm(nn.Module):
    def __init__(self, dim, eps = 1e-5):
        super().__init__()
        self.eps = eps
        self.g = nn.Parameter(torch.ones(1, dim, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, x):
        var = torch.var(x, dim = 1, unbiased = False, keepdim = True)
        mean = torch.mean(x, dim = 1, keepdim = True)
        return (x - mean) / (var + self.eps).sqrt() * self.g + self.b

def FeedForward(dim, mult = 4, dropout = 0.):
    inner_dim = int(dim * mult)
    return nn.Sequential(
        LayerNorm(dim),
        nn.Conv2d(dim, inner_dim, 1),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Conv2d(inner_dim, dim, 1),
        nn.Dropout(dropout)
    )

class WindowAttention(nn.Module):
    def __init__(self, dim, window_size, dim_head = 32, dropout = 0., shifted = False):
        super().__init__()
        assert (dim % dim_head) == 0, 'dimension should be divisible by dimension per head'
        heads = dim // dim_head
        self.heads = heads
        self.scale = dim_head ** -0.5
        self.window_size = window_size
        self.shifted = shifted

        self.norm = LayerNorm(dim)
        self.dpb = nn.Sequential(
            nn.Linear(2, dim // 4),
            nn.LayerNorm(dim // 4),
            nn.ReLU(),
            nn.Linear(dim // 4, heads),
        )
        self.to_qkv = nn.Conv2d(dim, dim * 3, 1, bias = False)
        self.to_out = nn.Sequential(nn.Conv2d(dim, dim, 1), nn.Dropout(dropout))

        pos = torch.arange(window_size)
        grid = torch.stack(torch.meshgrid(pos, pos, indexing = 'ij'))
        grid = rearrange(grid, 'c i j -> (i j) c')
        self.register_buffer('rel_pos', (grid[:, None] - grid[None, :]).float(), persistent = False)

    def forward(self, x):
        w, h = self.window_size, self.heads
        x = self.norm(x)
        if self.shifted:
            x = torch.roll(x, shifts = (-(w // 2), -(w // 2)), dims = (2, 3))
        b, _, height, width = x.shape
        x = rearrange(x, 'b d (x s1) (y s2) -> (b x y) d s1 s2', s1 = w, s2 = w)
        q, k, v = self.to_qkv(x).chunk(3, dim = 1)
        q, k, v = map(lambda t: rearrange(t, 'b (h d) x y -> b h (x y) d', h = h), (q, k, v))
        sim = einsum('b h i d, b h j d -> b h i j', q * self.scale, k)
        sim = sim + rearrange(self.dpb(self.rel_pos), 'i j h -> h i j')
        out = einsum('b h i j, b h j d -> b h i d', sim.softmax(dim = -1), v)
        out = rearrange(out, 'b h (x y) d -> b (h d) x y', x = w, y = w)
        out = self.to_out(out)
        return rearrange(out, '(b x y) d s1 s2 -> b d (x s1) (y s2)', x = height // w, y = width // w)

class Transformer(nn.Module):
    def __init__(self, dim, depth, *, window_size, dim_head, ff_mult = 4, dropout = 0.):
        super().__init__()
        self.layers = nn.ModuleList([])
        for ind in range(depth):
            self.layers.append(nn.ModuleList([
                WindowAttention(dim, window_size, dim_head, dropout, shifted = ind % 2 == 1),
                FeedForward(dim, mult = ff_mult, dropout = dropout)
            ]))

    def forward(self, x):
        for attn, ff in self.layers:
            x = attn(x) + x
            x = ff(x) + x
        return x

class SwinLite(nn.Module):
    def __init__(
        self,
        *,
        num_classes,
        dims,
        depths,
        window_size = 7,
        dim_head = 32,
        patch_size = 4,
        ff_mult = 4,
        dropout = 0.,
        channels = 3
    ):
        super().__init__()
        window_size = cast_tuple(window_size, len(dims))
        self.to_patch_embedding = nn.Sequential(
            Rearrange('b c (h p1) (w p2) -> b (p1 p2 c) h w', p1 = patch_size, p2 = patch_size),
            nn.Conv2d(channels * patch_size ** 2, dims[0], 1),
            LayerNorm(dims[0])
        )
        self.stages = nn.ModuleList([])
        last_dim = dims[0]
        for ind, (dim, depth, window) in enumerate(zip(dims, depths, window_size)):
            is_first = ind == 0
            self.stages.append(nn.Sequential(
                nn.Identity() if is_first else nn.Conv2d(last_dim, dim, 2, stride = 2),
                Transformer(dim, depth, window_size = window, dim_head = dim_head, ff_mult = ff_mult, dropout = dropout)
            ))
            last_dim = dim
        self.dim = last_dim
        self.to_logits = nn.Sequential(
            Reduce('b d h w -> b d', 'mean'),
            nn.LayerNorm(last_dim),
            nn.Linear(last_dim, num_classes)
        )

    def forward(self, x):
        x = self.to_patch_embedding(x)
        for stage in self.stages:
            x = stage(x)
        return self.to_logits(x)
