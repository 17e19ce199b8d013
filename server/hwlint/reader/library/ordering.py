"""min, max and sorted."""

import functools
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.values import Args, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["extreme", "items_of", "sort_values", "sorted_list"]


def items_of(interp: "Interpreter", value: Value) -> "list[Value] | Unknown":
    """Return what iterating over a value gives, or why that is not known."""
    try:
        return interp.iterate(value)
    except operators.UnknownIteration as stop:
        return stop.unknown


def extreme(name: str) -> core.Maker:
    """Return the handler of "min" or "max"."""

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        items = args
        if len(args) == 1:
            found = items_of(interp, args[0])
            if isinstance(found, Unknown):
                return found
            items = found
        if not items:
            if "default" in kwargs:
                return kwargs["default"]
            raise interp.error("ValueError", f"{name}() arg is an empty sequence")
        ordered = sort_values(interp, items, {"key": kwargs.get("key")})
        if isinstance(ordered, Unknown):
            return ordered
        return _pick(interp, name, ordered, items, kwargs)

    return run


def _pick(interp: "Interpreter", name: str, ordered: Args, items: Args, kwargs: Kwargs) -> Value:
    if name == "min":
        return ordered[0]
    if kwargs.get("key") is None:
        best = ordered[-1]
        return next((v for v in items if type(v) is type(best) and v == best), best)
    reverse = sort_values(interp, items, {"key": kwargs["key"], "reverse": True})
    return reverse if isinstance(reverse, Unknown) else reverse[0]


def sort_values(interp: "Interpreter", items: Args, kwargs: Kwargs) -> "list[Value] | Unknown":
    """Return the items sorted by `key`, `reverse`; Unknown where an order is not known."""
    key = kwargs.get("key")
    keys = [interp.call(key, [v], {}) for v in items] if key is not None else items
    found = operators.find_unknown(list(keys))
    if found is not None:
        return found
    less = operators.COMPARE[operators.ast.Lt]

    def compare(left: int, right: int) -> int:
        interp.tick()
        for one, two, sign in ((left, right, -1), (right, left, 1)):
            result = less(interp, keys[one], keys[two])
            truth = interp.truth(result)
            if truth is None:
                raise operators.UnknownIteration(operators.why(result))
            if truth:
                return sign
        return 0

    truth = interp.truth(kwargs.get("reverse", False))
    try:
        order = sorted(range(len(items)), key=functools.cmp_to_key(compare), reverse=bool(truth))
    except operators.UnknownIteration as stop:
        return stop.unknown
    return [items[i] for i in order]


def sorted_list(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """sorted(iterable, key=..., reverse=...)."""
    items = items_of(interp, args[0])
    if isinstance(items, Unknown):
        return items
    ordered = sort_values(interp, items, kwargs)
    return ordered if isinstance(ordered, Unknown) else interp.make_list(ordered)
