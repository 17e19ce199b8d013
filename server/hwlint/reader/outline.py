"""What emitting a part of a template depends on, found out once for each template."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Container, Iterator
from typing import Any

from hwlint.reader.provenance import Slot, open_slots, trace_of
from hwlint.reader.values import LazyModule, ModuleInstance, Tensor, Unknown, Value

__all__ = ["Outline", "outline_of", "untouched"]


_MAX_LEVELS = 200
"""How deep a template may be nested: each level names all that is below it."""


class Outline:
    """Of a module in a template: the slots that reach its layers, the objects below it, whether it
    is itself a copy of a part of another template that nobody has changed."""

    __slots__ = ("below", "linked", "slots")

    def __init__(self) -> None:
        self.slots: tuple[Slot, ...] = ()
        self.below: tuple[int, ...] = ()
        self.linked = False


def outline_of(original: ModuleInstance, template: Any) -> Outline | None:
    """Return the outline of a module of a template.

    None where the template is not a tree of its own: it uses a module or a parameter twice, or one
    from elsewhere, or something in it is not known.
    """
    if template.closed is None:
        template.closed = _Outliner(template.stamp).whole(template.made)
    return original.summary if template.closed else None


def untouched(module: ModuleInstance, seen: Container[int]) -> list[int] | None:
    """Return the ids of a copy and what is below it, None where it is not what its template has.

    That is so where something was registered in it since, or a part of it is among `seen`, or
    somebody has looked into a part of it that nobody could have reached through it.
    """
    ids: list[int] = []
    stack: list[ModuleInstance] = [module]
    while stack:
        item = stack.pop()
        if item.pending is None or id(item) in seen:
            return None
        ids.append(id(item))
        if type(item) is LazyModule:
            original, copier = item.pending
            outline = outline_of(original, copier.template)
            if outline is None or any(i in copier.done for i in outline.below):
                return None
            continue
        modules, parameters, _ = item.tables()
        if modules is not None:
            if modules.version or modules.unknown is not None:
                return None
            stack += [child for child in modules.values() if isinstance(child, ModuleInstance)]
        if parameters is not None:
            own = [id(parameter) for parameter in parameters.values()]
            if parameters.version or any(i in seen for i in own):
                return None
            ids += own
    return ids


class _Open(Exception):
    """Not a tree of its own."""


class _Outliner:
    """Walks the modules of one template."""

    def __init__(self, stamp: int) -> None:
        self.stamp = stamp
        self.seen: set[int] = set()
        self.level = 0

    def whole(self, made: ModuleInstance) -> bool:
        try:
            self.outline(made)
        except _Open:
            return False
        return True

    def outline(self, module: ModuleInstance) -> Outline:
        """Give a module and all below it their outlines; raises _Open."""
        if self.level > _MAX_LEVELS:
            raise _Open
        made = module.summary = Outline()
        linked = self._linked(module)
        if linked is not None:
            made.slots, made.below, made.linked = *linked, True
            return made
        self._own(module)
        slots: dict[Slot, None] = dict.fromkeys(_layer_slots(module))
        below: list[int] = []
        for item in _tensors(module):
            self._own(item)
            below.append(id(item))
        self.level += 1
        for child in _children(module):
            inner = self.outline(child)
            slots.update(dict.fromkeys(inner.slots))
            below += (id(child), *inner.below)
        self.level -= 1
        made.slots, made.below = tuple(slots), tuple(below)
        return made

    def _linked(self, module: ModuleInstance) -> tuple[tuple[Slot, ...], tuple[int, ...]] | None:
        """Return slots and objects of what is a copy out of another template."""
        if module.pending is None or module.stamp < self.stamp:
            return None
        original, copier = module.pending
        inner = outline_of(original, copier.template)
        ids = untouched(module, self.seen) if inner is not None else None
        if inner is None or ids is None:
            return None
        self.seen.update(ids)
        return tuple(open_slots(inner.slots, copier.binding)), tuple(ids[1:])

    def _own(self, item: "ModuleInstance | Tensor") -> None:
        if item.stamp < self.stamp or id(item) in self.seen:
            raise _Open
        self.seen.add(id(item))


def _tensors(module: ModuleInstance) -> Iterator[Tensor]:
    table = module.tables()[1]
    if table is None:
        return
    if table.unknown is not None:
        raise _Open
    for item in table.values():
        if isinstance(item, Unknown) or (isinstance(item, Tensor) and item.shape is None):
            raise _Open
        if isinstance(item, Tensor):
            yield item


def _children(module: ModuleInstance) -> Iterator[ModuleInstance]:
    table = module.tables()[0]
    if table is None:
        return
    if table.unknown is not None:
        raise _Open
    for child in table.values():
        if isinstance(child, Unknown):
            raise _Open
        if isinstance(child, ModuleInstance):
            yield child


def _layer_slots(module: ModuleInstance) -> Iterator[Slot]:
    if module.layer is None or module.layer.inner:
        return
    for value in module.layer.values.values():
        for item in value if type(value) is tuple else (value,):
            yield from _slots(item)


def _slots(value: Value) -> Iterator[Slot]:
    trace = trace_of(value)
    if trace is not None:
        yield from trace.slots()
