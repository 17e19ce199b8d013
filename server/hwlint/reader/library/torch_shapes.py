"""Operations that only move items: reshape, permute, expand, cut and join."""

from typing import TYPE_CHECKING, Any

from hwlint.reader.library.tensor_rules import (
    Given,
    dims_given,
    number_or,
    numbers_of,
    offsets_of,
    operation,
    rearranged,
    strides_of,
    unknown_tensor,
)
from hwlint.reader.shapes import MAX_DATA, Shape, dims_of, plain_number, size
from hwlint.reader.sharing import share
from hwlint.reader.values import Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["axis_of", "taken"]


def axis_of(value: Tensor, dim: Any, extra: int = 0) -> int | None:
    """Return a dimension counted from the front, None where it is not known or not there."""
    if value.shape is None or not isinstance(dim, int):
        return None
    rank = len(value.shape) + extra
    return dim % rank if rank and -rank <= dim < rank else None


def taken(interp: "Interpreter", value: Tensor, axis: int, chosen: Any) -> Tensor:
    """Return the rows of a dimension at the positions `chosen`."""
    assert value.shape is not None
    shape = (*value.shape[:axis], len(chosen), *value.shape[axis + 1 :])
    steps = strides_of(value.shape)

    def offsets() -> list[int]:
        before = offsets_of(value.shape[:axis], steps[:axis])  # type: ignore[index]  # known above
        after = offsets_of(value.shape[axis + 1 :], steps[axis + 1 :])  # type: ignore[index]  # dito
        return [b + c * steps[axis] + a for b in before for c in chosen for a in after]

    return rearranged(interp, value, shape, offsets)


