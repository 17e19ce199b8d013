from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from tabnets.schema import Schema


class TabularModel(nn.Module, ABC):
    """Subclasses register themselves under `name`."""

    name: ClassVar[str]
    _registry: ClassVar[dict[str, type[TabularModel]]] = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "name"):
            TabularModel._registry[cls.name] = cls

    @classmethod
    @abstractmethod
    def from_schema(cls, schema: Schema, **options) -> TabularModel: ...

    @abstractmethod
    def forward(self, x_num: Tensor, x_cat: Tensor | None) -> Tensor: ...


class CategoricalEmbeddings(nn.Module):
    def __init__(self, cardinalities: tuple[int, ...], max_dim: int = 50):
        super().__init__()
        dims = [min(max_dim, (c + 1) // 2) for c in cardinalities]
        self.tables = nn.ModuleList(nn.Embedding(c, d) for c, d in zip(cardinalities, dims, strict=True))
        self.out_features = sum(dims)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([t(x[:, i]) for i, t in enumerate(self.tables)], dim=-1)


def available() -> list[str]:
    return sorted(TabularModel._registry)


def build(name: str, schema: Schema, **options) -> TabularModel:
    return TabularModel._registry[name].from_schema(schema, **{k: v for k, v in options.items() if v is not None})
