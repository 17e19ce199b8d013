"""Functions that work item by item."""

from collections.abc import Callable

from hwlint.ops._dims import broadcast, meta, promoted
from hwlint.ops._functions import (
    ALL,
    METHOD,
    F,
    function,
    like_input,
    real,
    real_like_input,
    shape_of,
    together,
)
from hwlint.ops.calls import FunctionSpec, Meta, Result
from hwlint.ops.spec import Values

__all__ = ["POINTWISE", "ROWS"]

_REAL = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan tanh sigmoid atan "
    "arctan asin arcsin acos arccos sinh cosh asinh acosh atanh erf erfc erfinv deg2rad rad2deg "
    "lgamma digamma sinc logit i0"
)
_SAME = (
    "abs absolute neg negative sign sgn floor ceil trunc fix frac square positive bitwise_not "
    "nan_to_num"
)
_TRUTH = "isnan isinf isfinite isposinf isneginf logical_not"
_ARITHMETIC = (
    "maximum minimum fmax fmin fmod remainder bitwise_and bitwise_or "
    "bitwise_xor bitwise_left_shift bitwise_right_shift floor_divide "
)
_COMPARISONS = (
    "eq ne not_equal lt less le less_equal gt greater ge greater_equal logical_and logical_or "
    "logical_xor isclose"
)
_ONNX = {
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "reciprocal": "Reciprocal", "sin": "Sin",
    "cos": "Cos", "tan": "Tan", "tanh": "Tanh", "sigmoid": "Sigmoid", "erf": "Erf", "abs": "Abs",
    "neg": "Neg", "sign": "Sign", "floor": "Floor", "ceil": "Ceil", "logical_not": "Not",
    "isnan": "IsNaN", "isinf": "IsInf", "maximum": "Max", "minimum": "Min", "eq": "Equal",
    "lt": "Less", "le": "LessOrEqual", "gt": "Greater", "ge": "GreaterOrEqual",
    "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "fmod": "Mod",
    "remainder": "Mod", "atan": "Atan", "asin": "Asin", "acos": "Acos", "sinh": "Sinh",
    "cosh": "Cosh", "square": "Mul", "bitwise_and": "BitwiseAnd", "bitwise_or": "BitwiseOr",
}  # fmt: skip
_TFLITE = {
    "exp": "EXP", "log": "LOG", "sqrt": "SQRT", "rsqrt": "RSQRT", "sin": "SIN", "cos": "COS",
    "tanh": "TANH", "sigmoid": "LOGISTIC", "abs": "ABS", "neg": "NEG", "sign": "SIGN",
    "floor": "FLOOR", "ceil": "CEIL", "logical_not": "LOGICAL_NOT", "maximum": "MAXIMUM",
    "minimum": "MINIMUM", "eq": "EQUAL", "ne": "NOT_EQUAL", "lt": "LESS", "le": "LESS_EQUAL",
    "gt": "GREATER", "ge": "GREATER_EQUAL", "logical_and": "LOGICAL_AND",
    "logical_or": "LOGICAL_OR", "square": "SQUARE", "remainder": "FLOOR_MOD",
    "floor_divide": "FLOOR_DIV", "bitwise_xor": "BITWISE_XOR",
}  # fmt: skip


def _truth_like_input(values: Values) -> Meta:
    return Meta(meta(values).shape, "bool")


def _pair(values: Values) -> Meta:
    return together(values, "input", "other")


def _real_pair(values: Values) -> Meta:
    found = together(values, "input", "other")
    return Meta(found.shape, real(found.dtype))


def _truth_pair(values: Values) -> Meta:
    return Meta(together(values, "input", "other").shape, "bool")


def _divided(values: Values) -> Meta:
    found = together(values, "input", "other")
    return found if values["rounding_mode"] is not None else Meta(found.shape, real(found.dtype))


def _power(values: Values) -> Meta:
    return together(values, "input", "exponent")


def _clamped(values: Values) -> Meta:
    given = [values["input"], *[values[n] for n in ("min", "max") if values[n] is not None]]
    return Meta(broadcast(*map(shape_of, given)), promoted(*given))


def _one_sided(name: str) -> Callable[[Values], Result]:
    return lambda values: together(values, "input", name)


def _filled(values: Values) -> Meta:
    found = broadcast(meta(values).shape, meta(values, "mask").shape)
    return Meta(found, meta(values).dtype)


def _chosen(values: Values) -> Result:
    if values["input"] is None and values["other"] is None:
        rank = meta(values, "condition").shape
        return tuple([Meta((None,), "int64") for _ in rank]) if rank is not None else None
    sides = (values["input"], values["other"])
    shapes = map(shape_of, (values["condition"], *sides))
    return Meta(broadcast(*shapes), promoted(*sides))


