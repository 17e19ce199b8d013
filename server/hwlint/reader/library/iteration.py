"""itertools."""

import itertools
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.values import (
    Args,
    Builtin,
    IteratorValue,
    Kwargs,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE", "iterables_of"]


def iterables_of(interp: "Interpreter", values: Args) -> "list[list[Value]] | Unknown":
    """Return the items of each of several iterables, or why those of one are not known."""
    try:
        return [interp.iterate(v) for v in values]
    except operators.UnknownIteration as stop:
        return stop.unknown


def _chain(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args)
    return parts if isinstance(parts, Unknown) else IteratorValue([v for p in parts for v in p])


def _chain_from(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    outer = iterables_of(interp, args)
    return outer if isinstance(outer, Unknown) else _chain(interp, outer[0], {})


def _combined(name: str) -> Any:
    native = getattr(itertools, name)

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        iterables = args if name == "product" else args[:1]
        parts = iterables_of(interp, iterables)
        if isinstance(parts, Unknown):
            return parts
        repeat = kwargs.get("repeat", 1)
        rest = {"repeat": repeat} if name == "product" else {}
        extra = [] if name == "product" else args[1:]
        if not isinstance(repeat, int) or any(not isinstance(e, int) for e in extra):
            return Unknown(name)
        most = interp.budget.max_items
        found = native(*parts, *extra, **rest) if repeat < 20 else ()
        made = list(itertools.islice(found, most + 1))
        return Unknown("too many items") if len(made) > most else IteratorValue(made)

    return run


def _repeat(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    count = args[1] if len(args) > 1 else kwargs.get("times", 1000)
    if not isinstance(count, int) or count > interp.budget.max_items:
        return Unknown("repeat")
    return IteratorValue([args[0]] * count)


def _accumulate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args[:1])
    if isinstance(parts, Unknown):
        return parts
    out: list[Value] = []
    plus = operators.BINARY[operators.ast.Add]
    for item in parts[0]:
        out.append(operators.binary(interp, plus, out[-1], item) if out else item)
    return IteratorValue(out)


def _islice(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if operators.find_unknown(list(args)) is not None:
        return Unknown("islice")
    parts = iterables_of(interp, args[:1])
    if isinstance(parts, Unknown):
        return parts
    return IteratorValue(parts[0][slice(*args[1:])])


def _count(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    start = args[0] if args else 0
    if not isinstance(start, int):
        return Unknown("count")
    return IteratorValue(list(range(start, start + 10_000)))


def _zip_longest(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args)
    if isinstance(parts, Unknown):
        return parts
    return IteratorValue(list(itertools.zip_longest(*parts, fillvalue=kwargs.get("fillvalue"))))


def _cycle(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args)
    if isinstance(parts, Unknown) or not parts[0]:
        return Unknown("cycle")
    return IteratorValue(parts[0] * max(1, 4096 // len(parts[0])))


def _pairwise(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args)
    if isinstance(parts, Unknown):
        return parts
    return IteratorValue(list(zip(parts[0], parts[0][1:], strict=False)))


_FUNCTIONS: dict[str, core.Maker] = {
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from,
    "itertools.product": _combined("product"),
    "itertools.combinations": _combined("combinations"),
    "itertools.permutations": _combined("permutations"),
    "itertools.repeat": _repeat,
    "itertools.accumulate": _accumulate,
    "itertools.islice": _islice,
    "itertools.count": _count,
    "itertools.cycle": _cycle,
    "itertools.pairwise": _pairwise,
    "itertools.zip_longest": _zip_longest,
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
