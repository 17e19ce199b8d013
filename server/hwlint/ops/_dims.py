"""What shape rules are written with: dims of which some may not be known."""

from collections.abc import Iterable, Sequence
from math import prod
from typing import TypeGuard, cast

from hwlint.ops.calls import Dim, Dims, Meta, ShapeMismatch, TensorLike, is_tensor
from hwlint.ops.dtypes import category, promote
from hwlint.ops.spec import Values

__all__ = [
    "along",
    "axes",
    "axis",
    "broadcast",
    "dim_of",
    "dims",
    "is_number",
    "meta",
    "number",
    "product",
    "promoted",
    "replaced",
    "require_rank",
    "shown",
    "spread_dims",
    "tensors",
    "whole",
]

UNKNOWN = Meta(None, "")


def meta(values: Values, name: str = "input") -> TensorLike:
    """One argument as a tensor; one of unknown shape where nothing is known of it."""
    value = values[name]
    return value if is_tensor(value) else UNKNOWN


def tensors(value: object) -> list[TensorLike] | None:
    """The tensors of a known sequence; None where it is not one."""
    if not isinstance(value, tuple | list):
        return None
    return [v if is_tensor(v) else UNKNOWN for v in cast("Sequence[object]", value)]


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a known number."""
    return isinstance(value, int | float)


def whole(value: object) -> int | None:
    """The whole number that a value is; None where it is not known."""
    return int(value) if isinstance(value, int) else None


def number(values: Values, name: str) -> float | None:
    """One argument as a number; None where it is not known."""
    value = values[name]
    return value if is_number(value) else None


def dim_of(value: object) -> Dim:
    """A dimension as given; None where it is not known."""
    return whole(value)


def dims(value: object) -> Dims | None:
    """The dims that `3`, `(3, 4)`, `((3, 4),)` say; None where not even their number is known."""
    if isinstance(value, int):
        return (int(value),)
    if not isinstance(value, tuple | list) or getattr(cast(object, value), "unknown", None):
        return None
    items = cast("Sequence[object]", value)
    if len(items) == 1 and isinstance(items[0], tuple | list):
        return dims(cast(object, items[0]))
    return tuple([whole(item) for item in items])


def spread_dims(value: object, count: int) -> Dims | None:
    """Dims of a window: one number stands for all."""
    found = dims(value)
    if found is None:
        return None
    return found * count if len(found) == 1 else found


def product(shape: Iterable[Dim]) -> Dim:
    """The number of items; None where it is not known."""
    found = list(shape)
    if 0 in found:
        return 0
    return None if None in found else prod(cast("list[int]", found))


def shown(shape: Dims | None) -> str:
    """A shape as torch prints it, with ? for what is not known."""
    if shape is None:
        return "?"
    return "[" + ", ".join("?" if d is None else str(d) for d in shape) + "]"


def axis(rank: int, value: object, extra: int = 0) -> int | None:
    """A dimension counted from the front; None where it is not known."""
    place = whole(value)
    if place is None:
        return None
    wide = max(rank + extra, 1)
    if not -wide <= place < wide:
        raise ShapeMismatch(
            f"Dimension out of range (expected to be in range of [{-wide}, {wide - 1}], "
            f"but got {place})"
        )
    return place % wide


def axes(rank: int, value: object) -> list[int] | None:
    """Dimensions that a `dim` argument names, all of them for None and (); None if not known."""
    if value is None or value == ():
        return list(range(rank))
    found = dims(value)
    if found is None or None in found:
        return None
    return sorted({cast(int, axis(rank, d)) for d in found} if rank else set())


def broadcast(*shapes: Dims | None) -> Dims | None:
    """The shape that shapes have together; None where one is not known."""
    if None in shapes:
        return None
    known = cast("tuple[Dims, ...]", shapes)
    width = max((len(s) for s in known), default=0)
    return tuple(
        _together([s[i - width + len(s)] for s in known if i - width + len(s) >= 0], known)
        for i in range(width)
    )


def _together(column: list[Dim], shapes: tuple[Dims, ...]) -> Dim:
    wide = {d for d in column if d != 1 and d is not None}
    if len(wide) > 1:
        listed = " and ".join(map(shown, shapes))
        raise ShapeMismatch(f"shapes {listed} do not fit together")
    if wide:
        return wide.pop()
    return None if None in column else 1


def require_rank(value: TensorLike, ranks: Sequence[int], what: str) -> bool:
    """Refuse a tensor of another rank; False where the rank is not known."""
    if value.shape is None:
        return False
    if len(value.shape) not in ranks:
        wanted = " or ".join(f"{r}D" for r in ranks)
        raise ShapeMismatch(f"{what} expects {wanted} input, got {shown(value.shape)}")
    return True


def replaced(shape: Dims, place: int, dim: Dim) -> Dims:
    """A shape with another dimension in one place."""
    return (*shape[:place], dim, *shape[place + 1 :])


def along(value: TensorLike, place: object, dim: Dim, dtype: str | None = None) -> Meta:
    """A tensor with another length along one dimension."""
    kept = value.dtype if dtype is None else dtype
    if value.shape is None:
        return Meta(None, kept)
    found = axis(len(value.shape), place)
    if found is None:
        return Meta((None,) * len(value.shape), kept)
    return Meta(replaced(value.shape, found, dim), kept)


def promoted(*operands: object) -> str:
    """The dtype of an operation on tensors and numbers; "" where it is not known."""
    levels: list[str | None] = [None, None, None]  # tensors, tensors of rank 0, Python's numbers
    for operand in operands:
        level, dtype = _weight(operand)
        if not dtype:
            return ""
        before = levels[level]
        levels[level] = dtype if before is None else promote(before, dtype)
    found: str | None = None
    for dtype in reversed(levels):
        if dtype is not None:
            stays = found is None or category(dtype) >= category(found)
            found = dtype if stays or found is None else promote(dtype, found)
    return found or ""


def _weight(operand: object) -> tuple[int, str]:
    if is_tensor(operand):
        return (1 if operand.shape == () else 0), "" if operand.shape is None else operand.dtype
    if isinstance(operand, bool):
        return 2, "bool"
    if isinstance(operand, int):
        return 2, "int64"
    return 2, "float32" if isinstance(operand, float) else ""
