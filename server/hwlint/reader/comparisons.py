"""Python's comparisons and `not` on interpreted values."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

import ast
import operator as native_operators
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hwlint.reader.limits import check_key, check_nesting, descent
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.unknowns import UnknownIteration, find_unknown, payload_of, why
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
    DictValue,
    External,
    Function,
    Instance,
    ListValue,
    SetValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["COMPARE", "contains", "equal", "identical", "negate", "not_equal", "not_identical"]

_NUMBERS = frozenset({int, float, bool, SourcedInt, SourcedFloat})
_PLAIN = _NUMBERS | {str, SourcedStr, type(None)}


def negate(interp: "Interpreter", value: Value) -> Value:
    """Return `not value`."""
    truth = interp.truth(value)
    return why(value) if truth is None else not truth


def equal(interp: "Interpreter", left: Value, right: Value) -> Value:
    """Return `left == right`."""
    kind_left, kind_right = type(left), type(right)
    if kind_left in _PLAIN and kind_right in _PLAIN:
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
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return _equal_sequences(interp, left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _equal_dicts(interp, left, right)
    try:
        return bool(left == right)
    except TypeError:
        return Unknown("comparison")


def _equal_sequences(interp: "Interpreter", left: Any, right: Any) -> Value:
    marked = getattr(left, "unknown", None) or getattr(right, "unknown", None)
    if marked is not None:
        return marked
    if isinstance(left, list) is not isinstance(right, list) or len(left) != len(right):
        return False
    interp.budget.steps += len(left) // 8
    return left is right or _all_equal(interp, zip(left, right, strict=True))


def _equal_dicts(interp: "Interpreter", left: Any, right: Any) -> Value:
    marked = getattr(left, "unknown", None) or getattr(right, "unknown", None)
    if marked is not None:
        return marked
    if left.keys() != right.keys():
        return False
    interp.budget.steps += len(left) // 8
    return left is right or _all_equal(interp, ((v, right[k]) for k, v in left.items()))


def _all_equal(interp: "Interpreter", pairs: Iterable[tuple[Value, Value]]) -> Value:
    """Say whether all pairs are equal: every step down counts, so that it ends."""
    unknown: Unknown | None = None
    with descent(interp):
        for one, other in pairs:
            if one is other and not isinstance(one, Unknown):
                continue
            result = equal(interp, one, other)
            truth = interp.truth(result)
            if truth is False:
                return False
            unknown = unknown or (why(result) if truth is None else None)
    return True if unknown is None else unknown


def _equal_instances(interp: "Interpreter", left: Any, right: Any) -> Value:
    if left is right:
        return True
    for value, other in ((left, right), (right, left)):
        if isinstance(value, Instance):
            method = value.cls.find("__eq__")
            if isinstance(method, Function | Builtin):
                return interp.call(method, [value, other], {})
    plain_left, plain_right = payload_of(left), payload_of(right)
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
    if isinstance(left, BoundMethod) or not isinstance(left, tuple):
        return False
    # Python may or may not keep one tuple for two equal ones; empty ones are always one.
    return not left and not right if isinstance(right, tuple) else False


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
    left, right = payload_of(left), payload_of(right)
    found = find_unknown(left) or find_unknown(right)
    if found is not None:
        return found
    if isinstance(left, Instance) or isinstance(right, Instance):
        return Unknown("comparison of objects")
    check_nesting(interp, left)
    check_nesting(interp, right)
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
    check_key(interp, item)
    try:
        if item in holder:
            found = holder[item]
            return found if isinstance(found, Unknown) and found.absent else True
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
    interp.budget.steps += len(items) // 8
    interp.tick()
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
