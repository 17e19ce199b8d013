"""Control flow on unknown values: run every side, keep what all sides agree on.

What only one side builds is marked "maybe". Changes to objects are recorded in a journal, undone
after each side and merged; what differs becomes Unknown.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from hwlint.reader.code import Compiled
from hwlint.reader.frame import BREAK, CONTINUE, RETURN, Frame
from hwlint.reader.options import Forget, merge
from hwlint.reader.plain_values import NEVER_OLD
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

__all__ = ["Joins", "Rest", "World"]

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


class World:
    """What there is before a program runs, as it was: the program must not change what is read
    after it."""

    def __init__(self, stamp: int) -> None:
        """`stamp`: what the interpreter's clock says when the program begins."""
        self._stamp = stamp
        self._journal: Journal = {}

    def remember(self, value: Value) -> None:
        """Keep the state of something that is about to change, if the program did not make it."""
        held = getattr(value, "frame", value)  # a module's variables are in its frame
        if value.stamp < self._stamp and id(held) not in self._journal:
            self._journal[id(held)] = (held, snapshot(held))

    def __bool__(self) -> bool:
        return bool(self._journal)

    def holds(self, value: Value) -> bool:
        """Say whether the earlier state of something is kept."""
        return id(getattr(value, "frame", value)) in self._journal

    def put_back(self) -> None:
        """Undo every change."""
        for value, state in self._journal.values():
            restore(value, state)


class _Side:
    """What one side of a branch did."""

    __slots__ = ("problem", "result", "signal", "states", "vars")

    def __init__(self) -> None:
        self.signal: Any = None
        self.vars: dict[str, Value] = {}
        self.result: Value = None
        self.problem: PyRaise | None = None
        self.states: Journal = {}


class _Raised:
    """What one side raised inside a `try`, and how things stood there and then."""

    __slots__ = ("problem", "states", "unknown", "vars")

    def __init__(
        self, problem: PyRaise, unknown: Unknown, names: dict[str, Value], states: Journal
    ) -> None:
        self.problem = problem
        self.unknown = unknown
        self.vars = names
        self.states = states


