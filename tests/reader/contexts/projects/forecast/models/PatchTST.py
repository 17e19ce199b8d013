import torch
from torch import nn

from layers.RevIN import RevIN


class Transpose(nn.Module):
    def __init__(self, *dims, contiguous=False):
        super().__init__()
        self.dims, self.contiguous = dims, contiguous

    def forward(self, x):
        return x.transpose(*self.dims).contiguous() if self.contiguous else x.transpose(*self.dims)


def get_activation_fn(activation):
    if callable(activation): return activation()
    elif activation.lower() == "relu": return nn.ReLU()
    elif activation.lower() == "gelu": return nn.GELU()
    raise ValueError(f'{activation} is not available. You can use "relu", "gelu", or a callable')


class TSTEncoderLayer(nn.Module):
    def __init__(self, d_model, n_heads, d_ff=256, norm='BatchNorm', dropout=0., activation="gelu"):
        super().__init__()
        assert not d_model % n_heads, f"d_model ({d_model}) must be divisible by n_heads ({n_heads})"
        self.self_attn = nn.MultiheadAttention(d_model, n_heads, dropout=dropout, batch_first=True)
        self.dropout_attn = nn.Dropout(dropout)
        if "batch" in norm.lower():
            self.norm_attn = nn.Sequential(Transpose(1, 2), nn.BatchNorm1d(d_model), Transpose(1, 2))
        else:
            self.norm_attn = nn.LayerNorm(d_model)
        self.ff = nn.Sequential(nn.Linear(d_model, d_ff), get_activation_fn(activation), nn.Dropout(dropout),
                                nn.Linear(d_ff, d_model))
        self.norm_ffn = nn.Sequential(Transpose(1, 2), nn.BatchNorm1d(d_model), Transpose(1, 2))

    def forward(self, src):
        src = self.norm_attn(src + self.dropout_attn(self.self_attn(src, src, src)[0]))
        return self.norm_ffn(src + self.ff(src))


class Flatten_Head(nn.Module):
    def __init__(self, individual, n_vars, nf, target_window, head_dropout=0):
        super().__init__()
        self.individual = individual
        self.n_vars = n_vars
        if self.individual:
            self.linears = nn.ModuleList()
            for i in range(self.n_vars):
                self.linears.append(nn.Linear(nf, target_window))
        else:
            self.flatten = nn.Flatten(start_dim=-2)
            self.linear = nn.Linear(nf, target_window)
            self.dropout = nn.Dropout(head_dropout)

    def forward(self, x):
        return self.dropout(self.linear(self.flatten(x)))


class Model(nn.Module):
    def __init__(self, configs, max_seq_len: int = 1024, norm: str = 'BatchNorm', head_dropout: float = 0.0, **kwargs):
        super().__init__()
        c_in, context_window, target_window = configs.enc_in, configs.seq_len, configs.pred_len
        self.revin = bool(configs.revin)
        if self.revin: self.revin_layer = RevIN(c_in, affine=False)
        patch_num = int((context_window - configs.patch_len) / configs.stride + 1)
        if configs.padding_patch == 'end':
            self.padding_patch_layer = nn.ReplicationPad1d((0, configs.stride))
            patch_num += 1
        self.patch_len, self.stride = configs.patch_len, configs.stride
        self.W_P = nn.Linear(configs.patch_len, configs.d_model)
        self.W_pos = nn.Parameter(torch.zeros(patch_num, configs.d_model).uniform_(-0.02, 0.02))
        self.dropout = nn.Dropout(configs.dropout)
        self.encoder = nn.ModuleList([
            TSTEncoderLayer(configs.d_model, configs.n_heads, d_ff=configs.d_ff, norm=norm, dropout=configs.dropout,
                            activation=configs.activation) for i in range(configs.e_layers)])
        self.head = Flatten_Head(configs.individual, c_in, configs.d_model * patch_num, target_window, head_dropout)

    def forward(self, x):
        z = self.revin_layer(x, 'norm').permute(0, 2, 1)
        z = self.padding_patch_layer(z).unfold(dimension=-1, size=self.patch_len, step=self.stride)
        n = z.shape[1]
        u = self.dropout(self.W_P(z).flatten(0, 1) + self.W_pos)
        for mod in self.encoder:
            u = mod(u)
        z = self.head(u.unflatten(0, (-1, n)).transpose(2, 3)).permute(0, 2, 1)
        return self.revin_layer(z, 'denorm')
