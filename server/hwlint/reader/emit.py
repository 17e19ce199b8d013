"""From the interpreter's module objects to `hwlint.graph`."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from hwlint.graph import Argument, EntryPoint, Layer, Missing, ModelGraph, Node
from hwlint.ops import Reference, count
from hwlint.reader import operators
from hwlint.reader.budget import Exhausted
from hwlint.reader.library.containers import CONTAINERS
from hwlint.reader.outline import Outline, outline_of, untouched
from hwlint.reader.provenance import Bindings, to_origin, trace_of
from hwlint.reader.values import (
    Builtin,
    DictValue,
    External,
    Instance,
    LayerRecord,
    ListValue,
    ModuleInstance,
    Tensor,
    Unknown,
    Value,
)
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["emit"]

MAX_NODES = 50_000
_SKIPPED = ("device", "dtype")
_PLAIN = frozenset((int, float, str, bool, type(None)))
_NO_PLACE = Place("", 0, 0, 0, 0)


def emit(
    interp: "Interpreter", entry: EntryPoint, root: "ModuleInstance | None", missing: list[Missing]
) -> ModelGraph:
    """Return the graph of one entry point."""
    every = [*missing, *[Missing(place, reason) for place, reason in interp.notes]]
    files = tuple(sorted({path for path, _ in interp.cells}))
    if root is None:
        constructed = _distinct(interp.constructed)
        return ModelGraph(entry, None, constructed, None, tuple(every), False, files)
    emitter = Emitter(interp)
    part = emitter.whole(root)
    # A layer of the model may have been built before the model: as the default of a parameter, or
    # in the body of a class.
    constructed = _distinct([*interp.constructed, *emitter.records])
    every.extend(part.reasons())
    params = part.params if not every else None
    return ModelGraph(
        entry, part.node, constructed, params, tuple(every), params is not None, files
    )


def _distinct(records: Iterable[LayerRecord]) -> tuple[Layer, ...]:
    seen: dict[Any, Layer] = {}
    for record in records:
        key = (record.place, record.spec.op, _key(record.values), record.maybe)
        if key not in seen:
            seen[key] = _layer(record, record.spec.op, None)
    return tuple(seen.values())


def _key(values: dict[str, Value]) -> Any:
    return tuple([(k, _plain(v)) for k, v in values.items() if k not in _SKIPPED])


def _layer(
    record: LayerRecord, class_name: str, params: int | None, bindings: Bindings | None = None
) -> Layer:
    if record.arguments is None:
        record.arguments = _arguments(record)
    args, traced = record.arguments
    if bindings and traced:
        args = {**args, **{k: _traced(v, bindings) for k, v in traced}}
    place = record.place or _NO_PLACE
    op, asked = record.spec.op, record.asked
    return Layer(op, place, args, params, class_name, record.owner, record.maybe, asked)


def _arguments(record: LayerRecord) -> tuple[dict[str, Argument], list[tuple[str, Value]]]:
    """Return the arguments as the graph has them, and those that have an origin."""
    args: dict[str, Argument] = {}
    traced: list[tuple[str, Value]] = []
    for key, value in record.values.items():
        if key in _SKIPPED:
            continue
        default = key in record.defaulted
        if isinstance(value, Unknown):
            args[key] = Argument(None, None, False, default)
        elif default or not _has_trace(value):
            args[key] = Argument(_plain(value), None, True, default)
        else:
            args[key] = _traced(value, None)
            traced.append((key, value))
    return args, traced


def _has_trace(value: Value) -> bool:
    if type(value) is tuple:
        traces = {id(t) for t in [trace_of(v) for v in value] if t is not None}
        return len(traces) == 1
    return trace_of(value) is not None


def _traced(value: Value, bindings: Bindings | None) -> Argument:
    source = value
    if type(value) is tuple:
        source = next(v for v in value if trace_of(v) is not None)
    return Argument(_plain(value), None, True, False, lambda: to_origin(source, bindings))


def _plain(value: Value) -> Any:
    """Return a plain, picklable form of a value; None for what is not known inside it."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | ListValue):
        return tuple([_plain(v) for v in value])
    if isinstance(value, External):
        return value.name
    if isinstance(value, Reference):
        return value.path
    if isinstance(value, Instance) and isinstance(value.payload, int | str | tuple):
        return _plain(value.payload)
    return None if isinstance(value, Unknown) else f"<{type(value).__name__}>"


