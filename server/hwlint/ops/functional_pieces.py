"""Functions that cut tensors, pick parts of them, repeat them and put them together."""

from typing import cast

from hwlint.ops._dims import (
    along,
    axis,
    dims,
    meta,
    product,
    promoted,
    replaced,
    shown,
    tensors,
    whole,
)
from hwlint.ops._functions import METHOD, F, differ, function, like_input
from hwlint.ops.calls import (
    Dim,
    Dims,
    Meta,
    NothingGiven,
    Result,
    Rule,
    ShapeMismatch,
    TensorLike,
    is_tensor,
)
from hwlint.ops.spec import Values

__all__ = ["ROWS"]

_MOST = 4096
"""Pieces; more are not followed one by one."""


def _length(value: TensorLike, dim: object) -> tuple[int | None, Dim]:
    """The place of a dimension and its length, where they are known."""
    if value.shape is None:
        return None, None
    place = axis(len(value.shape), dim)
    return place, value.shape[place] if place is not None and value.shape else None


def _cut(value: TensorLike, dim: object, lengths: list[Dim]) -> Result:
    return tuple([along(value, dim, length) for length in lengths])


def _split(values: Values) -> Result:
    value = meta(values)
    place, length = _length(value, values["dim"])
    wanted = values["split_size_or_sections"]
    if isinstance(wanted, int):
        return _split_evenly(value, values["dim"], place, length, int(wanted))
    sizes = dims(wanted)
    if sizes is None:
        return None
    if differ(product_sum(sizes), length):
        raise ShapeMismatch(
            f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's size "
            f"at dimension {values['dim']}), but got split_sizes={shown(sizes)}"
        )
    return _cut(value, values["dim"], list(sizes))


def product_sum(sizes: Dims) -> Dim:
    """The sum of dims; None where one is not known."""
    return None if None in sizes else sum(cast("tuple[int, ...]", sizes))


def _split_evenly(
    value: TensorLike, dim: object, place: int | None, length: Dim, step: int
) -> Result:
    if place is None or length is None or step < 1 or length > step * _MOST:
        return None
    return _cut(value, dim, [min(step, length - i) for i in range(0, length, step)] or [0])


