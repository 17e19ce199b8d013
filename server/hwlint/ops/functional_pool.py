"""Pools, resizing, windows and the pads around them."""

from typing import cast

from hwlint.ops._dims import dims, is_number, meta, shown, spread_dims, whole
from hwlint.ops._functions import F, function
from hwlint.ops._windows import scaled, split_spatial, windows
from hwlint.ops.calls import Dim, Dims, FunctionSpec, Meta, Result, Rule, ShapeMismatch
from hwlint.ops.spec import Values

__all__ = ["ROWS"]

_MAX = (
    "input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
)
_AVERAGE = (
    "input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, "
    "divisor_override=None"
)


def _many(value: object, count: int) -> Dims:
    found = spread_dims(value, count)
    return (None,) * count if found is None or len(found) != count else found


def _pool(name: str, count: int) -> Rule:
    def rule(values: Values) -> Result:
        value = meta(values)
        if value.shape is None:
            return _with_indices(values, Meta(None, value.dtype))
        lead, spatial = split_spatial(value.shape, count, name)
        kernel = _many(values["kernel_size"], count)
        stride = values["stride"]
        steps = kernel if stride is None or stride == () else _many(stride, count)
        padding = _many(values.get("padding", 0), count)
        dilation = _many(values.get("dilation", 1), count)
        rounding = values["ceil_mode"]
        if not isinstance(rounding, int | None):
            return _with_indices(values, Meta((*lead, *(None,) * count), value.dtype))
        _check_padding(kernel, padding)
        found = windows(spatial, kernel, steps, padding, dilation, up=bool(rounding))
        return _with_indices(values, Meta((*lead, *found), value.dtype))

    return rule


def _check_padding(kernel: Dims, padding: Dims) -> None:
    for size, pad in zip(kernel, padding, strict=True):
        if size is not None and pad is not None and pad > size // 2:
            raise ShapeMismatch("pad should be at most half of effective kernel size")


def _with_indices(values: Values, made: Meta) -> Result:
    wanted = values.get("return_indices", False)
    return (made, Meta(made.shape, "int64")) if wanted is True else made


def _adaptive(name: str, count: int) -> Rule:
    def rule(values: Values) -> Result:
        value = meta(values)
        wanted = values["output_size"]
        if value.shape is None:
            return _with_indices(values, Meta(None, value.dtype))
        lead, spatial = split_spatial(value.shape, count, name)
        found = _adapted(wanted, spatial, count)
        return _with_indices(values, Meta((*lead, *found), value.dtype))

    return rule


def _adapted(wanted: object, spatial: Dims, count: int) -> Dims:
    if isinstance(wanted, int):
        return (int(wanted),) * count
    if wanted is None:
        return spatial
    if not isinstance(wanted, tuple | list):
        return (None,) * count
    items = list(cast("list[object]", wanted))
    if len(items) == 1:
        items *= count
    if len(items) != count:
        raise ShapeMismatch(f"output_size must have {count} items")
    pairs = zip(items, spatial, strict=True)
    return tuple([old if new is None else whole(new) for new, old in pairs])


# --- resizing -------------------------------------------------------------------------------------


def _interpolated(values: Values) -> Meta:
    value = meta(values)
    if value.shape is None:
        return Meta(None, value.dtype)
    if not 3 <= len(value.shape) <= 5:
        raise ShapeMismatch(f"interpolate() expects 3D, 4D or 5D input, got {shown(value.shape)}")
    spatial = value.shape[2:]
    return Meta((*value.shape[:2], *_resized(values, spatial)), value.dtype)


