"""The one table of torch.nn's layers, put together from the families."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from hwlint.ops import (
    activation,
    attention,
    classifier,
    conv,
    distance,
    dropout,
    embedding,
    linear,
    loss,
    norm,
    padding,
    parallel,
    pool,
    recurrent,
    shuffle,
    upsample,
)
from hwlint.ops.spec import LayerSpec

__all__ = ["ABSTRACT", "CONTAINERS", "INTERNAL", "LAYERS"]

_FAMILIES = (
    activation,
    attention,
    classifier,
    conv,
    distance,
    dropout,
    embedding,
    linear,
    loss,
    norm,
    padding,
    parallel,
    pool,
    recurrent,
    shuffle,
    upsample,
)

LAYERS: Mapping[str, LayerSpec] = MappingProxyType(
    {row.op: row for row in chain.from_iterable(family.ROWS for family in _FAMILIES)}
)
"""Every public class of torch.nn that is a module and not a container, by name."""

INTERNAL: Mapping[str, LayerSpec] = MappingProxyType(
    {row.op: row for row in (*dropout.INTERNAL, *linear.INTERNAL, *norm.INTERNAL)}
)
"""Classes of torch.nn.modules without a public name that code subclasses or that composites
build."""

CONTAINERS = frozenset(
    {
        "Container",
        "Module",
        "ModuleDict",
        "ModuleList",
        "ParameterDict",
        "ParameterList",
        "Sequential",
    }
)
"""Public classes of torch.nn that hold modules or parameters and have no row."""


# Out of the method resolution order of a class with a mixin the mixin's own bases do not show.
_MIXINS: Mapping[str, tuple[str, ...]] = {
    "LazyModuleMixin": (),
    "_LazyConvXdMixin": ("LazyModuleMixin",),
    "_LazyNormBase": ("LazyModuleMixin", "_NormBase", "Module"),
}


def _abstract() -> dict[str, tuple[str, ...]]:
    found = {**_MIXINS, **{name: row.bases for name, row in INTERNAL.items()}}
    for row in LAYERS.values():
        for index, base in enumerate(row.bases):
            if base not in LAYERS and base not in CONTAINERS:
                found.setdefault(base, row.bases[index + 1 :])
    return found


ABSTRACT: Mapping[str, tuple[str, ...]] = MappingProxyType(_abstract())
"""Bases of the classes of torch.nn.modules that have no public name, nearest first."""
