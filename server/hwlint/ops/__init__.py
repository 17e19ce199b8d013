"""What every torch.nn layer is: constructor, parameters, attributes."""

from hwlint.ops.binding import Bound, bind, check, count, normalise
from hwlint.ops.spec import REQUIRED, Child, LayerSpec, Parameter, Reference
from hwlint.ops.table import ABSTRACT, CONTAINERS, INTERNAL, LAYERS

__all__ = [
    "ABSTRACT",
    "CONTAINERS",
    "INTERNAL",
    "LAYERS",
    "REQUIRED",
    "Bound",
    "Child",
    "LayerSpec",
    "Parameter",
    "Reference",
    "bind",
    "check",
    "count",
    "normalise",
]
