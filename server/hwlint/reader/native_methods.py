"""Methods of str, list, dict, set, tuple, int, float and iterators."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader import operators
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr, derive
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

__all__ = ["NATIVE_METHODS"]

Method = Callable[["Interpreter", Any, Args, Kwargs], Value]
MAX_TEXT = 100_000


def _first_unknown(args: Args, kwargs: Kwargs) -> Unknown | None:
    for value in [*args, *kwargs.values()]:
        found = operators.find_unknown(value)
        if found is not None:
            return found
    return None


# --- str ----------------------------------------------------------------------------------------

_PADDING = ("ljust", "rjust", "center", "zfill", "expandtabs")


def _str_method(name: str) -> Method:
    native = getattr(str, name)

    def method(interp: "Interpreter", text: Any, args: Args, kwargs: Kwargs) -> Value:
        found = _first_unknown(args, kwargs)
        if found is not None:
            return found
        if name in _PADDING and args and isinstance(args[0], int) and args[0] > MAX_TEXT:
            return Unknown("text too long")
        if name == "replace" and len(args) > 1 and len(text) * (len(str(args[1])) + 1) > 10**7:
            return Unknown("text too long")
        try:
            result = native(str(text), *args, **kwargs)
        except (TypeError, ValueError, LookupError) as problem:
            raise interp.native_error(problem) from None
        return _wrap_text(interp, name, text, result)

    return method


def _wrap_text(interp: "Interpreter", name: str, text: Any, result: Any) -> Value:
    if type(result) is str:
        return derive(name, result, text)
    if isinstance(result, list):
        return ListValue([derive(name, part, text) for part in result], interp.clock)
    if isinstance(result, tuple):
        return tuple([derive(name, part, text) for part in result])
    return result


def _join(interp: "Interpreter", text: Any, args: Args, kwargs: Kwargs) -> Value:
    try:
        parts = interp.iterate(args[0])
    except operators.UnknownIteration as stop:
        return stop.unknown
    found = operators.find_unknown(parts)
    if found is not None:
        return found
    parts = [p.payload if isinstance(p, Instance) else p for p in parts]
    size = sum(len(p) for p in parts if isinstance(p, str)) + len(text) * len(parts)
    if size > MAX_TEXT:
        return Unknown("text too long")
    try:
        return derive("join", str(text).join(parts), text, *parts[:4])
    except TypeError as problem:
        raise interp.native_error(problem) from None


def _format(interp: "Interpreter", text: Any, args: Args, kwargs: Kwargs) -> Value:
    import string

    out: list[str] = []
    try:
        pieces = list(string.Formatter().parse(str(text)))
    except ValueError as problem:
        raise interp.native_error(problem) from None
    index = 0
    for literal, field, spec, conversion in pieces:
        out.append(literal)
        if field is None:
            continue
        if field == "":
            field, index = str(index), index + 1
        value = _field(interp, field, args, kwargs)
        if "{" in (spec or ""):
            return Unknown("nested format")
        shown = operators.format_value(
            interp, value, spec or "", ord(conversion) if conversion else -1
        )
        if not isinstance(shown, str):
            return shown
        out.append(shown)
    return derive("format", "".join(out), text, *args[:4])


def _field(interp: "Interpreter", field: str, args: Args, kwargs: Kwargs) -> Value:
    head = field.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
    if head != field:
        return Unknown("format field")
    if head.isdigit():
        if int(head) >= len(args):
            raise interp.error("IndexError", "Replacement index out of range")
        return args[int(head)]
    if head not in kwargs:
        if "**" in kwargs:
            return kwargs["**"]
        raise interp.error("KeyError", head)
    return kwargs[head]


_STR: dict[str, Method] = {
    name: _str_method(name)
    for name in (
        "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "index",
        "isalnum", "isalpha", "isdigit", "isdecimal", "isidentifier", "islower", "isnumeric",
        "isspace", "isupper", "ljust", "lower", "lstrip", "partition", "removeprefix",
        "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip",
        "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
    )
}  # fmt: skip
_STR["join"] = _join
_STR["format"] = _format
_STR["encode"] = lambda i, v, a, k: Unknown("bytes")
_STR["__len__"] = lambda i, v, a, k: len(v)


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
        if name != "append":
            found = _first_unknown(args[:1], {})
            if found is not None and name != "insert":
                value.unknown = found
                return found
        try:
            return native(value, *args)
        except (IndexError, ValueError, TypeError) as problem:
            raise interp.native_error(problem) from None

    return method


def _extend(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    interp.extend(value, args[0])
    return None


def _list_copy(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    made = ListValue(value, interp.clock)
    made.unknown = value.unknown
    return made


def _sort(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader.library.functions import sort_values

    interp.touch(value)
    ordered = sort_values(interp, list(value), kwargs)
    if isinstance(ordered, Unknown):
        value.unknown = ordered
    else:
        value[:] = ordered
    return None


_LIST: dict[str, Method] = {
    name: _list_native(name)
    for name in ("append", "insert", "pop", "remove", "reverse", "clear", "index", "count")
}
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
    **{name: _set_native(name, True) for name in ("discard", "remove", "clear", "update")},
}
_SET["add"] = _set_add
_SET["copy"] = _set_native("copy", False)
_SET["pop"] = lambda i, v, a, k: Unknown("an item of a set")
_SET["__len__"] = lambda i, v, a, k: v.unknown or len(v)


def _tuple_index(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    try:
        return value.index(*args)
    except ValueError as problem:
        raise interp.native_error(problem) from None


_TUPLE: dict[str, Method] = {
    "index": _tuple_index,
    "count": lambda i, v, a, k: v.count(a[0]),
    "__len__": lambda i, v, a, k: len(v),
    "__getitem__": lambda i, v, a, k: operators.subscript(i, v, a[0]),
    "__iter__": lambda i, v, a, k: IteratorValue(list(v)),
}


def _next(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    if value.index >= len(value.items):
        raise interp.error("StopIteration", "")
    interp.touch(value)
    value.index += 1
    return value.items[value.index - 1]


_NUMBER: dict[str, Method] = {
    "bit_length": lambda i, v, a, k: int(v).bit_length(),
    "is_integer": lambda i, v, a, k: float(v).is_integer(),
    "item": lambda i, v, a, k: v,
    "as_integer_ratio": lambda i, v, a, k: Unknown("as_integer_ratio"),
    "conjugate": lambda i, v, a, k: v,
    "real": lambda i, v, a, k: v,
}

NATIVE_METHODS: dict[type, dict[str, Method]] = {
    str: _STR,
    SourcedStr: _STR,
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
