"""torch.distributions: a normal distribution, as activations use it."""

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.forward.functions import observe
from hwlint.reader.shapes import Shape, broadcast, dims_of
from hwlint.reader.values import Args, Builtin, Instance, Kwargs, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

NORMAL = core.make("Normal", module="torch.distributions.normal")


def _init(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    owner = args[0]
    given = dict(zip(("loc", "scale"), args[1:], strict=False))
    owner.attrs.update({**given, **{k: v for k, v in kwargs.items() if k in ("loc", "scale")}})
    return None


def _shape_of(value: Value) -> Shape | None:
    if isinstance(value, int | float):
        return ()
    return value.shape if isinstance(value, Tensor) else None


def _batch(owner: Instance) -> Shape | None:
    return broadcast(*[_shape_of(owner.attrs.get(name)) for name in ("loc", "scale")])


def _of_value(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """What is computed item by item: icdf, cdf, log_prob."""
    value = args[1] if len(args) > 1 else kwargs.get("value")
    shape = broadcast(_batch(args[0]), _shape_of(value))
    dtype = value.dtype if isinstance(value, Tensor) else "float32"
    return observe(interp, "erfinv", [value], interp.new_tensor(shape, None, dtype))


def _drawn(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    size = dims_of([args[1] if len(args) > 1 else kwargs.get("sample_shape", ())])
    batch = _batch(args[0])
    shape = None if size is None or batch is None else (*size, *batch)
    return observe(interp, "normal", [], interp.new_tensor(shape, None, "float32"))


def _not_modelled(name: str) -> Any:
    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        unknown = Unknown(f"{name}() of a distribution")
        return interp.unknown_call(NORMAL, unknown, interp.site)

    return call


NORMAL.attrs["__init__"] = Builtin("__init__", _init)
for _name in ("icdf", "cdf", "log_prob"):
    NORMAL.attrs[_name] = Builtin(_name, _of_value)
for _name in ("sample", "rsample"):
    NORMAL.attrs[_name] = Builtin(_name, _drawn)
for _name in ("entropy", "expand", "enumerate_support", "perplexity"):
    NORMAL.attrs[_name] = Builtin(_name, _not_modelled(_name))

TABLE: dict[str, Value] = {
    "torch.distributions.Normal": NORMAL,
    "torch.distributions.normal.Normal": NORMAL,
}
