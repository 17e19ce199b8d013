"""A call of a module in a form that says what another call like it did."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hwlint.reader.forward.alike import NotAlike
from hwlint.reader.forward.recording import Call, Event, Replay, Spot
from hwlint.reader.outline import outline_of
from hwlint.reader.plain_values import NamedPair
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.values import (
    Class,
    DictValue,
    External,
    Instance,
    LazyModule,
    ListValue,
    ModuleInstance,
    Tensor,
    Unknown,
    Value,
)
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.reader.compile_names import Site

__all__ = ["Belongings", "Template", "Where", "is_tree", "joined", "own_tensor", "place_of"]

Where = tuple[str, str, object]
"""Of a tensor of a module: the module's name below the one that is called, the table ("p", "b" or
"a" for an attribute), the name there or the way through the items of an attribute."""


class Belongings:
    """The modules below one that is called, and their tensors, so far as anybody looked at them."""

    def __init__(self) -> None:
        self.paths: dict[int, str] = {}
        self.tensors: dict[int, Where] = {}

    @classmethod
    def of(cls, module: ModuleInstance) -> "Belongings | None":
        """Collect them; None where one of them is there twice."""
        made = cls()
        stack: list[tuple[str, ModuleInstance]] = [("", module)]
        while stack:
            path, item = stack.pop()
            if id(item) in made.paths:
                return None
            made.paths[id(item)] = path
            if type(item) is LazyModule:
                continue
            for where, tensor in _tensors_of(path, item):
                if id(tensor) in made.tensors:
                    return None
                made.tensors[id(tensor)] = where
            table = item.tables()[0]
            for name, child in table.items() if table is not None else ():
                if isinstance(child, ModuleInstance):
                    stack.append((joined(path, str(name)), child))
        return made


def joined(path: str, name: str) -> str:
    """Return the name of what is called `name` below `path`."""
    return f"{path}.{name}" if path and name else path or name


def _tensors_of(path: str, module: ModuleInstance) -> Iterator[tuple[Where, Tensor]]:
    for mark, table in zip("pb", module.tables()[1:], strict=True):
        for name, value in table.items() if table is not None else ():
            if type(value) is Tensor:
                yield (path, mark, name), value
    for name, value in module.attrs.items():
        if isinstance(value, Tensor | tuple | ListValue | DictValue):
            for way, tensor in _inside(value, (name,)):
                yield (path, "a", way), tensor


def _inside(value: Value, way: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], Tensor]]:
    if type(value) is Tensor:
        yield way, value
    elif len(way) < 4 and isinstance(value, tuple | ListValue):
        for index, item in enumerate(value):
            yield from _inside(item, (*way, index))
    elif len(way) < 4 and isinstance(value, DictValue):
        for key, item in value.items():
            yield from _inside(item, (*way, key))


def place_of(module: ModuleInstance, where: Where) -> "tuple[ModuleInstance, Where]":
    """Return the outermost module on the way to a tensor that nobody has looked into, and where the
    tensor is in it: that is always the same for one tensor. Otherwise the module that has it."""
    path, mark, name = where
    parts = path.split(".") if path else []
    for index, part in enumerate(parts):
        if type(module) is LazyModule and is_tree(module):
            return module, (".".join(parts[index:]), mark, name)
        module = module.modules[part]
    return module, ("", mark, name)


def is_tree(module: LazyModule) -> bool:
    """Say whether nothing in a copy out of a template is there twice."""
    assert module.pending is not None
    original, copier = module.pending
    if type(original) is LazyModule and is_tree(original):
        return True
    return outline_of(original, copier.template) is not None


def own_tensor(module: ModuleInstance, where: Where) -> Tensor:
    """Return the tensor of a module that stands where another one had it."""
    path, mark, name = where
    for part in path.split(".") if path else ():
        module = module.modules[part]
    if mark == "p":
        return module.parameters[name]
    if mark == "b":
        return module.buffers[name]
    assert isinstance(name, tuple)
    found: Any = module.attrs
    for key in name:
        found = found[key]
    return found


class Template:
    """One call that another one can be said by."""

    __slots__ = (
        "blocks", "built", "call", "cells", "count", "depth", "doubts", "entry_stamp", "held",
        "items", "outputs", "own", "result", "returned", "site", "stamp", "steps", "tensors",
    )  # fmt: skip

    def __init__(self, tensors: list[Tensor], depth: int, stamp: int, entry_stamp: int) -> None:
        self.tensors = tensors
        """What it was given, each once."""
        self.depth = depth
        self.stamp = stamp
        """What is older was there before the call ..."""
        self.entry_stamp = entry_stamp
        """... and what is older than this, before the model was built."""
        self.site: Site | None = None
        """The call at which the program was at its end."""
        self.steps = 0
        self.count = 0
        """Operations."""
        self.call: Spot | None = None
        self.own: dict[int, Where] = {}
        """Tensors of the module that it used."""
        self.held: list[tuple[Tensor, int]] = []
        """Variables that held a tensor, up to which operation."""
        self.doubts: dict[tuple[Place | None, str], Unknown] = {}
        self.built: set[Class] = set()
        self.cells: set[tuple[str, str]] = set()
        self.result: Value = None
        self.returned: list[tuple[Tensor, Where]] = []
        """Tensors of the module that are in the result."""
        self.outputs: list[tuple[Tensor, Tensor]] = []
        """What it made and returned, and the copy of it that `result` holds."""
        self.blocks: dict[Any, Any] = {}
        """What emission made of it."""

    def fill(self, call: Call, belongings: Belongings) -> int:
        """Take over what a call did; returns by how many items. Raises NotAlike where no other call
        can be said by it."""
        filling = _Filling(self, belongings)
        self.call = filling.spot(call)
        copy = Copy(self, {})
        self.result = copy.of(call.outputs)
        self.outputs = copy.fresh
        for tensor, _ in self.held:
            filling.place(tensor)
        self.returned = [(t, self.own[id(t)]) for t in copy.old if id(t) in self.own]
        return filling.count

    def again(
        self, module: ModuleInstance, tensors: list[Tensor], clock: int
    ) -> tuple[Value, list[Tensor]]:
        """Return what the call gives for another module and other tensors; and those among it that
        it makes, in the order of `outputs`."""
        made: dict[int, Value] = {}
        for old, now in zip(self.tensors, tensors, strict=True):
            made[id(old)] = now
        for old, where in self.returned:
            made[id(old)] = own_tensor(module, where)
        copy = Copy(self, made, clock)
        result = copy.of(self.result)
        return result, [made[id(copied)] for _, copied in self.outputs]


class _Filling:
    """Turns what was recorded into items that name modules and tensors by where they are."""

    def __init__(self, template: Template, belongings: Belongings) -> None:
        self.template = template
        self.belongings = belongings
        self.given = {id(tensor) for tensor in template.tensors}
        self.count = 0

    def spot(self, call: Call) -> Spot:
        for tensor in call.inputs:
            self.place(tensor)
        items = [self.item(item) for item in call.items]
        assert call.module is not None
        return Spot(self.path(call.module), call, items)

    def item(self, item: "Event | Call | Replay") -> "Event | Spot | Replay":
        self.count += 1
        if isinstance(item, Event):
            for tensor in (*item.inputs, *item.outputs):
                self.place(tensor)
            return item
        if isinstance(item, Call):
            template = item.template
            if template is None:
                return self.spot(item)
            assert item.module is not None
            fresh = [recorded for recorded, _ in template.outputs]
            item = Replay(template, item.module, "", template.tensors, fresh, item.through)
        for tensor in item.tensors:
            self.place(tensor)
        assert item.module is not None
        path = self.path(item.module)
        return Replay(item.template, None, path, item.tensors, item.fresh, item.through)

    def path(self, module: ModuleInstance) -> str:
        found = self.belongings.paths.get(id(module))
        if found is None:
            raise NotAlike
        return found

    def place(self, tensor: Tensor) -> None:
        """Look where a tensor is from; raises NotAlike."""
        template = self.template
        if id(tensor) in self.given:
            return
        where = self.belongings.tensors.get(id(tensor))
        if where is not None:
            template.own[id(tensor)] = where
        elif tensor.stamp < template.stamp and not _is_nothing(tensor):
            shared = 0 < tensor.stamp < template.entry_stamp
            if not shared:
                raise NotAlike


def _is_nothing(tensor: Tensor) -> bool:
    """Say whether this only stands for something that is not known, see `tensors_of`."""
    return tensor.stamp == 0 and tensor.shape is None and not tensor.dtype


class Copy:
    """Copies what a call made and returned. Without a clock it is the first copy, of the call
    itself; raises NotAlike where that is not possible."""

    def __init__(self, template: Template, made: dict[int, Value], clock: int = 0) -> None:
        self.template = template
        self.made = made
        self.clock = clock or template.stamp
        self.fresh: list[tuple[Tensor, Tensor]] = []
        self.old: list[Tensor] = []

    def of(self, value: Value) -> Any:
        kind = type(value)
        if kind in _AS_IT_IS or (kind is Unknown and not value.options):
            return value
        found = self.made.get(id(value))
        if found is not None:
            return found
        if kind is Tensor:
            return self._tensor(value)
        if kind is tuple or kind is NamedPair:
            items = [self.of(v) for v in value]
            changed = any(a is not b for a, b in zip(items, value, strict=True))
            return kind(items) if changed else value
        copier = _COPIERS.get(kind)
        if copier is not None and value.stamp >= self.template.stamp:
            return copier(self, value)
        if copier is not None and value.stamp < self.template.entry_stamp:
            return value
        raise NotAlike

    def _tensor(self, value: Tensor) -> Tensor:
        if value.stamp < self.template.stamp:
            self.old.append(value)
            return value
        if value.data is not None and type(value.data) is not list:
            raise NotAlike  # it shows memory of another one
        data = None if value.data is None else list(value.data)
        made = self.made[id(value)] = Tensor(value.shape, data, value.dtype, value.kind)
        made.stamp = self.clock
        self.fresh.append((value, made))
        return made

    def list_(self, value: ListValue) -> ListValue:
        made = self.made[id(value)] = ListValue((), self.clock)
        made.extend([self.of(v) for v in value])
        made.unknown = value.unknown
        return made

    def dict_(self, value: DictValue) -> DictValue:
        if value.home is not None:
            raise NotAlike
        made = self.made[id(value)] = DictValue((), self.clock)
        made.update({k: self.of(v) for k, v in value.items()})
        made.unknown, made.factory = value.unknown, value.factory
        return made

    def instance(self, value: Instance) -> Instance:
        made = self.made[id(value)] = Instance(value.cls, self.clock)
        made.attrs = {k: self.of(v) for k, v in value.attrs.items()}
        made.payload = self.of(value.payload)
        return made


_AS_IT_IS = frozenset(
    {int, bool, float, str, bytes, type(None), SourcedInt, SourcedFloat, SourcedStr, Class,
     External}
)  # fmt: skip
_COPIERS: dict[type, Any] = {
    ListValue: Copy.list_,
    DictValue: Copy.dict_,
    Instance: Copy.instance,
}
