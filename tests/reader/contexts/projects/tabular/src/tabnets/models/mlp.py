from torch import nn
import torch

from .base import CategoricalEmbeddings, TabularModel


class MLP(TabularModel):
    name = "mlp"

    def __init__(self, n_num, cardinalities, hidden, n_out, dropout=0.1):
        super().__init__()
        self.emb = CategoricalEmbeddings(cardinalities) if cardinalities else None
        d = n_num + (self.emb.out_features if self.emb else 0)
        sizes = [d, *hidden]
        blocks = []
        for a, b in zip(sizes, sizes[1:]):
            blocks += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(dropout)]
        self.body = nn.Sequential(*blocks, nn.Linear(sizes[-1], n_out))

    @classmethod
    def from_schema(cls, schema, *, d_token=None, hidden=(512, 256, 128), **rest):
        return cls(schema.n_numeric, schema.cardinalities, hidden, schema.n_out, **rest)

    def forward(self, x_num, x_cat=None):
        x = x_num if self.emb is None else torch.cat([x_num, self.emb(x_cat)], 1)
        return self.body(x)