def _kind(module: ModuleInstance) -> str:
    if module.layer is not None:
        return "layer"
    for cls in module.cls.mro:
        if cls.name in CONTAINERS and cls is CONTAINERS[cls.name]:
            plain = cls.name != "Sequential" or isinstance(module.cls.find("forward"), Builtin)
            return cls.name if plain else "module"
    return "module"


@dataclass(slots=True)
class Part:
    """A node with what is below it."""

    node: Node
    params: int | None = 0
    count: int = 1
    missing: list[tuple[str, Unknown]] = field(default_factory=list[tuple[str, Unknown]])
    """What is not known, by the name of the module from here."""
    keep: Any = None
    """Keeps the objects alive by whose ids the part is looked up."""

    def note(self, name: str, unknown: Unknown) -> None:
        """Keep why something is not known."""
        self.missing.append((name, unknown))

    def add(self, name: str, part: "Part") -> None:
        """Count a submodule in."""
        known = self.params is not None and part.params is not None
        self.params = (self.params or 0) + (part.params or 0) if known else None
        self.count += part.count
        self.missing += [(f"{name}.{n}" if n else name, u) for n, u in part.missing]

    def reasons(self) -> Iterator[Missing]:
        """Yield each reason once."""
        seen: set[tuple[Place | None, str]] = set()
        for name, unknown in self.missing:
            if (unknown.place, unknown.reason) not in seen:
                seen.add((unknown.place, unknown.reason))
                yield Missing(unknown.place, f"{name}: {unknown.reason}")
        if self.params is None and not self.missing:
            yield Missing(None, "parameters that are not known")


