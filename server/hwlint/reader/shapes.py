"""Shapes: reading them from arguments, broadcasting them and values with them."""

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

from hwlint.reader.values import ListValue, Tensor, Value

__all__ = [
    "MAX_COUNT",
    "MAX_DATA",
    "MAX_RANK",
    "Shape",
    "broadcast",
    "dims_of",
    "is_sequence",
    "plain_number",
    "size",
    "spread",
]

MAX_DATA = 4096
"""Most values that a tensor keeps."""
MAX_RANK = 64
MAX_COUNT = (1 << 63) - 1
"""Most items of a tensor: c10 counts in 64 bits with a sign ("Storage size calculation
overflowed")."""
_UNCOUNTED = 1 << 62

Shape = tuple[Any, ...]
"""Dims; None for one that is not known, where only rows of the ops table look."""


def is_sequence(value: object) -> TypeGuard[Sequence[Value]]:
    """Say whether a value is a tuple or a list of the program."""
    return isinstance(value, tuple | ListValue)


def size(shape: Shape) -> int:
    """Return the number of items of a shape; more than any tensor keeps where one is not known."""
    return _UNCOUNTED if None in shape else math.prod(shape)


def plain_number(value: Value) -> Any:
    """Return the number that a value is or holds, None where it is not one."""
    if isinstance(value, Tensor):
        value = value.data[0] if value.data is not None and len(value.data) == 1 else None
    return value if isinstance(value, int | float) else None


def dims_of(values: list[Value]) -> Shape | None:
    """Return the shape that `(2, 3)`, `[2, 3]` or `2, 3` say, None where it is not known."""
    if len(values) == 1 and is_sequence(values[0]):
        if getattr(values[0], "unknown", None) is not None:
            return None
        values = list(values[0])
    elif len(values) == 1 and isinstance(values[0], Tensor) and values[0].shape != ():
        values = values[0].data if values[0].data is not None else [None]
    dims = [plain_number(v) for v in values]
    if all(isinstance(d, int) for d in dims) and len(dims) <= MAX_RANK:
        return tuple(dims)
    return None


def broadcast(*shapes: Shape | None) -> Shape | None:
    """Return the broadcast shape; None where one is unknown or they do not fit."""
    known = [s for s in shapes if s is not None]
    if len(known) < len(shapes):
        return None
    width = max((len(s) for s in known), default=0)
    padded = [(1,) * (width - len(s)) + s for s in known]
    out: list[int] = []
    for dims in zip(*padded, strict=True):
        wide = {d for d in dims if d != 1}
        if len(wide) > 1:
            return None
        out.append(wide.pop() if wide else 1)
    return tuple(out)


def spread(data: list[Any], shape: Shape, target: Shape) -> list[Any]:
    """Return the values of a tensor broadcast to `target`."""
    if shape == target:
        return data
    if len(data) == 1:
        return data * size(target)
    shape = (1,) * (len(target) - len(shape)) + shape
    offsets = [0]
    step = len(data)
    for have, want in zip(shape, target, strict=True):
        step = step // have if have else 0
        moves = [step * i for i in range(have)] if have != 1 else [0] * want
        offsets = [o + m for o in offsets for m in moves]
    return [data[o] for o in offsets]
