"""What modules and arguments are, by value: equal keys stand for what a call cannot tell apart."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Iterator
from typing import Any

from hwlint.reader.plain_values import NamedPair
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
    Class,
    DictValue,
    External,
    Function,
    Instance,
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

__all__ = ["Arguments", "NotAlike", "Numbers"]

_MAX_DEPTH = 12
_MAX_PARTS = 20_000
"""Values that an argument or the attributes of a module may consist of."""
_MAX_LEVELS = 200
"""How deep modules may be nested: nothing deeper can be called."""
_PLAIN = frozenset({type(None), bool, int, float, str, bytes, complex})
_SOURCED: dict[type, type] = {SourcedInt: int, SourcedFloat: float, SourcedStr: str}
_BY_IDENTITY = frozenset({Class, External})


class NotAlike(Exception):
    """Something that cannot be compared by value."""


class Numbers:
    """Numbers of modules and other objects of a model: equal for those that are alike."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}
        self._level = 0
        self._originals: dict[int, tuple[ModuleInstance, int | None]] = {}
        self.begin(0, None)

    def begin(self, since: int, root: ModuleInstance | None) -> None:
        """Start a run of a model. `since`: what the clock says; what is newer is not looked at."""
        self.since = since
        self.root = root
        self.stale = False
        self._nodes: dict[int, tuple[Value, int | None]] = {}
        self._parts: dict[int, Value] = {}
        self._holders: dict[int, list[ModuleInstance]] = {}

    def drop(self, value: Value) -> bool:
        """Note that something is about to change; says whether it is a part of the model. A module
        that has it, and those that have the module, have no number for the rest of the run."""
        whole = value if isinstance(value, ModuleInstance) else self._parts.get(id(value))
        if whole is None:
            return id(value) in self._nodes and self._drop_all()
        if not isinstance(whole, ModuleInstance):
            return self._drop_all()
        if id(whole) not in self._holders:
            self._holders = _holders(self.root)
        if id(whole) not in self._holders:
            return self._drop_all()
        stack, seen = [whole], set[int]()
        while stack:
            module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                self._nodes[id(module)] = (module, None)
                stack += self._holders.get(id(module), ())
        return True

    def _drop_all(self) -> bool:
        self.stale = True
        return True

    def of(self, value: Instance) -> int | None:
        """Return the number of a module or another object, None where there is none like it."""
        if self.stale:
            return None
        found = self._nodes.get(id(value))
        if found is not None:
            return found[1]
        if value.stamp >= self.since:
            return None  # the run itself made it, and may change it at any time
        self._nodes[id(value)] = (value, None)  # for what has itself as a part
        number = self._number(value)
        self._nodes[id(value)] = (value, number)
        return number

    def _number(self, value: Instance) -> int | None:
        if type(value) is LazyModule:
            assert value.pending is not None
            original, copier = value.pending
            number = self._of_original(original, copier.template.stamp)
            if number is not None:
                return number
        try:
            return self._numbered(_Content(self, None).of(value))
        except NotAlike:
            return None

    def _numbered(self, content: Any) -> int:
        return self._known.setdefault(content, len(self._known))

    def _of_original(self, original: ModuleInstance, stamp: int) -> int | None:
        """Return the number of a module of a construction's template, which is the number of every
        copy that nobody has looked into; None where it shares parts with others."""
        found = self._originals.get(id(original))
        if found is None:
            self._originals[id(original)] = (original, None)  # for what has itself as a part
            found = self._originals[id(original)] = (original, self._looked_up(original, stamp))
        return found[1]

    def _looked_up(self, original: ModuleInstance, stamp: int) -> int | None:
        if type(original) is LazyModule:  # itself a copy out of another template
            assert original.pending is not None
            inner, copier = original.pending
            number = self._of_original(inner, copier.template.stamp)
            if number is not None:
                return number
        try:
            return self._numbered(_Content(self, stamp).of(original))
        except NotAlike:
            return None

    def inner(self, value: Instance, stamp: int | None) -> int:
        """Return the number of a part; raises NotAlike."""
        if self._level > _MAX_LEVELS:
            raise NotAlike
        self._level += 1
        try:
            number = self._number_inside(value, stamp)
        finally:
            self._level -= 1
        if number is None:
            raise NotAlike
        return number

    def _number_inside(self, value: Instance, stamp: int | None) -> int | None:
        if stamp is None:
            return self.of(value)
        if value.stamp < stamp or not isinstance(value, ModuleInstance):
            return None
        return self._of_original(value, stamp)

    def part(self, value: Value, whole: Value) -> None:
        """Note what an object has as a part."""
        self._parts[id(value)] = whole


