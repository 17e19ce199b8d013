"""Pooling and unpooling."""

from collections.abc import Callable

from hwlint.ops._rows import calls, is_real, items, layer, spread, stored
from hwlint.ops.spec import LayerSpec, Values

__all__ = ["ROWS"]

_MAX = "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
_AVERAGE = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
_LP = "norm_type, kernel_size, stride=None, ceil_mode=False"
_UNPOOL = "kernel_size, stride=None, padding=0"
_FRACTIONAL = (
    "kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None"
)


def _own_stride(values: Values) -> Values:
    return {"stride": values["kernel_size"]} if values["stride"] is None else {}


def _windows(dims: int) -> Callable[[Values], Values]:
    def normalise(values: Values) -> Values:
        known = {**values, **_own_stride(values)}
        return {name: spread(known[name], dims) for name in ("kernel_size", "stride", "padding")}

    return normalise


def _fractions(dims: int) -> Callable[[Values], Values]:
    def normalise(values: Values) -> Values:
        names = ("kernel_size", "output_size", "output_ratio")
        return {name: spread(values[name], dims) for name in names}

    return normalise


def _check_fractions(op: str, dims: int) -> Callable[[Values], None]:
    def check(values: Values) -> None:
        size, ratio, kernel = (values[n] for n in ("output_size", "output_ratio", "kernel_size"))
        if dims == 3 and any(is_real(part) and part <= 0 for part in items(kernel)):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel}")
        if size is None and ratio is None:
            raise ValueError(f"{op} requires specifying either an output size, or a pooling ratio")
        if isinstance(size, tuple) and isinstance(ratio, tuple):
            raise ValueError("only one of output_size and output_ratio may be specified")
        if any(is_real(part) and not 0 < part < 1 for part in items(ratio)):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {ratio})")

    return check


def _average_row(dims: int) -> LayerSpec:
    one = dims == 1
    return layer(
        f"AvgPool{dims}d",
        "pool",
        "_AvgPoolNd",
        _AVERAGE if one else f"{_AVERAGE}, divisor_override=None",
        normalise=_windows(1) if one else _own_stride,
        forward=calls(f"avg_pool{dims}d"),
    )


def _fractional_row(dims: int) -> LayerSpec:
    op = f"FractionalMaxPool{dims}d"
    return layer(
        op,
        "pool",
        "",
        _FRACTIONAL,
        attributes=stored("kernel_size return_indices output_size output_ratio _random_samples"),
        normalise=_fractions(dims),
        check=_check_fractions(op, dims),
        forward=calls(f"fractional_max_pool{dims}d"),
    )


def _unpool_row(dims: int) -> LayerSpec:
    return layer(
        f"MaxUnpool{dims}d",
        "pool",
        "_MaxUnpoolNd",
        _UNPOOL,
        normalise=_windows(dims),
        forward=calls(f"max_unpool{dims}d", "input, indices, output_size=None"),
    )


def _max_row(dims: int) -> LayerSpec:
    forward = calls(f"max_pool{dims}d")
    name = f"MaxPool{dims}d"
    return layer(name, "pool", "_MaxPoolNd", _MAX, normalise=_own_stride, forward=forward)


def _adaptive_rows(dims: int) -> tuple[LayerSpec, LayerSpec]:
    average, most = f"adaptive_avg_pool{dims}d", f"adaptive_max_pool{dims}d"
    return (
        layer(
            f"AdaptiveAvgPool{dims}d",
            "pool",
            "_AdaptiveAvgPoolNd",
            "output_size",
            forward=calls(average),
        ),
        layer(
            f"AdaptiveMaxPool{dims}d",
            "pool",
            "_AdaptiveMaxPoolNd",
            "output_size, return_indices=False",
            forward=calls(most),
        ),
    )


_DIMS = (1, 2, 3)

ROWS = (
    *map(_max_row, _DIMS),
    *map(_average_row, _DIMS),
    *(layer(f"LPPool{n}d", "pool", "_LPPoolNd", _LP, forward=calls(f"lp_pool{n}d")) for n in _DIMS),
    *map(_fractional_row, (2, 3)),
    *map(_unpool_row, _DIMS),
    *(row for dims in _DIMS for row in _adaptive_rows(dims)),
)