class Joins:
    """Branches whose condition is not known."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.journals: list[Journal] = []
        self.guards: list[tuple[Frame, int]] = []  # a `try`'s frame and the place of its journal
        self.swallowed: list[_Raised] = []

    def remember(self, value: Value) -> None:
        """Keep the state of an object before its first change on this side."""
        journal = self.journals[-1]
        if id(value) not in journal:
            journal[id(value)] = (value, snapshot(value))
            if isinstance(value, list | dict | set):
                self.interp.budget.steps += len(value) // 16

    def touch_frame(self, frame: Frame) -> None:
        """Note that a variable of an outer function is about to change."""
        if frame.stamp < self.interp.memo.stamp:
            self.interp.memo.outside_changed(frame)
        if self.journals:
            self.remember(frame)

    # --- statements -------------------------------------------------------------------------

    def branch(self, fr: Frame, unknown: Unknown, blocks: list[Compiled]) -> Any:
        """Run every block from the same state and merge."""
        before_built, held = len(self.interp.constructed), fr.maybe
        born = self._begin(fr)
        sides = [self._side(fr, block) for block in blocks]
        alive = self._alive(fr, sides, unknown)
        changed = self._merge_objects(alive, unknown, born)
        going = [s for s in alive if s.signal is None] or alive
        changed |= self._merge_variables(fr, going, unknown, born)
        signal = self._merge_signals(fr, alive, unknown, born)
        if fr.maybe > held:
            left = [s for s in alive if s.signal in (BREAK, CONTINUE)] if signal is None else []
            self._open(fr, self._variables_of(fr, left, unknown, born))
        if changed or len(self.interp.constructed) > before_built or signal is not None:
            self.interp.note(unknown)
        return signal

    def _begin(self, fr: Frame) -> int:
        """Return the stamp that objects get which one of the sides makes."""
        self.interp.tick()
        self.interp.budget.steps += _BRANCH_STEPS + len(fr.vars) // 4
        self.interp.clock += 1
        return self.interp.clock

    def _alive(self, fr: Frame, sides: list[_Side], unknown: Unknown) -> list[_Side]:
        """Return the sides that do not raise; raises where all do."""
        alive = [s for s in sides if s.problem is None]
        raising = [s for s in sides if s.problem is not None]
        for side in raising[not alive :] if self.guards else ():
            assert side.problem is not None
            self._swallow(fr, side.problem, unknown, side)
        if not alive:
            first = raising[0]
            assert first.problem is not None
            self._adopt(fr, first.vars, first.states)
            raise first.problem
        return alive

    def _swallow(
        self, fr: Frame, problem: PyRaise, unknown: Unknown, side: _Side | None = None
    ) -> None:
        """Keep what one side raised and how things stood there, for the `try` around it. Without
        `side` things still stand that way."""
        guarding, index = self.guards[-1]
        states: Journal = {}
        for journal in self.journals[index:]:
            states.update({key: (value, snapshot(value)) for key, (value, _) in journal.items()})
        states.update(side.states if side is not None else {})
        self.interp.budget.steps += len(states) // 4
        if fr is guarding:
            names = fr.vars if side is None else side.vars
        else:
            names = states[id(guarding)][1] if id(guarding) in states else guarding.vars
        self.swallowed.append(_Raised(problem, unknown, dict(names), states))

    def survives(self, fr: Frame, problem: PyRaise) -> bool:
        """Say whether another side left a function before this was raised."""
        if not fr.pending:
            return False
        if self.guards:
            self._swallow(fr, problem, fr.why)
        fr.result = fr.pending.pop()
        return True

    def loop(self, fr: Frame, turns: Compiled, rest: "Rest") -> Value:
        """Run a loop that a side may leave early. `turns` runs those that are known and returns how
        they ended: a signal, or an Unknown where others may follow."""
        opened, skipped, doubts = fr.opened, fr.skipped, fr.maybe
        try:
            result = turns(fr)
        except PyRaise as problem:
            if fr.skipped == skipped:
                raise
            if self.guards:
                self._swallow(fr, problem, fr.why)
            result = fr.why
        parted = fr.skipped > skipped
        if parted:
            result = self._part(fr, result)
            self.end_loop(fr, opened, skipped, doubts)
        if isinstance(result, Unknown):
            signal = rest.turns(fr, result)
            return signal if signal is not None else rest.end(fr, result)
        if result is not None:
            return None if result == BREAK else result
        return rest.end(fr, fr.why if parted else None)

    def _part(self, fr: Frame, result: Value) -> Value:
        """Return how a loop goes on that a side left early and the others left by `result`: a side
        that went on to the next turn is not where these ended."""
        why = fr.why
        if result == RETURN:
            fr.pending = [*(fr.pending or []), fr.result]
            self._doubt(fr, why)
        return result if result is None else why

    def _adopt(self, fr: Frame, names: dict[str, Value], states: Journal) -> None:
        """Put everything into the state that it had on a side."""
        if self.journals:
            self.remember(fr)
        for value, state in states.values():
            if value is not fr:
                self._touch(value)
                restore(value, state)
        fr.vars = dict(names)

    def _touch(self, value: Value) -> None:
        self.touch_frame(value) if isinstance(value, Frame) else self.interp.touch(value)

    def _side(self, fr: Frame, block: Compiled) -> _Side:
        side = _Side()
        base, opened = fr.vars, fr.opened
        fr.vars = dict(base)
        fr.result = None
        self.journals.append({})
        self.interp.maybe += 1
        depth = self.interp.depth
        try:
            side.signal = block(fr)
        except PyRaise as problem:
            side.problem = problem.with_traceback(None)
            self.interp.depth = depth
        finally:
            self.interp.maybe -= 1
            self.close(fr, opened)
            journal = self.journals.pop()
            side.vars, fr.vars = fr.vars, base
            side.result = fr.result
            self._undo(side, journal)
        return side

    def _undo(self, side: _Side, journal: Journal) -> None:
        for key, (value, state) in journal.items():
            side.states[key] = (value, snapshot(value))
            restore(value, state)

    def _merge_variables(self, fr: Frame, sides: list[_Side], unknown: Unknown, born: int) -> bool:
        changed = False
        names: dict[str, None] = {}
        for side in sides:
            names.update(dict.fromkeys(side.vars))
        for name in names:
            values = [s.vars.get(name, _ABSENT) for s in sides]
            if not _all_same(values, born):
                changed = True
                fr.vars[name] = _merged(values, unknown, self._forget)
            elif values[0] is not _ABSENT:
                fr.vars[name] = values[0]
        for name in [n for n in fr.vars if n not in names]:
            del fr.vars[name]
        return changed

    def _variables_of(
        self, fr: Frame, sides: list[_Side], unknown: Unknown, born: int
    ) -> dict[str, Value]:
        """Return the variables of sides that leave a loop; those of the frame if there is none."""
        held = fr.vars
        fr.vars = dict(held)
        if sides:
            self._merge_variables(fr, sides, unknown, born)
        merged, fr.vars = fr.vars, held
        return merged

    def _merge_objects(self, sides: list[_Side], unknown: Unknown, born: int) -> bool:
        objects: dict[int, Value] = {}
        for side in sides:
            objects.update({key: value for key, (value, _) in side.states.items()})
        for key, value in objects.items():
            self._touch(value)
            before = snapshot(value)
            states = [s.states[key][1] if key in s.states else before for s in sides]
            restore(value, states[0])
            if len(states) > 1 and not all(_same_state(states[0], s, born) for s in states[1:]):
                _merge_states(value, states, unknown, born)
        return bool(objects)

    def _merge_signals(self, fr: Frame, sides: list[_Side], unknown: Unknown, born: int) -> Any:
        signals = {s.signal for s in sides}
        if len(signals) == 1:
            signal = signals.pop()
            if signal == RETURN:
                results = [s.result for s in sides]
                same = _all_same(results, born)
                fr.result = results[0] if same else _merged(results, unknown, self._forget)
            return signal
        returned = [s.result for s in sides if s.signal == RETURN]
        if returned:
            fr.pending = [*(fr.pending or []), *returned]
            self._doubt(fr, unknown)
        others = signals - {None, RETURN}
        if len(others) > 1 or (others and None in signals):
            fr.skipped += 1
            self._doubt(fr, unknown)
        return None if None in signals or not others else min(others, key=_ends_loop)

    def merge_results(self, fr: Frame) -> Value:
        """Return what a function returns of which some sides returned early."""
        results = [*(fr.pending or []), fr.result]
        if _all_same(results, NEVER_OLD):
            return results[0]
        why = fr.why or Unknown("returns differ between branches")
        return _merged(results, why, self._forget)

    # --- what runs only if one side did not leave ----------------------------------------------

    def _doubt(self, fr: Frame, unknown: Unknown) -> None:
        fr.why = fr.why or unknown
        fr.maybe += 1
        self.interp.maybe += 1

    def _open(self, fr: Frame, left: dict[str, Value]) -> None:
        """One side left the block, with the variables `left`: what follows is a side of its own."""
        self.journals.append({id(fr): (fr, left)} if fr.skipped else {})
        fr.opened += 1

    def close(self, fr: Frame, opened: int) -> None:
        """End what `_open` began, down to `opened`: merge with the state where a side left."""
        while fr.opened > opened:
            fr.opened -= 1
            journal = self.journals.pop()
            outer = self.journals[-1] if self.journals else {}
            for key, (value, before) in journal.items():
                if value is not fr:
                    outer.setdefault(key, (value, before))
                after = snapshot(value)
                if not _same_state(before, after, NEVER_OLD):
                    if not isinstance(value, Frame):
                        value.version += 1
                    _merge_states(value, [before, after], fr.why, NEVER_OLD)

    def end_loop(self, fr: Frame, opened: int, skipped: int, doubts: int) -> None:
        """Leave a loop of which a side may have left early, by `break` or `continue`."""
        self.close(fr, opened)
        gone = fr.skipped - skipped
        fr.skipped = skipped
        fr.maybe -= gone
        self.interp.maybe -= gone
        if fr.maybe > doubts:
            self._open(fr, snapshot(fr))

    def unknown_loop(
        self,
        fr: Frame,
        unknown: Unknown,
        store: Callable[[Frame, Value], None] | None,
        body: Compiled,
        names: set[str],
    ) -> Any:
        """A loop that runs an unknown number of times. A later turn finds what an earlier one left
        changed, and may take another way because of it: so each turn is tried on the side, after
        what the turns before may have changed is forgotten."""

        def once(frame: Frame) -> Any:
            if store is not None:
                store(frame, unknown)
            signal = body(frame)
            return signal if signal == RETURN else None

        opened, skipped, doubts = fr.opened, fr.skipped, fr.maybe
        signal = None
        for _ in range(_TURNS):
            signal = self.branch(fr, unknown, [once, lambda _: None])
            if fr.skipped > skipped:
                self.end_loop(fr, opened, skipped, doubts)
            for name in names:
                if name in fr.vars:
                    fr.vars[name] = unknown
            if signal is not None:
                break
        return signal

    # --- exceptions -------------------------------------------------------------------------

    def attempt(self, fr: Frame, body: Compiled, handle: Callable[[PyRaise], Value],
                other: Compiled) -> Value:  # fmt: skip
        """Run the body of a `try`, then `handle` or `other`, or both where a side of it raised."""
        mark, opened, doubts = len(self.swallowed), fr.opened, fr.maybe
        self.guards.append((fr, len(self.journals)))
        self.journals.append({})
        problem, signal = None, None
        try:
            signal = body(fr)
        except PyRaise as raised:
            problem = raised.with_traceback(None)  # which holds every frame there was
        finally:
            journal = self._end_attempt(fr, opened, doubts)
            raised = self.swallowed[mark:]
            del self.swallowed[mark:]
        if not raised:
            return handle(problem) if problem is not None else signal or other(fr)
        return self._both_ways(fr, problem, signal, raised, journal, handle, other)

    def _end_attempt(self, fr: Frame, opened: int, doubts: int) -> Journal:
        self.close(fr, opened)
        self.guards.pop()
        journal = self.journals.pop()
        if self.journals:
            for key, entry in journal.items():
                self.journals[-1].setdefault(key, entry)
        if fr.maybe > doubts:
            self._open(fr, snapshot(fr))
        return journal

    def _both_ways(
        self,
        fr: Frame,
        problem: PyRaise | None,
        signal: Value,
        raised: list[_Raised],
        journal: Journal,
        handle: Callable[[PyRaise], Value],
        other: Compiled,
    ) -> Value:
        result = fr.result

        def to_the_end(frame: Frame) -> Value:
            frame.result = result
            if problem is not None:
                return handle(problem)
            return signal or other(frame)

        def handled(case: _Raised) -> Compiled:
            def run(frame: Frame) -> Value:
                self._adopt(frame, case.vars, {**journal, **case.states})
                return handle(case.problem)

            return run

        blocks = [to_the_end, *map(handled, raised)]
        return self.branch(fr, raised[0].unknown, blocks)

    def finish(self, fr: Frame, mark: int, final: Compiled) -> None:
        """Let what sides raised since `mark` out of a `try` statement pass its `finally`."""
        escaped = self.swallowed[mark:]
        del self.swallowed[mark:]
        for case in escaped:

            def run(frame: Frame, case: _Raised = case) -> Value:
                if self.guards[-1][0] is frame:
                    self._adopt(frame, case.vars, case.states)
                signal = final(frame)
                if signal is None:
                    raise case.problem
                return signal

            side = self._side(fr, run)
            if side.problem is not None:
                self._swallow(fr, side.problem, case.unknown, side)

    # --- expressions ------------------------------------------------------------------------

    def either(self, fr: Frame, unknown: Unknown, then: Compiled, other: Compiled) -> Value:
        """Return a conditional expression's value where both sides agree, else Unknown."""
        before = len(self.interp.constructed)
        born = self._begin(fr)
        values: dict[int, Value] = {}
        sides: list[_Side] = []
        for part in (then, other):
            got: list[Value] = []
            side = self._side(fr, lambda frame, part=part, got=got: got.append(part(frame)))
            sides.append(side)
            values[id(side)] = got[0] if got else None
        alive = self._alive(fr, sides, unknown)
        self._merge_objects(alive, unknown, born)
        self._merge_variables(fr, alive, unknown, born)
        if len(self.interp.constructed) > before:
            self.interp.note(unknown)
        found = [values[id(s)] for s in alive]
        same = _all_same(found, born)
        return found[0] if same else _merged(found, unknown, self._forget)

    def _forget(self, tensor: Tensor) -> None:
        self.interp.touch(tensor)
        tensor.data = None

    def speculate(self, fr: Frame, unknown: Unknown, part: Compiled) -> None:
        """Run something that may never run, for what it would build; undo its changes."""
        before = len(self.interp.constructed)
        self._side(fr, part)
        if len(self.interp.constructed) > before:
            self.interp.note(unknown)


