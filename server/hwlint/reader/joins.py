"""Control flow on unknown values: run every side, keep what all sides agree on.

What only one side builds is marked "maybe". Changes to objects are recorded in a journal, undone
after each side and merged; what differs becomes Unknown.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader import operators
from hwlint.reader.code import Compiled
from hwlint.reader.frame import RETURN, Frame
from hwlint.reader.values import (
    Class,
    DictValue,
    Function,
    Instance,
    IteratorValue,
    ListValue,
    PyRaise,
    SetValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Joins"]

Journal = dict[int, tuple[Value, Any]]


def snapshot(value: Value) -> Any:
    """Return the state of an object that can be put back."""
    if isinstance(value, ListValue):
        return (list(value), value.unknown)
    if isinstance(value, DictValue):
        return (dict(value), value.unknown)
    if isinstance(value, SetValue):
        return (set(value), value.unknown)
    if isinstance(value, Instance | Class | Function):
        return dict(value.attrs)
    if isinstance(value, IteratorValue):
        return value.index
    if isinstance(value, Frame):
        return dict(value.vars)
    return value.data if isinstance(value, Tensor) else None


def restore(value: Value, state: Any) -> None:
    """Put a snapshot back."""
    if isinstance(value, ListValue):
        value[:], value.unknown = state
    elif isinstance(value, DictValue | SetValue):
        value.clear()
        value.update(state[0])
        value.unknown = state[1]
    elif isinstance(value, Instance | Class | Function):
        value.attrs = dict(state)
    elif isinstance(value, IteratorValue):
        value.index = state
    elif isinstance(value, Frame):
        value.vars = dict(state)
    elif isinstance(value, Tensor):
        value.data = state


class _Side:
    """What one side of a branch did."""

    __slots__ = ("problem", "result", "signal", "states", "vars")

    def __init__(self) -> None:
        self.signal: Any = None
        self.vars: dict[str, Value] = {}
        self.result: Value = None
        self.problem: PyRaise | None = None
        self.states: Journal = {}


class Joins:
    """Branches whose condition is not known."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.journals: list[Journal] = []

    def remember(self, value: Value) -> None:
        """Keep the state of an object before its first change on this side."""
        journal = self.journals[-1]
        if id(value) not in journal:
            journal[id(value)] = (value, snapshot(value))

    def touch_frame(self, frame: Frame) -> None:
        """Note that a variable of an outer function is about to change."""
        if frame.stamp < self.interp.memo.stamp:
            self.interp.memo.outside_changed(frame)
        if self.journals:
            self.remember(frame)

    # --- statements -------------------------------------------------------------------------

    def branch(self, fr: Frame, unknown: Unknown, blocks: list[Compiled]) -> Any:
        """Run every block from the same state and merge."""
        before_built = len(self.interp.constructed)
        sides = [self._side(fr, block) for block in blocks]
        alive = [s for s in sides if s.problem is None]
        if not alive:
            assert sides[0].problem is not None
            raise sides[0].problem
        changed = self._merge_objects(alive, unknown)
        going = [s for s in alive if s.signal is None] or alive
        changed |= self._merge_variables(fr, going, unknown)
        signal = self._merge_signals(fr, alive, unknown)
        if changed or len(self.interp.constructed) > before_built or signal is not None:
            self.interp.note(unknown)
        return signal

    def _side(self, fr: Frame, block: Compiled) -> _Side:
        side = _Side()
        base = fr.vars
        fr.vars = dict(base)
        fr.result = None
        self.journals.append({})
        self.interp.maybe += 1
        depth = self.interp.depth
        try:
            side.signal = block(fr)
        except PyRaise as problem:
            side.problem = problem
            self.interp.depth = depth
        finally:
            self.interp.maybe -= 1
            journal = self.journals.pop()
            side.vars, fr.vars = fr.vars, base
            side.result = fr.result
            self._undo(side, journal)
        return side

    def _undo(self, side: _Side, journal: Journal) -> None:
        for key, (value, state) in journal.items():
            side.states[key] = (value, snapshot(value))
            restore(value, state)

    def _merge_variables(self, fr: Frame, sides: list[_Side], unknown: Unknown) -> bool:
        changed = False
        names: dict[str, None] = {}
        for side in sides:
            names.update(dict.fromkeys(side.vars))
        for name in names:
            values = [s.vars.get(name, _ABSENT) for s in sides]
            if not _all_same(values):
                changed = True
                fr.vars[name] = _merged(values, unknown)
            elif values[0] is not _ABSENT:
                fr.vars[name] = values[0]
        return changed

    def _merge_objects(self, sides: list[_Side], unknown: Unknown) -> bool:
        objects: dict[int, Value] = {}
        for side in sides:
            objects.update({key: value for key, (value, _) in side.states.items()})
        for key, value in objects.items():
            self.interp.touch(value) if not isinstance(value, Frame) else self.touch_frame(value)
            before = snapshot(value)
            states = [s.states[key][1] if key in s.states else before for s in sides]
            restore(value, states[0])
            if len(states) > 1 and not all(_same_state(states[0], s) for s in states[1:]):
                _merge_states(value, states, unknown)
        return bool(objects)

    def _merge_signals(self, fr: Frame, sides: list[_Side], unknown: Unknown) -> Any:
        signals = {s.signal for s in sides}
        if len(signals) == 1:
            signal = signals.pop()
            if signal == RETURN:
                results = [s.result for s in sides]
                fr.result = results[0] if _all_same(results) else _merged(results, unknown)
            return signal
        returned = [s.result for s in sides if s.signal == RETURN]
        if returned:
            fr.pending = [*(fr.pending or []), *returned]
            fr.why = fr.why or unknown
            fr.maybe += 1
            self.interp.maybe += 1
        others = {s for s in signals if s not in (None, RETURN)}
        return None if None in signals or not others else others.pop()

    def merge_results(self, fr: Frame) -> Value:
        """Return what a function returns of which some sides returned early."""
        results = [*(fr.pending or []), fr.result]
        if _all_same(results):
            return results[0]
        return _merged(results, fr.why or Unknown("returns differ between branches"))

    def unknown_loop(
        self,
        fr: Frame,
        unknown: Unknown,
        store: Callable[[Frame, Value], None] | None,
        body: Compiled,
        names: set[str],
    ) -> Any:
        """A loop that runs an unknown number of times: once on the side, then forget."""

        def once(frame: Frame) -> Any:
            if store is not None:
                store(frame, unknown)
            signal = body(frame)
            return signal if signal == RETURN else None

        signal = self.branch(fr, unknown, [once, lambda _: None])
        for name in names:
            if name in fr.vars:
                fr.vars[name] = unknown
        return signal

    # --- expressions ------------------------------------------------------------------------

    def either(self, fr: Frame, unknown: Unknown, then: Compiled, other: Compiled) -> Value:
        """Return a conditional expression's value where both sides agree, else Unknown."""
        values: list[Value] = []
        before = len(self.interp.constructed)
        for part in (then, other):
            side = self._side(fr, lambda frame, part=part: values.append(part(frame)))
            if side.problem is None:
                self._merge_objects([side], unknown)
        if len(self.interp.constructed) > before:
            self.interp.note(unknown)
        if not values:
            return unknown
        return values[0] if _all_same(values) else _merged(values, unknown)

    def speculate(self, fr: Frame, unknown: Unknown, part: Compiled) -> None:
        """Run something that may never run, for what it would build; undo its changes."""
        before = len(self.interp.constructed)
        self._side(fr, part)
        if len(self.interp.constructed) > before:
            self.interp.note(unknown)


