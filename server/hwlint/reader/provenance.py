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


class Bindings:
    """What fills the slots of templates inside templates: one template's slots, then those of the
    template around it."""

    __slots__ = ("binding", "inside", "numbers", "outer")

    def __init__(self, binding: Mapping[Slot, Trace | None], outer: "Bindings | None") -> None:
        self.binding = binding
        self.outer = outer
        self.numbers: dict[int, int] = {}
        """Of traces by their ids, see `Identities`: the traces are alive while these are used."""
        self.inside: dict[int, Bindings] = {}

    def __bool__(self) -> bool:
        """Say whether anything is filled: nothing is outside of all templates."""
        return self.outer is not None

    def around(self, binding: Mapping[Slot, Trace | None]) -> "Bindings":
        """Return the bindings inside of a template in here: one object for each `binding`."""
        found = self.inside.get(id(binding))
        if found is None:
            found = self.inside[id(binding)] = Bindings(binding, self)
        return found

    def forget(self) -> None:
        """Drop what is known by ids, for all templates in here: what they are of may go away."""
        stack: list[Bindings] = [self]
        while stack:
            item = stack.pop()
            stack += item.inside.values()
            item.numbers, item.inside = {}, {}

    def filling(self, slot: Slot) -> "tuple[Trace | None, Bindings] | None":
        """Return what fills a slot and the bindings that hold there; None where nothing does."""
        level = self
        while level.outer is not None:
            if slot in level.binding:
                return level.binding[slot], level.outer
            level = level.outer
        return None


def to_origin(value: object, bindings: Bindings | None = None) -> Origin | None:
    """Turn the trace of a value into an `Origin`; None where nothing is known."""
    trace = trace_of(value)
    if trace is None:
        return None
    if bindings is None:
        bindings = Bindings({}, None)
    return _Origins().of(trace, value, bindings, 0)


class Identities:
    """Numbers traces so that two have the same number if their origins are the same."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def of(self, trace: Trace | None, bindings: Bindings, depth: int = 0) -> int:
        """Return the number of a trace whose slots `bindings` fill."""
        if trace is None:
            return -1
        if type(trace) is Leaf:
            return self._numbers.setdefault(trace, len(self._numbers))
        found = bindings.numbers.get(id(trace))
        if found is None:
            described = self._described(trace, bindings, depth + 1)
            found = self._numbers.setdefault(described, len(self._numbers))
            bindings.numbers[id(trace)] = found
        return found

    def _described(self, trace: Trace, bindings: Bindings, depth: int) -> object:
        if depth > 4 * MAX_DEPTH:
            return object()  # as `_Origins`, which stops here: equal to nothing
        if isinstance(trace, Operation):
            parts = [self.of(operand, bindings, depth) for operand in trace.operands]
            return (trace.symbol, trace.value, *parts)
        if isinstance(trace, Bound):
            return ("", self.of(trace.inner, bindings.around(trace.binding), depth))
        assert isinstance(trace, Slot)
        found = bindings.filling(trace)
        if found is not None:
            return ("", self.of(found[0], found[1], depth))
        return trace if trace.filled is None else ("", self.of(trace.filled, bindings, depth))


class _Origins:
    """Makes the origin of one value; what several operands share is made once."""

    def __init__(self) -> None:
        self._done: dict[tuple[int, int], Origin] = {}
        self._around: dict[tuple[int, int], Bindings] = {}

    def of(self, trace: Trace, value: object, bindings: Bindings, depth: int) -> Origin:
        key = (id(trace), id(bindings))
        found = self._done.get(key)
        if found is None:
            found = self._done[key] = self._made(trace, value, bindings, depth)
        return found

    def _made(self, trace: Trace, value: object, bindings: Bindings, depth: int) -> Origin:
        if depth > 4 * MAX_DEPTH:
            return Origin(value)
        if isinstance(trace, Leaf):
            return Origin(trace.value, place=trace.place, name=trace.name)
        if isinstance(trace, Bound):
            return self.of(trace.inner, value, self._inside(trace, bindings), depth + 1)
        if isinstance(trace, Slot):
            return self._filled(trace, value, bindings, depth)
        assert isinstance(trace, Operation)
        operands = [self.of(o, _value(o), bindings, depth + 1) for o in trace.operands]
        return Origin(trace.value, operation=trace.symbol, operands=tuple(operands))

    def _inside(self, trace: Bound, bindings: Bindings) -> Bindings:
        key = (id(bindings), id(trace.binding))
        found = self._around.get(key)
        if found is None:
            found = self._around[key] = Bindings(trace.binding, bindings)
        return found

    def _filled(self, slot: Slot, value: object, bindings: Bindings, depth: int) -> Origin:
        found = bindings.filling(slot)
        trace, around = found if found is not None else (slot.filled, bindings)
        return Origin(value) if trace is None else self.of(trace, value, around, depth + 1)


def _value(trace: Trace) -> object:
    if isinstance(trace, Leaf | Operation):
        return trace.value
    return _value(trace.inner) if isinstance(trace, Bound) else None
