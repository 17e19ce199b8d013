"""Operations that cut tensors and pick parts of them."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from hwlint.reader.library.tensor_rules import (
    Given,
    number_or,
    numbers_of,
    operation,
    unknown_tensor,
)
from hwlint.reader.library.torch_shapes import axis_of, taken
from hwlint.reader.shapes import MAX_DATA, plain_number
from hwlint.reader.values import Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__: list[str] = []


def _pieces(interp: "Interpreter", value: Tensor, axis: int, sizes: list[int]) -> Value:
    out: list[Value] = []
    start = 0
    for length in sizes:
        out.append(taken(interp, value, axis, range(start, start + length)))
        start += length
    return tuple(out)


def _cut(length: int, step: int) -> list[int]:
    return [min(step, length - i) for i in range(0, length, step)] or [0]


def _not_cut() -> Unknown:
    return Unknown("pieces of a tensor")


@operation("split", "split_size dim")
def _split(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    wanted = given.get("split_size", given.get("split_size_or_sections", given.get("split_sizes")))
    axis = axis_of(value, number_or(given, "dim", 0))
    step = plain_number(wanted) if not isinstance(wanted, tuple | list) else None
    sizes = numbers_of(wanted) if step is None else None
    if axis is None or value.shape is None:
        return _not_cut()
    length = value.shape[axis]
    if isinstance(step, int) and step > 0 and length <= step * MAX_DATA:
        sizes = _cut(length, step)
    if sizes is None or sum(sizes) != length or min(sizes, default=0) < 0:
        return _not_cut()
    return _pieces(interp, value, axis, sizes)


@operation("chunk", "chunks dim")
def _chunk(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", 0))
    chunks = number_or(given, "chunks", None)
    if axis is None or value.shape is None or not isinstance(chunks, int) or chunks <= 0:
        return _not_cut()
    step = math.ceil(value.shape[axis] / chunks)
    if not step or chunks > MAX_DATA:
        return _not_cut()
    return _pieces(interp, value, axis, _cut(value.shape[axis], step))


@operation("tensor_split array_split", "indices_or_sections dim")
def _tensor_split(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", 0))
    wanted = given.get("indices_or_sections", given.get("sections", given.get("indices")))
    if axis is None or value.shape is None:
        return _not_cut()
    length = value.shape[axis]
    count = plain_number(wanted) if not isinstance(wanted, tuple | list) else None
    if isinstance(count, int) and 0 < count <= MAX_DATA:
        small, more = divmod(length, count)
        return _pieces(interp, value, axis, [small + (i < more) for i in range(count)])
    stops = numbers_of(wanted) if isinstance(wanted, tuple | list) else None
    if stops is None:
        return _not_cut()
    bounds = [0, *[slice(s).indices(length)[1] for s in stops], length]
    starts = pairwise(bounds)
    return tuple([taken(interp, value, axis, range(a, max(a, b))) for a, b in starts])


@operation("split", "indices_or_sections dim", numpy=True)
def _numpy_split(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    pieces = _tensor_split(interp, value, given)
    return interp.make_list(pieces) if isinstance(pieces, tuple) else pieces


@operation("unbind", "dim")
def _unbind(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", 0))
    if axis is None or value.shape is None or value.shape[axis] > MAX_DATA:
        return _not_cut()
    return tuple([_row(interp, value, axis, i) for i in range(value.shape[axis])])


def _row(interp: "Interpreter", value: Tensor, axis: int, index: int) -> Tensor:
    made = taken(interp, value, axis, [index])
    assert made.shape is not None
    made.shape = (*made.shape[:axis], *made.shape[axis + 1 :])
    return made


@operation("select", "dim index")
def _select(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", None))
    index = number_or(given, "index", None)
    if axis is None or value.shape is None or not isinstance(index, int):
        return unknown_tensor(interp, value)
    length = value.shape[axis]
    if not -length <= index < length:
        return unknown_tensor(interp, value)
    return _row(interp, value, axis, index % length)


@operation("narrow", "dim start length")
def _narrow(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", None))
    start, length = number_or(given, "start", None), number_or(given, "length", None)
    if (
        axis is None
        or value.shape is None
        or not isinstance(start, int)
        or not isinstance(length, int)
    ):
        return unknown_tensor(interp, value)
    chosen = range(value.shape[axis])[start:][:length]
    return (
        taken(interp, value, axis, chosen)
        if len(chosen) == length
        else unknown_tensor(interp, value)
    )


@operation("index_select take_along", "dim index")
def _index_select(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", None))
    index = given.get("index")
    if axis is None or value.shape is None or not isinstance(index, Tensor) or not index.shape:
        return unknown_tensor(interp, value)
    length = value.shape[axis]
    if index.data is None or any(not 0 <= i < length for i in index.data):
        shape = (*value.shape[:axis], index.shape[0], *value.shape[axis + 1 :])
        return interp.new_tensor(shape, None, value.dtype, value.kind)
    return taken(interp, value, axis, index.data)


@operation("gather take_along_dim", "dim index")
def _gather(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    index = next((v for v in given.values() if isinstance(v, Tensor)), None)
    return interp.new_tensor(index.shape if index is not None else None, None, value.dtype)


@operation("masked_select", "mask")
def _masked_select(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    mask = given.get("mask")
    if isinstance(mask, Tensor) and mask.shape == value.shape and mask.dtype == "bool":
        return interp.tensor_item(value, mask)
    return unknown_tensor(interp, value)
