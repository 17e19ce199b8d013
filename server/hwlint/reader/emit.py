"""From the interpreter's module objects to `hwlint.graph`."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hwlint.graph import Argument, EntryPoint, Layer, Missing, ModelGraph, Node, Origin
from hwlint.ops import count
from hwlint.reader import operators
from hwlint.reader.library.containers import CONTAINERS
from hwlint.reader.provenance import to_origin, trace_of
from hwlint.reader.values import (
    Builtin,
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
_NO_PLACE = Place("", 0, 0, 0, 0)


def emit(
    interp: "Interpreter", entry: EntryPoint, root: "ModuleInstance | None", missing: list[Missing]
) -> ModelGraph:
    """Return the graph of one entry point."""
    notes = [Missing(place, reason) for place, reason in interp.notes]
    every = [*missing, *notes]
    files = tuple(sorted({path for path, _ in interp.cells}))
    if root is None:
        constructed = _distinct(interp.constructed)
        return ModelGraph(entry, None, constructed, None, tuple(every), False, files)
    tree = _Tree()
    node = tree.node(root, "", _label(root))
    # A layer of the model may have been built before the model: as the default of a parameter, or
    # in the body of a class.
    constructed = _distinct([*interp.constructed, *tree.records])
    every.extend(tree.missing)
    params = tree.params if not every and tree.known else None
    complete = params is not None
    return ModelGraph(entry, node, constructed, params, tuple(every), complete, files)


def _distinct(records: Iterable[LayerRecord]) -> tuple[Layer, ...]:
    seen: dict[Any, Layer] = {}
    for record in records:
        key = (record.place, record.spec.op, _key(record.values), record.maybe)
        if key not in seen:
            seen[key] = _layer(record, "", record.spec.op, None)
    return tuple(seen.values())


def _key(values: dict[str, Value]) -> Any:
    return tuple([(k, _plain(v)) for k, v in values.items() if k not in _SKIPPED])


def _layer(record: LayerRecord, name: str, class_name: str, params: int | None) -> Layer:
    args = record.arguments
    if args is None:
        args = record.arguments = {
            key: _argument(value, key in record.defaulted)
            for key, value in record.values.items()
            if key not in _SKIPPED
        }
    place = record.place or _NO_PLACE
    return Layer(record.spec.op, name, place, args, params, class_name, record.owner, record.maybe)


def _argument(value: Value, default: bool) -> Argument:
    if isinstance(value, Unknown):
        return Argument(None, None, False, default)
    if default or value is None or isinstance(value, bool):
        return Argument(_plain(value), None, True, default)
    return Argument(_plain(value), None, True, default, _find_origin(value))


def _find_origin(value: Value) -> Callable[[], Origin | None] | None:
    """Return what computes the origin when a rule asks for it, None where there is none."""
    if trace_of(value) is not None:
        return lambda: to_origin(value)
    if isinstance(value, tuple):
        traced = [v for v in value if trace_of(v) is not None]
        if traced and all(trace_of(v) is trace_of(traced[0]) for v in traced):
            return lambda: to_origin(traced[0])
    return None


def _plain(value: Value) -> Any:
    """Return a plain, picklable form of a value; None for what is not known inside it."""
    if value is None or isinstance(value, bool):
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
    if isinstance(value, Instance) and isinstance(value.payload, int | str | tuple):
        return _plain(value.payload)
    return None if isinstance(value, Unknown) else f"<{type(value).__name__}>"


def _label(module: ModuleInstance) -> str:
    return module.cls.name


def _kind(module: ModuleInstance) -> str:
    if module.layer is not None:
        return "layer"
    for cls in module.cls.mro:
        if cls.name in CONTAINERS and cls is CONTAINERS[cls.name]:
            plain = cls.name != "Sequential" or isinstance(module.cls.find("forward"), Builtin)
            return cls.name if plain else "module"
    return "module"


class _Tree:
    """Walks a module tree once; parameters that are shared count where they come first."""

    def __init__(self) -> None:
        self.params = 0
        self.known = True
        self.missing: list[Missing] = []
        self.records: dict[LayerRecord, None] = {}
        self.seen_parameters: set[int] = set()
        self.on_path: set[int] = set()
        self.reasons: set[tuple[Place | None, str]] = set()
        self.count = 0

    def node(self, module: ModuleInstance, name: str, label: str) -> Node:
        self.count += 1
        self.on_path.add(id(module))
        own = self.own_parameters(module, name)
        table = module.tables()[0]
        if table is not None and table.unknown is not None:
            self.unknown(table.unknown, name)
        children: list[Node] = []
        for key, child in (table or {}).items():
            path = f"{name}.{key}" if name else str(key)
            if isinstance(child, Unknown):
                self.unknown(child, path)
            elif isinstance(child, ModuleInstance) and self._fits(child):
                children.append(self.node(child, path, _label(child)))
        self.on_path.discard(id(module))
        layer = None
        if module.layer is not None and not module.layer.inner:
            self.records[module.layer] = None
            self.arguments(module.layer, name)
            layer = _layer(module.layer, name, label, own)
        return Node(name, label, _kind(module), module.place, tuple(children), layer)

    def arguments(self, record: LayerRecord, name: str) -> None:
        """Keep which arguments of a layer are not known."""
        for key, value in record.values.items():
            found = operators.find_unknown(value) if key not in _SKIPPED else None
            if found is not None:
                place = found.place or record.place
                self.unknown(Unknown(f"{key}: {found.reason}", place), name)

    def _fits(self, child: ModuleInstance) -> bool:
        return id(child) not in self.on_path and self.count < MAX_NODES

    def own_parameters(self, module: ModuleInstance, name: str) -> int | None:
        table = module.tables()[1]
        if module.unfilled is not None and module.layer is not None:
            return self._untouched(module, module.layer)
        if table is not None and table.unknown is not None:
            self.unknown(table.unknown, name)
        total: int | None = 0
        for item in (table or {}).values():
            if not isinstance(item, Tensor) or id(item) in self.seen_parameters:
                continue
            self.seen_parameters.add(id(item))
            if item.shape is None:
                self.known, total = False, None
                self.unknown(Unknown("a parameter of unknown shape", module.place), name)
            elif total is not None:
                size = 1
                for dim in item.shape:
                    size *= dim
                total += size
                self.params += size
        if module.layer is not None and total == 0 and not module.layer.inner:
            return self._composite(module.layer)
        return total

    def _untouched(self, module: ModuleInstance, record: LayerRecord) -> int | None:
        """A layer whose parameters nobody looked at: they are its own."""
        if id(module) in self.seen_parameters:
            return 0
        self.seen_parameters.add(id(module))
        total = self._composite(record)
        if total is None:
            self.known = False
        else:
            self.params += total
        return total

    def _composite(self, record: LayerRecord) -> int | None:
        if record.params is None:
            known = operators.find_unknown(list(record.values.values())) is None
            try:
                total = count(record.spec, record.values) if known else None
            except (TypeError, ValueError, AttributeError):  # an argument that torch does not take
                total = None
            record.params = -1 if total is None else total
        return record.params if record.params >= 0 else None

    def unknown(self, unknown: Unknown, name: str) -> None:
        """Keep why a submodule is not known, once for each reason."""
        key = (unknown.place, unknown.reason)
        if key not in self.reasons:
            self.reasons.add(key)
            self.missing.append(Missing(unknown.place, f"{name}: {unknown.reason}"))
