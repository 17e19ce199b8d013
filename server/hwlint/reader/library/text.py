"""re, with a bound on what a pattern may cost; literals in texts."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import ast
import functools
import math
import re
from typing import TYPE_CHECKING, Any

from hwlint.reader import operators
from hwlint.reader.attributes import register_special
from hwlint.reader.provenance import derive
from hwlint.reader.values import (
    Args,
    Builtin,
    IteratorValue,
    Kwargs,
    ListValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

MAX_SUBJECT = 20_000

MAX_LITERAL = 2_000
"""Characters of a text that is read as a literal."""
MAX_SIZE = 10**7
"""Bound on the size of a pattern, all counted repeats multiplied."""
MAX_WORK = 10**6
"""Bound on the ways in which a pattern may be tried on a text."""


class PatternValue:
    """A compiled pattern."""

    __slots__ = ("native",)

    def __init__(self, native: "re.Pattern[str]") -> None:
        self.native = native


class MatchValue:
    """A match and the text that it was found in."""

    __slots__ = ("native", "text")

    def __init__(self, native: "re.Match[str]", text: str) -> None:
        self.native = native
        self.text = text


def is_safe(interp: "Interpreter", pattern: str, text: str, anchored: bool) -> bool:
    """Say whether a search cannot take long, and charge for it. `anchored`: it is tried at the
    beginning only."""
    if len(text) > MAX_SUBJECT or len(pattern) > 5_000:
        return False
    work = _ways(pattern, len(text)) * (1 if anchored else len(text) + 1)
    interp.budget.steps += int(min(work, MAX_WORK)) // 200
    interp.tick()
    return work <= MAX_WORK


@functools.lru_cache(maxsize=512)
def _size(pattern: str) -> int:
    """Return about how many instructions a pattern is compiled to: counted repeats multiply."""
    size = len(pattern)
    for count in _COUNTS.findall(pattern):
        size *= min(int(count[:9]), MAX_SIZE) + 1
    return size


_COUNTS = re.compile(r"\{\d*,?(\d+)\}")


@functools.lru_cache(maxsize=512)
def _ways(pattern: str, length: int) -> float:
    """Return a bound on the ways in which a pattern can be tried on a text of a length."""
    parser: Any = re._parser  # type: ignore[attr-defined]  # noqa: SLF001 - the only parse of a pattern that there is
    try:
        return _walk(parser.parse(pattern), length)
    except (re.error, RecursionError, OverflowError):
        return math.inf


def _walk(tree: Any, length: int) -> float:
    ways = 1.0
    for operation, argument in tree:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = argument
            ways *= _repeated(_walk(body, length), int(low), min(int(high), length + 1), length)
        elif name == "GROUPREF":
            return math.inf
        else:
            parts = [_walk(part, length) for part in _parts(name, argument)]
            ways *= sum(parts) if name == "BRANCH" else math.prod(parts)
    return ways


def _repeated(inner: float, low: int, high: int, length: int) -> float:
    turns = max(0, min(high, length + 1))
    choices = max(1, high - low + 1)
    if inner <= 1:
        return choices
    if turns * math.log(inner) > math.log(MAX_WORK) + 1:
        return math.inf
    return choices * inner**turns


def _parts(name: str, argument: Any) -> list[Any]:
    if name == "SUBPATTERN":
        return [argument[-1]]
    if name == "BRANCH":
        return list(argument[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    return [argument] if name == "ATOMIC_GROUP" else []


def _compile(interp: "Interpreter", pattern: Value, flags: Value) -> "PatternValue | Unknown":
    if isinstance(pattern, PatternValue):
        return pattern
    if not isinstance(pattern, str):
        return operators.why(pattern)
    if len(pattern) > 5_000 or _size(str(pattern)) > MAX_SIZE:
        return Unknown("a regular expression too large")
    try:
        return PatternValue(re.compile(str(pattern), flags if isinstance(flags, int) else 0))
    except (re.error, OverflowError, RecursionError) as problem:
        raise interp.error("ValueError", str(problem)) from None


def _wrap(interp: "Interpreter", result: Any, text: str) -> Value:
    if isinstance(result, re.Match):
        return MatchValue(result, text)
    if isinstance(result, list):
        return ListValue([_traced(r, text) for r in result], interp.clock)
    return _traced(result, text)


def _traced(value: Any, text: str) -> Value:
    if isinstance(value, tuple):
        return tuple([_traced(v, text) for v in value])
    return derive("re", value, text) if isinstance(value, str) else value


def _search(name: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        pattern = _compile(interp, args[0], kwargs.get("flags", args[2] if len(args) > 2 else 0))
        return pattern if isinstance(pattern, Unknown) else _apply(interp, pattern, name, args[1:2])

    return run


def _apply(interp: "Interpreter", pattern: PatternValue, name: str, args: Args) -> Value:
    text = args[0]
    if not isinstance(text, str):
        return operators.why(text)
    if not is_safe(interp, pattern.native.pattern, text, name in ("match", "fullmatch")):
        return Unknown("a regular expression that may take long")
    if name == "finditer":
        return IteratorValue([MatchValue(m, text) for m in pattern.native.finditer(str(text))])
    return _wrap(interp, getattr(pattern.native, name)(str(text), *args[1:]), text)


def _substitute(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    pattern = _compile(interp, args[0], kwargs.get("flags", 0))
    if isinstance(pattern, Unknown):
        return pattern
    new, text = args[1], args[2]
    if not isinstance(text, str) or not isinstance(new, str):
        return operators.why(text) if not isinstance(text, str) else Unknown("re.sub")
    if not is_safe(interp, pattern.native.pattern, text, False):
        return Unknown("a regular expression that may take long")
    try:
        return derive(
            "re", pattern.native.sub(str(new), str(text), args[3] if len(args) > 3 else 0), text
        )
    except (re.error, IndexError) as problem:
        raise interp.error("ValueError", str(problem)) from None


def _pattern_attribute(interp: "Interpreter", value: PatternValue, name: str) -> Value:
    if name in ("match", "search", "fullmatch", "findall", "split", "finditer"):
        return Builtin(name, lambda i, a, k: _apply(i, value, name, a))
    if name == "sub":
        return Builtin(name, lambda i, a, k: _substitute(i, [value, *a], k))
    if name == "pattern":
        return value.native.pattern
    raise interp.error("AttributeError", f"'re.Pattern' object has no attribute {name!r}")


def _match_attribute(interp: "Interpreter", value: MatchValue, name: str) -> Value:
    if name in ("group", "groups", "groupdict", "start", "end", "span"):
        return Builtin(name, lambda i, a, k: _match_method(i, value, name, a))
    raise interp.error("AttributeError", f"'re.Match' object has no attribute {name!r}")


def _match_method(interp: "Interpreter", value: MatchValue, name: str, args: Args) -> Value:
    try:
        result = getattr(value.native, name)(*args)
    except (IndexError, TypeError) as problem:
        raise interp.native_error(problem) from None
    if isinstance(result, dict):
        return interp.make_dict({k: _traced(v, value.text) for k, v in result.items()})
    return _traced(result, value.text)


register_special(PatternValue, _pattern_attribute)
register_special(MatchValue, _match_attribute)


def _compiled(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _compile(interp, args[0], args[1] if len(args) > 1 else kwargs.get("flags", 0))


def _escape(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return re.escape(args[0]) if isinstance(args[0], str) else operators.why(args[0])


# --- literals -----------------------------------------------------------------------------------


def _literal(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """ast.literal_eval"""
    text = args[0] if args else None
    if not isinstance(text, str) or len(text) > MAX_LITERAL:
        return operators.why(text)
    try:
        return _plain(interp, ast.literal_eval(str(text)), text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise interp.error("ValueError", "malformed node or string") from None


def _plain(interp: "Interpreter", value: Any, text: Value) -> Value:
    if isinstance(value, list | tuple | set | frozenset):
        items = [_plain(interp, item, text) for item in value]
        if isinstance(value, list | tuple):
            return interp.make_list(items) if isinstance(value, list) else tuple(items)
        return interp.make_set(items)
    if isinstance(value, dict):
        return interp.make_dict({k: _plain(interp, v, text) for k, v in value.items()})
    if value is None or isinstance(value, bool | int | float | str):
        return derive("ast.literal_eval", value, text)
    return Unknown("ast.literal_eval() of an unusual literal")


TABLE: dict[str, Value] = {
    "ast.literal_eval": Builtin("ast.literal_eval", _literal),
    "re.compile": Builtin("re.compile", _compiled),
    "re.sub": Builtin("re.sub", _substitute),
    "re.escape": Builtin("re.escape", _escape),
    **{
        f"re.{n}": Builtin(f"re.{n}", _search(n))
        for n in ("match", "search", "fullmatch", "findall", "split", "finditer")
    },
    **{
        f"re.{n}": getattr(re, n).value
        for n in ("IGNORECASE", "I", "MULTILINE", "M", "DOTALL", "S", "VERBOSE", "X")
    },
}
TABLE.update({name.replace("re.", "regex.", 1): value for name, value in list(TABLE.items())})
