"""Functions that show the same items in another shape or order."""

from typing import cast

from hwlint.ops._dims import axes, axis, broadcast, dims, meta, product, shown, whole
from hwlint.ops._functions import METHOD, differ, function, like_input
from hwlint.ops._rows import items
from hwlint.ops.calls import Dim, Dims, FunctionSpec, Meta, Rule, ShapeMismatch
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


def shaped(value: Dims | None, wanted: Dims | None) -> Dims | None:
    """The shape that reshaping gives, `-1` worked out where it can be."""
    if wanted is None:
        return None
    total = product(value) if value is not None else None
    if -1 not in wanted:
        if differ(total, product(wanted)):
            raise _not_reshaped(value, wanted)
        return _only_gap(wanted, total)
    if wanted.count(-1) > 1:
        raise ShapeMismatch("only one dimension can be inferred")
    rest = product([d for d in wanted if d != -1])
    if rest == 0 or (rest is not None and total is not None and total % rest):
        raise _not_reshaped(value, wanted)
    left = total // rest if total is not None and rest else None
    return tuple([left if d == -1 else d for d in wanted])


def _not_reshaped(value: Dims | None, wanted: Dims) -> ShapeMismatch:
    return ShapeMismatch(
        f"shape '{shown(wanted)}' is invalid for input of size {product(value or ())} "
        f"({shown(value)})"
    )


def _only_gap(wanted: Dims, total: Dim) -> Dims:
    """Fill in the one dim that is not known from the number of items."""
    if wanted.count(None) != 1 or total is None:
        return wanted
    rest = product([d for d in wanted if d is not None])
    found = total // rest if rest else None
    return tuple([found if d is None else d for d in wanted])


def _reshaped(values: Values) -> Meta:
    value = meta(values)
    return Meta(shaped(value.shape, dims(values["shape"])), value.dtype)


def _viewed(values: Values) -> Meta:
    value, wanted = meta(values), items(values["shape"])
    if len(wanted) == 1 and not isinstance(wanted[0], int | tuple | list):
        return Meta(None, "")  # it may be a dtype
    return Meta(shaped(value.shape, dims(wanted)), value.dtype)


def _viewed_as(values: Values) -> Meta:
    value, other = meta(values), meta(values, "other")
    return Meta(shaped(value.shape, other.shape), value.dtype)


def _flattened(values: Values) -> Meta:
    value = meta(values)
    if value.shape is None:
        return Meta(None, value.dtype)
    if not value.shape:
        return Meta((1,), value.dtype)
    first = axis(len(value.shape), values["start_dim"])
    last = axis(len(value.shape), values["end_dim"])
    if first is None or last is None:
        return Meta(None, value.dtype)
    if last < first:
        raise ShapeMismatch("flatten() has invalid args: start_dim cannot come after end_dim")
    middle = product(value.shape[first : last + 1])
    return Meta((*value.shape[:first], middle, *value.shape[last + 1 :]), value.dtype)


def _raveled(values: Values) -> Meta:
    value = meta(values)
    return Meta(None if value.shape is None else (product(value.shape),), value.dtype)


def _unflattened(values: Values) -> Meta:
    value, sizes = meta(values), dims(values["sizes"])
    if value.shape is None or sizes is None:
        return Meta(None, value.dtype)
    place = axis(len(value.shape), values["dim"])
    if place is None:
        return Meta(None, value.dtype)
    parts = shaped((value.shape[place],), sizes) or ()
    return Meta((*value.shape[:place], *parts, *value.shape[place + 1 :]), value.dtype)


def _unsqueezed(values: Values) -> Meta:
    value = meta(values)
    if value.shape is None:
        return Meta(None, value.dtype)
    place = axis(len(value.shape), values["dim"], 1)
    if place is None:
        return Meta((None,) * (len(value.shape) + 1), value.dtype)
    return Meta((*value.shape[:place], 1, *value.shape[place:]), value.dtype)


def _squeezed(values: Values) -> Meta:
    value = meta(values)
    if value.shape is None:
        return Meta(None, value.dtype)
    places = axes(len(value.shape), values["dim"])
    if places is None or any(value.shape[p] is None for p in places):
        return Meta(None, value.dtype)
    kept = [d for i, d in enumerate(value.shape) if d != 1 or i not in places]
    return Meta(tuple(kept), value.dtype)