class _Absent:
    pass


_ABSENT = _Absent()


def _all_same(values: list[Value]) -> bool:
    return all(_same(values[0], v) for v in values[1:])


def _same(left: Value, right: Value) -> bool:
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, int | float | str | bytes):
        return left == right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, ListValue | DictValue | SetValue):
        return operators.find_unknown(left) is None and bool(left == right)
    return False


def _merged(values: list[Value], unknown: Unknown) -> Value:
    return Unknown(f"depends on a branch: {unknown.reason}"[:200], unknown.place)


def _same_state(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(v, right[k]) for k, v in left.items())
    if isinstance(left, tuple) and isinstance(right, tuple):
        return _same_items(left[0], right[0]) and left[1] is right[1]
    return bool(left is right)


def _same_items(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return _same_state(left, right)
    if isinstance(left, set):
        return bool(left == right)
    return len(left) == len(right) and all(map(_same, left, right))


def _merge_states(value: Value, states: list[Any], unknown: Unknown) -> None:
    if isinstance(value, ListValue):
        _merge_list(value, [s[0] for s in states], unknown)
    elif isinstance(value, DictValue):
        _merge_mapping(value, [s[0] for s in states], unknown)
        value.unknown = value.unknown or (None if _same_keys(states) else unknown)
    elif isinstance(value, SetValue):
        common = set.intersection(*[s[0] for s in states])
        value.clear()
        value.update(common)
        value.unknown = unknown
    elif isinstance(value, Instance | Class | Function):
        _merge_mapping(value.attrs, states, unknown)
    elif isinstance(value, Frame):
        _merge_mapping(value.vars, states, unknown)
    elif isinstance(value, IteratorValue):
        value.items = []
    elif isinstance(value, Tensor):
        value.data = None


def _same_keys(states: list[Any]) -> bool:
    return all(s[0].keys() == states[0][0].keys() for s in states)


def _merge_list(value: ListValue, states: list[list[Value]], unknown: Unknown) -> None:
    if any(len(s) != len(states[0]) for s in states):
        value.unknown = unknown
        return
    for index, items in enumerate(zip(*states, strict=True)):
        every = list(items)
        value[index] = every[0] if _all_same(every) else _merged(every, unknown)


def _merge_mapping(target: dict[Any, Value], states: list[Any], unknown: Unknown) -> None:
    names: dict[Any, None] = {}
    for state in states:
        names.update(dict.fromkeys(state))
    for name in names:
        values = [s.get(name, _ABSENT) for s in states]
        target[name] = values[0] if _all_same(values) else _merged(values, unknown)
