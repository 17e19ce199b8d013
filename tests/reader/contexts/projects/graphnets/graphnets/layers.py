from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GCNLayer(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, *, bias: bool = True, norm: str | None = "batch"):
        super().__init__()
        self.lin = nn.Linear(in_dim, out_dim, bias=bias and norm is None)
        match norm:
            case "batch":
                self.norm = nn.BatchNorm1d(out_dim)
            case "layer":
                self.norm = nn.LayerNorm(out_dim)
            case None:
                self.norm = nn.Identity()
            case _:
                raise ValueError(f"unknown norm {norm!r}")

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        h = adj @ self.lin(x)
        return self.norm(h.flatten(0, 1)).view_as(h)


class SAGELayer(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, aggregator: str = "mean"):
        super().__init__()
        self.aggregator = aggregator
        self.self_lin = nn.Linear(in_dim, out_dim)
        self.neigh_lin = nn.Linear(in_dim, out_dim, bias=False)
        if aggregator == "lstm":
            self.lstm = nn.LSTM(in_dim, in_dim, batch_first=True)
        elif aggregator == "pool":
            self.pool = nn.Sequential(nn.Linear(in_dim, in_dim), nn.ReLU())

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        return self.self_lin(x) + self.neigh_lin(adj @ x)


class GATLayer(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, heads: int = 1, concat: bool = True, negative_slope: float = 0.2,
                 dropout: float = 0.6):
        super().__init__()
        if concat:
            assert out_dim % heads == 0
        self.heads, self.concat = heads, concat
        self.head_dim = out_dim // heads if concat else out_dim
        self.lin = nn.Linear(in_dim, self.head_dim * heads, bias=False)
        self.att = nn.Parameter(torch.empty(2, heads, self.head_dim))
        self.leaky = nn.LeakyReLU(negative_slope)
        self.drop = nn.Dropout(dropout)
        nn.init.xavier_uniform_(self.att)

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        h = self.lin(x).unflatten(-1, (self.heads, self.head_dim))
        score = (h * self.att[0]).sum(-1).unsqueeze(2) + (h * self.att[1]).sum(-1).unsqueeze(1)
        alpha = self.leaky(score).masked_fill(adj.unsqueeze(-1) == 0, float("-inf")).softmax(2)
        out = torch.einsum("bijh,bjhd->bihd", self.drop(alpha), h)
        return out.flatten(2) if self.concat else out.mean(2)


LAYERS = {"gcn": GCNLayer, "sage": SAGELayer, "gat": GATLayer}


def make_layer(kind: str, in_dim: int, out_dim: int, **kwargs) -> nn.Module:
    if kind not in LAYERS:
        raise KeyError(f"{kind} is none of {', '.join(LAYERS)}")
    return LAYERS[kind](in_dim, out_dim, **kwargs)
