"""Numbers and strings that remember where they came from.

`SourcedInt`, `SourcedFloat` and `SourcedStr` are the plain types with a `trace` beside the value,
so that everything Python does with a number keeps working and only the operators of the
interpreter need to carry the trace on. A trace is a bounded DAG; `to_origin` turns it into
`graph.Origin`.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from collections.abc import Iterable, Mapping
from typing import Any

from hwlint.graph import Origin
from hwlint.source import Place

__all__ = [
    "Bindings",
    "Bound",
    "Identities",
    "Leaf",
    "Operation",
    "Slot",
    "SourcedFloat",
    "SourcedInt",
    "SourcedStr",
    "Trace",
    "combine",
    "derive",
    "open_slots",
    "rebind",
    "sourced",
    "to_origin",
    "trace_of",
]

MAX_DEPTH = 24
"""A chain of operations longer than this ends in an anonymous leaf."""


class Trace:
    """Base of the nodes of the DAG."""

    __slots__ = ("_slots", "depth")
    depth: int
    _slots: "frozenset[Slot]"

    def slots(self) -> "frozenset[Slot]":
        """Return the holes that this trace depends on."""
        try:
            return self._slots
        except AttributeError:
            self._slots = self._find_slots()
            return self._slots

    def _find_slots(self) -> "frozenset[Slot]":
        return _NO_SLOTS


class Leaf(Trace):
    """A literal in the source."""

    __slots__ = ("col", "end_col", "end_line", "line", "name", "path", "value")

    def __init__(self, place: Place, value: object, name: str | None) -> None:
        self.depth = 1
        self.path = place.path
        self.line = place.line
        self.col = place.col
        self.end_line = place.end_line
        self.end_col = place.end_col
        self.value = value
        self.name = name

    @property
    def place(self) -> Place:
        """Where the literal stands."""
        return Place(self.path, self.line, self.col, self.end_line, self.end_col)


class Operation(Trace):
    """A value computed from others."""

    __slots__ = ("operands", "symbol", "value")

    def __init__(self, symbol: str, value: object, operands: tuple[Trace, ...]) -> None:
        self.symbol = symbol
        self.value = value
        self.operands = operands
        depth = 0
        for operand in operands:
            if operand.depth > depth:  # noqa: PLR1730 - a call of max costs more here
                depth = operand.depth
        self.depth = depth + 1

    def _find_slots(self) -> "frozenset[Slot]":
        return _NO_SLOTS.union(*[operand.slots() for operand in self.operands])


class Slot(Trace):
    """A hole in a memo template: the trace of one argument of whoever uses the template.
    `filled` is the trace of the first user, for what was built then and never copied."""

    __slots__ = ("filled",)

    def __init__(self) -> None:
        self.depth = 1
        self.filled: Trace | None = None

    def _find_slots(self) -> "frozenset[Slot]":
        return frozenset((self,))


class Bound(Trace):
    """A trace out of a template together with what fills its slots."""

    __slots__ = ("binding", "inner")

    def __init__(self, inner: Trace, binding: Mapping[Slot, Trace | None]) -> None:
        self.inner = inner
        self.binding = binding
        self.depth = inner.depth + 1

    def _find_slots(self) -> "frozenset[Slot]":
        return open_slots(self.inner.slots(), self.binding)


_NO_SLOTS: frozenset[Slot] = frozenset()


def open_slots(slots: Iterable[Slot], binding: "Mapping[Slot, Trace | None]") -> frozenset[Slot]:
    """Return the holes that are left of `slots` once `binding` has filled its own."""
    found: set[Slot] = set()
    for slot in slots:
        if slot in binding:
            filling = binding[slot]
            found.update(filling.slots() if filling is not None else ())
        else:
            found.add(slot)
    return frozenset(found)


class SourcedInt(int):
    """An int with a trace."""

    trace: Trace


class SourcedFloat(float):
    """A float with a trace."""

    trace: Trace


class SourcedStr(str):
    """A str with a trace."""

    __slots__ = ("trace",)
    trace: Trace


_int_new = int.__new__
_float_new = float.__new__
_str_new = str.__new__


def sourced(value: object, trace: Trace | None) -> object:
    """Return `value` carrying `trace`; anything but an int, float or str comes back as it is."""
    if trace is None:
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        number = _int_new(SourcedInt, value)
        number.trace = trace
        return number
    if isinstance(value, float):
        real = _float_new(SourcedFloat, value)
        real.trace = trace
        return real
    if isinstance(value, str):
        text = _str_new(SourcedStr, value)
        text.trace = trace
        return text
    return value


def trace_of(value: Any) -> Trace | None:
    """Return the trace of a value, None where it has none."""
    kind = type(value)
    if kind is SourcedInt or kind is SourcedFloat or kind is SourcedStr:
        return value.trace
    return None


def derive(symbol: str, value: object, *sources: object) -> object:
    """Return `value` traced to those of `sources` that have a trace themselves."""
    traces = tuple([t for t in [trace_of(s) for s in sources] if t is not None])
    if not traces or isinstance(value, bool):
        return value
    made = Operation(symbol, value, traces)
    return sourced(value, made) if made.depth <= MAX_DEPTH else value


def combine(symbol: str, value: Any, left: Any, right: Any) -> object:
    """Return `value = left symbol right` traced to its operands: `derive` for the hot path."""
    first: Trace | None = left.trace if type(left) in _SOURCED else None
    second: Trace | None = right.trace if type(right) in _SOURCED else None
    if first is None:
        assert second is not None
        operands: tuple[Trace, ...] = (second,)
        depth = second.depth
    elif second is None:
        operands, depth = (first,), first.depth
    else:
        operands = (first, second)
        depth = first.depth if first.depth > second.depth else second.depth  # noqa: FURB136 - hot
    if depth >= MAX_DEPTH:
        return value
    made = _operation_new(Operation)
    made.symbol, made.value, made.operands, made.depth = symbol, value, operands, depth + 1
    if type(value) is int:
        number = _int_new(SourcedInt, value)
    elif type(value) is float:
        number = _float_new(SourcedFloat, value)
    else:
        return value
    number.trace = made
    return number


_SOURCED = frozenset({SourcedInt, SourcedFloat, SourcedStr})
_operation_new = Operation.__new__


def rebind(value: object, binding: Mapping[Slot, Trace | None]) -> object:
    """Return `value` with its trace bound to a caller's arguments."""
    trace = trace_of(value)
    if trace is None:
        return value
    if type(trace) is Slot:
        return sourced(_plain(value), binding[trace]) if trace in binding else value
    if type(trace) is Leaf:
        return value
    return sourced(_plain(value), Bound(trace, binding))


