"""Activations."""

from hwlint.ops._rows import calls, integer, is_real, layer, require_sizes, stored
from hwlint.ops.spec import LayerSpec, Shapes, Values

__all__ = ["ROWS"]


_SPELLED = {
    "GLU": "glu", "LeakyReLU": "leaky_relu", "LogSigmoid": "logsigmoid",
    "LogSoftmax": "log_softmax",
}  # fmt: skip


def _row(op: str, signature: str = "") -> LayerSpec:
    return layer(op, "activation", "", signature, forward=calls(_SPELLED.get(op, op.lower())))


def _prelu_weights(values: Values) -> Shapes:
    return {"weight": (integer(values, "num_parameters"),)}


def _clamp(values: Values) -> Values:
    # The two names that torch has deprecated win where they are given.
    low, high = values["min_value"], values["max_value"]
    return {
        "min_val": values["min_val"] if low is None else low,
        "max_val": values["max_val"] if high is None else high,
    }


def _check_clamp(values: Values) -> None:
    low, high = values["min_val"], values["max_val"]
    if is_real(low) and is_real(high) and high <= low:
        raise AssertionError(f"max_val ({high}) must be greater than min_val ({low})")


def _relu6_attributes(values: Values) -> Values:
    return {"min_val": 0.0, "max_val": 6.0, "inplace": values["inplace"]}


_PLAIN = ("LogSigmoid", "Sigmoid", "Softsign", "Tanh", "Tanhshrink")
_INPLACE = ("Hardsigmoid", "Hardswish", "Mish", "ReLU", "SELU", "SiLU")
_ALONG = ("LogSoftmax", "Softmax", "Softmin")

ROWS = (
    *map(_row, _PLAIN),
    *(_row(op, "inplace=False") for op in _INPLACE),
    *(_row(op, "dim=None") for op in _ALONG),
    *(_row(op, "alpha=1.0, inplace=False") for op in ("CELU", "ELU")),
    *(_row(op, "lambd=0.5") for op in ("Hardshrink", "Softshrink")),
    layer("Softmax2d", "activation", "", "", forward=calls("softmax", dim=-3)),
    _row("GELU", "approximate='none'"),
    _row("GLU", "dim=-1"),
    _row("LeakyReLU", "negative_slope=0.01, inplace=False"),
    _row("RReLU", "lower=0.125, upper=0.3333333333333333, inplace=False"),
    _row("Softplus", "beta=1.0, threshold=20.0"),
    _row("Threshold", "threshold, value, inplace=False"),
    layer(
        "Hardtanh",
        "activation",
        "",
        "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None",
        attributes=stored("min_val max_val inplace"),
        normalise=_clamp,
        check=_check_clamp,
        forward=calls("hardtanh"),
    ),
    layer(
        "ReLU6",
        "activation",
        "Hardtanh",
        "inplace=False",
        attributes=_relu6_attributes,
        forward=calls("relu6"),
    ),
    layer(
        "PReLU",
        "activation",
        "",
        "num_parameters=1, init=0.25, device=None, dtype=None",
        weights=_prelu_weights,
        check=lambda values: require_sizes(values, "num_parameters"),
        forward=calls("prelu"),
    ),
)
