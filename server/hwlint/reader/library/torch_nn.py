"""torch.nn: Module, the containers and every layer of the ops table."""

from typing import TYPE_CHECKING, Any

from hwlint.ops import (
    ABSTRACT,
    FUNCTIONS,
    INTERNAL,
    LAYERS,
    Child,
    LayerSpec,
    Reference,
    bind,
    check,
    normalise,
)
from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.budget import Exhausted
from hwlint.reader.forward.calling import layer_forward
from hwlint.reader.forward.composites import FORWARDS
from hwlint.reader.library.containers import CONTAINERS
from hwlint.reader.library.modules import MODULE, register
from hwlint.reader.limits import check_nesting
from hwlint.reader.values import (
    Builtin,
    Class,
    LayerRecord,
    ListValue,
    ModuleInstance,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE", "layer_attributes", "layer_class"]

Args = list[Value]
Kwargs = dict[str, Value]

_CLASSES: dict[str, Class] = {"Module": MODULE, **CONTAINERS}


def layer_class(name: str) -> Class:
    """Return the class of a layer, an abstract base or a container."""
    found = _CLASSES.get(name)
    if found is not None:
        return found
    spec = LAYERS.get(name) or INTERNAL.get(name)
    bases = spec.bases if spec is not None else ABSTRACT.get(name, ("Module",))
    made = Class(name, (MODULE,), {})
    _CLASSES[name] = made
    made.module = "torch.nn.modules"
    made.is_module = True
    # `bases` is the whole MRO up to Module; what is not a module there is a plain mixin.
    parents = [layer_class(b) for b in bases if b != "object"]
    made.mro = (made, *[p for p in parents if p is not MODULE], MODULE, core.OBJECT)
    made.bases = tuple(parents[:1]) or (MODULE,)
    if spec is not None:
        made.spec = spec
        made.attrs["__init__"] = Builtin(f"torch.nn.{name}", _initialiser(spec))
        if spec.forward is not None and spec.forward.function in FUNCTIONS:
            made.attrs["forward"] = Builtin(f"{name}.forward", layer_forward(spec.forward))
        if name in FORWARDS:
            made.attrs["forward"] = Builtin(f"{name}.forward", FORWARDS[name])
    made.attrs["reset_parameters"] = Builtin("reset_parameters", lambda i, a, k: None)
    made.attrs["_reset_parameters"] = Builtin("_reset_parameters", lambda i, a, k: None)
    return made


def _initialiser(spec: LayerSpec) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if not isinstance(args[0], ModuleInstance):
            raise interp.error("TypeError", f"{spec.op}.__init__() needs a module")
        record = _bind(interp, spec, args[1:], kwargs)
        interp.constructed[record] = None
        fill(interp, args[0], record)
        return None

    return run


def _bind(interp: "Interpreter", spec: LayerSpec, args: Args, kwargs: Kwargs) -> LayerRecord:
    interp.budget.steps += _LAYER_STEPS
    interp.tick()
    unknown = kwargs.pop("**", None)
    if unknown is not None:
        given = {p.name for p in spec.parameters[: len(args)]} | set(kwargs)
        for parameter in spec.parameters:
            if parameter.name not in given and parameter.name not in ("device", "dtype"):
                kwargs[parameter.name] = unknown
    try:
        bound = bind(spec, args, kwargs)
        values = normalise(spec, {n: _bounded(interp, n, v) for n, v in bound.values.items()})
        check(spec, values)
    except Exhausted:
        raise
    except Exception as problem:  # noqa: BLE001 - torch's constructors raise all kinds, `check` too
        raise interp.native_error(problem) from None
    site = interp.site
    place = site.place if site is not None else None
    owner = site.owner if site is not None else ""
    maybe = interp.maybe > 0
    return LayerRecord(spec, values, bound.defaulted, place, owner, maybe, interp.asked())


_LAYER_STEPS = 16
"""What making a layer counts for."""
_MAX_DIM = 1 << 48
_MAX_LAYERS = 2_000


def _bounded(interp: "Interpreter", name: str, value: Value) -> Value:
    """Return an argument, or why it is more than any machine could build."""
    if isinstance(value, int):
        most = _MAX_LAYERS if name.endswith("_layers") else _MAX_DIM
        return Unknown("number too large") if abs(value) > most else value
    return _bounded_items(interp, value) if isinstance(value, tuple | list) else value


def _bounded_items(interp: "Interpreter", items: Any) -> Value:
    check_nesting(interp, items)
    return Unknown("sequence too large") if len(items) > 10_000 else items


def fill(interp: "Interpreter", made: ModuleInstance, record: LayerRecord) -> None:
    """Give a layer its parameters, buffers and submodules; those of a leaf when asked for."""
    made.layer = record
    children = record.spec.children(record.values)
    if children:
        fill_tensors(made)
        _add_children(interp, made, children)
    else:
        made.unfilled = fill_tensors


def fill_tensors(made: ModuleInstance) -> None:
    """Give a layer its parameters and buffers."""
    record = made.layer
    assert record is not None
    spec, values = record.spec, record.values
    known = operators.find_unknown(list(values.values())) is None
    try:
        shapes = spec.weights(values) if known and not spec.lazy else {"?": None}
    except (TypeError, ValueError, AttributeError):  # an argument that torch does not take either
        known, shapes = False, {"?": None}
    for name, shape in shapes.items():
        if "." not in name:
            made.parameters[name] = parameter(made.stamp, shape)
    if known:
        for name, shape in spec.buffers(values).items():
            if "." not in name:
                made.buffers[name] = Tensor(shape, kind="buffer")


def parameter(stamp: int, shape: "tuple[int, ...] | None") -> Tensor:
    """Return a new nn.Parameter."""
    made = Tensor(shape, kind="parameter")
    made.stamp = stamp
    return made


def _add_children(interp: "Interpreter", made: ModuleInstance, children: tuple[Child, ...]) -> None:
    for child in children:
        module = _child(interp, made, child)
        holder: Any = made
        *path, last = child.name.split(".")
        for part in path:
            holder = holder.modules.get(part)
            if not isinstance(holder, ModuleInstance):
                return
        register(interp, holder, last, module)


def _child(interp: "Interpreter", made: ModuleInstance, child: Child) -> Value:
    given = child.given
    if isinstance(given, Child):
        given = _child(interp, made, given)
    if given is not None:
        if child.copied and isinstance(given, ModuleInstance):
            from hwlint.reader.library.copying import deep_copy

            return deep_copy(interp, given, {})
        return given
    interp.budget.steps += _LAYER_STEPS
    interp.tick()
    module = ModuleInstance(layer_class(child.op or "Module"), interp.clock)
    module.place = made.place
    spec = LAYERS.get(child.op or "") or INTERNAL.get(child.op or "")
    if spec is not None:
        arguments = {
            k: _child(interp, made, v) if isinstance(v, Child) else v for k, v in child.args.items()
        }
        outer = made.layer
        assert outer is not None
        values = normalise(spec, bind(spec, [], arguments).values)
        record = LayerRecord(spec, values, frozenset(), outer.place, outer.owner, outer.maybe)
        record.inner = True
        fill(interp, module, record)
    return module


def layer_attributes(interp: "Interpreter", value: ModuleInstance) -> dict[str, Value]:
    """Return the plain attributes that torch sets on a layer."""
    record = value.layer
    assert record is not None
    if record.attributes is None:
        found = dict(record.spec.attributes(record.values))
        for name, item in found.items():
            if isinstance(item, Reference):
                from hwlint.reader.values import External

                found[name] = interp.modelled.get(item.path) or External(item.path)
            elif isinstance(item, list):
                found[name] = ListValue(item, interp.clock)
        record.attributes = found
    return record.attributes


def _table() -> dict[str, Value]:
    table: dict[str, Value] = {"torch.nn.Module": MODULE, "torch.nn.modules.module.Module": MODULE}
    for name in (*LAYERS, *CONTAINERS):
        table[f"torch.nn.{name}"] = layer_class(name)
    for name in (*INTERNAL, *ABSTRACT):
        table.setdefault(f"torch.nn.{name}", layer_class(name))
    return table


TABLE = _table()
