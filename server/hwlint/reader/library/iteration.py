"""itertools."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

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

__all__ = ["TABLE", "iterables_of", "streams_of", "take", "zipped"]

_MANY = 5_000
"""How many items of an endless iterator are there to be taken."""


def iterables_of(interp: "Interpreter", values: Args) -> "list[list[Value]] | Unknown":
    """Return the items of each of several iterables, or why those of one are not known."""
    try:
        return [interp.iterate(v) for v in values]
    except operators.UnknownIteration as stop:
        return stop.unknown


def streams_of(interp: "Interpreter", values: Args) -> "list[IteratorValue] | Unknown":
    """Return an iterator over each of several iterables: iterators stay themselves."""
    try:
        return [
            v if isinstance(v, IteratorValue) else IteratorValue(interp.iterate(v)) for v in values
        ]
    except operators.UnknownIteration as stop:
        return stop.unknown


def take(interp: "Interpreter", stream: IteratorValue, count: int) -> "list[Value] | Unknown":
    """Return the next items of an iterator, at most `count`."""
    if stream.unknown is not None:
        return stream.unknown
    interp.touch(stream)
    items = stream.items[stream.index : stream.index + count]
    stream.index += len(items)
    interp.budget.steps += len(items) // 64
    return Unknown("an iterator without an end") if stream.endless and len(items) < count else items


def zipped(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """Return what zip() gives: iterators are used up only as far as the shortest one reaches."""
    streams = streams_of(interp, args)
    if isinstance(streams, Unknown):
        return streams
    rows: list[Value] = []
    while streams:
        row: list[Value] = []
        for stream in streams:
            item = take(interp, stream, 1)
            if isinstance(item, Unknown):
                return item
            row += item
        if len(row) < len(streams):
            break
        rows.append(tuple(row))
    if row_is_uneven(streams, kwargs):
        raise interp.error("ValueError", "zip() arguments have different lengths")
    return IteratorValue(rows)


def row_is_uneven(streams: list[IteratorValue], kwargs: Kwargs) -> bool:
    """Say whether zip(strict=True) complains."""
    lengths = {len(s.items) for s in streams}
    return bool(kwargs.get("strict")) and len(lengths) > 1


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
        width = len(parts) * repeat if name == "product" else max(extra, default=len(parts[0]))
        if not 0 <= width <= 100 or any(len(p) > 10_000 for p in parts):
            return Unknown("too many items")
        most = interp.budget.max_items // (width + 1)
        made = list(itertools.islice(native(*parts, *extra, **rest), most + 1))
        interp.budget.steps += len(made) // 8
        return Unknown("too many items") if len(made) > most else IteratorValue(made)

    return run


def _repeat(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    count = args[1] if len(args) > 1 else kwargs.get("times")
    if count is None:
        return IteratorValue([args[0]] * _MANY, endless=True)
    if not isinstance(count, int) or count > interp.budget.max_items:
        return Unknown("repeat")
    return IteratorValue([args[0]] * count)


def _accumulate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args[:1])
    if isinstance(parts, Unknown):
        return parts
    combine = args[1] if len(args) > 1 else kwargs.get("func")
    out: list[Value] = [] if kwargs.get("initial") is None else [kwargs["initial"]]
    plus = operators.BINARY[operators.ast.Add]
    for item in parts[0]:
        interp.tick()
        if not out:
            out.append(item)
        elif combine is None:
            out.append(operators.binary(interp, plus, out[-1], item))
        else:
            out.append(interp.call(combine, [out[-1], item], {}))
    return IteratorValue(out)


def _islice(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    bounds = [operators.index_of(interp, a) for a in args[1:]]
    found = operators.find_unknown([*bounds, *args[:1]])
    streams = streams_of(interp, args[:1]) if found is None else found
    if isinstance(streams, Unknown):
        return streams
    chosen = slice(*bounds)
    if any(not isinstance(b, int | None) or (b or 0) < 0 for b in bounds) or chosen.step == 0:
        raise interp.error("ValueError", "Indices for islice() must be None or an integer >= 0")
    if chosen.stop is None and streams[0].endless:
        return Unknown("an iterator without an end")
    items = take(interp, streams[0], len(streams[0].items) if chosen.stop is None else chosen.stop)
    return items if isinstance(items, Unknown) else IteratorValue(items[chosen])


def _count(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    start = args[0] if args else kwargs.get("start", 0)
    step = args[1] if len(args) > 1 else kwargs.get("step", 1)
    if not isinstance(start, int) or not isinstance(step, int):
        return Unknown("count")
    items: list[Value] = [start + step * i for i in range(_MANY)]
    return IteratorValue(items, endless=True)


def _zip_longest(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args)
    if isinstance(parts, Unknown):
        return parts
    rows = list(itertools.zip_longest(*parts, fillvalue=kwargs.get("fillvalue")))
    return IteratorValue([*rows])


def _starmap(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    rows = iterables_of(interp, args[1:2])
    if isinstance(rows, Unknown):
        return rows
    parts = iterables_of(interp, rows[0])
    if isinstance(parts, Unknown):
        return parts
    return IteratorValue([interp.call(args[0], row, {}) for row in parts])


def _while(taking: bool) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        streams = streams_of(interp, args[1:2])
        if isinstance(streams, Unknown):
            return streams
        items = streams[0].items[streams[0].index :]
        for index, item in enumerate(items):
            result = interp.call(args[0], [item], {})
            truth = interp.truth(result)
            if truth is None:
                return operators.why(result)
            if not truth:
                return IteratorValue(items[:index] if taking else items[index:])
        return IteratorValue(items if taking else [], streams[0].endless)

    return run


def _cycle(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args)
    if isinstance(parts, Unknown):
        return parts
    turns = max(2, _MANY // max(1, len(parts[0])))
    return IteratorValue(parts[0] * turns, endless=bool(parts[0]))


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
    "itertools.starmap": _starmap,
    "itertools.takewhile": _while(True),
    "itertools.dropwhile": _while(False),
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