def _shaped(interp: "Interpreter", value: Tensor, shape: "Shape | None") -> Value:
    if shape is None or value.shape is None:
        if shape is not None and -1 not in shape:
            return interp.new_tensor(shape, None, value.dtype, value.kind)
        return unknown_tensor(interp, value)
    total = size(value.shape)
    if -1 in shape:
        rest = size(tuple([d for d in shape if d != -1]))
        if shape.count(-1) > 1 or not rest or total % rest:
            return unknown_tensor(interp, value)
        shape = tuple([total // rest if d == -1 else d for d in shape])
    if size(shape) != total:
        return unknown_tensor(interp, value)
    return share(value, interp.new_tensor(shape, value.data, value.dtype, value.kind))


@operation("reshape view", "*shape")
def _reshape(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if not all(isinstance(v, int | tuple | list | Tensor) for v in given.get("shape", [])):
        dtype = given["shape"][0]
        if not isinstance(dtype, Unknown):
            return interp.new_tensor(None, None, "")  # view(dtype)
    return _shaped(interp, value, dims_of(given.get("shape", [])))


@operation("view_as reshape_as", "other")
def _view_as(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    other = given.get("other")
    return _shaped(interp, value, other.shape if isinstance(other, Tensor) else None)


@operation("flatten", "start_dim end_dim")
def _flatten(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    first = axis_of(value, number_or(given, "start_dim", 0))
    last = axis_of(value, number_or(given, "end_dim", -1))
    if value.shape == ():
        return interp.new_tensor((1,), value.data, value.dtype, value.kind)
    if value.shape is None or first is None or last is None or last < first:
        return unknown_tensor(interp, value)
    middle = size(value.shape[first : last + 1])
    return _shaped(interp, value, (*value.shape[:first], middle, *value.shape[last + 1 :]))


@operation("ravel flatten", "order", numpy=True)
def _ravel(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if given.get("order", "C") != "C":
        return unknown_tensor(interp, value)
    return _shaped(interp, value, (-1,))


@operation("ravel")
def _torch_ravel(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _shaped(interp, value, (-1,))


@operation("unflatten", "dim shape")
def _unflatten(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", 0))
    shape = dims_of([given.get("shape")])
    if axis is None or shape is None or value.shape is None:
        return unknown_tensor(interp, value)
    rest = value.shape[axis]
    known = size(tuple([d for d in shape if d != -1]))
    if -1 in shape and known and not rest % known:
        shape = tuple([rest // known if d == -1 else d for d in shape])
    if size(shape) != rest:
        return unknown_tensor(interp, value)
    return _shaped(interp, value, (*value.shape[:axis], *shape, *value.shape[axis + 1 :]))


@operation("unsqueeze expand_dims", "dim")
def _unsqueeze(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", None), 1)
    if axis is None or value.shape is None:
        return unknown_tensor(interp, value)
    return _shaped(interp, value, (*value.shape[:axis], 1, *value.shape[axis:]))


@operation("squeeze", "dim")
def _squeeze(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    dims = dims_given(value, given) if value.shape is not None else None
    if value.shape is None or dims is None:
        return unknown_tensor(interp, value)
    shape = tuple([d for i, d in enumerate(value.shape) if d != 1 or i not in dims])
    return _shaped(interp, value, shape)


def _permuted(interp: "Interpreter", value: Tensor, order: list[int]) -> Value:
    assert value.shape is not None
    steps = strides_of(value.shape)
    shape = tuple([value.shape[d] for d in order])
    return rearranged(interp, value, shape, lambda: offsets_of(shape, [steps[d] for d in order]))


@operation("permute", "*dims")
def _permute(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    dims = dims_of(given.get("dims", []))
    if value.shape is None or dims is None:
        return unknown_tensor(interp, value)
    order = [axis_of(value, d) for d in dims]
    if sorted(order, key=str) != sorted(range(len(value.shape)), key=str):
        return unknown_tensor(interp, value)
    return _permuted(interp, value, [d for d in order if d is not None])


@operation("transpose permute_dims", "*dims", numpy=True)
def _numpy_transpose(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    dims = given.get("dims", [])
    if not dims or dims == [None]:
        return _reversed_dims(interp, value, given)
    return _permute(interp, value, given)


@operation("transpose swapaxes swapdims", "dim0 dim1")
def _transpose(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    one, two = [axis_of(value, number_or(given, n, None)) for n in ("dim0", "dim1")]
    if value.shape is None or one is None or two is None:
        return unknown_tensor(interp, value)
    order = list(range(len(value.shape)))
    order[one], order[two] = two, one
    return _permuted(interp, value, order)


@operation("t")
def _reversed_dims(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if value.shape is None:
        return unknown_tensor(interp, value)
    return _permuted(interp, value, list(reversed(range(len(value.shape)))))


@operation("movedim moveaxis", "source destination")
def _movedim(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    source, target = [numbers_of(given.get(n)) for n in ("source", "destination")]
    if value.shape is None or source is None or target is None or len(source) != len(target):
        return unknown_tensor(interp, value)
    froms, tos = [axis_of(value, d) for d in source], [axis_of(value, d) for d in target]
    rank = len(value.shape)
    if None in froms or None in tos or len(set(froms)) < len(froms) or len(set(tos)) < len(tos):
        return unknown_tensor(interp, value)
    rest = iter([d for d in range(rank) if d not in froms])
    places = dict(zip(tos, froms, strict=True))
    return _permuted(interp, value, [_axis(places, d, rest) for d in range(rank)])


def _axis(places: dict[Any, Any], dim: int, rest: Any) -> int:
    return int(places[dim]) if dim in places else int(next(rest))


# --- growing ------------------------------------------------------------------------------------


def _expanded(interp: "Interpreter", value: Tensor, shape: "Shape | None") -> Value:
    if shape is None or value.shape is None or len(shape) < len(value.shape):
        return unknown_tensor(interp, value)
    own = (1,) * (len(shape) - len(value.shape)) + value.shape
    full = tuple([h if w == -1 else w for h, w in zip(own, shape, strict=True)])
    if any(h not in (1, w) for h, w in zip(own, full, strict=True)):
        return unknown_tensor(interp, value)
    steps = strides_of(own)
    moves = [0 if h == 1 else s for h, s in zip(own, steps, strict=True)]
    return rearranged(interp, value, full, lambda: offsets_of(full, moves))


@operation("expand broadcast_to", "*shape")
def _expand(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _expanded(interp, value, dims_of(given.get("shape", [])))


@operation("expand_as", "other")
def _expand_as(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    other = given.get("other")
    return _expanded(interp, value, other.shape if isinstance(other, Tensor) else None)


def _repeated(interp: "Interpreter", value: Tensor, times: "Shape | None") -> Value:
    if times is None or value.shape is None or any(t < 0 for t in times):
        return unknown_tensor(interp, value)
    own = (1,) * (len(times) - len(value.shape)) + value.shape
    full = tuple([t * h for t, h in zip(times, own, strict=True)])
    steps = strides_of(own)

    def offsets() -> list[int]:
        found = [0]
        for count, length, step in zip(times, own, steps, strict=True):
            found = [o + i * step for o in found for _ in range(count) for i in range(length)]
        return found

    return rearranged(interp, value, full, offsets)


@operation("repeat", "*shape")
def _repeat(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    times = dims_of(given.get("shape", []))
    if times is not None and value.shape is not None and len(times) < len(value.shape):
        times = None
    return _repeated(interp, value, times)


@operation("tile", "*shape")
def _tile(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    times = dims_of(given.get("shape", given.get("reps", [])))
    if times is not None and value.shape is not None:
        times = (1,) * (len(value.shape) - len(times)) + times
    return _repeated(interp, value, times)


@operation("repeat_interleave", "repeats dim")
def _repeat_interleave(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if given.get("dim") is None:
        flat = _shaped(interp, value, (-1,))
        value, axis = (flat, 0) if isinstance(flat, Tensor) else (value, None)
    else:
        axis = axis_of(value, number_or(given, "dim", None))
    counts = numbers_of(given.get("repeats"))
    if value.shape is None or axis is None or counts is None:
        return unknown_tensor(interp, value)
    length = value.shape[axis]
    counts = counts * length if len(counts) == 1 and length <= MAX_DATA else counts
    if len(counts) != length or any(c < 0 for c in counts) or sum(counts) > MAX_DATA:
        return _long_repeat(interp, value, axis, given)
    return taken(interp, value, axis, [i for i, c in enumerate(counts) for _ in range(c)])


def _long_repeat(interp: "Interpreter", value: Tensor, axis: int, given: Given) -> Value:
    count = plain_number(given.get("repeats"))
    if not isinstance(count, int) or count < 0 or value.shape is None:
        return unknown_tensor(interp, value)
    shape = list(value.shape)
    shape[axis] *= count
    return interp.new_tensor(tuple(shape), None, value.dtype, value.kind)


@operation("repeat", "repeats dim", numpy=True)
def _numpy_repeat(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _repeat_interleave(interp, value, given)


# --- order --------------------------------------------------------------------------------------


@operation("flip", "*dims")
def _flip(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    wanted = given.get("dims") or ([given["dim"]] if "dim" in given else [])
    dims = dims_of(wanted) if wanted and wanted != [None] else None
    if value.shape is not None and not wanted and value.kind == "ndarray":
        dims = tuple(range(len(value.shape)))
    axes = [axis_of(value, d) for d in dims] if dims is not None else [None]
    made: Tensor = value
    for axis in axes:
        if axis is None or made.shape is None or made.shape[axis] > MAX_DATA:
            return (
                unknown_tensor(interp, value)
                if value.shape is None or axis is None
                else (interp.new_tensor(value.shape, None, value.dtype, value.kind))
            )
        made = taken(interp, made, axis, range(made.shape[axis])[::-1])
    return made


@operation("roll", "shifts dim")
def _roll(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    shifts = numbers_of(given.get("shifts", given.get("shift")))
    dims = given.get("dim", given.get("dims"))
    if value.shape is None:
        return unknown_tensor(interp, value)
    if dims is None:
        flat = interp.new_tensor((size(value.shape),), value.data, value.dtype, value.kind)
        rolled = _rolled(interp, flat, [0], shifts)
        return interp.new_tensor(value.shape, rolled.data, value.dtype, value.kind)
    return _rolled(interp, value, numbers_of(dims), shifts)


def _rolled(
    interp: "Interpreter", value: Tensor, dims: "list[int] | None", shifts: "list[int] | None"
) -> Tensor:
    axes = [axis_of(value, d) for d in dims or []]
    moves = shifts or []
    assert value.shape is not None
    if not axes or None in axes or len(axes) != len(moves) or size(value.shape) > MAX_DATA:
        return interp.new_tensor(value.shape, None, value.dtype, value.kind)
    for axis, shift in zip(axes, moves, strict=True):
        assert value.shape is not None
        length = value.shape[axis or 0]
        chosen = [(i - shift) % length for i in range(length)]
        value = taken(interp, value, axis or 0, chosen)
    return value


def _triangular(lower: bool) -> Any:
    def rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        diagonal = number_or(given, "diagonal", number_or(given, "k", 0))
        if value.shape is None or len(value.shape) < 2:
            return unknown_tensor(interp, value)
        data = None
        if value.data is not None and isinstance(diagonal, int):
            rows, columns = value.shape[-2:]
            data = list(value.data)
            for index, item in enumerate(value.data):
                row, column = index // columns % rows, index % columns
                kept = column - row <= diagonal if lower else column - row >= diagonal
                if not kept:
                    data[index] = type(item)(0)
        return interp.new_tensor(value.shape, data, value.dtype, value.kind)

    return rule


operation("tril", "diagonal")(_triangular(True))
operation("triu", "diagonal")(_triangular(False))
