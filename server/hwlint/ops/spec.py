"""The shape of a row of the ops table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "REQUIRED",
    "Child",
    "Forward",
    "LayerSpec",
    "Parameter",
    "Reference",
    "Shapes",
    "Values",
    "no_changes",
    "no_check",
    "no_children",
    "no_shapes",
]

Values = Mapping[str, object]
"""Constructor arguments by torch's parameter names."""
Shapes = Mapping[str, tuple[int, ...]]
"""Tensor shapes by dotted name, in torch's order."""


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
"""Marks a parameter without a default."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A default that is an object of torch rather than a plain value."""

    path: str
    """Dotted path: "torch.nn.functional.relu"."""


class Parameter(NamedTuple):
    """One constructor parameter, as torch names it."""

    name: str
    default: object = REQUIRED
    kind: str = "positional"
    """"positional", "keyword" (keyword-only), "varargs" or "varkwargs"."""


@dataclass(frozen=True, slots=True)
class Forward:
    """What calling a layer does: one function, with the layer's own tensors and arguments."""

    function: str
    """Path of the function: a key of `FUNCTIONS`."""
    inputs: tuple[Parameter, ...]
    """What `forward` takes."""
    given: Values = field(default_factory=dict[str, object])
    """Parameters of the function that are called something else here ("pad": "padding"). The
    others come by their own names: out of the inputs, the parameters and buffers, the arguments
    of the constructor."""
    fixed: Values = field(default_factory=dict[str, object])
    """Parameters of the function that always have one value here."""


@dataclass(frozen=True, slots=True)
class Child:
    """A module that a composite layer registers when it is constructed."""

    name: str
    """Dotted name below the composite: "self_attn", "layers.0". A container comes before its
    items."""
    op: str | None = None
    """The class that torch builds: a key of `LAYERS` or a name in `CONTAINERS`. None where the
    module is `given`."""
    args: Values = field(default_factory=dict[str, object])
    """Keyword arguments that torch builds it with. One that is a `Child` is built before."""
    given: object = None
    """The module that the caller passed in, or the `Child` that stands for it. Whatever stands
    for an unknown number of layers stands for the list of them too."""
    copied: bool = False
    """The module is a deep copy of `given`, so that its parameters count again."""


def no_changes(values: Values) -> Values:
    """Every argument is stored as it was passed."""
    del values
    return {}


def no_check(values: Values) -> None:
    """Torch's constructor accepts everything."""
    del values


def no_shapes(values: Values) -> Shapes:
    """Torch's class has no such tensors."""
    del values
    return {}


def no_children(values: Values) -> tuple[Child, ...]:
    """Torch's class is a leaf."""
    del values
    return ()


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """What one torch.nn class is. Shapes, costs and export names are those of its `forward`."""

    op: str
    """The class name in torch.nn."""
    family: str
    """"conv", "linear", "norm", "activation", "pool", "padding", "dropout", "upsample",
    "shuffle", "recurrent", "attention", "embedding", "container", "loss", "other"."""
    bases: tuple[str, ...]
    """Names of torch's own bases, nearest first, for isinstance: ("_ConvNd", "Module")."""
    parameters: tuple[Parameter, ...]
    weights: Callable[[Values], Shapes]
    """Bound, normalised arguments -> shape of each nn.Parameter by its dotted name, in torch's
    order. Only called when every argument is known. Parameters of modules that the caller
    passed in (`Child.given`) are not among them."""
    attributes: Callable[[Values], Values]
    """Bound, normalised arguments -> the plain attributes that torch sets on the instance
    (`in_features`, `kernel_size` as a tuple, ...), and None for each parameter or buffer that it
    registers empty. Unknown arguments stay whatever object stands for them."""
    normalise: Callable[[Values], Values] = no_changes
    """Bound arguments -> those that torch stores in another form, alone."""
    check: Callable[[Values], None] = no_check
    """Raises what torch's constructor raises, as far as the arguments are known."""
    buffers: Callable[[Values], Shapes] = no_shapes
    """Like `weights`, for the buffers that hold a tensor."""
    children: Callable[[Values], tuple[Child, ...]] = no_children
    """Like `attributes`, for the modules that a composite builds or is given. An attribute whose
    value turns out to be a module (`activation`) is one more, registered after these."""
    forward: Forward | None = None
    """What calling the layer does; None where it runs its submodules or is not described."""
    lazy: bool = False
    """Weights get their shape in the first forward pass: `weights` does not have them."""
