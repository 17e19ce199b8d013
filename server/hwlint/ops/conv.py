"""Convolutions and transposed convolutions."""

from collections.abc import Callable

from hwlint.ops._rows import (
    absent,
    calls,
    flag,
    integer,
    integers,
    is_real,
    items,
    layer,
    require_sizes,
    shape,
    spread,
    stored,
)
from hwlint.ops.spec import LayerSpec, Shapes, Values

__all__ = ["ROWS"]

_FORWARD = (
    "kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros', device=None, dtype=None"
)
_TRANSPOSED = (
    "kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, "
    "padding_mode='zeros', device=None, dtype=None"
)
_STORED = "out_channels kernel_size stride padding dilation groups padding_mode"
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _normalise(dims: int) -> Callable[[Values], Values]:
    def normalise(values: Values) -> Values:
        names = ("kernel_size", "stride", "dilation", "output_padding")
        found = {name: spread(values[name], dims) for name in names if name in values}
        padding = values["padding"]
        return found | {"padding": padding if isinstance(padding, str) else spread(padding, dims)}

    return normalise


def _attributes(dims: int, transposed: bool, lazy: bool) -> Callable[[Values], Values]:
    plain = stored(_STORED)

    def attributes(values: Values) -> Values:
        return {
            **plain(values),
            "in_channels": 0 if lazy else values["in_channels"],
            "transposed": transposed,
            "output_padding": values["output_padding"] if transposed else (0,) * dims,
            **absent(values, "bias", "bias"),
        }

    return attributes


def _bias(values: Values) -> Shapes:
    return {"bias": (integer(values, "out_channels"),)} if flag(values, "bias") else {}


def _forward_weights(values: Values) -> Shapes:
    inner = integer(values, "in_channels") // integer(values, "groups")
    kernel = shape(values, "kernel_size")
    return {"weight": (integer(values, "out_channels"), inner, *kernel), **_bias(values)}


def _transposed_weights(values: Values) -> Shapes:
    outer = integer(values, "out_channels") // integer(values, "groups")
    kernel = shape(values, "kernel_size")
    return {"weight": (integer(values, "in_channels"), outer, *kernel), **_bias(values)}


def _check_groups(values: Values) -> None:
    groups = integers(values, "groups")
    if groups and groups[0] <= 0:
        raise ValueError("groups must be a positive integer")


def _check_channels(values: Values) -> None:
    for name in ("in_channels", "out_channels"):
        known = integers(values, name, "groups")
        if known and known[0] % known[1] != 0:
            raise ValueError(f"{name} must be divisible by groups")


def _check_padding(values: Values) -> None:
    padding, stride, mode = values["padding"], values["stride"], values["padding_mode"]
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(
                f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}"
            )
        if padding == "same" and any(is_real(step) and step != 1 for step in items(stride)):
            raise ValueError("padding='same' is not supported for strided convolutions")
    if isinstance(mode, str) and mode not in _PADDING_MODES:
        raise ValueError(
            f"padding_mode must be one of {set(_PADDING_MODES)}, but got padding_mode='{mode}'"
        )


def _check(op: str, transposed: bool, lazy: bool) -> Callable[[Values], None]:
    def check(values: Values) -> None:
        mode = values["padding_mode"]
        if transposed and isinstance(mode, str) and mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {op}')
        _check_groups(values)
        # A lazy layer looks at its channels when it first runs.
        if not lazy:
            _check_channels(values)
        _check_padding(values)
        require_sizes(values, *(() if lazy else ("in_channels", "out_channels")), "kernel_size")

    return check


def _row(dims: int, transposed: bool, lazy: bool) -> LayerSpec:
    eager = f"Conv{'Transpose' if transposed else ''}{dims}d"
    signature = "out_channels, " + (_TRANSPOSED if transposed else _FORWARD)
    bases = "_ConvTransposeNd _ConvNd" if transposed else "_ConvNd"
    weights = _transposed_weights if transposed else _forward_weights
    op = f"Lazy{eager}" if lazy else eager
    return layer(
        op,
        "conv",
        f"_LazyConvXdMixin LazyModuleMixin {eager} {bases}" if lazy else bases,
        signature if lazy else f"in_channels, {signature}",
        weights=(lambda _: {}) if lazy else weights,
        attributes=_attributes(dims, transposed, lazy),
        normalise=_normalise(dims),
        check=_check(op, transposed, lazy),
        forward=calls(f"conv{'_transpose' if transposed else ''}{dims}d"),
        lazy=lazy,
    )


ROWS = tuple(
    _row(dims, transposed, lazy)
    for lazy in (False, True)
    for transposed in (False, True)
    for dims in (1, 2, 3)
)