def _plain(value: object) -> object:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value)


Bindings = tuple[Mapping[Slot, Trace | None], ...]
"""What fills the slots of templates inside templates, the outermost first."""


def to_origin(value: object, bindings: Bindings = ()) -> Origin | None:
    """Turn the trace of a value into an `Origin`; None where nothing is known."""
    trace = trace_of(value)
    return None if trace is None else _origin(trace, value, bindings, {}, 0)


class Identities:
    """Numbers traces so that two have the same number if their origins are the same."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def of(self, trace: Trace | None, bindings: Bindings) -> int:
        """Return the number of a trace whose slots `bindings` fill."""
        return self._of(trace, bindings, {}, 0)

    def _of(
        self, trace: Trace | None, bindings: Bindings, done: dict[object, int], depth: int
    ) -> int:
        if trace is None:
            return -1
        if type(trace) is Leaf:
            return self._number(trace)
        key = (id(trace), tuple([id(b) for b in bindings]))
        if key not in done:
            done[key] = self._number(self._described(trace, bindings, done, depth + 1))
        return done[key]

    def _described(
        self, trace: Trace, bindings: Bindings, done: dict[object, int], depth: int
    ) -> object:
        if depth > 4 * MAX_DEPTH:
            return object()  # as `_origin`, which stops here: equal to nothing
        if isinstance(trace, Operation):
            parts = [self._of(o, bindings, done, depth) for o in trace.operands]
            return (trace.symbol, trace.value, *parts)
        if isinstance(trace, Bound):
            return ("", self._of(trace.inner, (*bindings, trace.binding), done, depth))
        assert isinstance(trace, Slot)
        for index in range(len(bindings) - 1, -1, -1):
            if trace in bindings[index]:
                outer = bindings[index][trace]
                return ("", self._of(outer, bindings[:index], done, depth))
        filled = trace.filled
        return trace if filled is None else ("", self._of(filled, bindings, done, depth))

    def _number(self, described: object) -> int:
        return self._numbers.setdefault(described, len(self._numbers))


def _origin(
    trace: Trace, value: object, bindings: Bindings, done: dict[object, Origin], depth: int
) -> Origin:
    key = (id(trace), tuple([id(b) for b in bindings]))
    if key in done:
        return done[key]
    if depth > 4 * MAX_DEPTH:
        made = Origin(value)
    elif isinstance(trace, Leaf):
        made = Origin(trace.value, place=trace.place, name=trace.name)
    elif isinstance(trace, Bound):
        made = _origin(trace.inner, value, (*bindings, trace.binding), done, depth + 1)
    elif isinstance(trace, Slot):
        made = _filled(trace, value, bindings, done, depth)
    else:
        assert isinstance(trace, Operation)
        operands = [_origin(o, _value(o), bindings, done, depth + 1) for o in trace.operands]
        made = Origin(trace.value, operation=trace.symbol, operands=tuple(operands))
    done[key] = made
    return made


def _filled(
    slot: Slot, value: object, bindings: Bindings, done: dict[object, Origin], depth: int
) -> Origin:
    for index in range(len(bindings) - 1, -1, -1):
        if slot in bindings[index]:
            outer = bindings[index][slot]
            if outer is None:
                return Origin(value)
            return _origin(outer, value, bindings[:index], done, depth + 1)
    if slot.filled is None:
        return Origin(value)
    return _origin(slot.filled, value, bindings, done, depth + 1)


def _value(trace: Trace) -> object:
    if isinstance(trace, Leaf | Operation):
        return trace.value
    return _value(trace.inner) if isinstance(trace, Bound) else None