def _holders(root: ModuleInstance | None) -> dict[int, list[ModuleInstance]]:
    """Return who has each module below a model, so far as anybody looked into it."""
    found: dict[int, list[ModuleInstance]] = {} if root is None else {id(root): []}
    stack = [] if root is None else [root]
    while stack:
        module = stack.pop()
        if type(module) is LazyModule:
            continue
        for child in _modules_in(module):
            if id(child) not in found:
                found[id(child)] = []
                stack.append(child)
            found[id(child)].append(module)
    return found


def _modules_in(module: ModuleInstance) -> Iterator[ModuleInstance]:
    table = module.tables()[0]
    values: list[tuple[Value, int]] = [(v, 0) for v in module.attrs.values()]
    values += [(v, 0) for v in table.values()] if table is not None else []
    while values:
        value, depth = values.pop()
        if isinstance(value, ModuleInstance):
            yield value
        elif depth < _MAX_DEPTH and isinstance(value, tuple | ListValue | SetValue):
            values += [(v, depth + 1) for v in value]
        elif depth < _MAX_DEPTH and isinstance(value, DictValue):
            values += [(v, depth + 1) for v in value.values()]
        elif depth < _MAX_DEPTH and type(value) is BoundMethod:
            values.append((value.self_value, depth + 1))


class _Frozen:
    """Turns values into keys."""

    def __init__(self) -> None:
        self.count = 0

    def frozen(self, value: Value, depth: int = 0) -> Any:
        """Return a key; raises NotAlike."""
        kind = type(value)
        if kind in _PLAIN:
            return (kind, value)
        if kind in _SOURCED:
            return (_SOURCED[kind], value)
        self.count += 1
        if depth > _MAX_DEPTH or self.count > _MAX_PARTS:
            raise NotAlike
        if kind in _BY_IDENTITY:
            return value
        return self.object(value, kind, depth + 1)

    def object(self, value: Value, kind: type, depth: int) -> Any:  # noqa: PLR0911 - a table
        """Return the key of what is no plain value."""
        if kind is Tensor:
            return self.tensor(value)
        if kind is tuple or kind is NamedPair:
            return (kind, *[self.frozen(v, depth) for v in value])
        if isinstance(value, ListValue | DictValue | SetValue):
            return self.container(value, depth)
        if isinstance(value, Instance):
            return self.instance(value, depth)
        if kind is Function:
            return self.function(value)
        if kind is Unknown and not value.options:
            return (Unknown, value.reason, value.place, value.absent)
        if kind is Partial:
            named = [(k, self.frozen(v, depth)) for k, v in value.kwargs.items()]
            given = [self.frozen(v, depth) for v in value.args]
            return (Partial, self.frozen(value.func, depth), tuple(given), tuple(named))
        if kind is BoundMethod:
            return (BoundMethod, self.frozen(value.func), self.frozen(value.self_value, depth))
        if kind is slice:
            return (slice, *[self.frozen(v) for v in (value.start, value.stop, value.step)])
        if kind is range or kind is frozenset:
            return value
        return self.other(value)

    def container(self, value: Value, depth: int) -> Any:
        """Return the key of a list, dict or set."""
        if value.unknown is not None:
            raise NotAlike
        if isinstance(value, DictValue):
            if value.home is not None:
                raise NotAlike
            items = [(self.frozen(k), self.frozen(v, depth)) for k, v in value.items()]
            return (DictValue, self.frozen(value.factory), *items)
        if isinstance(value, SetValue):
            return (SetValue, *[self.frozen(v, depth) for v in value])
        return (ListValue, *[self.frozen(v, depth) for v in value])

    def tensor(self, value: Tensor) -> Any:
        """Return the key of a tensor."""
        data = value.data
        return (Tensor, value.shape, value.dtype, value.kind, None if data is None else tuple(data))

    def function(self, value: Function) -> Any:
        """Return the key of a function: itself. What it sees around it is watched."""
        return value

    def other(self, value: Value) -> Any:
        """Return the key of anything else."""
        raise NotAlike

    def instance(self, value: Instance, depth: int) -> Any:
        """Return the key of an object."""
        raise NotImplementedError