def _chunk(values: Values) -> Result:
    value, count = meta(values), whole(values["chunks"])
    place, length = _length(value, values["dim"])
    if count is None or not 0 < count <= _MOST:
        return None
    if length is None:  # exactly as many as asked for, unless the dimension is shorter
        return None
    return _split_evenly(value, values["dim"], place, length, max(1, -(-length // count)))


def _tensor_split(values: Values) -> Result:
    value, wanted = meta(values), values["indices_or_sections"]
    _, length = _length(value, values["dim"])
    if length is None:
        return None
    if isinstance(wanted, int):
        count = int(wanted)
        if not 0 < count <= _MOST:
            return None
        small, more = divmod(length, count)
        return _cut(value, values["dim"], [small + (i < more) for i in range(count)])
    stops = dims(wanted)
    if stops is None or None in stops:
        return None
    ends = [slice(s).indices(length)[1] for s in cast("tuple[int, ...]", stops)]
    starts = zip([0, *ends], [*ends, length], strict=True)
    return _cut(value, values["dim"], [max(0, b - a) for a, b in starts])


def _unbind(values: Values) -> Result:
    value = meta(values)
    place, length = _length(value, values["dim"])
    if place is None or length is None or length > _MOST or value.shape is None:
        return None
    rest = (*value.shape[:place], *value.shape[place + 1 :])
    return tuple([Meta(rest, value.dtype)] * length)


def _selected(values: Values) -> Meta:
    value, index = meta(values), whole(values["index"])
    place, length = _length(value, values["dim"])
    if value.shape is None:
        return Meta(None, value.dtype)
    if place is None:
        return Meta((None,) * (len(value.shape) - 1), value.dtype)
    if index is not None and length is not None and not -length <= index < length:
        raise ShapeMismatch(f"select(): index {index} out of range for {shown(value.shape)}")
    return Meta((*value.shape[:place], *value.shape[place + 1 :]), value.dtype)


def _narrowed(values: Values) -> Meta:
    value, length = meta(values), whole(values["length"])
    start, (_, whole_length) = whole(values["start"]), _length(value, values["dim"])
    if None not in (start, length, whole_length) and (
        cast(int, start) % max(cast(int, whole_length), 1) + cast(int, length)
        > cast(int, whole_length)
    ):
        raise ShapeMismatch(f"start ({start}) + length ({length}) exceeds {whole_length}")
    return along(value, values["dim"], length)


def _index_selected(values: Values) -> Meta:
    value, index = meta(values), meta(values, "index")
    count = product(index.shape) if index.shape is not None else None
    return along(value, values["dim"], count)


def _gathered(values: Values) -> Meta:
    value, index = meta(values), meta(values, "index")
    if None not in (value.shape, index.shape) and len(value.shape or ()) != len(index.shape or ()):
        raise ShapeMismatch(
            f"gather(): index {shown(index.shape)} and input {shown(value.shape)} differ in rank"
        )
    return Meta(index.shape, value.dtype)


def _taken_along(values: Values) -> Meta:
    value, index = meta(values), meta(values, "indices")
    return Meta(index.shape if values["dim"] is not None else None, value.dtype)


def _some(values: Values) -> Meta:
    return Meta((None,), meta(values).dtype)


def _nonzero(values: Values) -> Result:
    rank = meta(values).shape
    if rank is None or not isinstance(values["as_tuple"], bool):
        return None if values["as_tuple"] is not False else Meta((None, None), "int64")
    if values["as_tuple"]:
        return tuple([Meta((None,), "int64")] * max(len(rank), 1))
    return Meta((None, len(rank)), "int64")


def _distinct(values: Values) -> Result:
    value = meta(values)
    flags = [values.get("return_inverse"), values.get("return_counts")]
    if not all(isinstance(f, bool) for f in flags):
        return None
    first = (
        Meta((None,), value.dtype) if values["dim"] is None else along(value, values["dim"], None)
    )
    inverse = Meta(value.shape if values["dim"] is None else (None,), "int64")
    extra = [m for m, f in zip((inverse, Meta((None,), "int64")), flags, strict=True) if f]
    return (first, *extra) if extra else first


# --- together -------------------------------------------------------------------------------------


def _several(values: Values) -> list[TensorLike] | None:
    """Return the tensors to put together; None where they are not known."""
    parts = tensors(values["tensors"])
    if parts is not None and not parts:  # perhaps for want of something that the model can take
        raise NothingGiven("expected a non-empty list of tensors")
    return parts


def _joined(values: Values) -> Meta:
    parts = _several(values)
    if parts is None:
        return Meta(None, "")
    dtype = promoted(*parts)
    shapes = [p.shape for p in parts if p.shape != (0,)] or [parts[0].shape]
    known = [s for s in shapes if s is not None]
    if not known:
        return Meta(None, dtype)
    rank = len(known[0])
    place = axis(rank, values["dim"])
    if place is None:
        return Meta((None,) * rank, dtype)
    _check_joined(known, place)
    total = product_sum(tuple([None if s is None else s[place] for s in shapes]))
    merged = [_merged([s[i] for s in known]) for i in range(rank)]
    return Meta(replaced(tuple(merged), place, total), dtype)


def _check_joined(shapes: list[Dims], place: int) -> None:
    for shape in shapes[1:]:
        if len(shape) != len(shapes[0]):
            raise ShapeMismatch(
                f"Tensors must have same number of dimensions: got {len(shapes[0])} and "
                f"{len(shape)}"
            )
        for index, (one, other) in enumerate(zip(shapes[0], shape, strict=True)):
            if index != place and differ(one, other):
                raise ShapeMismatch(
                    f"Sizes of tensors must match except in dimension {place}. Got "
                    f"{shown(shapes[0])} and {shown(shape)}"
                )


def _merged(column: list[Dim]) -> Dim:
    return next((d for d in column if d is not None), None)


def _stacked(values: Values) -> Meta:
    parts = _several(values)
    if parts is None:
        return Meta(None, "")
    dtype = promoted(*parts)
    known = [p.shape for p in parts if p.shape is not None]
    if not known:
        return Meta(None, dtype)
    place = axis(len(known[0]), values["dim"], 1)
    if any(len(s) != len(known[0]) for s in known) or any(
        differ(a, b) for s in known for a, b in zip(known[0], s, strict=True)
    ):
        raise ShapeMismatch(
            f"stack expects each tensor to be equal size, but got {' and '.join(map(shown, known))}"
        )
    merged = [_merged([s[i] for s in known]) for i in range(len(known[0]))]
    if place is None:
        return Meta((None,) * (len(merged) + 1), dtype)
    return Meta((*merged[:place], len(parts), *merged[place:]), dtype)


def _beside(dim: int) -> Rule:
    def rule(values: Values) -> Result:
        parts = _several(values)
        if parts is None or any(p.shape is None for p in parts):
            return Meta(None, "")
        least = 1 if dim == 1 else 2
        raised = [Meta(_at_least(p.shape or (), least), p.dtype) for p in parts]
        place = 0 if dim == 1 and len(raised[0].shape or ()) == 1 else dim if dim == 1 else 0
        return _joined({"tensors": raised, "dim": place})

    return rule


def _at_least(shape: Dims, rank: int) -> Dims:
    return (*(1,) * (rank - len(shape)), *shape)


# --- repeated -------------------------------------------------------------------------------------


def _repeated(values: Values) -> Meta:
    value, times = meta(values), dims(values["repeats"])
    if times is None:
        return Meta(None, value.dtype)
    if value.shape is None:
        return Meta((None,) * len(times), value.dtype)
    if len(times) < len(value.shape):
        raise ShapeMismatch(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            f"tensor: {shown(times)} and {shown(value.shape)}"
        )
    own = _at_least(value.shape, len(times))
    return Meta(tuple([product(pair) for pair in zip(own, times, strict=True)]), value.dtype)


def _tiled(values: Values) -> Meta:
    value, times = meta(values), dims(values["dims"])
    if times is None or value.shape is None:
        return Meta(None, value.dtype)
    rank = max(len(times), len(value.shape))
    pairs = zip(_at_least(value.shape, rank), _at_least(times, rank), strict=True)
    return Meta(tuple([product(pair) for pair in pairs]), value.dtype)


def _interleaved(values: Values) -> Meta:
    value, times = meta(values), values["repeats"]
    total: Dim = None
    place, length = _length(value, values["dim"]) if values["dim"] is not None else (0, None)
    if values["dim"] is None:
        length = product(value.shape) if value.shape is not None else None
    if isinstance(times, int):
        total = None if length is None else length * int(times)
    if not isinstance(times, int) and values["output_size"] is not None:
        total = whole(values["output_size"])
    if values["dim"] is None:
        return Meta((total,), value.dtype)
    return along(value, values["dim"] if place is not None else None, total)


def _meshed(values: Values) -> Result:
    given = tensors(values["tensors"])
    inner = cast("tuple[object, ...]", values["tensors"])
    if len(inner) == 1 and not is_tensor(inner[0]):
        given = tensors(inner[0])
    indexing = values["indexing"]
    if not given or (indexing is not None and not isinstance(indexing, str)):
        return None
    lengths = [product(v.shape) if v.shape is not None else None for v in given]
    if indexing == "xy" and len(lengths) > 1:
        lengths[:2] = [lengths[1], lengths[0]]
    return tuple([Meta(tuple(lengths), v.dtype) for v in given])


def _windowed_difference(values: Values) -> Meta:
    value, times = meta(values), whole(values["n"])
    _, length = _length(value, values["dim"])
    if values["prepend"] is not None or values["append"] is not None:
        return along(value, values["dim"], None)
    if length is None or times is None:
        return along(value, values["dim"], None)
    return along(value, values["dim"], max(0, length - times))


def _halved(values: Values) -> Meta:
    value = meta(values)
    _, length = _length(value, values["dim"])
    if length is not None and length % 2:
        raise ShapeMismatch(f"Halving dimension must be even, but got {shown(value.shape)}")
    return along(value, values["dim"], None if length is None else length // 2)


def _turned(values: Values) -> Meta:
    shape = meta(values).shape
    return Meta(None if shape is None else (None,) * len(shape), meta(values).dtype)


_SCATTER = "input, dim, index, src=None, *, value=None, reduce=None, include_self=True"

ROWS = (
    *function(
        "split",
        "torch Tensor",
        "input, split_size_or_sections, dim=0",
        _split,
        effect="view",
        onnx="Split",
        tflite="SPLIT_V",
    ),
    *function(
        "chunk", METHOD, "input, chunks, dim=0", _chunk, effect="view", onnx="Split", tflite="SPLIT"
    ),
    *function(
        "tensor_split",
        METHOD,
        "input, indices_or_sections, dim=0",
        _tensor_split,
        effect="view",
        onnx="Split",
        tflite="SPLIT_V",
    ),
    *function(
        "unbind", METHOD, "input, dim=0", _unbind, effect="view", onnx="Split", tflite="UNPACK"
    ),
    *function(
        "select",
        METHOD,
        "input, dim, index",
        _selected,
        effect="view",
        onnx="Gather",
        tflite="STRIDED_SLICE",
    ),
    *function(
        "narrow",
        METHOD,
        "input, dim, start, length",
        _narrowed,
        effect="view",
        onnx="Slice",
        tflite="SLICE",
    ),
    *function(
        "index_select",
        METHOD,
        "input, dim, index, *, out=None",
        _index_selected,
        reads="part",
        onnx="Gather",
        tflite="GATHER",
    ),
    *function(
        "gather",
        METHOD,
        "input, dim, index, *, sparse_grad=False, out=None",
        _gathered,
        reads="part",
        onnx="GatherElements",
    ),
    *function(
        "take_along_dim",
        METHOD,
        "input, indices, dim=None, *, out=None",
        _taken_along,
        reads="part",
        onnx="GatherElements",
    ),
    *function("masked_select", METHOD, "input, mask, *, out=None", _some),
    *function("nonzero", METHOD, "input, *, as_tuple=False, out=None", _nonzero, onnx="NonZero"),
    *function(
        "unique",
        METHOD,
        "input, sorted=True, return_inverse=False, return_counts=False, dim=None",
        _distinct,
        onnx="Unique",
    ),
    *function(
        "unique_consecutive",
        METHOD,
        "input, return_inverse=False, return_counts=False, dim=None",
        _distinct,
    ),
    *function(
        "scatter scatter_add scatter_reduce", METHOD, _SCATTER, like_input, onnx="ScatterElements"
    ),
    *function(
        "index_add index_copy",
        METHOD,
        "input, dim, index, source, *, alpha=1, out=None",
        like_input,
    ),
    *function("index_fill", METHOD, "input, dim, index, value", like_input),
    *function(
        "index_put",
        METHOD,
        "input, indices, values, accumulate=False",
        like_input,
        onnx="ScatterND",
        tflite="SCATTER_ND",
    ),
    *function("masked_scatter", METHOD, "input, mask, source", like_input),
    *function(
        "cat concat concatenate",
        "torch",
        "tensors, dim=0, *, out=None",
        _joined,
        onnx="Concat",
        tflite="CONCATENATION",
    ),
    *function(
        "stack", "torch", "tensors, dim=0, *, out=None", _stacked, onnx="Concat", tflite="PACK"
    ),
    *function(
        "hstack", "torch", "tensors, *, out=None", _beside(1), onnx="Concat", tflite="CONCATENATION"
    ),
    *function(
        "vstack row_stack",
        "torch",
        "tensors, *, out=None",
        _beside(0),
        onnx="Concat",
        tflite="CONCATENATION",
    ),
    *function("repeat", "Tensor", "input, *repeats", _repeated, onnx="Tile", tflite="TILE"),
    *function("tile", METHOD, "input, *dims", _tiled, onnx="Tile", tflite="TILE"),
    *function(
        "repeat_interleave", METHOD, "input, repeats, dim=None, *, output_size=None", _interleaved
    ),
    *function("roll", METHOD, "input, shifts, dims=None", like_input),
    *function("flip", METHOD, "input, *dims", like_input, tflite="REVERSE_V2"),
    *function("fliplr flipud", METHOD, "input", like_input),
    *function("rot90", METHOD, "input, k=1, dims=None", _turned),
    *function("tril triu", METHOD, "input, diagonal=0, *, out=None", like_input, onnx="Trilu"),
    *function("meshgrid", "torch", "*tensors, indexing=None", _meshed),
    *function(
        "diff", METHOD, "input, n=1, dim=-1, prepend=None, append=None", _windowed_difference
    ),
    *function("glu", F, "input, dim=-1", _halved),
)
