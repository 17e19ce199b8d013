"""What flows through a model when it is called: tensors, operations, calls of modules."""

from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import NamedTuple

from hwlint.source.spans import Place

__all__ = ["Called", "Flow", "Mismatch", "Operation", "TensorInfo", "Unread"]

Shape = tuple[int | None, ...]


class TensorInfo(NamedTuple):
    """One tensor of the run."""

    shape: Shape | None
    """None where not even the rank is known; None in it for a dimension that is not."""
    dtype: str
    kind: str
    """"input", "parameter", "buffer" or "activation"."""
    producer: int | None
    """Index of the operation that made it; None for inputs, parameters and constants."""
    storage: int
    """Index of the tensor whose memory it shows: its own unless it is a view."""

    held: int = 0
    """Number of operations that have run when the last variable lets it go."""

    @property
    def items(self) -> int | None:
        """Number of items; None where it is not known."""
        return None if self.shape is None else _items(self.shape)


@lru_cache(maxsize=1 << 14)
def _items(shape: Shape) -> int | None:
    return None if None in shape else prod([d for d in shape if d is not None])


class Operation(NamedTuple):
    """One operation, in the order in which it ran."""

    name: str
    """Torch's name of the function: "conv2d", "add"."""
    module: str
    """Qualified name of the module that was running."""
    place: Place | None
    inputs: tuple[int, ...]
    """Indices into `Flow.tensors`."""
    outputs: tuple[int, ...]
    macs: int | None
    """Multiply-accumulates; None where they are not known."""
    read: int | None
    """Bytes read; 0 for a view."""
    written: int | None
    """Bytes written; 0 for a view."""
    effect: str
    """"new", "view", "inplace" or "same"."""
    window: int = 1
    """Of a pooling: how many items of the input each item of the output is made of."""
    order: tuple[int, ...] = ()
    """Of what only puts axes into another order: which axis of the input each of the output is."""
    through: tuple[Place, ...] = ()
    """The calls of functions by which the module's forward comes to it, outermost first."""


class Called(NamedTuple):
    """One call of a module."""

    name: str
    """Qualified name of the module; "" for the model."""
    class_name: str
    op: str | None
    """Torch's own layer that it is, or None."""
    inputs: tuple[Shape | None, ...]
    outputs: tuple[Shape | None, ...]
    macs: int | None
    """Of everything inside; None where any of it is not known."""
    moved: int | None
    """Bytes read and written by everything inside."""
    leaf: bool
    """The module has no submodules."""
    taken: tuple[int, ...] = ()
    """What it was given, as indices into `Flow.tensors`: alive until it returns."""
    start: int = 0
    stop: int = 0
    """Its operations: from `start` up to, not including, `stop`."""
    place: Place | None = None
    """The call in the source."""
    through: tuple[Place, ...] = ()
    """The calls of functions by which the forward of the module around comes to it, outermost
    first."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Why the run is not complete."""

    place: Place | None
    reason: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Shapes that do not fit together, for every input that the model can be given."""

    message: str
    """As torch says it."""
    place: Place | None
    """The call that fails."""
    module: str
    """Qualified name of the module that was running."""
    layer: Place | None
    """Where the layer that refuses was built; None where it is no layer."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One run of a model."""

    inputs: tuple[tuple[str, Shape, str], ...]
    """(name, shape, dtype) of what it was called with; "" for a name where given by position."""
    assumed: bool
    """The inputs are hwlint's own default, nobody gave them."""
    operations: tuple[Operation, ...] = ()
    tensors: tuple[TensorInfo, ...] = ()
    calls: tuple[Called, ...] = ()
    outputs: tuple[Shape | None, ...] = ()
    returned: tuple[int, ...] = ()
    """The outputs as indices into `tensors`."""
    macs: int | None = None
    """Of the whole run, of one forward pass; None unless every operation is known."""
    missing: tuple[Unread, ...] = field(default=())
    """What is not known, first one first."""
    mismatch: Mismatch | None = None
    """Why the run ends in an error, where that is proved."""
    uncounted: tuple[str, ...] = ()
    """Functions that ran and have no row in the table."""

    @property
    def complete(self) -> bool:
        """Everything that the run did was followed and known."""
        return not self.missing
