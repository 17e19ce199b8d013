"""What every torch.nn layer and every function on tensors is."""

from hwlint.ops._dims import broadcast
from hwlint.ops.binding import Bound, bind, check, count, normalise
from hwlint.ops.calls import FunctionSpec, Meta, ShapeMismatch, bind_call
from hwlint.ops.functional_elementwise import POINTWISE
from hwlint.ops.functions import FUNCTIONS
from hwlint.ops.spec import REQUIRED, Child, Forward, LayerSpec, Parameter, Reference
from hwlint.ops.table import ABSTRACT, CONTAINERS, INTERNAL, LAYERS

__all__ = [
    "ABSTRACT",
    "CONTAINERS",
    "FUNCTIONS",
    "INTERNAL",
    "LAYERS",
    "POINTWISE",
    "REQUIRED",
    "Bound",
    "Child",
    "Forward",
    "FunctionSpec",
    "LayerSpec",
    "Meta",
    "Parameter",
    "Reference",
    "ShapeMismatch",
    "bind",
    "bind_call",
    "broadcast",
    "check",
    "count",
    "normalise",
]
