"""Upsampling."""

from collections.abc import Callable

from hwlint.ops._rows import calls, is_off, layer, stored
from hwlint.ops.spec import Values

__all__ = ["ROWS"]

_STORED = "size scale_factor mode align_corners recompute_scale_factor"


def _factor(values: Values) -> Values:
    factor = values["scale_factor"]
    return {"scale_factor": None} if is_off(factor) and not isinstance(factor, tuple) else {}


def _check(values: Values) -> None:
    if isinstance(values["scale_factor"], list):
        raise TypeError("float() argument must be a string or a real number, not 'list'")


def _upsample_attributes(values: Values) -> Values:
    return {"name": "Upsample", **stored(_STORED)(values)}


def _fixed(op: str, mode: str, align: bool | None) -> Callable[[Values], Values]:
    def attributes(values: Values) -> Values:
        return {
            "name": op,
            **stored("size scale_factor")(values),
            "mode": mode,
            "align_corners": align,
            "recompute_scale_factor": None,
        }

    return attributes


ROWS = (
    layer(
        "Upsample",
        "upsample",
        "",
        "size=None, scale_factor=None, mode='nearest', align_corners=None, "
        "recompute_scale_factor=None",
        attributes=_upsample_attributes,
        forward=calls("interpolate"),
        normalise=_factor,
        check=_check,
    ),
    *(
        layer(
            op,
            "upsample",
            "Upsample",
            "size=None, scale_factor=None",
            attributes=_fixed(op, mode, align),
            forward=calls("interpolate", mode=mode),
            normalise=_factor,
            check=_check,
        )
        for op, mode, align in (
            ("UpsamplingBilinear2d", "bilinear", True),
            ("UpsamplingNearest2d", "nearest", None),
        )
    ),
)
