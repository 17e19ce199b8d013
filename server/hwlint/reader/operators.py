"""Python's operators on interpreted values: the arithmetic here, the rest by its own module."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import ast
import operator as native_operators
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader.comparisons import COMPARE, contains, equal, negate
from hwlint.reader.limits import LARGEST, MAX_BITS, MAX_ITEMS, MAX_JOINED, MAX_TEXT, bits_of
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr, combine, derive
from hwlint.reader.subscripts import delete_subscript, index_of, store_subscript, subscript
from hwlint.reader.unknowns import UnknownIteration, find_unknown, payload_of, why
from hwlint.reader.values import (
    Class,
    DictValue,
    External,
    Function,
    Instance,
    ListValue,
    Partial,
    SetValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "BINARY",
    "COMPARE",
    "Operator",
    "UnknownIteration",
    "binary",
    "contains",
    "delete_subscript",
    "equal",
    "find_unknown",
    "format_value",
    "index_of",
    "inplace",
    "negate",
    "store_subscript",
    "subscript",
    "too_large",
    "unary",
    "why",
    "wrap",
]


_COSTLY = 1 << 256


class Operator:
    """A binary operator: Python's function and method names for it."""

    __slots__ = ("costly", "dunder", "grows", "inplace", "native", "reflected", "symbol")

    def __init__(self, symbol: str, native: Callable[[Any, Any], Any], name: str) -> None:
        self.symbol = symbol
        self.native = native
        self.grows = symbol in ("**", "<<")
        self.costly = symbol in ("*", "**", "<<", "/", "//", "%")
        self.dunder = f"__{name}__"
        self.reflected = f"__r{name}__"
        self.inplace = f"__i{name}__"


BINARY: dict[type, Operator] = {
    ast.Add: Operator("+", native_operators.add, "add"),
    ast.Sub: Operator("-", native_operators.sub, "sub"),
    ast.Mult: Operator("*", native_operators.mul, "mul"),
    ast.Div: Operator("/", native_operators.truediv, "truediv"),
    ast.FloorDiv: Operator("//", native_operators.floordiv, "floordiv"),
    ast.Mod: Operator("%", native_operators.mod, "mod"),
    ast.Pow: Operator("**", native_operators.pow, "pow"),
    ast.LShift: Operator("<<", native_operators.lshift, "lshift"),
    ast.RShift: Operator(">>", native_operators.rshift, "rshift"),
    ast.BitOr: Operator("|", native_operators.or_, "or"),
    ast.BitAnd: Operator("&", native_operators.and_, "and"),
    ast.BitXor: Operator("^", native_operators.xor, "xor"),
    ast.MatMult: Operator("@", native_operators.matmul, "matmul"),
}

_NUMBERS = frozenset({int, float, bool, SourcedInt, SourcedFloat})
_SOURCED = frozenset({SourcedInt, SourcedFloat, SourcedStr})


def binary(interp: "Interpreter", op: Operator, left: Value, right: Value) -> Value:
    """Return `left op right`."""
    kind_left, kind_right = type(left), type(right)
    if kind_left in _NUMBERS and kind_right in _NUMBERS:
        return _numbers(interp, op, left, right)
    if kind_left is Unknown:
        return left
    if kind_right is Unknown:
        return right
    if kind_left is Tensor or kind_right is Tensor:
        return interp.charged(interp.tensor_binary(op, left, right))
    if isinstance(left, Instance) or isinstance(right, Instance):
        return _instances(interp, op, left, right)
    return interp.charged(_native(interp, op, left, right))


def _numbers(interp: "Interpreter", op: Operator, left: Any, right: Any) -> Value:
    if op.costly and not (-_COSTLY < left < _COSTLY and -_COSTLY < right < _COSTLY):
        if too_large(op.symbol, left, right):
            return Unknown("number too large")
        interp.budget.steps += bits_of(left, right) // 64
    elif op.grows and too_large(op.symbol, left, right):
        return Unknown("number too large")
    try:
        value = op.native(left, right)
    except (ArithmeticError, ValueError, TypeError) as problem:
        raise interp.native_error(problem) from None
    if type(value) is int and not -LARGEST < value < LARGEST:
        return Unknown("number too large")
    if type(left) in _SOURCED or type(right) in _SOURCED:
        return combine(op.symbol, value, left, right)
    return value


