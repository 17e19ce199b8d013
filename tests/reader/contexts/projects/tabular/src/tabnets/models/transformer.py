import math

import torch
from torch import Tensor, nn

from .base import TabularModel


class FeatureTokenizer(nn.Module):
    def __init__(self, n_num: int, cardinalities, d: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_num + 1, d))
        self.bias = nn.Parameter(torch.zeros(n_num, d))
        if cardinalities:
            self.register_buffer("offsets", torch.tensor([0, *cardinalities[:-1]]).cumsum(0))
            self.embeddings = nn.Embedding(sum(cardinalities), d)
        else:
            self.embeddings = None
        nn.init.uniform_(self.weight, -1 / math.sqrt(d), 1 / math.sqrt(d))

    def forward(self, x_num: Tensor, x_cat=None) -> Tensor:
        x = torch.cat([torch.ones(len(x_num), 1), x_num], 1)
        x = self.weight[None] * x[:, :, None]
        return x if self.embeddings is None else torch.cat([x, self.embeddings(x_cat + self.offsets)], 1)


class Attention(nn.Module):
    def __init__(self, d: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(d, d, bias=False) for _ in range(3))
        self.out = nn.Linear(d, d) if heads > 1 else None
        self.dropout = nn.Dropout(dropout) if dropout else None

    def forward(self, x):
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v))
        x = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return x if self.out is None else self.out(x)


class FTTransformer(TabularModel):
    name = "ft-transformer"

    def __init__(self, tokenizer: FeatureTokenizer, d: int, depth: int, heads: int, n_out: int, dropout: float):
        super().__init__()
        self.tokenizer = tokenizer
        hidden = int(d * 4 / 3)
        self.layers = nn.ModuleList([
            nn.ModuleDict({
                "attention": Attention(d, heads, dropout),
                "ff": nn.Sequential(nn.Linear(d, hidden * 2), nn.GLU(), nn.Linear(hidden, d)),
                **({"norm0": nn.LayerNorm(d)} if i else {}),
                "norm1": nn.LayerNorm(d),
            }) for i in range(depth)
        ])
        self.head = nn.Sequential(nn.LayerNorm(d), nn.ReLU(), nn.Linear(d, n_out))

    @classmethod
    def from_schema(cls, schema, d_token=96, depth=3, dropout=0.2, **_):
        tokenizer = FeatureTokenizer(schema.n_numeric, schema.cardinalities, d_token)
        return cls(tokenizer, d_token, depth, 8, schema.n_out, dropout)

    def forward(self, x_num, x_cat=None):
        x = self.tokenizer(x_num, x_cat)
        for layer in self.layers:
            h = layer["norm0"](x) if "norm0" in layer else x
            x = x + layer["attention"](h)
            x = x + layer["ff"](layer["norm1"](x))
        return self.head(x[:, 0])
