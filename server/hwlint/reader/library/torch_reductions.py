"""Operations that sum up, compare or order the items along dimensions."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader.arithmetic import divide
from hwlint.reader.attributes import register_special
from hwlint.reader.dtypes import MAX_TRACED, dtype_name, is_exact, is_float, kept, store
from hwlint.reader.library.tensor_rules import (
    Given,
    dims_given,
    number_or,
    offsets_of,
    operation,
    strides_of,
    unknown_tensor,
)
from hwlint.reader.library.torch_shapes import axis_of
from hwlint.reader.native_methods import NATIVE_METHODS
from hwlint.reader.plain_values import NamedPair
from hwlint.reader.provenance import derive
from hwlint.reader.shapes import MAX_DATA, Shape, size
from hwlint.reader.values import Builtin, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__: list[str] = []

Native = Callable[[str, list[Any]], Any]


def _pair_attribute(interp: "Interpreter", value: NamedPair, name: str) -> Value:
    if name in ("values", "indices"):
        return value[name == "indices"]
    impl = NATIVE_METHODS[tuple].get(name)
    if impl is None:
        raise interp.no_attribute(value, name)
    return Builtin(name, lambda i, a, k: impl(i, value, a, k))


register_special(NamedPair, _pair_attribute)


def _groups(value: Tensor, dims: list[int]) -> "list[list[int]] | None":
    """Return the offsets of what is folded together; None where those are too many."""
    assert value.shape is not None
    steps = strides_of(value.shape)
    rest = [d for d in range(len(value.shape)) if d not in dims]
    left = tuple([value.shape[d] for d in rest])
    folded = tuple([value.shape[d] for d in dims])
    if not size(left):
        return []
    if size(left) > MAX_DATA or size(folded) > MAX_DATA:
        return None
    inner = offsets_of(folded, [steps[d] for d in dims]) if size(folded) else []
    starts = offsets_of(left, [steps[d] for d in rest])
    return [[start + o for o in inner] for start in starts]


def _shape_after(value: Tensor, dims: list[int], keep: bool) -> Shape:
    assert value.shape is not None
    if keep:
        return tuple([1 if i in dims else d for i, d in enumerate(value.shape)])
    return tuple([d for i, d in enumerate(value.shape) if i not in dims])


def _fold(
    interp: "Interpreter", value: Tensor, given: Given, native: "Native | None", dtype: str
) -> Value:
    dims = dims_given(value, given) if value.shape is not None else None
    keep = interp.truth(given.get("keepdim", False))
    if dims is None or keep is None or value.shape is None:
        return unknown_tensor(interp, value, dtype)
    data = None
    if native is not None and value.data is not None:
        data = _folded(value, dims, native, dtype)
    return interp.new_tensor(_shape_after(value, dims, keep), data, dtype, value.kind)


def _folded(value: Tensor, dims: list[int], native: Native, dtype: str) -> "list[Any] | None":
    assert value.data is not None
    groups = _groups(value, dims)
    if groups is None:
        return None
    out: list[Any] = []
    for group in groups:
        items = [value.data[o] for o in group]
        try:
            result = native(value.dtype, items)
        except (ArithmeticError, ValueError, TypeError, IndexError):
            return None
        if result is None:
            return None
        out.append(derive("fold", result, *items) if len(value.data) <= MAX_TRACED else result)
    return kept(dtype, out)


def _sum(dtype: str, items: list[Any]) -> Any:
    if not is_float(dtype):
        return sum([int(v) for v in items])
    if len(items) <= 2 or is_exact(dtype, [*items, math.fsum([abs(v) for v in items])]):
        return store(dtype, math.fsum(items))
    return None  # the order of the additions decides the last digits


def _product(dtype: str, items: list[Any]) -> Any:
    whole = [int(v) if not is_float(dtype) else v for v in items]
    if is_float(dtype) and len(items) > 2:
        largest = math.prod([max(1.0, abs(v)) for v in whole])
        if not is_exact(dtype, [*whole, largest]):
            return None
    return math.prod(whole)


def _mean(dtype: str, items: list[Any]) -> Any:
    total = _sum(dtype, items)
    return None if total is None else divide(total, len(items))


def _best(largest: bool) -> Native:
    def run(dtype: str, items: list[Any]) -> Any:
        if any(math.isnan(v) for v in items):
            return math.nan
        return max(items) if largest else min(items)

    return run


def _best_index(largest: bool) -> Native:
    def run(dtype: str, items: list[Any]) -> Any:
        if any(math.isnan(v) for v in items):
            return None
        return items.index(max(items) if largest else min(items))

    return run


def _total_dtype(value: Tensor, given: Given) -> str:
    if given.get("dtype") is not None:
        return dtype_name(given["dtype"])
    return value.dtype if is_float(value.dtype) or not value.dtype else "int64"


def _adding(native: Native) -> Any:
    def rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        dtype = _total_dtype(value, given)
        if given.get("dtype") is not None:
            value = interp.cast(value, dtype)
        return _fold(interp, value, given, native, dtype)

    return rule


operation("sum nansum", "dim keepdim dtype")(_adding(_sum))
operation("prod", "dim keepdim dtype")(_adding(_product))
operation("sum", "dim dtype out keepdim", numpy=True)(_adding(_sum))
operation("prod product", "dim dtype out keepdim", numpy=True)(_adding(_product))


@operation("mean nanmean", "dim keepdim dtype")
def _mean_rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if given.get("dtype") is not None:
        value = interp.cast(value, dtype_name(given["dtype"]))
    dtype = value.dtype
    if value.kind == "ndarray" and not is_float(dtype):
        value = interp.cast(value, "float64")
        dtype = "float64"
    return _fold(interp, value, given, _mean if is_float(dtype) else None, dtype)


@operation("mean average", "dim dtype out keepdim", numpy=True)
def _numpy_mean(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if "weights" in given:
        return unknown_tensor(interp, value)
    return _mean_rule(interp, value, given)


@operation("std var logsumexp", "dim keepdim")
@operation("norm", "p dim keepdim")
@operation("std var", "dim dtype out ddof keepdim", numpy=True)
@operation("median", "dim keepdim", numpy=True)
def _not_computed(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    dtype = value.dtype if is_float(value.dtype) else "float64"
    return _fold(interp, value, given, None, dtype)


@operation("std_mean var_mean median mode kthvalue aminmax")
def _two_results(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return Unknown("values of a tensor")


def _truth_dtype(value: Tensor) -> str:
    # torch once had no bool: bytes stay bytes.
    return "uint8" if value.dtype == "uint8" and value.kind != "ndarray" else "bool"


@operation("any", "dim keepdim")
def _any(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _fold(interp, value, given, lambda _, items: any(items), _truth_dtype(value))


@operation("all", "dim keepdim")
def _all(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _fold(interp, value, given, lambda _, items: all(items), _truth_dtype(value))


@operation("amax", "dim keepdim")
@operation("max amax", "dim out keepdim", numpy=True)
def _amax(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _fold(interp, value, given, _best(True), value.dtype)


@operation("amin", "dim keepdim")
@operation("min amin", "dim out keepdim", numpy=True)
def _amin(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _fold(interp, value, given, _best(False), value.dtype)


@operation("argmax", "dim keepdim")
def _argmax(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _fold(interp, value, given, _best_index(True), "int64")


@operation("argmin", "dim keepdim")
def _argmin(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _fold(interp, value, given, _best_index(False), "int64")


def _extreme(largest: bool) -> Any:
    def rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        other = given.get("other", given.get("dim"))
        if isinstance(other, Tensor):
            return interp.apply_binary("maximum" if largest else "minimum", value, other)
        best = _fold(interp, value, given, _best(largest), value.dtype)
        if other is None:
            return best
        return NamedPair((best, _fold(interp, value, given, _best_index(largest), "int64")))

    return rule


operation("max", "dim keepdim")(_extreme(True))
operation("min", "dim keepdim")(_extreme(False))


# --- order --------------------------------------------------------------------------------------


def _sorted(
    interp: "Interpreter", value: Tensor, axis: int, descending: bool, stable: bool
) -> "tuple[Tensor, Tensor]":
    """Return the sorted values and where they came from."""
    data, places = None, None
    if value.data is not None and value.shape is not None and size(value.shape):
        data, places = [0] * len(value.data), [0] * len(value.data)
        for group in _groups(value, [axis]) or []:
            items = [value.data[o] for o in group]
            order = sorted(range(len(items)), key=items.__getitem__, reverse=descending)
            if any(math.isnan(v) for v in items):
                data = places = None
                break
            if len(set(items)) < len(items) and not stable:
                places = None  # which of two equals comes first is up to the library
            for offset, source in zip(group, order, strict=True):
                data[offset] = items[source]
                if places is not None:
                    places[offset] = source
    sorted_values = interp.new_tensor(value.shape, data, value.dtype, value.kind)
    return sorted_values, interp.new_tensor(value.shape, places, "int64", value.kind)


def _order_given(
    interp: "Interpreter", value: Tensor, given: Given
) -> "tuple[int, bool, bool] | None":
    if value.shape == () or value.shape is None:
        return None
    axis = axis_of(value, number_or(given, "dim", -1))
    flags = [interp.truth(given.get(n, False)) for n in ("descending", "stable")]
    stable = flags[1] or given.get("kind") in ("stable", "mergesort")
    if axis is None or flags[0] is None:
        return None
    return axis, flags[0], bool(stable)


@operation("sort", "dim descending")
def _sort(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    order = _order_given(interp, value, given)
    if order is None:
        return NamedPair((unknown_tensor(interp, value), unknown_tensor(interp, value, "int64")))
    return NamedPair(_sorted(interp, value, *order))


@operation("argsort", "dim descending")
def _argsort(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    order = _order_given(interp, value, given)
    if order is None:
        return unknown_tensor(interp, value, "int64")
    return _sorted(interp, value, *order)[1]


@operation("sort", "dim kind", numpy=True)
def _numpy_sort(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    order = _order_given(interp, value, given)
    return _sorted(interp, value, *order)[0] if order is not None else unknown_tensor(interp, value)


@operation("argsort", "dim kind", numpy=True)
def _numpy_argsort(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _argsort(interp, value, given)


@operation("topk", "k dim largest sorted")
def _topk(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if given.get("k") is None:
        raise interp.error("TypeError", "topk(): argument 'k' must be int, not NoneType")
    count = number_or(given, "k", None)
    largest = interp.truth(given.get("largest", True))
    order = _order_given(interp, value, {**given, "descending": bool(largest)})
    if order is None or not isinstance(count, int) or largest is None or count < 0:
        return NamedPair((unknown_tensor(interp, value), unknown_tensor(interp, value, "int64")))
    index = (*[slice(None)] * order[0], slice(None, count))
    found = _sorted(interp, value, *order)
    return NamedPair(tuple([interp.tensor_item(part, index) for part in found]))


@operation("unique unique_consecutive", "sorted return_inverse return_counts dim")
def _unique(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    extra = [interp.truth(given.get(n, False)) for n in ("return_inverse", "return_counts")]
    parts = _distinct(interp, value, given)
    chosen = [parts[0], *[p for p, e in zip(parts[2:], extra, strict=True) if e]]
    if None in extra:
        return Unknown("what unique() returns")
    return tuple(chosen) if len(chosen) > 1 else chosen[0]


@operation("unique", "return_index return_inverse return_counts dim", numpy=True)
def _numpy_unique(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    names = ("return_index", "return_inverse", "return_counts")
    extra = [interp.truth(given.get(n, False)) for n in names]
    parts = _distinct(interp, value, given)
    chosen = [parts[0], *[p for p, e in zip(parts[1:], extra, strict=True) if e]]
    if None in extra:
        return Unknown("what unique() returns")
    return tuple(chosen) if len(chosen) > 1 else chosen[0]


def _distinct(interp: "Interpreter", value: Tensor, given: Given) -> list[Value]:
    """Return the distinct values in order, where each stands first, the inverse, the counts."""
    known = value.data is not None and value.shape is not None and given.get("dim") is None
    if not known or any(math.isnan(v) for v in value.data or ()):
        return [unknown_tensor(interp, value), *[unknown_tensor(interp, value, "int64")] * 3]
    assert value.data is not None
    order = sorted(set(value.data))
    ranks = {v: i for i, v in enumerate(order)}
    counts = [0] * len(order)
    first = [-1] * len(order)
    inverse = [ranks[v] for v in value.data]
    for index, rank in enumerate(inverse):
        counts[rank] += 1
        first[rank] = index if first[rank] < 0 else first[rank]
    kept_values = [value.data[i] for i in first]
    shape = (len(order),)
    made = [interp.new_tensor(shape, kept_values, value.dtype, value.kind)]
    made.append(interp.new_tensor(shape, first, "int64", value.kind))
    made.append(interp.new_tensor(value.shape, inverse, "int64", value.kind))
    made.append(interp.new_tensor(shape, counts, "int64", value.kind))
    return list(made)


@operation("nonzero argwhere flatnonzero", "as_tuple")
def _nonzero(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    as_tuple = interp.truth(given.get("as_tuple", value.kind == "ndarray"))
    if value.data is None or value.shape is None or not value.shape or as_tuple is None:
        return unknown_tensor(interp, value, "int64") if not as_tuple else Unknown("nonzero()")
    places = [i for i, v in enumerate(value.data) if v]
    steps = strides_of(value.shape)
    columns = [[i // s % d for i in places] for s, d in zip(steps, value.shape, strict=True)]
    if as_tuple:
        shape = (len(places),)
        return tuple([interp.new_tensor(shape, c, "int64", value.kind) for c in columns])
    rows = [v for row in zip(*columns, strict=True) for v in row]
    return interp.new_tensor((len(places), len(steps)), rows, "int64", value.kind)


@operation("equal allclose", "other")
def _equal(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    other = given.get("other")
    if isinstance(other, Tensor) and value.data is not None and value.data == other.data:
        return value.shape == other.shape or Unknown("equality of tensors")
    return Unknown("equality of tensors")