def _permuted(values: Values) -> Meta:
    value, order = meta(values), dims(values["dims"])
    if value.shape is None:
        return Meta((None,) * len(order) if order is not None else None, value.dtype)
    if order is None or None in order:
        return Meta((None,) * len(value.shape), value.dtype)
    rank = len(value.shape)
    places = [cast(int, axis(rank, d)) for d in order]
    if sorted(places) != list(range(rank)):
        raise ShapeMismatch(
            f"permute(): {shown(order)} is not an order of the {rank} dimensions of "
            f"{shown(value.shape)}"
        )
    return Meta(tuple([value.shape[p] for p in places]), value.dtype)


def _swapped(first: str, second: str) -> Rule:
    def rule(values: Values) -> Meta:
        value = meta(values)
        if value.shape is None:
            return Meta(None, value.dtype)
        rank = len(value.shape)
        one, two = axis(rank, values[first]), axis(rank, values[second])
        if one is None or two is None:
            return Meta((None,) * rank, value.dtype)
        shape = list(value.shape)
        if shape:
            shape[one], shape[two] = shape[two], shape[one]
        return Meta(tuple(shape), value.dtype)

    return rule


def _turned(values: Values) -> Meta:
    value = meta(values)
    if value.shape is not None and len(value.shape) > 2:
        raise ShapeMismatch(f"t() expects a tensor with <= 2 dimensions, got {shown(value.shape)}")
    return Meta(None if value.shape is None else value.shape[::-1], value.dtype)


def _moved(values: Values) -> Meta:
    value = meta(values)
    source, target = dims(values["source"]), dims(values["destination"])
    if value.shape is None:
        return Meta(None, value.dtype)
    rank = len(value.shape)
    if source is None or target is None or None in source or None in target:
        return Meta((None,) * rank, value.dtype)
    froms, tos = ([cast(int, axis(rank, d)) for d in side] for side in (source, target))
    if len(set(froms)) != len(set(tos)) or len(set(froms)) != len(source):
        raise ShapeMismatch("movedim(): repeated or uneven dimensions")
    rest = iter([d for d in range(rank) if d not in froms])
    order = [froms[tos.index(d)] if d in tos else next(rest) for d in range(rank)]
    return Meta(tuple([value.shape[d] for d in order]), value.dtype)


def _expanded_to(value: Dims | None, wanted: Dims | None) -> Dims | None:
    if wanted is None or value is None:
        return None if wanted is None or -1 in wanted else wanted
    extra = len(wanted) - len(value)
    if extra < 0 or -1 in wanted[:extra]:
        raise _not_expanded(value, wanted)
    own = (*(1,) * extra, *value)
    for have, want in zip(own, wanted, strict=True):
        if want != -1 and have not in (None, 1) and want is not None and want != have:
            raise _not_expanded(value, wanted)
    return tuple([h if w == -1 else w for h, w in zip(own, wanted, strict=True)])


def _not_expanded(value: Dims, wanted: Dims) -> ShapeMismatch:
    return ShapeMismatch(f"expand(): {shown(value)} cannot become {shown(wanted)}")


def _expanded(values: Values) -> Meta:
    value = meta(values)
    return Meta(_expanded_to(value.shape, dims(values["size"])), value.dtype)


def _expanded_as(values: Values) -> Meta:
    value, other = meta(values), meta(values, "other")
    return Meta(_expanded_to(value.shape, other.shape), value.dtype)


def _slid(values: Values) -> Meta:
    value, size, step = meta(values), whole(values["size"]), whole(values["step"])
    if value.shape is None:
        return Meta(None, value.dtype)
    place = axis(len(value.shape), values["dimension"])
    if place is None:
        return Meta((None,) * (len(value.shape) + 1), value.dtype)
    length = value.shape[place]
    count = None if length is None or size is None or not step else (length - size) // step + 1
    return Meta((*value.shape[:place], count, *value.shape[place + 1 :], size), value.dtype)


def _strided(values: Values) -> Meta:
    return Meta(dims(values["size"]), meta(values).dtype)


