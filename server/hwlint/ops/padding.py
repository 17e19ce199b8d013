"""Padding."""

from collections.abc import Callable

from hwlint.ops._rows import calls, layer, spread, stored
from hwlint.ops.spec import LayerSpec, Values

__all__ = ["ROWS"]

_MODES = {"Circular": "circular", "Reflection": "reflect", "Replication": "replicate"}


def _normalise(dims: int) -> Callable[[Values], Values]:
    # An amount before and one after, for each dimension.
    return lambda values: {"padding": spread(values["padding"], 2 * dims)}


def _row(kind: str, dims: int) -> LayerSpec:
    return layer(
        f"{kind}Pad{dims}d",
        "padding",
        f"_{kind}PadNd",
        "padding",
        normalise=_normalise(dims),
        forward=calls("pad", given="pad=padding", mode=_MODES[kind]),
    )


def _constant_row(dims: int) -> LayerSpec:
    return layer(
        f"ConstantPad{dims}d",
        "padding",
        "_ConstantPadNd",
        "padding, value",
        normalise=_normalise(dims),
        forward=calls("pad", given="pad=padding"),
    )


def _zero_attributes(values: Values) -> Values:
    return {"value": 0.0, **stored("padding")(values)}


def _zero_row(dims: int) -> LayerSpec:
    return layer(
        f"ZeroPad{dims}d",
        "padding",
        f"ConstantPad{dims}d _ConstantPadNd",
        "padding",
        attributes=_zero_attributes,
        normalise=_normalise(dims),
        forward=calls("pad", given="pad=padding"),
    )


_DIMS = (1, 2, 3)

ROWS = (
    *(_row(kind, dims) for kind in ("Circular", "Reflection", "Replication") for dims in _DIMS),
    *map(_constant_row, _DIMS),
    *map(_zero_row, _DIMS),
)
