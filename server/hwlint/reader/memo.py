"""Construction of modules, remembered by class and arguments.

The first construction runs with a `Slot` for the trace of each number that it is given. If it
changed nothing outside of itself, the result is kept as a template; every caller, the first one
too, gets a copy of its own in which the slots are bound to the caller's traces. So two callers with
an equal 768 from different literals never share an origin, and no copy sees another's mutation.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType as Reference

from hwlint.reader.budget import Exhausted
from hwlint.reader.joins import World
from hwlint.reader.plain_values import NEVER_OLD
from hwlint.reader.provenance import (
    Bound,
    Identities,
    Leaf,
    Slot,
    SourcedFloat,
    SourcedInt,
    SourcedStr,
    Trace,
    sourced,
    trace_of,
)
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
    Class,
    DictValue,
    External,
    Function,
    Instance,
    IteratorValue,
    LayerRecord,
    LazyModule,
    ListValue,
    ModuleInstance,
    Partial,
    SetValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.frame import Frame
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "STEPS_PER_TEMPLATE",
    "Check",
    "Memo",
    "NotFrozen",
    "Recording",
    "Template",
    "slotted",
]

MAX_TEMPLATES = 1_000
"""Templates that are made before those that nobody has used meanwhile are dropped."""
_STEPS_PER_COPY = 4
STEPS_PER_TEMPLATE = 24


_MAX_KEY = 5_000
"""Values that the arguments of a construction may consist of to be looked up."""


_OWN, _NEVER_OWN = -1, -2


class NotFrozen(Exception):
    """An argument that cannot be part of a key, or a result that cannot be copied."""


class Template:
    """A construction, or another call, that can be replayed."""

    __slots__ = (
        "built", "cells", "closed", "constructed", "keep", "made", "slots", "stamp", "steps",
    )  # fmt: skip

    def __init__(self, made: Any, slots: list["Slot | None"], stamp: int) -> None:
        self.made = made
        self.slots = slots
        self.stamp = stamp
        self.constructed: dict[LayerRecord, None] = {}
        self.built: set[Class] = set()
        self.cells: set[tuple[str, str]] = set()
        self.keep: Any = None
        self.steps = 0
        self.closed: bool | None = None  # see outline.py


class Recording:
    """Notes whether anything older than its beginning changes meanwhile."""

    __slots__ = ("impure", "stamp")

    def __init__(self, stamp: int) -> None:
        self.stamp = stamp
        self.impure = False


class Memo:
    """The templates of one process."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.templates: dict[Any, Template | None] = {}
        self.before: dict[Any, Template | None] = {}
        """Templates of the generation before: who is used again comes over."""
        self.emitted: dict[Any, Any] = {}
        self.identities = Identities()
        self.recordings: list[Recording] = []
        self.stamp = 0
        self.entry_stamp = 0
        self.epoch = 0
        self.leaked = World(NEVER_OLD)
        """What entry points changed of what outlives them: nothing puts that back meanwhile."""
        self.leaks = False
        """Whether the entry point at hand did so."""
        self.enabled = True
        self.looked_at = 0
        self.own_classes: dict[Class, int] = {}
        """What `_is_own` found: `_OWN`, `_NEVER_OWN`, else the entry point of which it is not."""
        self.leaking: set[tuple[str, str]] = set()
        """What the entry points depend on that changed what outlives them."""
        self.world: World | None = None

    def begin_entry(self) -> None:
        """Start an entry point: changes to what exists already count as changes of the world."""
        self.settle()
        self.interp.clock += 1
        self.entry_stamp = self.stamp = self.interp.clock
        self.recordings.clear()

    def settle(self) -> None:
        """Note what the entry point at hand depends on, if it changed what outlives it."""
        if self.leaks:
            self.leaking |= self.interp.cells
            self.leaks = False

    def outside_changed(self, value: "Value | Frame") -> None:
        """Note that something older than the current recording changed."""
        if self.interp.imports.executing:
            self.interp.imports.spilled(value)
            return
        if self.world is not None:
            self.world.remember(value)
        self.interp.followed.changed(value)
        for recording in reversed(self.recordings):
            if value.stamp >= recording.stamp:
                return
            recording.impure = True
        if value.stamp < self.entry_stamp:
            self.epoch += 1
            if self.world is None:
                self.leaked.remember(value)
                self.leaks = True
            self.forget()

    def spoil(self) -> None:
        """Make templates of nothing that is being recorded."""
        for recording in self.recordings:
            recording.impure = True

    def has_leaked(self, cells: "set[tuple[str, str]]") -> bool:
        """Say whether an entry point that depends on any of the cells changed what outlives it."""
        self.settle()
        return bool(self.leaked) and not self.leaking.isdisjoint(cells)

    def put_back(self, cells: "set[tuple[str, str]]") -> bool:
        """Undo what entry points changed of what outlives them, where any of them depends on
        `cells`: the others would change the same again. Returns whether there was such. All
        templates are dropped then: they may rest on what was changed."""
        if not self.has_leaked(cells):
            return False
        self.leaking.clear()
        self.leaked.put_back()
        self.leaked = World(NEVER_OLD)
        self.epoch += 1
        self.forget()
        return True

    def drop(self, cells: "set[tuple[str, str]]") -> None:
        """Drop the templates that rest on any of the cells."""
        for kept in (self.templates, self.before):
            for key in [k for k, t in kept.items() if t is None or not cells.isdisjoint(t.cells)]:
                del kept[key]
        self._forget_emitted()

    def start(self) -> Recording:
        """Begin to watch whether what is older than now changes."""
        self.interp.clock += 1
        self.stamp = self.interp.clock
        self.recordings.append(Recording(self.stamp))
        return self.recordings[-1]

    def forget(self) -> None:
        """Drop all templates and what was emitted of them."""
        self.templates.clear()
        self.before.clear()
        self._forget_emitted()

    def _forget_emitted(self) -> None:
        self.emitted.clear()
        self.identities = Identities()

    def _known(self, key: Any) -> "Template | None":
        """Return the template of a construction, None where it can have none; raises KeyError where
        it was not met so far."""
        try:
            return self.templates[key]
        except KeyError:
            self.templates[key] = found = self.before[key]
            return found

    def construct(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """Build an instance of a module class, from a template where there is one."""
        if not self.enabled or self.interp.maybe or not self._is_own(cls):
            return self._plain(cls, args, kwargs)
        if len(self.templates) > MAX_TEMPLATES:
            self.before, self.templates = self.templates, {}
            self._forget_emitted()
        self.looked_at = 0
        try:
            named = tuple([(k, self._freeze(v)) for k, v in kwargs.items()])
            key = (cls, self.epoch, self.key_of(args), named)
        except NotFrozen:
            return self._plain(cls, args, kwargs)
        site = self.interp.site
        try:
            template = self._known(key)
        except KeyError:
            made = self._record(key, cls, args, kwargs)
        else:
            if template is None:
                return self._plain(cls, args, kwargs)
            made = self._replay(template, args, kwargs)
        made.place = site.place if site is not None else None
        made.asked = self.interp.asked()
        return made

    def _is_own(self, cls: Class) -> bool:
        """Say whether what a class builds is decided by its arguments and by globals alone. A
        constructor that is torch's own builds at the place of the call; a method may read variables
        of a function around it, which may run on. One that has returned before this entry point
        began does not: whatever changes its variables changes the world, as with globals."""
        found = self.own_classes.get(cls)
        if found is None or found not in (_OWN, _NEVER_OWN, self.entry_stamp):
            raw = [v for c in cls.mro for v in c.attrs.values()]
            around = [v.closure for v in raw if isinstance(v, Function) and v.closure is not None]
            if isinstance(cls.find("__init__"), Builtin):
                found = _NEVER_OWN
            elif any(self._may_run_on(frame) for frame in around):
                found = self.entry_stamp
            else:
                found = _OWN
            self.own_classes[cls] = found
        return found == _OWN

    def _may_run_on(self, frame: "Frame") -> bool:
        return frame.stamp >= self.entry_stamp or self.entry_stamp == NEVER_OLD

    def _plain(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        made = self.interp.allocate(cls, args)
        self.interp.initialise(made, args, kwargs)
        return made

    def suspend(self, interp: "Interpreter") -> Any:
        """Leave all recordings: a module's top level is about to run."""
        state = (
            self.recordings, self.stamp, interp.constructed, interp.notes, interp.built,
            interp.joins.journals, interp.joins.guards, interp.flow, interp.training,
            interp.running,
        )  # fmt: skip
        interp.clock += 1
        self.recordings, self.stamp = [], interp.clock
        interp.flow, interp.training, interp.running = None, True, 0
        interp.constructed, interp.notes, interp.built = {}, {}, set()
        interp.joins.journals, interp.joins.guards = [], []
        return state

    def resume(self, interp: "Interpreter", state: Any) -> None:
        """Come back from `suspend`."""
        (
            self.recordings, self.stamp, interp.constructed, interp.notes, interp.built,
            interp.joins.journals, interp.joins.guards, interp.flow, interp.training,
            interp.running,
        ) = state  # fmt: skip

    # --- recording --------------------------------------------------------------------------

    def _record(self, key: Any, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self.interp
        slots: list[Slot | None] = []
        given = [slotted(v, slots) for v in [*args, *kwargs.values()]]
        outer = (interp.constructed, interp.notes, interp.built, interp.cells, self.stamp)
        interp.constructed, interp.notes, interp.built, interp.cells = {}, {}, set(), set()
        interp.clock += 1
        recording = Recording(interp.clock)
        self.recordings.append(recording)
        self.stamp = interp.clock
        interp.budget.steps += STEPS_PER_TEMPLATE
        steps = interp.budget.steps
        try:
            made = interp.allocate(cls, given[: len(args)])
            named = dict(zip(kwargs, given[len(args) :], strict=True))
            interp.initialise(made, given[: len(args)], named)
        except BaseException:
            recording.impure = True
            made = None
            raise
        finally:
            inner = (interp.constructed, interp.notes, interp.built, interp.cells)
            interp.constructed, interp.notes, interp.built, interp.cells, self.stamp = outer
            self.recordings.remove(recording)
            self._absorb(*inner)
            self.fill(slots, args, kwargs)
        assert isinstance(made, ModuleInstance)
        if recording.impure or inner[1]:
            self.templates[key] = None
            return made
        template = Template(made, slots, recording.stamp)
        template.constructed, _, template.built, template.cells = inner
        template.keep = given
        template.steps = interp.budget.steps - steps
        return self._first_copy(key, template, made, args, kwargs)

    def _first_copy(
        self, key: Any, template: Template, made: Value, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        try:
            Check(template.stamp).all([made])
        except NotFrozen:
            self.templates[key] = None
            return made
        self.templates[key] = template
        return self.copy(template, args, kwargs)

    def _absorb(self, constructed: Any, notes: Any, built: Any, cells: Any) -> None:
        self.interp.constructed.update(constructed)
        self.interp.notes.update(notes)
        self.interp.built |= built
        self.interp.cells |= cells

    def fill(self, slots: list["Slot | None"], args: list[Value], kwargs: dict[str, Value]) -> None:
        """Say what the slots stand for in what the first caller got."""
        for slot, trace in zip(slots, _traces([*args, *kwargs.values()]), strict=True):
            if slot is not None:
                slot.filled = trace

    # --- replaying --------------------------------------------------------------------------

    def _replay(self, template: Template, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self.interp
        self._absorb(template.constructed, {}, template.built, template.cells)
        interp.tick()
        return self.copy(template, args, kwargs)

    def copy(self, template: Template, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """Return what a template made, with the traces of this caller's arguments."""
        values = [*args, *kwargs.values()]
        traces = zip(template.slots, _traces(values), strict=True)
        binding = {slot: trace for slot, trace in traces if slot is not None}
        copier = Copier(template, self.interp, binding)
        for before, now in zip(template.keep, values, strict=True):
            copier.pair(before, now)
        return copier.copy(template.made)

    # --- keys -------------------------------------------------------------------------------

    def key_of(self, args: list[Value]) -> Any:
        """Return what equal arguments have in common; raises NotFrozen."""
        return tuple([self._freeze(v) for v in args])

    def _freeze(self, value: Value, inner: bool = False) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is int or kind is str or kind is float:
            return (kind, value)
        self.looked_at += 1
        if self.looked_at > _MAX_KEY:
            raise NotFrozen
        if kind is SourcedInt or kind is SourcedStr or kind is SourcedFloat:
            base = kind.__base__
            return (base, value, id(value.trace) if inner else "")
        if kind is Function and value.closure is not None:
            raise NotFrozen  # what it sees around it may be something else the next time
        if kind in (Class, Function, Builtin, External):
            return value
        if kind is tuple or kind is Partial:
            return self._freeze_parts(value, None if inner else {})
        if kind is frozenset:
            return (kind, tuple([self._freeze(v, True) for v in value]))
        return self._freeze_object(value)

    def _freeze_parts(self, value: Any, traces: "dict[int, int] | None") -> Any:
        """Return the key of a tuple or a partial.

        `traces`: numbers for the traces of an argument's items, which get slots: which of them are
        one is part of the key, which they are is not. None inside of what gets no slots.
        """
        items: list[Any] = []
        for item in _parts(value):
            kind = type(item)
            if kind is tuple or kind is Partial:
                items.append(self._freeze_parts(item, traces))
            elif traces is not None and kind in _SOURCED:
                number = traces.setdefault(id(item.trace), len(traces))
                items.append((kind.__base__, item, number))
            else:
                items.append(self._freeze(item, True))
        names = (tuple(value.kwargs), len(value.args)) if type(value) is Partial else ()
        return (type(value), names, tuple(items))

    def _freeze_object(self, value: Value) -> Any:
        if isinstance(value, ListValue | DictValue):
            if value.unknown is not None or len(value) > 500:
                raise NotFrozen
            items = value.items() if isinstance(value, DictValue) else value
            return (type(value), tuple([self._freeze(v, True) for v in items]))
        if isinstance(value, BoundMethod) and isinstance(value.self_value, Class):
            return (BoundMethod, value.func, value.self_value)
        if isinstance(value, Instance) and not isinstance(value, ModuleInstance):
            return (id(value), tuple(self._versions(value, 0)))
        raise NotFrozen

    def _versions(self, value: Value, depth: int) -> list[int]:
        self.looked_at += 1
        if depth > 4 or self.looked_at > _MAX_KEY:
            raise NotFrozen
        out = [value.version]
        holders: list[Value] = []
        if isinstance(value, Instance):
            holders = [*value.attrs.values(), value.payload]
        elif isinstance(value, DictValue):
            holders = list(value.values())
        elif isinstance(value, ListValue):
            holders = list(value)
        for item in holders:
            if isinstance(item, ModuleInstance | Unknown):
                raise NotFrozen
            if isinstance(item, Instance | DictValue | ListValue | SetValue):
                out.append(id(item))
                out.extend(self._versions(item, depth + 1))
        return out


_SOURCED = frozenset((SourcedInt, SourcedStr, SourcedFloat))


def _parts(value: Any) -> Any:
    """Return what a tuple or a partial, which nobody changes, holds."""
    return value if type(value) is tuple else (value.func, *value.args, *value.kwargs.values())


def slotted(value: Value, slots: "list[Slot | None]") -> Value:
    """Return an argument with a slot for each trace in it; `slots` gets them in order."""
    if type(value) is tuple or type(value) is Partial:
        return _slotted_parts(value, slots, {})
    slot = Slot() if type(value) in _SOURCED else None
    slots.append(slot)
    return value if slot is None else sourced(_plain(value), slot)


def _slotted_parts(value: Any, slots: "list[Slot | None]", known: dict[int, Slot]) -> Any:
    items: list[Value] = []
    changed = False
    for item in _parts(value):
        new = item
        if type(item) is tuple or type(item) is Partial:
            new = _slotted_parts(item, slots, known)
        elif type(item) in _SOURCED:
            slot = known.get(id(item.trace))
            if slot is None:
                slot = known[id(item.trace)] = Slot()
                slots.append(slot)
            new = sourced(_plain(item), slot)
        items.append(new)
        changed = changed or new is not item
    if not changed:
        return value
    if type(value) is tuple:
        return tuple(items)
    first = 1 + len(value.args)
    return Partial(items[0], items[1:first], dict(zip(value.kwargs, items[first:], strict=True)))


def _plain(value: Any) -> Any:
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)


def _traces(values: Iterable[Value]) -> "list[Trace | None]":
    """Return what fills the slots of arguments, in their order."""
    found: list[Trace | None] = []
    for value in values:
        if type(value) is tuple or type(value) is Partial:
            inner: dict[int, Trace] = {}
            _collect(value, inner)
            found += inner.values()
        else:
            found.append(trace_of(value))
    return found


def _collect(value: Any, found: "dict[int, Trace]") -> None:
    for item in _parts(value):
        if type(item) is tuple or type(item) is Partial:
            _collect(item, found)
        elif type(item) in _SOURCED:
            found.setdefault(id(item.trace), item.trace)


class Check:
    """Looks whether what was created since `stamp` can be copied; raises NotFrozen."""

    def __init__(self, stamp: int) -> None:
        self.stamp = stamp
        self.seen: set[int] = set()

    def all(self, values: Iterable[Value]) -> None:
        """Look at all that the values hold."""
        stack = list(values)
        while stack:
            value = stack.pop()
            kind = type(value)
            if kind in _SAFE or id(value) in self.seen:
                continue
            self.seen.add(id(value))
            if kind is IteratorValue:
                raise NotFrozen
            if kind is Function:
                if value.closure is not None and value.closure.stamp >= self.stamp:
                    raise NotFrozen  # it sees variables of the construction itself
                continue
            parts = _PARTS.get(kind)
            if parts is not None:
                stack.extend(parts(value))


def _module_parts(value: ModuleInstance) -> Iterable[Value]:
    tables = [t.values() for t in value.tables() if t]
    layer = value.layer.values.values() if value.layer is not None else ()
    return [*value.attrs.values(), *layer, *[v for table in tables for v in table]]


_SAFE = frozenset({int, str, bool, float, type(None), SourcedInt, SourcedFloat, SourcedStr, Class})
_PARTS: dict[type, Callable[[Any], Iterable[Value]]] = {
    ModuleInstance: _module_parts,
    Instance: lambda v: [*v.attrs.values(), v.payload],
    ListValue: lambda v: v,
    tuple: lambda v: v,
    SetValue: lambda v: v,
    DictValue: lambda v: v.values(),
    BoundMethod: lambda v: (v.func, v.self_value),
    Partial: lambda v: (v.func, *v.args, *v.kwargs.values()),
}


_SCALARS = frozenset((int, float, str, bool, SourcedInt, SourcedFloat, SourcedStr))


class Copier:
    """Copies what a template created, shares the rest. A module is copied when somebody looks into
    it: most never are."""

    __slots__ = ("binding", "budget", "clock", "done", "stamp", "template", "traces")

    def __init__(
        self, template: Template, interp: "Interpreter", binding: Mapping[Slot, Trace | None]
    ) -> None:
        self.template = template  # keeps alive what `done` knows by its id
        self.stamp = template.stamp
        self.clock = interp.clock
        self.budget = interp.budget
        self.binding = binding
        self.done: dict[int, Value] = {}
        self.traces: dict[int, Bound] = {}

    def pair(self, before: Value, now: Value) -> None:
        """Let a copy hold what its own caller gave, also inside of lists that are alike."""
        kind = type(before)
        if before is None or kind in _SCALARS or id(before) in self.done:
            return
        self.done[id(before)] = now
        if kind is tuple or kind is ListValue or kind is Partial:
            parts = _parts if kind is Partial else list
            for one, other in zip(parts(before), parts(now), strict=False):
                self.pair(one, other)
        elif isinstance(before, DictValue):
            for one, other in zip(before.values(), now.values(), strict=False):
                self.pair(one, other)

    def copy(self, value: Value) -> Any:
        kind = type(value)
        if kind is int or kind is bool or value is None:
            return value
        if kind is SourcedInt or kind is SourcedFloat or kind is SourcedStr:
            return value if type(value.trace) is Leaf else self.number(value)
        handler = _COPY.get(kind)
        if handler is None:
            return value
        found = self.done.get(id(value))
        if type(found) is Reference:
            found = found()
        return found if found is not None else handler(self, value)

    def number(self, value: Any) -> Value:
        """Copy what has a trace. Two items of a tuple that are one number stay one."""
        trace = value.trace
        if type(trace) is Slot:
            return sourced(_plain(value), self.binding[trace]) if trace in self.binding else value
        bound = self.traces.get(id(trace))
        if bound is None:
            bound = self.traces[id(trace)] = Bound(trace, self.binding)
        return sourced(_plain(value), bound)

    def module(self, value: ModuleInstance) -> Value:
        if value.stamp < self.stamp:
            return value
        made = LazyModule(value, self, self.clock)
        # The module holds the copier: held in turn, both would wait for the garbage collector.
        self.done[id(value)] = Reference(made)
        return made

    def open(self, made: ModuleInstance, value: ModuleInstance) -> None:
        """Copy what `value` holds, one level deep, into `made`."""
        self.budget.steps += _STEPS_PER_COPY
        if self.budget.steps > self.budget.limit:
            raise Exhausted("too many steps")
        modules, parameters, buffers = value.tables()
        made.__class__ = ModuleInstance
        made.layer = None if value.layer is None else self.layer(value.layer)
        made.unfilled = value.unfilled
        made.modules = self._submodules(modules) if modules else None
        made.parameters = None if parameters is None else self.mapping(parameters)
        made.buffers = None if buffers is None else self.mapping(buffers)
        copy = self.copy
        made.attrs = {k: copy(v) for k, v in value.attrs.items()}

    def _submodules(self, table: DictValue) -> DictValue:
        """Copy a table that is held by its module alone, which holds this copier."""
        made = DictValue((), self.clock)
        made.update({k: self.copy(v) for k, v in table.items()})
        made.unknown = table.unknown
        return made

    def layer(self, record: LayerRecord) -> LayerRecord:
        values: dict[str, Value] = {}
        changed = False
        for key, item in record.values.items():
            new = self.copy(item)
            changed = changed or new is not item
            values[key] = new
        if not changed:
            return record
        made = LayerRecord(
            record.spec,
            values,
            record.defaulted,
            record.place,
            record.owner,
            record.maybe,
            record.asked,
        )
        made.inner = record.inner
        return made

    def instance(self, value: Instance) -> Value:
        if value.stamp < self.stamp:
            return value
        made = Instance(value.cls, self.clock)
        self.done[id(value)] = made
        made.attrs = {k: self.copy(v) for k, v in value.attrs.items()}
        made.payload = self.copy(value.payload)
        return made

    def list(self, value: ListValue) -> Value:
        if value.stamp < self.stamp:
            return value
        made = ListValue((), self.clock)
        self.done[id(value)] = made
        made.extend([self.copy(v) for v in value])
        made.unknown = value.unknown
        return made

    def mapping(self, value: DictValue) -> Any:
        if value.stamp < self.stamp:
            return value
        made = DictValue((), self.clock)
        self.done[id(value)] = made
        made.update({k: self.copy(v) for k, v in value.items()})
        made.unknown, made.factory = value.unknown, value.factory
        return made

    def set(self, value: SetValue) -> Value:
        if value.stamp < self.stamp:
            return value
        made = SetValue([self.copy(v) for v in value], self.clock)
        self.done[id(value)] = made
        made.unknown = value.unknown
        return made

    def iterator(self, value: IteratorValue) -> Value:
        raise NotFrozen

    def tensor(self, value: Tensor) -> Value:
        if value.stamp < self.stamp:
            return value
        made = Tensor(value.shape, value.data, value.dtype, value.kind)
        made.stamp = self.clock
        self.done[id(value)] = made
        return made

    def tuple(self, value: Any) -> Value:
        items = [self.copy(v) for v in value]
        changed = any(a is not b for a, b in zip(items, value, strict=True))
        made = self.done[id(value)] = tuple(items) if changed else value
        return made

    def method(self, value: BoundMethod) -> Value:
        return BoundMethod(self.copy(value.func), self.copy(value.self_value))

    def partial(self, value: Partial) -> Value:
        named = {k: self.copy(v) for k, v in value.kwargs.items()}
        return Partial(self.copy(value.func), [self.copy(v) for v in value.args], named)


_COPY: dict[type, Any] = {
    ModuleInstance: Copier.module,
    LazyModule: Copier.module,
    Instance: Copier.instance,
    ListValue: Copier.list,
    DictValue: Copier.mapping,
    SetValue: Copier.set,
    IteratorValue: Copier.iterator,
    Tensor: Copier.tensor,
    tuple: Copier.tuple,
    BoundMethod: Copier.method,
    Partial: Copier.partial,
}
