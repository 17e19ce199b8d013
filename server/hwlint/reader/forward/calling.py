"""Calling modules: hooks, `forward`, and torch's own layers by their rows."""

# A module's forward may return anything.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS, Forward, bind_call
from hwlint.ops.calls import FunctionSpec
from hwlint.reader.budget import Exhausted
from hwlint.reader.forward.functions import run_bound
from hwlint.reader.forward.recording import tensors_of
from hwlint.reader.values import (
    Args,
    DictValue,
    Kwargs,
    LayerRecord,
    ModuleInstance,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["call_module", "layer_forward"]

_MAX_NESTED = 300
"""Calls of modules inside each other: Python takes three of its 1,000 frames for each."""


def call_module(interp: "Interpreter", module: ModuleInstance, args: Args, kwargs: Kwargs) -> Value:
    """Do `module(*args, **kwargs)`."""
    if interp.roots is not None and interp.flow is None and not interp.roots.follows_forward():
        return Unknown("what forward returns")
    forward = module.attrs.get("forward")
    if forward is None:
        forward = module.cls.find("forward")
        if forward is None:
            return _no_forward(interp, module)
        forward = interp.bind(forward, module)
    if interp.running > _MAX_NESTED:
        raise Exhausted("calls of modules nested too deeply")
    interp.running += 1
    try:
        return _called(interp, module, forward, args, kwargs)
    finally:
        interp.running -= 1


def _called(
    interp: "Interpreter", module: ModuleInstance, forward: Value, args: Args, kwargs: Kwargs
) -> Value:
    flow = interp.flow
    hooked = "_forward_pre_hooks" in module.attrs or "_forward_hooks" in module.attrs
    if flow is not None and not hooked:
        return interp.followed.call(module, forward, args, kwargs)
    if hooked:
        args, kwargs = _before(interp, module, args, kwargs)
    if flow is None:
        return _after(interp, module, args, kwargs, interp.call(forward, args, kwargs))
    call = flow.enter(module, interp.place)
    call.maybe = interp.maybe > 0
    call.inputs = tensors_of((*args, *kwargs.values()))
    try:
        made = interp.call(forward, args, kwargs)
        call.outputs = _after(interp, module, args, kwargs, made)
        call.made = tensors_of(call.outputs)
    finally:
        flow.leave(call)
    return call.outputs


def _hooks(module: ModuleInstance, table: str) -> list[tuple[Value, bool]]:
    found = module.attrs.get(table)
    return list(found.values()) if isinstance(found, DictValue) else []


def _before(
    interp: "Interpreter", module: ModuleInstance, args: Args, kwargs: Kwargs
) -> tuple[Args, Kwargs]:
    """Run the hooks that may change what a module is called with."""
    for hook, named in _hooks(module, "_forward_pre_hooks"):
        given: Args = [module, tuple(args)]
        made = interp.call(hook, [*given, DictValue(kwargs)] if named else given, {})
        if isinstance(made, Unknown):
            args = [made] * len(args)
        elif named and isinstance(made, tuple) and len(made) == 2:
            args, kwargs = list(made[0]), dict(made[1])
        elif made is not None:
            args = list(made) if isinstance(made, tuple) else [made]
    return args, kwargs


def _after(
    interp: "Interpreter", module: ModuleInstance, args: Args, kwargs: Kwargs, made: Value
) -> Value:
    """Run the hooks that may change what a module returns."""
    if "_forward_hooks" in module.attrs:
        for hook, named in _hooks(module, "_forward_hooks"):
            given = [module, tuple(args), *([DictValue(kwargs)] if named else []), made]
            changed = interp.call(hook, given, {})
            made = made if changed is None else changed
    return made


def _no_forward(interp: "Interpreter", module: ModuleInstance) -> Value:
    unknown = interp.unknown_base(module)
    if unknown is None:
        message = f'Module [{module.cls.name}] is missing the required "forward" function'
        raise interp.error("NotImplementedError", message)
    if interp.flow is not None:
        interp.flow.doubt(unknown.reason, unknown.place or interp.place)
    return unknown


def layer_forward(forward: Forward) -> Any:
    """Return what calls the `forward` of a layer of torch's."""
    function = FUNCTIONS[forward.function]
    takes = FunctionSpec(function.name, (), forward.inputs, function.result)

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        module = args[0]
        if not isinstance(module, ModuleInstance) or module.layer is None:
            return Unknown("a layer that was not built")
        if "**" in kwargs:
            return kwargs["**"]
        try:
            inputs = bind_call(takes, args[1:], kwargs)
        except TypeError as problem:
            raise interp.error("TypeError", str(problem)) from None
        given = _arguments(interp, module, module.layer, forward, function, inputs)
        return run_bound(interp, function, given)

    return run


def _arguments(
    interp: "Interpreter",
    module: ModuleInstance,
    record: LayerRecord,
    forward: Forward,
    function: FunctionSpec,
    inputs: dict[str, Value],
) -> dict[str, Value]:
    given: dict[str, Value] = {}
    for parameter in function.parameters:
        name = parameter.name
        if name in inputs:
            given[name] = inputs[name]
        elif name in forward.fixed:
            given[name] = forward.fixed[name]
        elif name == "weights":
            given[name] = tuple([v for v in module.parameters.values() if isinstance(v, Tensor)])
        elif name in ("training", "train"):
            given[name] = interp.getattr(module, "training")
        else:
            own = str(forward.given.get(name, name))
            given[name] = _own(module, record, own, parameter.default)
    return given


def _own(module: ModuleInstance, record: LayerRecord, name: str, default: Value) -> Value:
    """Return a tensor or an argument of a layer as it is now."""
    if name in module.attrs:
        return module.attrs[name]
    for table in (module.parameters, module.buffers):
        if name in table:
            return table[name]
    if name in record.values and name not in ("bias", "weight"):
        return record.values[name]
    if name not in ("bias", "weight"):
        return default
    unknown = next((v for v in record.values.values() if isinstance(v, Unknown)), None)
    return _unknown_weight(record, name) if unknown is not None else None


def _unknown_weight(record: LayerRecord, name: str) -> Value:
    del record
    return Tensor(None, None, "float32", "parameter") if name == "weight" else None