class _Content(_Frozen):
    """What a module or another object is. `stamp`: of the template that it belongs to; all that can
    change has to have been made there."""

    def __init__(self, numbers: Numbers, stamp: int | None) -> None:
        super().__init__()
        self.numbers = numbers
        self.stamp = stamp
        self.whole: Value = None

    def of(self, value: Instance) -> Any:
        """Return the content of a module or another object; raises NotAlike."""
        self.whole = value
        attrs = tuple([(k, self.frozen(v)) for k, v in value.attrs.items()])
        if not isinstance(value, ModuleInstance):
            return (value.cls, attrs, self.frozen(value.payload))
        tables = [None if t is None else self.table(t) for t in value.tables()]
        return (value.cls, attrs, value.unfilled is None, *tables, self.layer(value.layer))

    def table(self, table: DictValue) -> Any:
        if table.unknown is not None:
            raise NotAlike
        self._mark(table)
        seen: dict[int, int] = {}
        items: list[Any] = []
        for name, value in table.items():
            again = seen.setdefault(id(value), len(seen))
            items.append((name, again, self.frozen(value)))
        return tuple(items)

    def layer(self, record: LayerRecord | None) -> Any:
        if record is None:
            return None
        return (record.spec.op, *[(k, self._argument(v)) for k, v in record.values.items()])

    def _argument(self, value: Value) -> Any:
        if type(value) is dict:  # `**kwargs` of a layer that takes whatever it is given
            return (dict, *[(k, self.frozen(v)) for k, v in value.items()])
        return self.frozen(value)

    def _mark(self, value: Value) -> None:
        if self.stamp is None:
            self.numbers.part(value, self.whole)
        elif value.stamp < self.stamp:
            raise NotAlike

    def container(self, value: Value, depth: int) -> Any:
        self._mark(value)
        return super().container(value, depth)

    def tensor(self, value: Tensor) -> Any:
        if value.data is not None:
            self._mark(value)
        return super().tensor(value)

    def instance(self, value: Instance, depth: int) -> Any:
        del depth
        return self.numbers.inner(value, self.stamp)

    def other(self, value: Value) -> Any:
        if type(value) is Builtin:
            return value
        raise NotAlike


class Arguments(_Frozen):
    """What a call is given. `tensors`: those among it, each once, in order."""

    def __init__(self, numbers: Numbers, modelled: "set[int]") -> None:
        super().__init__()
        self.numbers = numbers
        self.modelled = modelled
        self.tensors: list[Tensor] = []
        self.seen: dict[int, int] = {}

    def tensor(self, value: Tensor) -> Any:
        """Return the key of a tensor; of one that came before, which it was."""
        again = self.seen.get(id(value))
        if again is not None:
            return (Tensor, again)
        self.seen[id(value)] = len(self.seen)
        self.tensors.append(value)
        return super().tensor(value)

    def container(self, value: Value, depth: int) -> Any:
        """Return the key of a list, dict or set; of one that came before, which it was."""
        again = self.seen.get(id(value))
        if again is not None:
            return (ListValue, again, ())
        self.seen[id(value)] = len(self.seen)
        return super().container(value, depth)

    def instance(self, value: Instance, depth: int) -> Any:
        """Return the key of an object; of one that came before, which it was."""
        if isinstance(value, ModuleInstance) or value.stamp < self.numbers.since:
            number = self.numbers.of(value)
            if number is None:
                raise NotAlike
            return (Instance, number)
        again = self.seen.get(id(value))
        if again is not None:
            return (Instance, again, ())
        self.seen[id(value)] = len(self.seen)
        attrs = tuple([(k, self.frozen(v, depth)) for k, v in value.attrs.items()])
        return (value.cls, attrs, self.frozen(value.payload, depth))

    def function(self, value: Function) -> Any:
        """Return the key of a function that the run did not make."""
        frame = value.closure
        while frame is not None:
            if frame.stamp >= self.numbers.since:
                raise NotAlike  # what it sees may change before the next call
            frame = frame.parent
        return value

    def other(self, value: Value) -> Any:
        """Return the key of a function of a library."""
        if type(value) is Builtin and id(value) in self.modelled:
            return value
        raise NotAlike