def too_large(symbol: str, left: Any, right: Any) -> bool:
    """Say whether a number that `left symbol right` gives is more than a model needs."""
    if symbol == "**":
        if not isinstance(left, int) or not isinstance(right, int):
            return False
        return right > 1 and left.bit_length() * right > MAX_BITS
    if symbol == "<<":
        return isinstance(right, int) and right > MAX_BITS
    if symbol == "*" and isinstance(left, int) and isinstance(right, int):
        return left.bit_length() + right.bit_length() > MAX_BITS
    return False


_OPAQUE = (External, Class, Function, Partial)


def _is_union(op: Operator, left: Any) -> bool:
    return op.symbol == "|" and isinstance(left, tuple)


_WIDTHS = re.compile(r"\d{5,}|\*")


def _native(interp: "Interpreter", op: Operator, left: Any, right: Any) -> Value:
    """Strings, lists, tuples, sets, dicts, and what does not support the operator."""
    left, right = _plain_bytes(left), _plain_bytes(right)
    for value in (left, right):
        unknown = getattr(value, "unknown", None)
        if isinstance(unknown, Unknown):
            return unknown
    if isinstance(left, _OPAQUE) or isinstance(right, _OPAQUE) or _is_union(op, left):
        if op.symbol == "|":
            return _union(left, right)
        return _dunder_or_unknown(interp, op, left, right)
    if _too_many(op.symbol, left, right):
        return Unknown("sequence too large")
    if op.symbol == "%" and isinstance(left, str):
        return _percent(interp, left, right)
    if op.symbol in "|&-^" and isinstance(left, ListValue):
        left, right = set(left), set(right) if isinstance(right, list) else right  # views of dicts
    try:
        value = op.native(left, right)
    except (ArithmeticError, ValueError, TypeError) as problem:
        raise interp.native_error(problem) from None
    return wrap(interp, derive(op.symbol, value, left, right) if type(value) is str else value)


def _union(left: Any, right: Any) -> Value:
    """`int | None` in an annotation or an isinstance: the tuple of its members."""
    parts = [v if isinstance(v, tuple) else (v,) for v in (left, right)]
    return (*parts[0], *parts[1])


def _plain_bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytearray) else value


def _dunder_or_unknown(interp: "Interpreter", op: Operator, left: Any, right: Any) -> Value:
    for value in (left, right):
        if isinstance(value, External):
            return Unknown(f"{value.name} is not known")
    raise interp.error("TypeError", f"unsupported operand type(s) for {op.symbol}")


def _too_many(symbol: str, left: Any, right: Any) -> bool:
    sized = (str, bytes, list, tuple)
    if symbol == "*":
        if isinstance(left, sized) and isinstance(right, int):
            return len(left) * right > MAX_ITEMS
        return isinstance(right, sized) and isinstance(left, int) and len(right) * left > MAX_ITEMS
    if symbol == "+" and isinstance(left, sized) and isinstance(right, sized):
        return len(left) + len(right) > (MAX_JOINED if isinstance(left, str) else MAX_ITEMS)
    return False


def _percent(interp: "Interpreter", text: str, values: Any) -> Value:
    if _WIDTHS.search(text):
        return Unknown("format width")
    if isinstance(values, dict):
        return _percent_by_name(interp, text, values)
    items = values if isinstance(values, tuple) else (values,)
    if len(items) > 1_000:
        return Unknown("too many items")
    plain: list[Any] = []
    for item in items:
        if isinstance(item, Unknown):
            return item
        shown = item if isinstance(item, int | float | str) else interp.text_of(item)
        if isinstance(shown, Unknown):
            return shown
        plain.append(shown)
        if sum([len(p) for p in plain if isinstance(p, str)]) + bits_of(*plain) > MAX_TEXT:
            return Unknown("text too long")
    try:
        return derive("%", str(text) % tuple(plain), text, *items)
    except (ValueError, TypeError) as problem:
        raise interp.native_error(problem) from None


