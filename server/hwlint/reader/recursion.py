"""Functions that call themselves, remembered by their arguments while the first of the calls runs.

A function that works out a layer's channels from those of the layers before it is often written as
a plain recursion, whose calls grow exponentially with the depth. Between the first call of the
function out of itself and its end nothing that the function sees can change but by the function:
as long as nothing older than that changed, a call with equal arguments has an equal result.
"""

from typing import TYPE_CHECKING, Any, cast

from hwlint.reader.memo import STEPS_PER_TEMPLATE, Check, NotFrozen, Recording, Template, slotted
from hwlint.reader.provenance import (
    Bindings,
    Bound,
    Leaf,
    Operation,
    Slot,
    Trace,
    sourced,
    trace_of,
)
from hwlint.reader.values import Function, ListValue, Value

if TYPE_CHECKING:
    from hwlint.reader.frame import Frame
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Recursion"]


class _Open:
    """The results of one function while a call of it out of itself runs."""

    __slots__ = ("depth", "recording", "recordings", "results")

    def __init__(self, recording: Recording, recordings: list[Recording]) -> None:
        self.recording = recording
        self.recordings = recordings
        self.depth = len(recordings)
        self.results: dict[Any, Template | None] = {}

    def holds(self, recordings: list[Recording]) -> bool:
        """Say whether nothing changed, and whoever calls now records where the first call did."""
        same = recordings is self.recordings and len(recordings) == self.depth
        return same and not self.recording.impure


class Recursion:
    """Runs functions that are running already."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.open: dict[Function, _Open] = {}

    def run(self, func: Function, fr: "Frame") -> Value:
        """Run a function in a frame that has its arguments, or return what it made of equal ones.

        The function is looked at only where its result can be nothing but values: where one of
        several sides is being read, or tensors are followed, it simply runs.
        """
        interp, memo = self.interp, self.interp.memo
        if not memo.enabled or interp.maybe or func.code.is_generator or interp.flow is not None:
            return interp.run_function(func, fr)
        opened = self.open.get(func)
        if opened is None:
            return self._first(func, fr)
        args = list(fr.vars.values())
        if not opened.holds(memo.recordings) or not all(map(_is_scalar, args)):
            return interp.run_function(func, fr)
        return self._remembered(opened, func, fr, args)

    def _first(self, func: Function, fr: "Frame") -> Value:
        interp, memo = self.interp, self.interp.memo
        interp.clock += 1
        recording, before = Recording(interp.clock), memo.stamp
        memo.recordings.append(recording)
        memo.stamp = max(before, interp.clock)
        self.open[func] = _Open(recording, memo.recordings)
        try:
            return interp.run_function(func, fr)
        finally:
            memo.recordings.remove(recording)
            memo.stamp = before
            del self.open[func]

    def _remembered(self, opened: _Open, func: Function, fr: "Frame", args: list[Value]) -> Value:
        memo = self.interp.memo
        memo.looked_at = 0
        try:
            key = memo.key_of(args)
        except NotFrozen:
            return self.interp.run_function(func, fr)
        if key not in opened.results:
            return self._record(opened, key, func, fr)
        template = opened.results[key]
        if template is None:
            return self.interp.run_function(func, fr)
        return memo.copy(template, args, {})

    def _record(self, opened: _Open, key: Any, func: Function, fr: "Frame") -> Value:
        interp, memo = self.interp, self.interp.memo
        slots: list[Any] = []
        args = list(fr.vars.values())
        given = [slotted(v, slots) for v in args]
        fr.vars = dict(zip(fr.vars, given, strict=True))
        interp.clock += 1
        since = interp.clock
        built, notes = len(interp.constructed), len(interp.notes)
        interp.budget.steps += STEPS_PER_TEMPLATE
        opened.results[key] = None
        try:
            made = interp.run_function(func, fr)
        finally:
            memo.fill(slots, args, {})
        alone = built == len(interp.constructed) and notes == len(interp.notes)
        if not alone or opened.recording.impure or not _is_plain(made):
            return made
        try:
            Check(since).all([made])
        except NotFrozen:
            return made
        template = Template(_flat(made, func.name, since), slots, since)
        template.keep = given
        opened.results[key] = template
        return memo.copy(template, args, {})


def _is_scalar(value: Any) -> bool:
    """Say whether an argument is a number, a text or a tuple of them, which nobody can change."""
    if isinstance(value, tuple):
        return all(map(_is_scalar, cast("tuple[Any, ...]", value)))
    return value is None or isinstance(value, int | float | str)


def _is_plain(made: Any) -> bool:
    """Say whether a result is made of numbers and texts, in tuples and in lists."""
    if isinstance(made, ListValue) and made.unknown is not None:
        return False
    if isinstance(made, tuple | ListValue):
        return all(map(_is_plain, cast("tuple[Any, ...]", made)))
    return _is_scalar(made)


_MAX_VISITS = 400
"""Traces that are looked at for the literals that one result comes from."""


def _flat(made: Any, name: str, since: int) -> Any:
    """Return a result whose numbers come from the arguments and literals at once: through all
    the calls in between, the ways to a literal are as many as the calls would have been."""
    if isinstance(made, tuple):
        return tuple([_flat(v, name, since) for v in cast("tuple[Any, ...]", made)])
    if isinstance(made, ListValue):
        if made.stamp >= since:
            made[:] = [_flat(v, name, since) for v in made]
        return made
    trace = trace_of(made)
    if trace is None or isinstance(trace, Leaf | Slot):
        return made
    sources = _sources(trace)
    value: Any = made + 0 if isinstance(made, int | float) else str(made)
    return value if sources is None else sourced(value, Operation(name, value, sources))


def _sources(trace: Trace) -> tuple[Trace, ...] | None:
    """Return the literals and the open slots that a trace ends in; None where they are many."""
    found: dict[int, Trace] = {}
    outside = Bindings({}, None)
    stack = [(trace, outside)]
    for _ in range(_MAX_VISITS):
        if not stack:
            return tuple(found.values())
        item, bindings = stack.pop()
        if isinstance(item, Operation):
            stack += [(operand, bindings) for operand in reversed(item.operands)]
        elif isinstance(item, Bound):
            stack.append((item.inner, bindings.around(item.binding)))
        elif isinstance(item, Slot) and (filling := bindings.filling(item)) is not None:
            if filling[0] is not None:
                stack.append((filling[0], filling[1]))
        else:
            found[id(item)] = item
    return None
