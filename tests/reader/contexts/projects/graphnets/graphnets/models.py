from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .layers import make_layer


class NodeEncoder(nn.Module):
    def __init__(self, in_dim: int, hidden: Sequence[int], *, kind: str, activation: type[nn.Module] = nn.ReLU,
                 jump: bool = False, **layer_kwargs):
        super().__init__()
        dims = [in_dim, *hidden]
        self.layers = nn.ModuleList(make_layer(kind, a, b, **layer_kwargs) for a, b in zip(dims[:-1], dims[1:]))
        self.act = activation()
        self.jump = jump
        self.out_dim = sum(hidden) if jump else dims[-1]

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        outs = []
        for layer in self.layers:
            x = self.act(layer(x, adj))
            outs.append(x)
        return torch.cat(outs, -1) if self.jump else x


class GraphClassifier(nn.Module):
    """Encoder, readout, classifier."""

    def __init__(self, encoder: NodeEncoder, num_classes: int, readout: str = "mean", mlp_ratio: float = 0.5):
        super().__init__()
        self.encoder = encoder
        self.readout = readout
        d = encoder.out_dim * (2 if readout == "meanmax" else 1)
        mid = max(1, int(d * mlp_ratio))
        self.classifier = nn.Sequential(nn.Linear(d, mid), nn.GELU(), nn.Dropout(0.2), nn.Linear(mid, num_classes))

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        h = self.encoder(x, adj)
        pooled = torch.cat([h.mean(1), h.amax(1)], -1) if self.readout == "meanmax" else h.mean(1)
        return self.classifier(pooled)
