"""torch.autograd: functions with a backward of their own are called as their forward."""

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import Args, Builtin, Class, ClassMethod, Instance, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

FUNCTION = core.make("Function", module="torch.autograd.function")
CONTEXT = core.make("FunctionCtx", module="torch.autograd.function")


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


def _apply(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """Call the static `forward`; with a context, unless `setup_context` takes it instead."""
    cls, *given = args
    if not isinstance(cls, Class) or cls.find("forward") is None:
        return Unknown("a function of autograd without forward")
    forward = interp.getattr(cls, "forward")
    if cls.find("setup_context") is not None:
        return interp.call(forward, given, kwargs)
    context = Instance(CONTEXT, interp.clock)
    context.attrs["needs_input_grad"] = (False,) * len(given)
    return interp.call(forward, [context, *given], kwargs)


def _first(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0] if args else None


FUNCTION.attrs["apply"] = ClassMethod(Builtin("apply", _apply))
for _name in (
    "save_for_backward",
    "save_for_forward",
    "mark_dirty",
    "mark_non_differentiable",
    "set_materialize_grads",
):
    CONTEXT.attrs[_name] = Builtin(_name, _nothing)

TABLE: dict[str, Value] = {
    "torch.autograd.Function": FUNCTION,
    "torch.autograd.function.Function": FUNCTION,
    "torch.autograd.function.FunctionCtx": CONTEXT,
    "torch.autograd.function.once_differentiable": Builtin("once_differentiable", _first),
}
