"""The shape of a row of the table of functions, and how a call is bound to it.

A rule takes the bound arguments by torch's names and says what comes out. Tensors among them are
anything with a `shape` and a `dtype`; a dimension that is not known is None, and so is a shape of
which not even the rank is. Whatever else is not known stays the object that stands for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeGuard

from hwlint.ops.spec import REQUIRED, Parameter, Values

__all__ = [
    "Dim",
    "Dims",
    "FunctionSpec",
    "Macs",
    "Meta",
    "NothingGiven",
    "Result",
    "Rule",
    "ShapeMismatch",
    "TensorLike",
    "bind_call",
    "is_tensor",
]

Dim = int | None
Dims = tuple[Dim, ...]


class TensorLike(Protocol):
    """What a rule needs to know of a tensor."""

    @property
    def shape(self) -> Dims | None:
        """The dimensions."""
        ...

    @property
    def dtype(self) -> str:
        """The name that torch has for it, "" where it is not known."""
        ...


class Meta(NamedTuple):
    """A tensor without values."""

    shape: Dims | None
    dtype: str = "float32"


Result = Meta | tuple["Result", ...] | list["Result"] | None
"""What comes out: a tensor, several in a tuple or list, or None."""
Rule = Callable[[Values], Result]
Macs = Callable[[Values, Result], int | None]


class NothingGiven(Exception):
    """Torch would refuse: there is nothing to put together."""


class ShapeMismatch(Exception):
    """Torch would refuse: the shapes do not fit together, whatever the dims that are not known."""


def is_tensor(value: object) -> TypeGuard[TensorLike]:
    """Whether an argument stands for a tensor."""
    return hasattr(value, "dtype")


def no_macs(values: Values, result: Result) -> int | None:
    """Nothing is multiplied that anybody counts."""
    del values, result
    return 0


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What one function on tensors is."""

    name: str
    """Torch's name: "conv2d"."""
    spaces: tuple[str, ...]
    """Where torch has it: "torch", "Tensor", "F" (torch.nn.functional), others by their path."""
    parameters: tuple[Parameter, ...]
    result: Rule
    """Bound arguments -> what comes out; raises ShapeMismatch where torch would refuse."""
    macs: Macs = no_macs
    """Multiply-accumulates, as torch's FlopCounterMode has half of its FLOPs; None = not known."""
    effect: str = "new"
    """"new": writes a tensor of its own. "view": gives a view of its first tensor. "reshape": a
    view where the layout allows, else a copy. "cast": a copy unless it has that dtype already.
    "contiguous": a copy unless it lies so already. "same": gives back what it got."""
    reads: str = ""
    """"part": of its first tensor it reads as much as it writes (gather, slices, embeddings)."""
    fields: tuple[str, ...] = ()
    """Names of the parts where torch gives a named tuple."""
    onnx: str = ""
    """ONNX operator; "" where it takes several or none."""
    tflite: str = ""
    """TFLite builtin operator, likewise."""


_ALIASES = {
    "axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x2": "other",
    "self": "input", "tensor": "input", "split_size": "split_size_or_sections",
    "split_sizes": "split_size_or_sections", "indices": "indices_or_sections",
    "sections": "indices_or_sections",
}  # fmt: skip
"""Names of numpy's and of single overloads that torch's own functions take as well."""


def bind_call(
    spec: FunctionSpec, args: Sequence[object], kwargs: Mapping[str, object]
) -> dict[str, object]:
    """Return the arguments of a call by name, defaults filled in.

    Raises:
        TypeError: Where torch has no such signature.
    """
    given: dict[str, object] = {}
    rest: str | None = None
    used = 0
    for parameter in spec.parameters:
        if parameter.kind == "varargs":
            rest = parameter.name
            given[rest] = tuple(args[used:])
            used = len(args)
        elif parameter.kind == "positional" and used < len(args):
            given[parameter.name] = args[used]
            used += 1
    if used < len(args):
        raise TypeError(f"{spec.name}() takes {used} positional arguments but {len(args)} given")
    for name, value in kwargs.items():
        _keyword(spec, given, name, value, rest)
    for parameter in spec.parameters:
        if parameter.name not in given:
            if parameter.default is REQUIRED:
                raise TypeError(f"{spec.name}() missing required argument: '{parameter.name}'")
            given[parameter.name] = parameter.default
    return given


def _keyword(
    spec: FunctionSpec, given: dict[str, object], name: str, value: object, rest: str | None
) -> None:
    names = {p.name for p in spec.parameters}
    if name not in names:
        name = _ALIASES.get(name, name)
    if rest is not None and name not in names and name in ("size", "shape", "dims"):
        name = rest
    if name not in names:
        raise TypeError(f"{spec.name}() got an unexpected keyword argument '{name}'")
    if name == rest:
        value = (value,)
    elif name in given:
        raise TypeError(f"{spec.name}() got multiple values for argument '{name}'")
    given[name] = value