def _resized(values: Values, spatial: Dims) -> Dims:
    size, factor = values["size"], values["scale_factor"]
    count = len(spatial)
    if size is None and factor is None:
        raise ShapeMismatch("only one of size or scale_factor should be defined")
    if size is not None:
        found = spread_dims(size, count)
        if found is not None and len(found) != count:
            raise ShapeMismatch("Input and output must have the same number of spatial dimensions")
        return (None,) * count if found is None else found
    if is_number(factor):
        factors: list[object] = [factor] * count
    elif isinstance(factor, tuple | list):
        factors = list(cast("list[object]", factor))
    else:
        return (None,) * count
    if len(factors) != count:
        raise ShapeMismatch("Input and scale_factor must have the same number of dimensions")
    return tuple([_scaled(d, f) for d, f in zip(spatial, factors, strict=True)])


def _scaled(length: Dim, factor: object) -> Dim:
    return scaled(length, factor) if is_number(factor) else None


def _sampled(values: Values) -> Meta:
    value, grid = meta(values), meta(values, "grid")
    if value.shape is None or grid.shape is None:
        return Meta(None, value.dtype)
    if len(value.shape) != len(grid.shape):
        raise ShapeMismatch(
            f"grid_sample(): {shown(value.shape)} and grid {shown(grid.shape)} do not fit"
        )
    return Meta((*value.shape[:2], *grid.shape[1:-1]), value.dtype)


def _affine_grid(values: Values) -> Meta:
    theta, size = meta(values, "theta"), dims(values["size"])
    if size is None:
        return Meta(None, theta.dtype)
    return Meta((size[0], *size[2:], len(size) - 2), theta.dtype)


# --- windows as columns ---------------------------------------------------------------------------


def _unfolded(values: Values) -> Meta:
    value = meta(values)
    if value.shape is None:
        return Meta(None, value.dtype)
    lead, spatial = split_spatial(value.shape, 2, "unfold()")
    names = ("kernel_size", "stride", "padding", "dilation")
    kernel, stride, padding, dilation = (_many(values[n], 2) for n in names)
    found = windows(spatial, kernel, stride, padding, dilation)
    columns = _times((lead[-1], *kernel))
    return Meta((*lead[:-1], columns, _times(found)), value.dtype)


def _times(factors: Dims) -> Dim:
    total = 1
    for factor in factors:
        if factor is None:
            return None
        total *= factor
    return total


def _folded(values: Values) -> Meta:
    value = meta(values)
    size, kernel = _many(values["output_size"], 2), _many(values["kernel_size"], 2)
    if value.shape is None:
        return Meta(None, value.dtype)
    area, columns = _times(kernel), value.shape[-2]
    channels = None if area is None or columns is None else columns // area
    if area and columns is not None and columns % area:
        raise ShapeMismatch(f"fold(): {columns} rows are not a multiple of {area}")
    return Meta((*value.shape[:-2], channels, *size), value.dtype)