class Rest(NamedTuple):
    """How a loop goes on after the turns that are known."""

    turns: Callable[[Frame, Unknown], Value]
    """Runs an unknown number of further turns."""
    other: Compiled | None
    """Its `else`."""
    breaks: bool
    """Whether there is a `break` in its body."""

    def end(self, fr: Frame, unknown: Unknown | None) -> Value:
        """Run the `else`. `unknown`: why a side may have left by `break`; None if none has."""
        if self.other is None:
            return None
        if unknown is None or not self.breaks:
            return self.other(fr)
        return fr.interp.joins.branch(fr, unknown, [self.other, lambda _: None])


_BRANCH_STEPS = 16
"""What trying the sides of a branch counts for, beside what they do."""
_TURNS = 2
"""Turns of a loop of unknown length that are tried."""


def _ends_loop(signal: Any) -> bool:
    return bool(signal == BREAK)


class _Absent:
    pass


_ABSENT = _Absent()


def _all_same(values: list[Value], born: int) -> bool:
    return all(_same(values[0], value, born) for value in values[1:])


def _same(left: Value, right: Value, born: int, depth: int = 0) -> bool:
    """Say whether two values cannot be told apart. Containers have to be made on the sides, from
    `born` on: two older ones may be equal and yet not one."""
    if left is right:
        return True
    if type(left) is not type(right) or depth > 8:
        return False
    if isinstance(left, int | float | str | bytes):
        return left == right
    if isinstance(left, tuple):
        return _same_items(left, right, born, depth + 1)
    if isinstance(left, ListValue | DictValue | SetValue):
        if left.stamp < born or right.stamp < born or left.unknown or right.unknown:
            return False
        return _same_items(left, right, born, depth + 1)
    return False