class Emitter:
    """Walks a module tree once. Parameters that are shared count where they come first; what comes
    unopened out of a template is emitted once for each origin of its numbers."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.emitted: dict[Any, Part] = interp.memo.emitted
        self.records: dict[LayerRecord, None] = {}
        self.seen: set[int] = set()
        self.on_path: set[int] = set()

    def whole(self, root: ModuleInstance) -> Part:
        """Emit a model."""
        budget = self.interp.budget
        limit, budget.limit = budget.limit, budget.steps + 8 * MAX_NODES
        outside = Bindings({}, None)
        try:
            return self.part(root, outside, False)
        finally:
            budget.limit = limit
            outside.forget()

    def part(self, module: ModuleInstance, bindings: Bindings, again: bool) -> Part:
        """Emit a module. `bindings` fill the slots of the template that it is a part of."""
        again = again or (not bindings and id(module) in self.seen)
        if module.pending is not None:
            found = self._linked(module, bindings, again)
            if found is not None:
                return found
        self.on_path.add(id(module))
        part = self._own(module, bindings, again)
        for key, child in (module.tables()[0] or {}).items():
            self._below(part, str(key), child, bindings, again)
        self.on_path.discard(id(module))
        self.seen.add(id(module))
        return part

    def _linked(self, module: ModuleInstance, bindings: Bindings, again: bool) -> Part | None:
        """Emit a copy that is just what its template has, None where it is not."""
        assert module.pending is not None
        original, copier = module.pending
        outline = outline_of(original, copier.template)
        if outline is None:
            return None
        if not bindings:
            ids = untouched(module, self.seen)
            if ids is None:
                return None
            self.seen.update(ids)
        elif not module.summary.linked:  # found out when the template around it was outlined
            return None
        return self._shared(module, outline, bindings, again)

    def _shared(
        self, module: ModuleInstance, outline: Outline, bindings: Bindings, again: bool
    ) -> Part:
        """Emit a copy once for each origin of its numbers."""
        assert module.pending is not None
        original, copier = module.pending
        inner = bindings.around(copier.binding)
        number = self.interp.memo.identities.of
        origins = tuple([number(slot, inner) for slot in outline.slots])
        key = (id(original), module.place, module.asked, again, origins)
        found = self.emitted.get(key)
        if found is None:
            found = self.part(original, inner, again)
            place, asked = module.place, module.asked
            node = found.node
            if place is not None and (node.place != place or node.asked != asked):
                found = replace(found, node=replace(node, place=place, asked=asked))
            found = replace(found, keep=original)
            self.emitted[key] = found
        return found

    def _below(self, part: Part, key: str, child: Value, bindings: Bindings, again: bool) -> None:
        if isinstance(child, Unknown):
            part.note(key, child)
        if not isinstance(child, ModuleInstance) or id(child) in self.on_path:
            return
        try:
            below = self.part(child, bindings, again)
        except Exhausted:
            below = None
        if below is None or part.count + below.count > MAX_NODES:
            part.note(key, Unknown(f"more than {MAX_NODES} modules", child.place))
            part.params = None
            return
        part.add(key, below)
        cast("dict[str, Node]", part.node.children)[key] = below.node

    def _own(self, module: ModuleInstance, bindings: Bindings, again: bool) -> Part:
        """Emit a module without its submodules."""
        missing: list[tuple[str, Unknown]] = []
        modules, parameters, _ = module.tables()
        missing += [
            ("", t.unknown)
            for t in (modules, parameters)
            if t is not None and t.unknown is not None
        ]
        params = 0 if again else self._parameters(module, parameters, bindings, missing)
        layer = None
        if module.layer is not None and not module.layer.inner:
            missing += _unknown_arguments(module.layer)
            # A layer that is made of layers has its parameters below it.
            hollow = not parameters and module.unfilled is None and not again
            shown = _composite(module.layer) if hollow else params
            layer = _layer(module.layer, module.cls.name, shown, bindings)
            if not bindings:
                self.records[module.layer] = None
        defined = module.cls.place
        name, kind, place = module.cls.name, _kind(module), module.place
        node = Node(name, kind, place, {}, layer, again, defined, module.asked)
        return Part(node, params, missing=missing)

    def _parameters(
        self,
        module: ModuleInstance,
        table: "DictValue | None",
        bindings: Bindings,
        missing: list[tuple[str, Unknown]],
    ) -> int | None:
        """Count the own parameters of a module that have not been counted before."""
        if module.unfilled is not None and module.layer is not None:
            return _composite(module.layer)  # nobody looked at them: they are its own
        total: int | None = 0
        for item in (table or {}).values():
            if not isinstance(item, Tensor) or (not bindings and id(item) in self.seen):
                continue
            self.seen.add(id(item))
            if item.shape is None:
                total = None
                missing.append(("", Unknown("a parameter of unknown shape", module.place)))
            elif total is not None:
                total += math.prod(item.shape)
        return total


def _unknown_arguments(record: LayerRecord) -> Iterator[tuple[str, Unknown]]:
    """Yield which arguments of a layer are not known."""
    if record.known:
        return
    record.known = True
    for key, value in record.values.items():
        found = operators.find_unknown(value) if key not in _SKIPPED else None
        if found is not None:
            record.known = False
            yield "", Unknown(f"{key}: {found.reason}", found.place or record.place)


def _composite(record: LayerRecord) -> int | None:
    """Return the parameters of a layer, by what its constructor was given."""
    if record.params is None:
        known = operators.find_unknown(list(record.values.values())) is None
        try:
            total = count(record.spec, record.values) if known else None
        except (TypeError, ValueError, AttributeError):  # an argument that torch does not take
            total = None
        record.params = -1 if total is None else total
    return record.params if record.params >= 0 else None
