"""copy."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import (
    Args,
    Builtin,
    DictValue,
    Function,
    Instance,
    Kwargs,
    ListValue,
    ModuleInstance,
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
        return tuple([deep_copy(interp, v, done) for v in value])
    if isinstance(value, Tensor):
        made_tensor = Tensor(value.shape, value.data, value.dtype, value.kind)
        made_tensor.stamp = interp.clock
        done[id(value)] = made_tensor
        return made_tensor
    return value


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
        made: Instance = module
    else:
        made = Instance(value.cls, interp.clock)
    made.attrs = dict(value.attrs)
    made.payload = value.payload
    return made


def _copy(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if isinstance(value, ListValue | DictValue | SetValue):
        made = type(value)(value, interp.clock)
        made.unknown = value.unknown
        return made
    return _shallow(interp, value) if isinstance(value, Instance) else value


_FUNCTIONS: dict[str, core.Maker] = {
    "copy.deepcopy": lambda i, a, k: deep_copy(i, a[0], {}),
    "copy.copy": _copy,
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