def _merged(values: list[Value], unknown: Unknown, forget: Forget | None = None) -> Value:
    made = merge(values, unknown, forget)
    if isinstance(made, Unknown):
        made.absent = any(v is _ABSENT or (isinstance(v, Unknown) and v.absent) for v in values)
    return made


def _same_state(left: Any, right: Any, born: int) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return _same_items(left, right, born)
    if isinstance(left, tuple) and isinstance(right, tuple):
        if isinstance(left[0], dict) and list(left[0]) != list(right[0]):
            return False  # what is in another order comes in another order
        return _same_items(left[0], right[0], born) and left[1] is right[1]
    return bool(left is right or (isinstance(left, int) and left == right))


_MAX_COMPARED = 2_000


def _same_items(left: Any, right: Any, born: int, depth: int = 0) -> bool:
    if len(left) != len(right) or (depth > 1 and len(left) > _MAX_COMPARED):
        return False
    if isinstance(left, set | frozenset):
        return bool(left == right)
    if isinstance(left, dict):
        if left.keys() != right.keys():
            return False
        left, right = left.values(), [right[k] for k in left]
    return all(_same(one, other, born, depth) for one, other in zip(left, right, strict=True))


def _merge_states(value: Value, states: list[Any], unknown: Unknown, born: int) -> None:
    if isinstance(value, ListValue):
        _merge_list(value, states, unknown, born)
    elif isinstance(value, DictValue):
        _merge_mapping(value, [s[0] for s in states], unknown, born)
        marked = [s[1] for s in states if s[1] is not None]
        value.unknown = marked[0] if marked else (None if _same_keys(states) else unknown)
    elif isinstance(value, SetValue):
        common = set.intersection(*[s[0] for s in states])
        value.clear()
        value.update(common)
        value.unknown = unknown
    elif isinstance(value, Instance | Class | Function):
        _merge_mapping(value.attrs, states, unknown, born)
    elif isinstance(value, Frame):
        _merge_mapping(value.vars, states, unknown, born)
    elif isinstance(value, IteratorValue):
        value.unknown = unknown
    elif isinstance(value, Tensor):
        value.data = None


def _same_keys(states: list[Any]) -> bool:
    return all(list(s[0]) == list(states[0][0]) for s in states)


def _merge_list(value: ListValue, states: list[Any], unknown: Unknown, born: int) -> None:
    marked = [s[1] for s in states if s[1] is not None]
    contents = [s[0] for s in states]
    if marked or any(len(c) != len(contents[0]) for c in contents):
        value.unknown = marked[0] if marked else unknown
        return
    for index, items in enumerate(zip(*contents, strict=True)):
        every = list(items)
        value[index] = every[0] if _all_same(every, born) else _merged(every, unknown)


def _merge_mapping(
    target: dict[Any, Value], states: list[Any], unknown: Unknown, born: int
) -> None:
    names: dict[Any, None] = {}
    for state in states:
        names.update(dict.fromkeys(state))
    for name in names:
        values = [s.get(name, _ABSENT) for s in states]
        target[name] = values[0] if _all_same(values, born) else _merged(values, unknown)
