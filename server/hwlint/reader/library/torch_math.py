"""Operations that compute: element by element, running totals, products of matrices."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader.arithmetic import NATIVE, half_to_even, round_to
from hwlint.reader.dtypes import dtype_name, is_float, kept, result_type
from hwlint.reader.library.tensor_rules import (
    Given,
    number_or,
    numbers_of,
    operation,
    strides_of,
    unknown_tensor,
)
from hwlint.reader.library.torch_shapes import axis_of
from hwlint.reader.provenance import derive
from hwlint.reader.shapes import MAX_DATA, Shape, broadcast, plain_number, size
from hwlint.reader.values import Tensor, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["matrix_product"]

Native = Callable[[Any], Any]
Pair = Callable[[Any, Any], Any]


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > -700 else 0.0


def _sign(value: Any) -> Any:
    return type(value)((value > 0) - (value < 0))


def _log(native: Native) -> Native:
    def run(value: float) -> float:
        if value > 0:
            return native(value)
        return -math.inf if value == 0 else math.nan

    return run


def _exp(native: Native) -> Native:
    def run(value: float) -> float:
        try:
            return native(value)
        except OverflowError:
            return math.inf

    return run


def _whole(native: Native) -> Native:
    return lambda v: v if isinstance(v, int) or not math.isfinite(v) else float(native(v))


_REAL: dict[str, Native] = {
    "exp": _exp(math.exp), "exp2": _exp(lambda v: 2.0**v), "expm1": _exp(math.expm1),
    "log": _log(math.log), "log2": _log(math.log2), "log10": _log(math.log10),
    "log1p": lambda v: _log(lambda w: math.log1p(v))(v + 1.0),
    "sqrt": lambda v: math.sqrt(v) if v >= 0 else math.nan,
    "rsqrt": lambda v: 1.0 / math.sqrt(v) if v > 0 else (math.inf if v == 0 else math.nan),
    "reciprocal": lambda v: NATIVE["/"](1.0, v), "sin": math.sin, "cos": math.cos,
    "tan": math.tan, "tanh": math.tanh, "sigmoid": _sigmoid, "atan": math.atan, "arctan": math.atan,
    "deg2rad": math.radians, "rad2deg": math.degrees, "erf": math.erf, "sinh": _exp(math.sinh),
    "cosh": _exp(math.cosh),
}  # fmt: skip
_SAME: dict[str, Native] = {
    "abs": abs, "absolute": abs, "neg": lambda v: -v, "negative": lambda v: -v, "sign": _sign,
    "floor": _whole(math.floor), "ceil": _whole(math.ceil), "trunc": _whole(math.trunc),
    "fix": _whole(math.trunc), "rint": half_to_even, "square": lambda v: v * v,
    "relu": lambda v: v if v > 0 else type(v)(0), "positive": lambda v: v,
    "bitwise_not": lambda v: ~v,
}  # fmt: skip
_TRUTH: dict[str, Native] = {
    "isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite,
    "logical_not": lambda v: not v,
}  # fmt: skip
_NOT_COMPUTED = (
    "softmax log_softmax logit gelu silu mish hardswish hardtanh relu6 elu selu celu leaky_relu "
    "softplus logsigmoid lgamma digamma erfinv asin acos arcsin arccos sinc nan_to_num normalize "
    "dropout layer_norm rms_norm bernoulli cov_ i0 angle"
).split()
"""Results have the shape of what goes in; no width is ever computed from them."""
_BINARY = {
    "add": "+", "sub": "-", "subtract": "-", "mul": "*", "multiply": "*", "true_divide": "/",
    "floor_divide": "//", "remainder": "%", "mod": "%", "pow": "**", "power": "**",
    "float_power": "**", "maximum": "maximum", "minimum": "minimum", "fmod": "fmod", "eq": "==",
    "ne": "!=", "not_equal": "!=", "lt": "<", "less": "<", "le": "<=", "less_equal": "<=",
    "gt": ">", "greater": ">", "ge": ">=", "greater_equal": ">=", "logical_and": "logical_and",
    "logical_or": "logical_or", "logical_xor": "logical_xor", "bitwise_and": "&",
    "bitwise_or": "|", "bitwise_xor": "^", "atan2": "atan2", "arctan2": "atan2", "fmax": "maximum",
    "fmin": "minimum", "__add__": "+", "__mul__": "*", "__truediv__": "/",
}  # fmt: skip


def _unary(name: str, native: "Native | None", kind: str) -> None:
    @operation(name)
    def _(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        dtype = value.dtype
        if kind == "real" and not is_float(dtype) and dtype:
            dtype = "float64" if value.kind == "ndarray" else "float32"
        if kind == "same" and dtype == "bool":
            return interp.elementwise(name, None, [value], (dtype, dtype))
        result = "bool" if kind == "truth" else dtype
        used = None if dtype.startswith("complex") else native
        return interp.elementwise(name, used, [value], (dtype, result))


for _name, _native in _REAL.items():
    _unary(_name, _native, "real")
for _name, _native in _SAME.items():
    _unary(_name, _native, "same")
for _name, _native in _TRUTH.items():
    _unary(_name, _native, "truth")
for _name in _NOT_COMPUTED:
    _unary(_name, None, "real")


def _binary(name: str, symbol: str) -> None:
    @operation(name, "other", scalars=True)
    def _(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        other = given.get("other")
        alpha = given.get("alpha", 1)
        if alpha != 1 or isinstance(alpha, Tensor):
            other = interp.apply_binary("*", other, alpha) if isinstance(other, Tensor) else None
        if "out" in given or "where" in given:
            other = None
        return interp.apply_binary(symbol, value, other)


for _name, _symbol in _BINARY.items():
    _binary(_name, _symbol)


@operation("div divide", "other rounding_mode", scalars=True)
def _div(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    mode = given.get("rounding_mode")
    if mode == "floor":
        return interp.apply_binary("//", value, given.get("other"))
    result = interp.apply_binary("/", value, given.get("other"))
    if mode is None or not isinstance(result, Tensor):
        return result
    dtype = result_type([value, given.get("other")])  # type: ignore[list-item]  # a number or a tensor
    if mode != "trunc":
        return interp.new_tensor(result.shape, None, dtype)
    whole = interp.elementwise("trunc", _SAME["trunc"], [result], (result.dtype, result.dtype))
    return (
        interp.cast(whole, dtype)
        if is_float(dtype) or result.data is None
        else (interp.new_tensor(result.shape, _quotients(interp, value, given), dtype))
    )


def _quotients(interp: "Interpreter", value: Tensor, given: Given) -> "list[Any] | None":
    def native(left: int, right: int) -> int:
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole

    dtype = "int64"
    made = interp.elementwise("trunc", native, [value, given.get("other")], (dtype, dtype))
    return made.data


@operation("round around", "decimals")
def _round(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    decimals = number_or(given, "decimals", 0)
    native = None
    if isinstance(decimals, int):
        native = round_to(decimals) if decimals else half_to_even
    if decimals and value.dtype != "float64":
        native = None  # float32 scales in float32: the last digit is not ours to tell
    return interp.elementwise("round", native, [value], (value.dtype, value.dtype))


@operation("clamp clip", "min max")
def _clamp(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    result: Value = value
    for name, symbol in (("min", "maximum"), ("max", "minimum")):
        bound = given.get(name)
        if bound is not None:
            result = interp.apply_binary(symbol, result, bound)
    return result if result is not value else interp.cast(value, value.dtype)


@operation("clamp_min", "min")
@operation("clamp_max", "max")
def _clamp_one(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _clamp(interp, value, given)


@operation("masked_fill", "mask value")
def _masked_fill(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    mask = given.get("mask")
    shape = broadcast(value.shape, mask.shape if isinstance(mask, Tensor) else None)
    filler = plain_number(given.get("value"))
    data = None
    if filler is not None and isinstance(mask, Tensor) and mask.dtype == "bool":
        data = _chosen(interp, mask, filler, value, value.dtype)
    return interp.new_tensor(shape, data, value.dtype)


def _choose(mask: Any, left: Any, right: Any) -> Any:
    return left if mask else right


def _chosen(interp: "Interpreter", mask: Tensor, left: Value, right: Value, dtype: str) -> Any:
    # Truth values survive being turned into any dtype.
    made = interp.elementwise("where", _choose, [mask, left, right], (dtype, dtype))
    if isinstance(made, Tensor):
        return made.data
    return [made] if isinstance(made, int | float) else None


@operation("where", "left right")
def _where(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    left = given.get("left", given.get("self", given.get("y")))
    right = given.get("right", given.get("other"))
    if left is None or right is None:
        return unknown_tensor(interp, value, "int64")
    for side in (left, right):
        if not isinstance(side, Tensor | int | float):
            return unknown_tensor(interp, value, "")
    dtype = result_type([left, right])
    if value.dtype != "bool":
        value = interp.cast(value, "bool")
    shapes = [v.shape if isinstance(v, Tensor) else () for v in (value, left, right)]
    shape = broadcast(*shapes)
    data = _chosen(interp, value, left, right, dtype) if shape is not None else None
    return interp.new_tensor(shape, data, dtype, value.kind)


# --- along one dimension ------------------------------------------------------------------------


def _running(native: Pair) -> Any:
    def rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        if value.kind == "ndarray" and given.get("dim") is None and value.shape is not None:
            value = interp.new_tensor((size(value.shape),), value.data, value.dtype, "ndarray")
            given = {**given, "dim": 0}
        axis = axis_of(value, number_or(given, "dim", None))
        dtype = value.dtype if is_float(value.dtype) or not value.dtype else "int64"
        if given.get("dtype") is not None:
            dtype = dtype_name(given["dtype"])
            value = interp.cast(value, dtype)
        if axis is None:
            return interp.new_tensor(value.shape, None, dtype, value.kind)
        totals = _totals(value, axis, native)
        data = kept(dtype, totals) if totals is not None else None
        return interp.new_tensor(value.shape, data, dtype, value.kind)

    return rule


def _totals(value: Tensor, axis: int, native: Pair) -> "list[Any] | None":
    # torch adds in double and rounds each total to the dtype when it stores it.
    if value.data is None or value.shape is None:
        return None
    step = strides_of(value.shape)[axis]
    length = value.shape[axis]
    out: list[Any] = []
    for index, item in enumerate(value.data):
        first = index // step % length == 0
        number = int(item) if isinstance(item, bool) else item
        if not first:
            before = out[index - step]
            number = derive("cumsum", native(before, number), before, number)
        out.append(number)
    return out


operation("cumsum", "dim dtype")(_running(lambda a, b: a + b))
operation("cumprod", "dim dtype")(_running(lambda a, b: a * b))


@operation("diff", "n dim")
def _diff(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    axis = axis_of(value, number_or(given, "dim", -1))
    times = number_or(given, "n", 1)
    if axis is None or value.shape is None or not isinstance(times, int) or not 0 <= times < 10:
        return unknown_tensor(interp, value)
    if given.get("prepend") is not None or given.get("append") is not None:
        return unknown_tensor(interp, value)
    made: Value = value
    for _ in range(times):
        index = (slice(None),) * axis
        later = interp.tensor_item(made, (*index, slice(1, None)))
        earlier = interp.tensor_item(made, (*index, slice(None, -1)))
        made = interp.apply_binary("!=" if value.dtype == "bool" else "-", later, earlier)
    return made


# --- products -----------------------------------------------------------------------------------


def matrix_product(left: Shape, right: Shape) -> Shape | None:
    """Return the shape of `left @ right`."""
    if not left or not right:
        return None
    one = (1, *left) if len(left) == 1 else left
    two = (*right, 1) if len(right) == 1 else right
    batch = broadcast(one[:-2], two[:-2])
    if batch is None or one[-1] != two[-2]:
        return None
    rows = (one[-2],) if len(left) > 1 else ()
    columns = (two[-1],) if len(right) > 1 else ()
    return (*batch, *rows, *columns)


@operation("matmul mm bmm mv dot inner_product __matmul__", "other")
def _matmul(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    other = given.get("other", given.get("mat2", given.get("vec")))
    if not isinstance(other, Tensor) or value.shape is None or other.shape is None:
        return unknown_tensor(interp, value, "")
    shape = matrix_product(value.shape, other.shape)
    return interp.new_tensor(shape, None, result_type([value, other]), value.kind)


@operation("outer ger", "other")
def _outer(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    other = given.get("other", given.get("vec2", given.get("b")))
    if not isinstance(other, Tensor) or value.shape is None or other.shape is None:
        return unknown_tensor(interp, value)
    column = interp.new_tensor((size(value.shape), 1), value.data, value.dtype, value.kind)
    row = interp.new_tensor((1, size(other.shape)), other.data, other.dtype, value.kind)
    return interp.apply_binary("*", column, row)


@operation("one_hot", "num_classes")
def _one_hot(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    classes = number_or(given, "num_classes", -1)
    if classes == -1 and value.data:
        classes = max(value.data) + 1
    if value.shape is None or not isinstance(classes, int) or classes < 0:
        return unknown_tensor(interp, value, "int64")
    shape = (*value.shape, classes)
    data = None
    if value.data is not None and size(shape) <= MAX_DATA:
        data = [int(item == c) for item in value.data for c in range(classes)]
    return interp.new_tensor(shape, data, "int64")


@operation("pad", "pad mode value")
def _pad(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    wanted = numbers_of(given.get("pad"))
    if value.shape is None or wanted is None or len(wanted) % 2 or value.kind == "ndarray":
        return unknown_tensor(interp, value)
    shape = list(value.shape)
    if len(wanted) > 2 * len(shape):
        return unknown_tensor(interp, value)
    for index in range(len(wanted) // 2):
        shape[-1 - index] += wanted[2 * index] + wanted[2 * index + 1]
    return interp.new_tensor(tuple(shape), None, value.dtype)


@operation("lerp", "end weight")
@operation("addcmul addcdiv", "one two value")
def _three(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    shapes = [v.shape for v in (value, *given.values()) if isinstance(v, Tensor)]
    return interp.new_tensor(broadcast(*shapes), None, value.dtype)