def _three(values: Values) -> Meta:
    names = ("input", "tensor1", "tensor2")
    return together(values, *names)


def _lerped(values: Values) -> Meta:
    return Meta(together(values, "input", "end", "weight").shape, meta(values).dtype)


def _each(
    names: str, spaces: str, signature: str, rule: Callable[[Values], Result]
) -> tuple[FunctionSpec, ...]:
    return tuple(
        row
        for name in names.split()
        for row in function(
            name, spaces, signature, rule, onnx=_ONNX.get(name, ""), tflite=_TFLITE.get(name, "")
        )
    )


def _activation(
    names: str, signature: str = "", onnx: str = "", tflite: str = "", spaces: str = F
) -> tuple[FunctionSpec, ...]:
    declared = f"input, {signature}" if signature else "input"
    return function(names, spaces, declared, like_input, onnx=onnx, tflite=tflite)


ROWS = (
    *_each(_REAL, METHOD, "input, *, out=None", real_like_input),
    *_each(_SAME, METHOD, "input, *, nan=None, posinf=None, neginf=None, out=None", like_input),
    *_each(_TRUTH, METHOD, "input, *, out=None", _truth_like_input),
    *_each(_ARITHMETIC, METHOD, "input, other, *, out=None", _pair),
    *_each(_COMPARISONS, METHOD, "input, other, rtol=1e-5, atol=1e-8, *, out=None", _truth_pair),
    *function(
        "add sub subtract mul multiply",
        METHOD,
        "input, other, *, alpha=1, out=None",
        _pair,
    ),
    *function("true_divide atan2 arctan2", METHOD, "input, other, *, out=None", _real_pair),
    *function(
        "div divide",
        METHOD,
        "input, other, *, rounding_mode=None, out=None",
        _divided,
        onnx="Div",
        tflite="DIV",
    ),
    *function(
        "pow float_power", METHOD, "input, exponent, *, out=None", _power, onnx="Pow", tflite="POW"
    ),
    *function(
        "round", METHOD, "input, *, decimals=0, out=None", like_input, onnx="Round", tflite="ROUND"
    ),
    *function(
        "clamp clip", METHOD, "input, min=None, max=None, *, out=None", _clamped, onnx="Clip"
    ),
    *function(
        "clamp_min",
        METHOD,
        "input, min, *, out=None",
        _one_sided("min"),
        onnx="Max",
        tflite="MAXIMUM",
    ),
    *function(
        "clamp_max",
        METHOD,
        "input, max, *, out=None",
        _one_sided("max"),
        onnx="Min",
        tflite="MINIMUM",
    ),
    *function(
        "masked_fill", METHOD, "input, mask, value", _filled, onnx="Where", tflite="SELECT_V2"
    ),
    *function(
        "where",
        "torch",
        "condition, input=None, other=None, *, out=None",
        _chosen,
        onnx="Where",
        tflite="SELECT_V2",
    ),
    *function(
        "where", "Tensor", "input, condition, other", _chosen, onnx="Where", tflite="SELECT_V2"
    ),
    *function("addcmul addcdiv", METHOD, "input, tensor1, tensor2, *, value=1, out=None", _three),
    *function("lerp", METHOD, "input, end, weight, *, out=None", _lerped),
    *_activation("relu", "inplace=False", "Relu", "RELU", ALL),
    *_activation("relu6", "inplace=False", "Clip", "RELU6"),
    *_activation("silu mish hardswish hardsigmoid selu", "inplace=False"),
    *_activation("gelu", "*, approximate='none'", "Gelu", "GELU"),
    *_activation("elu celu", "alpha=1.0, inplace=False", "Elu", "ELU"),
    *_activation("leaky_relu", "negative_slope=0.01, inplace=False", "LeakyRelu", "LEAKY_RELU"),
    *_activation("hardtanh", "min_val=-1.0, max_val=1.0, inplace=False", "Clip"),
    *_activation("softplus", "beta=1, threshold=20", "Softplus"),
    *_activation("softsign", "", "Softsign"),
    *_activation("logsigmoid tanhshrink"),
    *_activation("tanh", "", "Tanh", "TANH"),
    *_activation("sigmoid", "", "Sigmoid", "LOGISTIC"),
    *_activation("hardshrink softshrink", "lambd=0.5"),
    *_activation("threshold", "threshold, value, inplace=False"),
    *_activation("prelu", "weight", "PRelu", "PRELU", "torch F"),
    *_activation(
        "rrelu",
        "lower=0.125, upper=0.3333333333333333, training=False, inplace=False",
        spaces="torch F",
    ),
    *_activation("bernoulli", "*, generator=None, out=None", "Bernoulli", spaces=METHOD),
)

POINTWISE = frozenset(row.name for row in ROWS)
"""Functions that make one item of the items at the same place."""
