"""Methods of str."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader import operators
from hwlint.reader.limits import MAX_TEXT
from hwlint.reader.provenance import derive
from hwlint.reader.unknowns import payload_of
from hwlint.reader.values import (
    Args,
    Instance,
    Kwargs,
    ListValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TEXT_METHODS", "Method", "first_unknown"]


Method = Callable[["Interpreter", Any, Args, Kwargs], Value]


def first_unknown(args: Args, kwargs: Kwargs) -> Unknown | None:
    """Return an unknown in the arguments of a call, None where all of them are known."""
    for value in [*args, *kwargs.values()]:
        found = operators.find_unknown(value)
        if found is not None:
            return found
    return None


_PADDING = ("ljust", "rjust", "center", "zfill", "expandtabs")


def _is_too_long(name: str, text: str, args: Args, kwargs: Kwargs) -> bool:
    if name == "expandtabs":
        sizes = [a for a in [*args, *kwargs.values()] if isinstance(a, int)]
        return (text.count("\t") + 1) * max(sizes, default=8) > MAX_TEXT
    if name in _PADDING:
        return bool(args) and isinstance(args[0], int) and args[0] > MAX_TEXT
    if name == "replace" and len(args) > 1:
        return len(text) * (len(str(payload_of(args[1]))) + 1) > 10 * MAX_TEXT
    return False


def _str_method(name: str) -> Method:
    native = getattr(str, name)

    def method(interp: "Interpreter", text: Any, args: Args, kwargs: Kwargs) -> Value:
        found = first_unknown(args, kwargs)
        if found is not None:
            return found
        if _is_too_long(name, text, args, kwargs):
            return Unknown("text too long")
        interp.budget.steps += len(text) // 64
        interp.tick()
        args = [payload_of(a) for a in args]
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
        if sum(map(len, out)) > MAX_TEXT:
            return Unknown("text too long")
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


TEXT_METHODS: dict[str, Method] = {
    name: _str_method(name)
    for name in (
        "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "index",
        "isalnum", "isalpha", "isdigit", "isdecimal", "isidentifier", "islower", "isnumeric",
        "isspace", "isupper", "ljust", "lower", "lstrip", "partition", "removeprefix",
        "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip",
        "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
    )
}  # fmt: skip


TEXT_METHODS["join"] = _join


TEXT_METHODS["format"] = _format


TEXT_METHODS["encode"] = lambda i, v, a, k: Unknown("bytes")


TEXT_METHODS["__len__"] = lambda i, v, a, k: len(v)
