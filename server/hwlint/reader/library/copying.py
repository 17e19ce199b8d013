"""copy."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.limits import descent
from hwlint.reader.values import (
    Args,
    BoundMethod,
    Builtin,
    DictValue,
    Function,
    Instance,
    Kwargs,
    ListValue,
    ModuleInstance,
    Partial,
    SetValue,
    Tensor,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE", "deep_copy"]


def deep_copy(interp: "Interpreter", value: Value, done: dict[int, Value]) -> Value:
    """Return copy.deepcopy(value)."""
    if id(value) in done:
        return done[id(value)]
    if not isinstance(value, int | float | str):
        with descent(interp):
            return _deep_copy_object(interp, value, done)
    return value


def _deep_copy_object(interp: "Interpreter", value: Value, done: dict[int, Value]) -> Value:
    if isinstance(value, ListValue | DictValue | SetValue):
        made: Any = type(value)((), interp.clock)
        made.unknown = value.unknown
        done[id(value)] = made
        if isinstance(value, DictValue):
            made.factory = value.factory
            made.update({k: deep_copy(interp, v, done) for k, v in value.items()})
        elif isinstance(value, ListValue):
            made.extend([deep_copy(interp, v, done) for v in value])
        else:
            made.update(value)
        return made
    if isinstance(value, Instance):
        return _deep_copy_instance(interp, value, done)
    if isinstance(value, tuple):
        return _deep_copy_tuple(interp, value, done)
    if isinstance(value, BoundMethod):
        return BoundMethod(value.func, deep_copy(interp, value.self_value, done))
    if isinstance(value, Partial):
        return _deep_copy_partial(interp, value, done)
    if isinstance(value, Tensor):
        made_tensor = Tensor(value.shape, value.data, value.dtype, value.kind)
        made_tensor.stamp = interp.clock
        done[id(value)] = made_tensor
        return made_tensor
    return value


def _deep_copy_tuple(interp: "Interpreter", value: Any, done: dict[int, Value]) -> Value:
    items = tuple([deep_copy(interp, v, done) for v in value])
    same = all(a is b for a, b in zip(items, value, strict=True))
    made = done[id(value)] = value if same else items
    return made


def _deep_copy_partial(interp: "Interpreter", value: Partial, done: dict[int, Value]) -> Value:
    args = [deep_copy(interp, v, done) for v in value.args]
    named = {k: deep_copy(interp, v, done) for k, v in value.kwargs.items()}
    made = Partial(deep_copy(interp, value.func, done), args, named)
    made.stamp = interp.clock
    return made


def _deep_copy_instance(interp: "Interpreter", value: Instance, done: dict[int, Value]) -> Value:
    hook = value.cls.find("__deepcopy__")
    if isinstance(hook, Function):
        return interp.call(hook, [value, interp.make_dict()], {})
    made = _shallow(interp, value)
    done[id(value)] = made
    made.attrs = {k: deep_copy(interp, v, done) for k, v in made.attrs.items()}
    made.payload = deep_copy(interp, made.payload, done)
    if isinstance(made, ModuleInstance):
        tables = [deep_copy(interp, t, done) if t is not None else None for t in made.tables()]
        made.modules, made.parameters, made.buffers = tables
    return made


def _shallow(interp: "Interpreter", value: Instance) -> Instance:
    if isinstance(value, ModuleInstance):
        module = ModuleInstance(value.cls, interp.clock)
        module.modules, module.parameters, module.buffers = value.tables()
        module.layer, module.place, module.unfilled = value.layer, value.place, value.unfilled
        module.asked = value.asked
        made: Instance = module
    else:
        made = Instance(value.cls, interp.clock)
    made.attrs = dict(value.attrs)
    made.payload = value.payload
    return made


def _copy(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if isinstance(value, ListValue | DictValue | SetValue):
        return _copy_container(interp, value)
    if not isinstance(value, Instance):
        return value
    hook = value.cls.find("__copy__")
    if isinstance(hook, Function):
        return interp.call(hook, [value], {})
    made = _shallow(interp, value)
    if isinstance(made.payload, ListValue | DictValue | SetValue):
        made.payload = _copy_container(interp, made.payload)
    return made


def _copy_container(interp: "Interpreter", value: ListValue | DictValue | SetValue) -> Value:
    interp.budget.steps += len(value) // 64
    made: Any = type(value)(value, interp.clock)
    made.unknown = value.unknown
    if isinstance(value, DictValue):
        made.factory = value.factory
    return made


_FUNCTIONS: dict[str, core.Maker] = {
    "copy.deepcopy": lambda i, a, k: deep_copy(i, a[0], {}),
    "copy.copy": _copy,
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
