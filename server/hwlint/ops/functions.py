"""The one table of torch's functions on tensors, put together from the families."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from hwlint.ops import (
    functional_casts,
    functional_conv,
    functional_einsum,
    functional_elementwise,
    functional_index,
    functional_linalg,
    functional_linear,
    functional_norm,
    functional_pieces,
    functional_pool,
    functional_recurrent,
    functional_reduce,
    functional_views,
)
from hwlint.ops.calls import FunctionSpec

__all__ = ["FUNCTIONS"]

_FAMILIES = (
    functional_casts,
    functional_conv,
    functional_einsum,
    functional_elementwise,
    functional_index,
    functional_linalg,
    functional_linear,
    functional_norm,
    functional_pieces,
    functional_pool,
    functional_recurrent,
    functional_reduce,
    functional_views,
)
_PATHS = {"F": "torch.nn.functional", "torch": "torch", "Tensor": "torch.Tensor"}

FUNCTIONS: Mapping[str, FunctionSpec] = MappingProxyType(
    {
        f"{_PATHS.get(space, space)}.{row.name}": row
        for row in chain.from_iterable(family.ROWS for family in _FAMILIES)
        for space in row.spaces
    }
)
"""Every function by its path: "torch.nn.functional.conv2d", "torch.Tensor.mean"."""