def _percent_by_name(interp: "Interpreter", text: str, values: Any) -> Value:
    names = re.findall(r"%\((\w+)\)", text)
    shown = {n: interp.dict_get(values, n) for n in dict.fromkeys(names)}
    for value in shown.values():
        if not isinstance(value, int | float | str) or bits_of(value) > MAX_BITS // 2:
            return why(value)
    if len(text) + len(names) * max([len(str(v)) for v in shown.values()] or [0]) > MAX_TEXT:
        return Unknown("text too long")
    try:
        return derive("%", str(text) % shown, text, *shown.values())
    except (ValueError, TypeError) as problem:
        raise interp.native_error(problem) from None


def wrap(interp: "Interpreter", value: Any) -> Value:
    """Give the interpreter's own containers for Python's."""
    kind = type(value)
    if kind is list:
        return ListValue(value, interp.clock)
    if kind is dict:
        return DictValue(value, interp.clock)
    if kind is set:
        return SetValue(value, interp.clock)
    if value is NotImplemented:
        raise interp.error("TypeError", "unsupported operand types")
    return value


def _instances(interp: "Interpreter", op: Operator, left: Any, right: Any) -> Value:
    for value, other, name in ((left, right, op.dunder), (right, left, op.reflected)):
        if isinstance(value, Instance):
            method = value.cls.find(name)
            if method is not None:
                return interp.call(method, [value, other], {})
    plain_left = payload_of(left)
    plain_right = payload_of(right)
    if plain_left is left and plain_right is right:
        unknown = interp.unknown_base(left) or interp.unknown_base(right)
        if unknown is not None:
            return unknown
        raise interp.error("TypeError", f"unsupported operand type(s) for {op.symbol}")
    return binary(interp, op, plain_left, plain_right)


def inplace(interp: "Interpreter", op: Operator, left: Value, right: Value) -> Value:
    """Return what `left op= right` binds."""
    if isinstance(left, ListValue) and op.symbol == "+":
        interp.extend(left, right)
        return left
    if isinstance(left, DictValue) and op.symbol == "|":
        interp.dict_update(left, right)
        return left
    if isinstance(left, SetValue) and op.symbol == "|":
        interp.touch(left)
        left.update(interp.iterate(right))
        return left
    if isinstance(left, Tensor):
        return interp.tensor_inplace(op, left, right)
    if isinstance(left, Instance):
        method = left.cls.find(op.inplace)
        if method is not None:
            return interp.call(method, [left, right], {})
    return binary(interp, op, left, right)


def unary(interp: "Interpreter", kind: type, value: Value) -> Value:
    """Return `-value`, `+value` or `~value`."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Tensor):
        return interp.tensor_unary(kind, value)
    if isinstance(value, int | float):
        if kind is ast.USub:
            return derive("-", -value, value)
        if kind is ast.UAdd:
            return int(value) if isinstance(value, bool) else value
        if isinstance(value, int):
            return ~value
    if isinstance(value, Instance):
        name = {ast.USub: "__neg__", ast.UAdd: "__pos__"}.get(kind, "__invert__")
        method = value.cls.find(name)
        if method is not None:
            return interp.call(method, [value], {})
    return Unknown("unary operator")


# --- text ---------------------------------------------------------------------------------------


def format_value(interp: "Interpreter", value: Value, spec: str, conversion: int = -1) -> Value:
    """Return `format(value, spec)` as an f-string would."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Instance):
        method = value.cls.find("__format__")
        if isinstance(method, Function) and conversion < 0:
            return interp.call(method, [value, spec], {})
    if _WIDTHS.search(spec):
        return Unknown("format width")
    if conversion == 114 or not isinstance(value, int | float | str):
        shown = interp.repr_of(value) if conversion == 114 else interp.text_of(value)
        if isinstance(shown, Unknown):
            return shown
        value = shown
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and value.bit_length() > MAX_BITS // 2
    ):
        return Unknown("number too large")
    try:
        text = format(value, spec)
    except (ValueError, TypeError) as problem:
        raise interp.native_error(problem) from None
    return derive("format", text, value)
