"""What the operators of tensors do to two numbers, as torch and numpy define it."""

import ast
import math
from collections.abc import Callable
from typing import Any

from hwlint.reader.dtypes import INTEGERS, is_float

__all__ = ["COMPARISONS", "NATIVE", "divide", "half_to_even", "result_dtype", "round_to"]

COMPARISONS: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip


def divide(left: Any, right: Any) -> float:
    """Return `left / right` as IEEE 754 has it."""
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _floor_divide(left: Any, right: Any) -> Any:
    if not right and isinstance(right, float):
        return divide(left, right)
    return left // right


def _remainder(left: Any, right: Any) -> Any:
    if not right and isinstance(right, float):
        return math.nan
    return left % right


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        if right < 0 or left.bit_length() * right > 128:
            raise ValueError("not an integer that fits")
        return left**right
    if not left and right < 0:
        return math.inf
    if left < 0 and not float(right).is_integer():
        return math.nan
    try:
        return left**right
    except OverflowError:
        return math.inf if left > 0 or right % 2 == 0 else -math.inf


def _bits(value: int) -> int:
    if not 0 <= value < 64:
        raise ValueError("a shift that processors do not agree on")
    return value


def _maximum(left: Any, right: Any) -> Any:
    return left if left >= right or math.isnan(left) else right


def _minimum(left: Any, right: Any) -> Any:
    return left if left <= right or math.isnan(left) else right


def half_to_even(value: Any) -> Any:
    """Round to the nearest whole number, halves to the even one."""
    if isinstance(value, int) or not math.isfinite(value):
        return value
    return math.copysign(float(round(value)), value)


def round_to(decimals: int) -> Callable[[Any], Any]:
    """Return rounding to a number of decimals: scale, round, scale back."""

    def run(value: Any) -> Any:
        if isinstance(value, int) and decimals >= 0:
            return value
        scale = 10.0 ** abs(decimals)
        if decimals < 0:
            return half_to_even(value / scale) * scale
        return half_to_even(value * scale) / scale

    return run


NATIVE: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a or b if isinstance(a, bool) else a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a and b if isinstance(a, bool) else a * b,
    "/": divide,
    "//": _floor_divide,
    "%": _remainder,
    "**": _power,
    "<<": lambda a, b: a << _bits(b),
    ">>": lambda a, b: a >> _bits(b),
    "|": lambda a, b: a | b,
    "&": lambda a, b: a & b,
    "^": lambda a, b: a ^ b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "maximum": _maximum,
    "minimum": _minimum,
    "fmod": math.fmod,
    "atan2": math.atan2,
    "logical_and": lambda a, b: bool(a) and bool(b),
    "logical_or": lambda a, b: bool(a) or bool(b),
    "logical_xor": lambda a, b: bool(a) is not bool(b),
}
_TRUTHS = frozenset(("==", "!=", "<", "<=", ">", ">=", "logical_and", "logical_or", "logical_xor"))


def result_dtype(symbol: str, common: str, kind: str) -> tuple[str, str]:
    """Return what operands of a common dtype are computed in, and the dtype of the result."""
    if symbol in _TRUTHS:
        return common, "bool"
    whole = common == "bool" or common in INTEGERS
    if symbol in ("/", "atan2") and whole:
        real = "float64" if kind == "ndarray" else "float32"
        return real, real
    if common == "bool" and symbol in ("//", "%", "**", "<<", ">>"):
        return ("int8", "int8") if kind == "ndarray" else ("", "")
    if common == "bool" and symbol == "-":
        return "", ""  # neither library has it
    if symbol in ("<<", ">>", "|", "&", "^") and is_float(common):
        return "", ""
    return common, common
