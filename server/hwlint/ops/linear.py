"""Layers that multiply by one matrix, and the one that does nothing."""

from hwlint.ops._rows import absent, calls, flag, integer, integers, layer, require_sizes, stored
from hwlint.ops.spec import Shapes, Values

__all__ = ["INTERNAL", "ROWS"]

_OPTIONS = "bias=True, device=None, dtype=None"


def _bias(values: Values) -> Shapes:
    return {"bias": (integer(values, "out_features"),)} if flag(values, "bias") else {}


def _linear_weights(values: Values) -> Shapes:
    matrix = (integer(values, "out_features"), integer(values, "in_features"))
    return {"weight": matrix, **_bias(values)}


def _linear_attributes(values: Values) -> Values:
    return stored("in_features out_features")(values) | absent(values, "bias", "bias")


def _lazy_attributes(values: Values) -> Values:
    return {
        "in_features": 0,
        "out_features": values["out_features"],
        **absent(values, "bias", "bias"),
    }


def _check_linear(values: Values) -> None:
    require_sizes(values, "out_features", "in_features")


def _bilinear_weights(values: Values) -> Shapes:
    block = (
        integer(values, "out_features"),
        integer(values, "in1_features"),
        integer(values, "in2_features"),
    )
    return {"weight": block, **_bias(values)}


def _bilinear_attributes(values: Values) -> Values:
    names = "in1_features in2_features out_features"
    return stored(names)(values) | absent(values, "bias", "bias")


def _check_bilinear(values: Values) -> None:
    require_sizes(values, "out_features", "in1_features", "in2_features")
    known = integers(values, "in1_features")
    if known and known[0] <= 0:
        raise ValueError(f"in1_features must be > 0, but got (in1_features={known[0]})")


ROWS = (
    layer(
        "Identity",
        "linear",
        "",
        "*args, **kwargs",
        attributes=stored(""),
        forward=calls("torch.nn.identity"),
    ),
    layer(
        "Linear",
        "linear",
        "",
        f"in_features, out_features, {_OPTIONS}",
        weights=_linear_weights,
        attributes=_linear_attributes,
        check=_check_linear,
        forward=calls("linear"),
    ),
    layer(
        "LazyLinear",
        "linear",
        "LazyModuleMixin Linear",
        f"out_features, {_OPTIONS}",
        attributes=_lazy_attributes,
        forward=calls("linear"),
        lazy=True,
    ),
    layer(
        "Bilinear",
        "linear",
        "",
        f"in1_features, in2_features, out_features, {_OPTIONS}",
        weights=_bilinear_weights,
        attributes=_bilinear_attributes,
        check=_check_bilinear,
        forward=calls("bilinear", "input1, input2"),
    ),
)
"""Rows of public classes."""

INTERNAL = (
    layer(
        "NonDynamicallyQuantizableLinear",
        "linear",
        "Linear",
        f"in_features, out_features, {_OPTIONS}",
        weights=_linear_weights,
        attributes=_linear_attributes,
        check=_check_linear,
        forward=calls("linear"),
    ),
)
"""Rows of classes that torch's own layers are made of, out of the public names."""
