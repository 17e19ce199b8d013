import math

import torch
from torch import nn

from ..registry import MODELS


class PositionalEncoding(nn.Module):
    def __init__(self, dim, max_len=5000, dropout=0.1):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        pe = torch.zeros(max_len, dim)
        position = torch.arange(0, max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, dim, 2) * -(math.log(10000.0) / dim))
        pe[:, 0::2] = torch.sin(position * div_term)
        pe[:, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe.unsqueeze(0))

    def forward(self, x):
        return self.dropout(x + self.pe[:, : x.size(1)])


@MODELS.register(name="transformer")
class TransformerClassifier(nn.Module):
    def __init__(self, vocab_size: int, num_classes: int, max_len: int, dim: int = 256, heads: int = 4,
                 depth: int = 2, mlp_ratio: float = 4.0, pool: str = "mean", dropout: float = 0.1):
        super().__init__()
        assert pool in {"cls", "mean"}
        self.pool = pool
        self.tok = nn.Embedding(vocab_size, dim, padding_idx=0)
        if pool == "cls":
            self.cls = nn.Parameter(torch.zeros(1, 1, dim))
            max_len += 1
        self.pos = PositionalEncoding(dim, max_len, dropout)
        layer = nn.TransformerEncoderLayer(dim, heads, dim_feedforward=int(dim * mlp_ratio), dropout=dropout,
                                           activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, norm=nn.LayerNorm(dim), enable_nested_tensor=False)
        self.head = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Dropout(dropout), nn.Linear(dim, num_classes))

    def forward(self, tokens):
        x = self.tok(tokens)
        if self.pool == "cls":
            x = torch.cat([self.cls.expand(x.size(0), -1, -1), x], dim=1)
        x = self.encoder(self.pos(x))
        return self.head(x[:, 0] if self.pool == "cls" else x.mean(1))
