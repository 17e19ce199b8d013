"""Convolutions and transposed convolutions."""

from typing import cast

from hwlint.ops._dims import meta, product, shown, spread_dims, whole
from hwlint.ops._functions import differ, function
from hwlint.ops._windows import split_spatial, windows
from hwlint.ops.calls import Dim, Dims, FunctionSpec, Meta, Result, Rule, ShapeMismatch
from hwlint.ops.spec import Values

__all__ = ["ROWS"]

_FORWARD = "input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1"
_TRANSPOSED = (
    "input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1"
)


def _spread(values: Values, name: str, count: int) -> Dims:
    found = spread_dims(values[name], count)
    if found is None:
        return (None,) * count
    if len(found) != count:
        raise ShapeMismatch(f"expected {name} to be a single integer value or a list of {count}")
    return found


def _known_weight(values: Values, count: int, name: str) -> Dims | None:
    weight = meta(values, "weight").shape
    if weight is not None and len(weight) != count + 2:
        raise ShapeMismatch(f"{name} expects a weight of rank {count + 2}, got {shown(weight)}")
    return weight


def _padding(values: Values, count: int) -> Dims | None:
    """Padding on each side; None for the padding that keeps the size."""
    wanted = values["padding"]
    if wanted == "same":
        return None
    return (0,) * count if wanted == "valid" else _spread(values, "padding", count)


def _forward(name: str, count: int) -> Rule:
    def rule(values: Values) -> Meta:
        value, weight = meta(values), _known_weight(values, count, name)
        if value.shape is None:
            return Meta(None, value.dtype)
        lead, spatial = split_spatial(value.shape, count, name)
        if weight is None:
            return Meta((*lead[:-1], None, *(None,) * count), value.dtype)
        groups = whole(values["groups"])
        _check_channels(value.shape, lead[-1], weight, groups)
        kernel, dilation = weight[2:], _spread(values, "dilation", count)
        padding = _padding(values, count)
        if padding is not None:
            stride = _spread(values, "stride", count)
            spatial = windows(spatial, kernel, stride, padding, dilation)
        return Meta((*lead[:-1], weight[0], *spatial), value.dtype)

    return rule


def _check_channels(shape: Dims, channels: Dim, weight: Dims, groups: Dim) -> None:
    inner = weight[1]
    wanted = None if inner is None or groups is None else inner * groups
    if differ(channels, wanted):
        raise ShapeMismatch(
            f"Given groups={groups}, weight of size {shown(weight)}, expected input{shown(shape)} "
            f"to have {wanted} channels, but got {channels} channels instead"
        )


def _macs(values: Values, result: Result) -> int | None:
    weight = meta(values, "weight").shape
    if weight is None or not isinstance(result, Meta) or result.shape is None:
        return None
    return product((*result.shape, *weight[1:]))


def _transposed(name: str, count: int) -> Rule:
    def rule(values: Values) -> Meta:
        value, weight = meta(values), _known_weight(values, count, name)
        if value.shape is None:
            return Meta(None, value.dtype)
        lead, spatial = split_spatial(value.shape, count, name)
        groups = whole(values["groups"])
        if weight is None or groups is None:
            return Meta((*lead[:-1], None, *(None,) * count), value.dtype)
        if differ(lead[-1], weight[0]):
            raise ShapeMismatch(
                f"Given transposed=1, weight of size {shown(weight)}, expected input"
                f"{shown(value.shape)} to have {weight[0]} channels, "
                f"but got {lead[-1]} channels instead"
            )
        outputs = None if weight[1] is None else weight[1] * groups
        grown = _grown(values, spatial, weight[2:], count)
        return Meta((*lead[:-1], outputs, *grown), value.dtype)

    return rule


def _grown(values: Values, spatial: Dims, kernel: Dims, count: int) -> Dims:
    names = ("stride", "padding", "output_padding", "dilation")
    columns = [_spread(values, name, count) for name in names]
    rows = zip(spatial, kernel, *columns, strict=True)
    return tuple([_grown_dim(row) for row in rows])


def _grown_dim(row: tuple[Dim, ...]) -> Dim:
    if None in row:
        return None
    length, kernel, stride, padding, extra, dilation = cast("tuple[int, ...]", row)
    return (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1


def _transposed_macs(values: Values, result: Result) -> int | None:
    del result
    weight, value = meta(values, "weight").shape, meta(values).shape
    return product((*value, *weight[1:])) if weight and value else None


def _row(count: int) -> tuple[FunctionSpec, ...]:
    name, other = f"conv{count}d", f"conv_transpose{count}d"
    depthwise = {1: "CONV_2D", 2: "CONV_2D", 3: "CONV_3D"}[count]
    back = {1: "TRANSPOSE_CONV", 2: "TRANSPOSE_CONV", 3: "CONV_3D_TRANSPOSE"}[count]
    return (
        *function(
            name,
            "torch F",
            _FORWARD,
            _forward(name, count),
            macs=_macs,
            onnx="Conv",
            tflite=depthwise,
        ),
        *function(
            other,
            "torch F",
            _TRANSPOSED,
            _transposed(other, count),
            macs=_transposed_macs,
            onnx="ConvTranspose",
            tflite=back,
        ),
    )


ROWS = tuple(row for count in (1, 2, 3) for row in _row(count))
