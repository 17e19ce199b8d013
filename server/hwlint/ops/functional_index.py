"""`tensor[index]`."""

from collections.abc import Sequence
from typing import cast

from hwlint.ops._dims import broadcast, meta, shown, whole
from hwlint.ops._functions import function
from hwlint.ops.calls import Dim, Dims, Meta, ShapeMismatch, is_tensor
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


class _NotKnown(Exception):
    """An entry may be a number, a slice or a tensor."""


def _indexed(values: Values) -> Meta:
    value = meta(values)
    if value.shape is None:
        return Meta(None, value.dtype)
    try:
        return Meta(_Walk(value.shape).through(_entries(values["index"])), value.dtype)
    except _NotKnown:
        return Meta(None, value.dtype)


def _entries(index: object) -> list[object]:
    return list(cast("Sequence[object]", index)) if isinstance(index, tuple) else [index]


class _Walk:
    """Goes through an index, one dimension of the tensor after another."""

    def __init__(self, shape: Dims) -> None:
        self.shape = shape
        self.place = 0
        self.made: list[Dim] = []
        self.shapes: list[Dims | None] = []
        """Of the tensors and lists among the entries."""
        self.at = 0
        self.last: int | None = None
        self.apart = False

    def through(self, entries: list[object]) -> Dims:
        used = sum(_uses(entry) for entry in entries)
        rest = len(self.shape) - used
        if rest < 0:
            raise ShapeMismatch(f"too many indices for tensor of dimension {len(self.shape)}")
        turn = 0
        for entry in [*entries, *(() if any(e is ... for e in entries) else (...,))]:
            if entry is ...:
                self.made += self.shape[self.place : self.place + rest]
                self.place += rest
                turn, rest = turn + rest, 0
                continue
            self.take(entry, turn)
            turn += whole(entry) is None
        return self.result()

    def take(self, entry: object, turn: int) -> None:
        if entry is None:
            self.made.append(1)
        elif isinstance(entry, bool):
            raise _NotKnown
        elif isinstance(entry, int):
            self.number(int(entry))
        elif isinstance(entry, slice):
            self.made.append(_sliced(self.shape[self.place], cast("slice[object]", entry)))
            self.place += 1
        elif is_tensor(entry):
            self.tensor(entry.shape, entry.dtype, turn)
        elif isinstance(entry, list | range):
            self.tensor(_list_shape(cast(object, entry)), "int64", turn)
        else:
            raise _NotKnown

    def number(self, index: int) -> None:
        length = self.shape[self.place]
        if length is not None and not -length <= index < length:
            raise ShapeMismatch(
                f"index {index} is out of bounds for dimension {self.place} with size {length}"
            )
        self.place += 1

    def tensor(self, shape: Dims | None, dtype: str, turn: int) -> None:
        if shape == () and dtype not in ("bool", ""):
            self.place += 1
            return
        if shape is None or not dtype or dtype == "":
            raise _NotKnown
        if not self.shapes:
            self.at = len(self.made)
        elif self.last is not None and turn > self.last + 1:
            self.apart = True
        self.last = turn
        if dtype == "bool":
            self.mask(shape)
        else:
            self.shapes.append(shape)
            self.place += 1

    def mask(self, shape: Dims) -> None:
        own = self.shape[self.place : self.place + len(shape)]
        if any(a is not None and b is not None and a != b for a, b in zip(own, shape, strict=True)):
            raise ShapeMismatch(
                f"the shape of the mask {shown(shape)} does not match that of the indexed tensor "
                f"{shown(self.shape)}"
            )
        self.shapes.append((None,))
        self.place += len(shape)

    def result(self) -> Dims:
        if not self.shapes:
            return tuple(self.made)
        joined = broadcast(*self.shapes)
        if joined is None:
            raise _NotKnown
        at = 0 if self.apart else self.at
        return (*self.made[:at], *joined, *self.made[at:])


def _uses(entry: object) -> int:
    """How many dimensions of the tensor an entry uses up."""
    if entry is None or entry is ...:
        return 0
    if is_tensor(entry) and entry.dtype == "bool":
        if entry.shape is None:
            raise _NotKnown
        return len(entry.shape)
    return 1


def _list_shape(value: object) -> Dims | None:
    items = cast("Sequence[object]", value)
    if getattr(value, "unknown", None) is not None:
        return None
    if any(isinstance(item, list | tuple | bool) or is_tensor(item) for item in items):
        return None
    return (len(items),)


def _sliced(length: Dim, given: "slice[object]") -> Dim:
    parts = (given.start, given.stop, given.step)
    if parts == (None, None, None):
        return length
    bounds = [None if p is None else whole(p) for p in parts]
    lost = any(p is not None and b is None for p, b in zip(parts, bounds, strict=True))
    if length is None or lost or bounds[2] == 0:
        return None
    return len(range(*slice(*bounds).indices(length)))


ROWS = function(
    "index",
    "torch.Tensor.operator",
    "input, index",
    _indexed,
    reads="part",
    onnx="Gather",
    tflite="GATHER_ND",
)