def _diagonal(values: Values) -> Meta:
    value, offset = meta(values), whole(values["offset"])
    if value.shape is None:
        return Meta(None, value.dtype)
    rank = len(value.shape)
    one, two = axis(rank, values["dim1"]), axis(rank, values["dim2"])
    if one is None or two is None:
        return Meta((None,) * (rank - 1), value.dtype)
    rows, columns = value.shape[one], value.shape[two]
    rest = [d for i, d in enumerate(value.shape) if i not in (one, two)]
    length: Dim = None
    if rows is not None and columns is not None and offset is not None:
        length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    return Meta((*rest, length), value.dtype)


def _view(
    names: str, signature: str, rule: Rule, onnx: str = "", tflite: str = ""
) -> tuple[FunctionSpec, ...]:
    return function(names, METHOD, signature, rule, effect="view", onnx=onnx, tflite=tflite)


def _broadcast_all(values: Values) -> tuple[Meta, ...] | None:
    given = cast("tuple[object, ...]", values["tensors"])
    metas = [meta({"input": v}) for v in given]
    shape = broadcast(*[m.shape for m in metas])
    return tuple([Meta(shape, m.dtype) for m in metas])


ROWS = (
    *function(
        "reshape",
        METHOD,
        "input, *shape",
        _reshaped,
        effect="reshape",
        onnx="Reshape",
        tflite="RESHAPE",
    ),
    *function(
        "view", "Tensor", "input, *shape", _viewed, effect="view", onnx="Reshape", tflite="RESHAPE"
    ),
    *function(
        "view_as",
        "Tensor",
        "input, other",
        _viewed_as,
        effect="view",
        onnx="Reshape",
        tflite="RESHAPE",
    ),
    *function(
        "reshape_as",
        "Tensor",
        "input, other",
        _viewed_as,
        effect="reshape",
        onnx="Reshape",
        tflite="RESHAPE",
    ),
    *function(
        "flatten",
        METHOD,
        "input, start_dim=0, end_dim=-1",
        _flattened,
        effect="reshape",
        onnx="Flatten",
        tflite="RESHAPE",
    ),
    *function(
        "ravel", METHOD, "input", _raveled, effect="reshape", onnx="Reshape", tflite="RESHAPE"
    ),
    *_view("unflatten", "input, dim, sizes", _unflattened, onnx="Reshape", tflite="RESHAPE"),
    *_view("unsqueeze", "input, dim", _unsqueezed, onnx="Unsqueeze", tflite="EXPAND_DIMS"),
    *_view("squeeze", "input, dim=None", _squeezed, onnx="Squeeze", tflite="SQUEEZE"),
    *_view("permute", "input, *dims", _permuted, onnx="Transpose", tflite="TRANSPOSE"),
    *_view(
        "transpose swapaxes swapdims",
        "input, dim0, dim1",
        _swapped("dim0", "dim1"),
        onnx="Transpose",
        tflite="TRANSPOSE",
    ),
    *_view("t", "input", _turned, onnx="Transpose", tflite="TRANSPOSE"),
    *_view(
        "movedim moveaxis",
        "input, source, destination",
        _moved,
        onnx="Transpose",
        tflite="TRANSPOSE",
    ),
    *function(
        "expand",
        "Tensor",
        "input, *size, implicit=False",
        _expanded,
        effect="view",
        onnx="Expand",
        tflite="BROADCAST_TO",
    ),
    *function(
        "broadcast_to",
        METHOD,
        "input, *size",
        _expanded,
        effect="view",
        onnx="Expand",
        tflite="BROADCAST_TO",
    ),
    *function(
        "expand_as",
        "Tensor",
        "input, other",
        _expanded_as,
        effect="view",
        onnx="Expand",
        tflite="BROADCAST_TO",
    ),
    *function("broadcast_tensors", "torch", "*tensors", _broadcast_all, effect="view"),
    *function("unfold", "Tensor", "input, dimension, size, step", _slid, effect="view"),
    *_view("as_strided", "input, size, stride, storage_offset=None", _strided),
    *_view("diagonal", "input, offset=0, dim1=0, dim2=1", _diagonal),
    *_view("detach", "input", like_input),
)
