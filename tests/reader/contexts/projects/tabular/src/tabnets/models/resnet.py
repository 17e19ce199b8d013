from functools import partial

import torch
from torch import nn

from .base import CategoricalEmbeddings, TabularModel


class Block(nn.Module):
    def __init__(self, d, d_hidden, dropout, norm):
        super().__init__()
        self.ff = nn.Sequential(norm(d), nn.Linear(d, d_hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(d_hidden, d))

    def forward(self, x):
        return x + self.ff(x)


class ResNet(TabularModel):
    name = "resnet"

    def __init__(self, *, n_num, cardinalities, d, factor, depth, n_out, dropout):
        super().__init__()
        self.emb = CategoricalEmbeddings(cardinalities, max_dim=32) if len(cardinalities) else None
        self.stem = nn.Linear(n_num + getattr(self.emb, "out_features", 0), d)
        make = partial(Block, d, int(d * factor), norm=nn.BatchNorm1d)
        self.blocks = nn.ModuleList()
        while len(self.blocks) < depth:
            self.blocks.append(make(dropout=dropout))
        self.head = nn.Sequential(nn.BatchNorm1d(d), nn.ReLU(), nn.Linear(d, n_out))

    @classmethod
    def from_schema(cls, schema, d_token=200, dropout=0.2, **_):
        return cls(n_num=schema.n_numeric, cardinalities=schema.cardinalities, d=d_token, factor=1.5, depth=4,
                   n_out=schema.n_out, dropout=dropout)

    def forward(self, x_num, x_cat=None):
        x = self.stem(x_num if self.emb is None else torch.cat([x_num, self.emb(x_cat)], 1))
        for b in self.blocks:
            x = b(x)
        return self.head(x)