def _padded(values: Values) -> Meta:
    value, wanted = meta(values), dims(values["pad"])
    if value.shape is None:
        return Meta(None, value.dtype)
    if wanted is None:
        return Meta((None,) * len(value.shape), value.dtype)
    if len(wanted) % 2 or len(wanted) > 2 * len(value.shape):
        raise ShapeMismatch(f"pad() cannot pad {shown(value.shape)} by {shown(wanted)}")
    shape = list(value.shape)
    for index in range(len(wanted) // 2):
        parts = (shape[-1 - index], *wanted[2 * index : 2 * index + 2])
        shape[-1 - index] = None if None in parts else sum(cast("tuple[int, ...]", parts))
    if any(d is not None and d < 0 for d in shape):
        raise ShapeMismatch(f"pad() by {shown(wanted)} leaves nothing of {shown(value.shape)}")
    return Meta(tuple(shape), value.dtype)


# --- shuffles -------------------------------------------------------------------------------------


def _shuffled(values: Values) -> Meta:
    value, factor = meta(values), whole(values["upscale_factor"])
    if value.shape is None or len(value.shape) < 3:
        return Meta(None, value.dtype)
    *lead, channels, height, width = value.shape
    if factor is None:
        return Meta((*lead, None, None, None), value.dtype)
    if channels is not None and channels % (factor * factor):
        raise ShapeMismatch(f"pixel_shuffle(): {channels} channels cannot be cut into {factor}²")
    fewer = None if channels is None else channels // (factor * factor)
    grown = [None if d is None else d * factor for d in (height, width)]
    return Meta((*lead, fewer, *grown), value.dtype)


def _unshuffled(values: Values) -> Meta:
    value, factor = meta(values), whole(values["downscale_factor"])
    if value.shape is None or len(value.shape) < 3:
        return Meta(None, value.dtype)
    *lead, channels, height, width = value.shape
    if factor is None:
        return Meta((*lead, None, None, None), value.dtype)
    if any(d is not None and d % factor for d in (height, width)):
        raise ShapeMismatch(f"pixel_unshuffle(): {shown(value.shape)} is no multiple of {factor}")
    more = None if channels is None else channels * factor * factor
    shrunk = [None if d is None else d // factor for d in (height, width)]
    return Meta((*lead, more, *shrunk), value.dtype)


def _same(values: Values) -> Meta:
    return Meta(meta(values).shape, meta(values).dtype)


def _pools(count: int) -> tuple[FunctionSpec, ...]:
    adaptive = "input, output_size"
    flags = {2: ("MaxPool", "MAX_POOL_2D", "AVERAGE_POOL_2D")}.get(count, ("MaxPool", "", ""))
    one = f"max_pool{count}d"
    average = f"avg_pool{count}d"
    return (
        *function(one, "torch F", _MAX, _pool(one, count), onnx="MaxPool", tflite=flags[1]),
        *function(
            average,
            "torch F" if count == 1 else F,
            _AVERAGE,
            _pool(average, count),
            onnx="AveragePool",
            tflite=flags[2],
        ),
        *function(
            f"lp_pool{count}d",
            F,
            "input, norm_type, kernel_size, stride=None, ceil_mode=False",
            _pool(f"lp_pool{count}d", count),
            onnx="LpPool",
        ),
        *function(
            f"adaptive_avg_pool{count}d",
            "torch F" if count == 1 else F,
            adaptive,
            _adaptive(f"adaptive_avg_pool{count}d", count),
        ),
        *function(
            f"adaptive_max_pool{count}d",
            "torch F" if count == 1 else F,
            f"{adaptive}, return_indices=False",
            _adaptive(f"adaptive_max_pool{count}d", count),
        ),
    )


ROWS = (
    *(row for count in (1, 2, 3) for row in _pools(count)),
    *function(
        "interpolate upsample",
        F,
        "input, size=None, scale_factor=None, mode='nearest', align_corners=None, "
        "recompute_scale_factor=None, antialias=False",
        _interpolated,
        onnx="Resize",
    ),
    *function(
        "grid_sample",
        F,
        "input, grid, mode='bilinear', padding_mode='zeros', align_corners=None",
        _sampled,
        onnx="GridSample",
    ),
    *function("affine_grid", F, "theta, size, align_corners=None", _affine_grid, onnx="AffineGrid"),
    *function("unfold", F, "input, kernel_size, dilation=1, padding=0, stride=1", _unfolded),
    *function(
        "fold",
        F,
        "input, output_size, kernel_size, dilation=1, padding=0, stride=1",
        _folded,
        onnx="Col2Im",
    ),
    *function(
        "pad", F, "input, pad, mode='constant', value=None", _padded, onnx="Pad", tflite="PADV2"
    ),
    *function(
        "pixel_shuffle",
        "torch F",
        "input, upscale_factor",
        _shuffled,
        onnx="DepthToSpace",
        tflite="DEPTH_TO_SPACE",
    ),
    *function(
        "pixel_unshuffle",
        "torch F",
        "input, downscale_factor",
        _unshuffled,
        onnx="SpaceToDepth",
        tflite="SPACE_TO_DEPTH",
    ),
    *function("channel_shuffle", "torch F", "input, groups", _same),
)
