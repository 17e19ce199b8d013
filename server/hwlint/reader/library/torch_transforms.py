"""torch.func: functions that make a function of a function."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader.forward.functions import observe
from hwlint.reader.values import Args, Builtin, Kwargs, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]


def _vmap(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = {**dict(zip(("func", "in_dims", "out_dims"), args, strict=False)), **kwargs}
    func, in_dims, out_dims = given["func"], given.get("in_dims", 0), given.get("out_dims", 0)

    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        found = _rows(interp, args, in_dims)
        if found is None or kwargs or not isinstance(out_dims, int):
            return interp.unknown_call(func, Unknown("vmap() of what is not known"), interp.site)
        rows, count = found
        interp.maybe += 1  # what one row costs is not what all of them cost
        try:
            made = interp.call(func, rows, {})
        finally:
            interp.maybe -= 1
        return observe(interp, "vmap", args, _stacked(interp, made, int(out_dims), count))

    return Builtin("vmap", call)


def _rows(interp: "Interpreter", args: Args, in_dims: Value) -> tuple[Args, Any] | None:
    """Return one row of each argument, and how many there are."""
    dims = list(in_dims) if isinstance(in_dims, tuple | list) else [in_dims] * len(args)
    if len(dims) != len(args):
        return None
    rows: Args = []
    counts: set[Any] = set()
    for value, dim in zip(args, dims, strict=True):
        if dim is None:
            rows.append(value)
            continue
        if not isinstance(value, Tensor) or not value.shape or not isinstance(dim, int):
            return None
        if not -len(value.shape) <= dim < len(value.shape):
            return None
        place = dim % len(value.shape)
        counts.add(value.shape[place])
        shape = (*value.shape[:place], *value.shape[place + 1 :])
        rows.append(interp.new_tensor(shape, None, value.dtype))
    return (rows, counts.pop()) if len(counts) == 1 else None


def _stacked(interp: "Interpreter", made: Value, dim: int, count: Any) -> Value:
    if isinstance(made, tuple):
        return tuple([_stacked(interp, part, dim, count) for part in made])
    if not isinstance(made, Tensor) or made.shape is None:
        return interp.new_tensor(None, None, made.dtype if isinstance(made, Tensor) else "")
    place = dim % (len(made.shape) + 1)
    shape = (*made.shape[:place], count, *made.shape[place:])
    return interp.new_tensor(shape, None, made.dtype)


TABLE: dict[str, Value] = {
    "torch.vmap": Builtin("torch.vmap", _vmap),
    "torch.func.vmap": Builtin("torch.func.vmap", _vmap),
}
