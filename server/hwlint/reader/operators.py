"""Python's operators on interpreted values."""

import ast
import operator as native_operators
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr, combine, derive
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
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
    "delete_subscript",
    "equal",
    "format_value",
    "index_of",
    "inplace",
    "negate",
    "store_subscript",
    "subscript",
    "unary",
    "why",
]

MAX_BITS = 20_000
"""Largest integer that is kept, in bits."""
MAX_ITEMS = 200_000
"""Largest sequence that is kept."""


class UnknownIteration(Exception):
    """Something was to be iterated over whose items are not known."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


class Operator:
    """A binary operator: Python's function and method names for it."""

    __slots__ = ("dunder", "grows", "inplace", "native", "reflected", "symbol")

    def __init__(self, symbol: str, native: Callable[[Any, Any], Any], name: str) -> None:
        self.symbol = symbol
        self.native = native
        self.grows = symbol in ("*", "**", "<<")
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
_TEXT = frozenset({str, SourcedStr})


def why(value: Value) -> Unknown:
    """Return the unknown behind a value whose truth is not known."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, External):
        return Unknown(f"{value.name} is not known")
    return Unknown("a tensor's value" if isinstance(value, Tensor) else "not known")


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
        return interp.tensor_binary(op, left, right)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return _instances(interp, op, left, right)
    return _native(interp, op, left, right)


def _numbers(interp: "Interpreter", op: Operator, left: Any, right: Any) -> Value:
    if op.grows and too_large(op.symbol, left, right):
        return Unknown("number too large")
    try:
        value = op.native(left, right)
    except (ArithmeticError, ValueError, TypeError) as problem:
        raise interp.native_error(problem) from None
    if type(left) in _SOURCED or type(right) in _SOURCED:
        return combine(op.symbol, value, left, right)
    return value


def too_large(symbol: str, left: Any, right: Any) -> bool:
    """Say whether a number that `left symbol right` gives is more than a model needs."""
    if symbol == "**":
        if isinstance(left, float) or isinstance(right, float):
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
        return len(left) + len(right) > MAX_ITEMS
    return False


def _percent(interp: "Interpreter", text: str, values: Any) -> Value:
    if _WIDTHS.search(text):
        return Unknown("format width")
    items = values if isinstance(values, tuple) else (values,)
    plain: list[Any] = []
    for item in items:
        if isinstance(item, Unknown):
            return item
        shown = item if isinstance(item, int | float | str) else interp.text_of(item)
        if isinstance(shown, Unknown):
            return shown
        plain.append(shown)
    try:
        return derive("%", str(text) % tuple(plain), text, *items)
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
    plain_left = _payload(left)
    plain_right = _payload(right)
    if plain_left is left and plain_right is right:
        unknown = interp.unknown_base(left) or interp.unknown_base(right)
        if unknown is not None:
            return unknown
        raise interp.error("TypeError", f"unsupported operand type(s) for {op.symbol}")
    return binary(interp, op, plain_left, plain_right)


def _payload(value: Any) -> Any:
    if isinstance(value, Instance) and value.payload is not None:
        return value.payload
    return value


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
            return value
        if isinstance(value, int):
            return ~value
    if isinstance(value, Instance):
        name = {ast.USub: "__neg__", ast.UAdd: "__pos__"}.get(kind, "__invert__")
        method = value.cls.find(name)
        if method is not None:
            return interp.call(method, [value], {})
    return Unknown("unary operator")


def negate(interp: "Interpreter", value: Value) -> Value:
    """Return `not value`."""
    truth = interp.truth(value)
    return why(value) if truth is None else not truth


# --- comparison ---------------------------------------------------------------------------------


def equal(interp: "Interpreter", left: Value, right: Value) -> Value:
    """Return `left == right`."""
    kind_left, kind_right = type(left), type(right)
    if kind_left in _NUMBERS and kind_right in _NUMBERS:
        return left == right
    if kind_left is Unknown:
        return left
    if kind_right is Unknown:
        return right
    if kind_left is Tensor or kind_right is Tensor:
        return Unknown("comparison of tensors")
    if isinstance(left, Instance) or isinstance(right, Instance):
        return _equal_instances(interp, left, right)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, External) and not isinstance(other, External) and other is not None:
            return Unknown(f"{one.name} is not known")
    return _equal_native(left, right)


def _equal_native(left: Any, right: Any) -> Value:
    try:
        same = bool(left == right)
    except (RecursionError, TypeError):
        return Unknown("comparison")
    if same or not isinstance(left, list | tuple | dict | set):
        return same
    found = find_unknown(left) or find_unknown(right)
    return found if found is not None else False


def find_unknown(value: Any, depth: int = 0) -> Unknown | None:
    """Return an unknown inside a value, None where all of it is known."""
    if isinstance(value, Unknown):
        return value
    if depth > 6:
        return None
    marked = getattr(value, "unknown", None)
    if isinstance(marked, Unknown):
        return marked
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple | set | frozenset):
        return None
    for item in value:
        found = find_unknown(item, depth + 1)
        if found is not None:
            return found
    return None


def _equal_instances(interp: "Interpreter", left: Any, right: Any) -> Value:
    if left is right:
        return True
    for value, other in ((left, right), (right, left)):
        if isinstance(value, Instance):
            method = value.cls.find("__eq__")
            if isinstance(method, Function | Builtin):
                return interp.call(method, [value, other], {})
    plain_left, plain_right = _payload(left), _payload(right)
    if plain_left is left and plain_right is right:
        return False
    return equal(interp, plain_left, plain_right)


def not_equal(interp: "Interpreter", left: Value, right: Value) -> Value:
    """Return `left != right`."""
    result = equal(interp, left, right)
    truth = interp.truth(result)
    return result if truth is None else not truth


_PRIMITIVE = (int, float, str, bytes)


def identical(interp: "Interpreter", left: Value, right: Value) -> Value:
    """Return `left is right`."""
    if left is right:
        return True
    if isinstance(left, Unknown):
        return left
    if isinstance(right, Unknown):
        return right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, _PRIMITIVE) and isinstance(right, _PRIMITIVE):
        return type(left + left) is type(right + right) and left == right  # type: ignore[operator]
    if isinstance(left, BoundMethod):
        return False
    return left == right if isinstance(left, tuple) and isinstance(right, tuple) else False


def not_identical(interp: "Interpreter", left: Value, right: Value) -> Value:
    """Return `left is not right`."""
    result = identical(interp, left, right)
    return result if isinstance(result, Unknown) else not result


def _ordering(symbol: str, name: str, native: Callable[[Any, Any], Any]) -> Any:
    def compare(interp: "Interpreter", left: Value, right: Value) -> Value:
        kind_left, kind_right = type(left), type(right)
        if kind_left in _NUMBERS and kind_right in _NUMBERS:
            return native(left, right)
        if kind_left is Unknown:
            return left
        if kind_right is Unknown:
            return right
        return _ordered(interp, symbol, name, native, left, right)

    return compare


def _ordered(
    interp: "Interpreter", symbol: str, name: str, native: Any, left: Any, right: Any
) -> Value:
    if isinstance(left, Tensor | External) or isinstance(right, Tensor | External):
        return why(left if isinstance(left, Tensor | External) else right)
    if isinstance(left, Instance):
        method = left.cls.find(name)
        if method is not None:
            return interp.call(method, [left, right], {})
    left, right = _payload(left), _payload(right)
    found = find_unknown(left) or find_unknown(right)
    if found is not None:
        return found
    if isinstance(left, Instance) or isinstance(right, Instance):
        return Unknown("comparison of objects")
    try:
        return bool(native(left, right))
    except TypeError as problem:
        raise interp.native_error(problem) from None


def contains(interp: "Interpreter", item: Value, holder: Value) -> Value:
    """Return `item in holder`."""
    if isinstance(holder, Unknown):
        return holder
    if isinstance(holder, Instance):
        method = holder.cls.find("__contains__")
        if method is not None:
            return interp.call(method, [holder, item], {})
        if holder.payload is not None:
            return contains(interp, item, holder.payload)
    if isinstance(item, Unknown):
        return False if isinstance(holder, ListValue | tuple) and not holder else item
    if isinstance(holder, DictValue):
        return _in_dict(interp, item, holder)
    if isinstance(holder, str):
        return item in holder if isinstance(item, str) else Unknown("in str")
    return _in_items(interp, item, holder)


def _in_dict(interp: "Interpreter", item: Value, holder: DictValue) -> Value:
    try:
        if item in holder:
            return True
    except TypeError as problem:
        raise interp.native_error(problem) from None
    if interp.imports.complete(holder) and item in holder:
        return True
    return holder.unknown if holder.unknown is not None else False


def _in_items(interp: "Interpreter", item: Value, holder: Value) -> Value:
    if isinstance(holder, range):
        return item in holder
    try:
        items = interp.iterate(holder)
    except UnknownIteration as stop:
        return stop.unknown
    unknown: Value = False
    for other in items:
        result = equal(interp, item, other)
        truth = interp.truth(result)
        if truth:
            return True
        if truth is None:
            unknown = why(result)
    marked = getattr(holder, "unknown", None)
    if isinstance(holder, SetValue) and unknown is False and interp.imports.complete(holder):
        return item in holder
    return marked if isinstance(marked, Unknown) and unknown is False else unknown


def _not_contains(interp: "Interpreter", item: Value, holder: Value) -> Value:
    return negate(interp, contains(interp, item, holder))


COMPARE: dict[type, Callable[["Interpreter", Value, Value], Value]] = {
    ast.Eq: equal,
    ast.NotEq: not_equal,
    ast.Is: identical,
    ast.IsNot: not_identical,
    ast.Lt: _ordering("<", "__lt__", native_operators.lt),
    ast.LtE: _ordering("<=", "__le__", native_operators.le),
    ast.Gt: _ordering(">", "__gt__", native_operators.gt),
    ast.GtE: _ordering(">=", "__ge__", native_operators.ge),
    ast.In: contains,
    ast.NotIn: _not_contains,
}


# --- subscripts ---------------------------------------------------------------------------------


def index_of(interp: "Interpreter", value: Value) -> Value:
    """Return what a slice takes: an int or None."""
    if isinstance(value, Tensor) and value.data is not None and len(value.data) == 1:
        return value.data[0]
    return value


def subscript(interp: "Interpreter", holder: Value, index: Value) -> Value:
    """Return `holder[index]`."""
    kind = type(holder)
    if kind is Unknown:
        return holder
    if isinstance(holder, DictValue):
        return interp.dict_get(holder, index)
    if isinstance(holder, Instance):
        return _instance_item(interp, holder, index)
    if isinstance(index, Unknown) and not isinstance(holder, Class | External):
        return index
    if isinstance(holder, list | tuple | str | bytes | range):
        return _sequence_item(interp, holder, index)
    if isinstance(holder, Tensor):
        return interp.tensor_item(holder, index)
    if isinstance(holder, Class):
        return interp.class_item(holder, index)
    if isinstance(holder, External):
        return External(f"{holder.name}[]")
    if isinstance(holder, Builtin):
        return holder
    raise interp.error("TypeError", f"{interp.type_name(holder)!r} object is not subscriptable")


def _sequence_item(interp: "Interpreter", holder: Any, index: Any) -> Value:
    marked = getattr(holder, "unknown", None)
    if isinstance(marked, Unknown):
        return marked
    index = index_of(interp, _payload(index))
    try:
        value = holder[index]
    except (IndexError, TypeError, ValueError) as problem:
        raise interp.native_error(problem) from None
    if isinstance(index, slice):
        if isinstance(holder, list):
            return ListValue(value, interp.clock)
        return derive("[]", value, holder) if isinstance(holder, str) else value
    return derive("[]", value, holder) if isinstance(holder, str) else value


def _instance_item(interp: "Interpreter", holder: Instance, index: Value) -> Value:
    method = holder.cls.find("__getitem__")
    if method is not None:
        return interp.call(interp.bind(method, holder), [index], {})
    if holder.payload is not None:
        if isinstance(holder.payload, DictValue) and holder.cls.find("__missing__") is not None:
            found = interp.dict_find(holder.payload, index)
            if found is None:
                return interp.call(interp.getattr(holder, "__missing__"), [index], {})
        return subscript(interp, holder.payload, index)
    unknown = interp.unknown_base(holder)
    if unknown is not None:
        return unknown
    raise interp.error("TypeError", f"{holder.cls.name!r} object is not subscriptable")


def store_subscript(interp: "Interpreter", holder: Value, index: Value, value: Value) -> None:
    """Do `holder[index] = value`."""
    if isinstance(holder, DictValue):
        interp.dict_set(holder, index, value)
    elif isinstance(holder, ListValue):
        _store_list(interp, holder, index, value)
    elif isinstance(holder, Instance):
        method = holder.cls.find("__setitem__")
        if method is not None:
            interp.call(interp.bind(method, holder), [index, value], {})
        elif holder.payload is not None:
            store_subscript(interp, holder.payload, index, value)
    elif isinstance(holder, Tensor):
        interp.touch(holder)
        holder.data = None


def _store_list(interp: "Interpreter", holder: ListValue, index: Any, value: Value) -> None:
    interp.touch(holder)
    if isinstance(index, Unknown):
        holder.unknown = index
        return
    try:
        if isinstance(index, slice):
            holder[index] = interp.iterate(value)
        else:
            holder[index] = value
    except UnknownIteration as stop:
        holder.unknown = stop.unknown
    except (IndexError, TypeError, ValueError) as problem:
        raise interp.native_error(problem) from None


def delete_subscript(interp: "Interpreter", holder: Value, index: Value) -> None:
    """Do `del holder[index]`."""
    if isinstance(holder, DictValue | ListValue):
        interp.touch(holder)
        if isinstance(index, Unknown):
            holder.unknown = index
            return
        try:
            del holder[index]
        except (KeyError, IndexError, TypeError) as problem:
            raise interp.native_error(problem) from None
    elif isinstance(holder, Instance):
        method = holder.cls.find("__delitem__")
        if method is not None:
            interp.call(interp.bind(method, holder), [index], {})
        elif holder.payload is not None:
            delete_subscript(interp, holder.payload, index)


# --- text ---------------------------------------------------------------------------------------


def format_value(interp: "Interpreter", value: Value, spec: str, conversion: int = -1) -> Value:
    """Return `format(value, spec)` as an f-string would."""
    if _WIDTHS.search(spec):
        return Unknown("format width")
    if isinstance(value, Unknown):
        return value
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
