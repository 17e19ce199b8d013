"""Methods of list, dict, set, tuple, int, float and iterators."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader import operators
from hwlint.reader.limits import check_key, check_nesting
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.text_methods import TEXT_METHODS, Method, first_unknown
from hwlint.reader.unknowns import find_unknown
from hwlint.reader.values import (
    Args,
    DictValue,
    Instance,
    IteratorValue,
    Kwargs,
    ListValue,
    SetValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["NATIVE_METHODS", "next_item"]


# --- list ---------------------------------------------------------------------------------------


def _list_native(name: str) -> Method:
    native = getattr(list, name)

    def method(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
        if name not in ("index", "count"):
            interp.touch(value)
        if isinstance(value.unknown, Unknown):
            return value.unknown
        if len(value) >= interp.budget.max_items:
            value.unknown = Unknown("list too long")
            return None
        found = first_unknown(args[:1], {})
        if found is not None and name != "insert":
            value.unknown = found
            return found
        if name in ("index", "count", "remove"):
            check_nesting(interp, value)
            found = find_unknown(value)
            if found is not None:
                value.unknown = found if name == "remove" else None
                return found
        interp.budget.steps += len(value) // 64
        try:
            return native(value, *args)
        except (IndexError, ValueError, TypeError) as problem:
            raise interp.native_error(problem) from None

    return method


def _append(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.touch(value)
    if value.unknown is not None:
        return value.unknown
    if len(value) >= interp.budget.max_items:
        value.unknown = Unknown("list too long")
    elif len(args) == 1:
        value.append(args[0])
    else:
        raise interp.error("TypeError", "append() takes exactly one argument")
    return None


def _extend(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.extend(value, args[0])
    return None


def _list_copy(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    made = ListValue(value, interp.clock)
    made.unknown = value.unknown
    return made


def _sort(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader.library.ordering import sort_values

    interp.touch(value)
    ordered = sort_values(interp, list(value), kwargs)
    if isinstance(ordered, Unknown):
        value.unknown = ordered
    else:
        value[:] = ordered
    return None


_LIST: dict[str, Method] = {
    name: _list_native(name)
    for name in ("insert", "pop", "remove", "reverse", "clear", "index", "count")
}
_LIST["append"] = _append
_LIST["extend"] = _extend
_LIST["copy"] = _list_copy
_LIST["sort"] = _sort
_LIST["appendleft"] = lambda i, v, a, k: _LIST["insert"](i, v, [0, *a], {})
_LIST["popleft"] = lambda i, v, a, k: _LIST["pop"](i, v, [0], {})
_LIST["__len__"] = lambda i, v, a, k: v.unknown or len(v)
_LIST["__iter__"] = lambda i, v, a, k: IteratorValue(i.iterate(v))
_LIST["__getitem__"] = lambda i, v, a, k: operators.subscript(i, v, a[0])
_LIST["__setitem__"] = lambda i, v, a, k: operators.store_subscript(i, v, a[0], a[1])
_LIST["__contains__"] = lambda i, v, a, k: operators.contains(i, a[0], v)


# --- dict ---------------------------------------------------------------------------------------


def _get(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    if isinstance(args[0], Unknown):
        return args[0]
    found = interp.dict_find(value, args[0])
    if found is not None:
        return found.value
    if value.unknown is not None:
        return value.unknown
    return args[1] if len(args) > 1 else kwargs.get("default")


def _pop(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.touch(value)
    if isinstance(args[0], Unknown):
        value.unknown = args[0]
        return args[0]
    found = interp.dict_find(value, args[0])
    if found is not None:
        del value[args[0]]
        if isinstance(value.home, Instance):
            value.home.attrs.pop(args[0], None)
        return found.value
    if value.unknown is not None:
        return value.unknown
    if len(args) > 1:
        return args[1]
    raise interp.error("KeyError", interp.plain_text(args[0]))


def _setdefault(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    default = args[1] if len(args) > 1 else kwargs.get("default")
    if isinstance(args[0], Unknown):
        return args[0]
    found = interp.dict_find(value, args[0])
    if found is not None:
        return found.value
    if value.unknown is not None:
        default = value.unknown
    interp.dict_set(value, args[0], default)
    return default


def _update(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    for other in args[:1]:
        interp.dict_update(value, other)
    if "**" in kwargs:
        value.unknown = kwargs.pop("**")
    for key, item in kwargs.items():
        interp.dict_set(value, key, item)
    return None


def _view(pick: Callable[[Any], Any]) -> Method:
    def method(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
        made = ListValue(pick(value), interp.clock)
        made.unknown = value.unknown
        return made

    return method


def _dict_copy(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    made = DictValue(value, interp.clock)
    made.unknown = value.unknown
    made.factory = value.factory
    return made


def _clear(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.touch(value)
    value.clear()
    value.unknown = None
    return None


def _popitem(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.touch(value)
    if value.unknown is not None:
        return value.unknown
    if not value:
        raise interp.error("KeyError", "popitem(): dictionary is empty")
    if (args and args[0] is False) or kwargs.get("last") is False:
        key = next(iter(value))
        return (key, value.pop(key))
    return value.popitem()


def _move_to_end(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.touch(value)
    if args[0] in value:
        value[args[0]] = value.pop(args[0])
    return None


_DICT: dict[str, Method] = {
    "get": _get, "pop": _pop, "setdefault": _setdefault, "update": _update,
    "keys": _view(list), "values": _view(lambda d: list(d.values())),
    "items": _view(lambda d: list(d.items())), "copy": _dict_copy, "clear": _clear,
    "popitem": _popitem, "move_to_end": _move_to_end,
    "__len__": lambda i, v, a, k: v.unknown or len(v),
    "__getitem__": lambda i, v, a, k: i.dict_get(v, a[0]),
    "__setitem__": lambda i, v, a, k: i.dict_set(v, a[0], a[1]),
    "__delitem__": lambda i, v, a, k: operators.delete_subscript(i, v, a[0]),
    "__contains__": lambda i, v, a, k: operators.contains(i, a[0], v),
    "__iter__": lambda i, v, a, k: IteratorValue(i.iterate(v)),
    "most_common": lambda i, v, a, k: Unknown("most_common"),
}  # fmt: skip


# --- set, tuple, numbers, iterators -------------------------------------------------------------


def _set_add(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.touch(value)
    if isinstance(args[0], Unknown):
        value.unknown = args[0]
        return None
    check_key(interp, args[0])
    try:
        value.add(args[0])
    except TypeError as problem:
        raise interp.native_error(problem) from None
    return None


def _set_native(name: str, changes: bool) -> Method:
    def method(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
        if changes:
            interp.touch(value)
        try:
            others = args if name in ("discard", "remove") else [interp.iterate(a) for a in args]
            interp.budget.steps += sum([len(o) for o in others if isinstance(o, list)]) // 8
            check_nesting(interp, others)
            interp.tick()
            result = getattr(value, name)(*others)
        except operators.UnknownIteration as stop:
            if changes:
                value.unknown = stop.unknown
            return stop.unknown
        except (KeyError, TypeError) as problem:
            raise interp.native_error(problem) from None
        made = operators.wrap(interp, set(result)) if isinstance(result, set) else result
        if isinstance(made, SetValue):
            made.unknown = getattr(value, "unknown", None)
        return made

    return method


_READING = (
    "union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset",
    "isdisjoint",
)  # fmt: skip
_SET: dict[str, Method] = {
    **{name: _set_native(name, False) for name in _READING},
    **{
        name: _set_native(name, True)
        for name in (
            "discard",
            "remove",
            "clear",
            "update",
            "difference_update",
            "intersection_update",
        )
    },
}
_SET["add"] = _set_add
_SET["copy"] = _set_native("copy", False)
_SET["pop"] = lambda i, v, a, k: Unknown("an item of a set")
_SET["__len__"] = lambda i, v, a, k: v.unknown or len(v)


def _tuple_index(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    check_nesting(interp, value)
    try:
        return value.index(*args)
    except ValueError as problem:
        raise interp.native_error(problem) from None


def _tuple_count(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    check_nesting(interp, value)
    return find_unknown([value, *args]) or value.count(args[0])


_TUPLE: dict[str, Method] = {
    "index": _tuple_index,
    "count": _tuple_count,
    "__len__": lambda i, v, a, k: len(v),
    "__getitem__": lambda i, v, a, k: operators.subscript(i, v, a[0]),
    "__iter__": lambda i, v, a, k: IteratorValue(list(v)),
}


def next_item(interp: "Interpreter", value: IteratorValue) -> Value:
    """Return the next item of an iterator; raises StopIteration."""
    if value.unknown is not None:
        return value.unknown
    if value.index >= len(value.items):
        if value.endless:
            return Unknown("an iterator without an end")
        raise interp.error("StopIteration", "")
    interp.touch(value)
    value.index += 1
    return value.items[value.index - 1]


def _next(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    return next_item(interp, value)


_NUMBER: dict[str, Method] = {
    "bit_length": lambda i, v, a, k: int(v).bit_length(),
    "is_integer": lambda i, v, a, k: float(v).is_integer(),
    "item": lambda i, v, a, k: v,
    "as_integer_ratio": lambda i, v, a, k: Unknown("as_integer_ratio"),
    "conjugate": lambda i, v, a, k: v,
    "real": lambda i, v, a, k: v,
}

NATIVE_METHODS: dict[type, dict[str, Method]] = {
    str: TEXT_METHODS,
    SourcedStr: TEXT_METHODS,
    ListValue: _LIST,
    DictValue: _DICT,
    SetValue: _SET,
    frozenset: {**{n: _SET[n] for n in _READING}, "copy": lambda i, v, a, k: v},
    tuple: _TUPLE,
    int: _NUMBER,
    SourcedInt: _NUMBER,
    float: _NUMBER,
    SourcedFloat: _NUMBER,
    bool: _NUMBER,
    IteratorValue: {"__next__": _next, "__iter__": lambda i, v, a, k: v},
    range: {"index": _tuple_index, "count": lambda i, v, a, k: int(a[0] in v)},
    bytes: {"decode": lambda i, v, a, k: Unknown("bytes")},
}
