"""A rule says what one operation on tensors returns; torch, Tensor and numpy share them by name."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS, FunctionSpec
from hwlint.reader.dtypes import kind_of
from hwlint.reader.forward.functions import apply, observe, quietly
from hwlint.reader.shapes import MAX_DATA, Shape, dims_of, plain_number, size
from hwlint.reader.sharing import share
from hwlint.reader.values import Builtin, ListValue, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "NUMPY_RULES",
    "RULES",
    "Given",
    "Operation",
    "as_array",
    "dims_given",
    "function",
    "method",
    "number_or",
    "numbers_of",
    "offsets_of",
    "operation",
    "rearranged",
    "strides_of",
    "unknown_tensor",
]

Args = list[Value]
Kwargs = dict[str, Value]
Given = dict[str, Value]
Rule = Callable[["Interpreter", Tensor, Given], Value]

_ALIASES = {
    "axis": "dim", "keepdims": "keepdim", "axes": "dims", "newshape": "shape", "size": "shape",
    "decimals": "decimals", "x2": "other", "exponent": "other", "input": "self", "a": "self",
    "x": "self", "ary": "self", "arr": "self", "m": "self", "p": "other", "a_min": "min",
    "a_max": "max", "dim0": "dim0", "axis1": "dim0", "axis2": "dim1", "repeats": "repeats",
}  # fmt: skip


class Operation:
    """A rule and the names of its parameters after the tensor itself."""

    __slots__ = ("asks", "name", "params", "rest", "rule", "scalars")

    def __init__(self, name: str, params: str, rule: Rule) -> None:
        names = params.split()
        self.name = name
        self.rest = names.pop()[1:] if names and names[-1].startswith("*") else ""
        self.params = names
        self.rule = rule
        self.scalars = False  # whether `torch.name(2, tensor)` is allowed
        self.asks = False  # whether it gives no tensor, but says something of one

    def bind(self, args: Args, kwargs: Kwargs) -> Given:
        """Return the arguments by name; those of `*name` as a list."""
        given = dict(zip(self.params, args, strict=False))
        if self.rest and len(args) > len(self.params):
            given[self.rest] = args[len(self.params) :]
        for name, value in kwargs.items():
            known = name in self.params or name == self.rest
            key = name if known else _ALIASES.get(name, name)
            if key in ("shape", "dims", "sizes") and self.rest and key not in self.params:
                key = self.rest
            given[key] = [value] if key == self.rest else value
        return given


RULES: dict[str, Operation] = {}
"""What torch and numpy agree on, and what only torch has."""
NUMPY_RULES: dict[str, Operation] = {}
"""What numpy does differently, and what only numpy has."""


def operation(
    names: str,
    params: str = "",
    *,
    numpy: bool = False,
    scalars: bool = False,
    asks: bool = False,
) -> Callable[[Rule], Rule]:
    """Enter a rule under its names. `asks`: it copes with dimensions that are not known."""

    def enter(rule: Rule) -> Rule:
        table = NUMPY_RULES if numpy else RULES
        for name in names.split():
            table[name] = Operation(name, params, rule)
            table[name].scalars = scalars
            table[name].asks = asks
        return rule

    return enter


def _run(
    interp: "Interpreter", found: Operation, value: Tensor, args: Args, kwargs: Kwargs
) -> Value:
    unclear = "**" in kwargs or len(args) > MAX_DATA
    if unclear and found.asks:
        return Unknown(f"{found.name}() of a tensor")
    if unclear or (not found.asks and _is_partly_known([value, *args])):
        return unknown_tensor(interp, value)
    result = found.rule(interp, value, found.bind(args, kwargs))
    return interp.array_result(result) if isinstance(result, Tensor) else result


def _is_partly_known(values: Args) -> bool:
    """Say whether a tensor among the arguments has a dimension that is not known: the rules here
    compute with all of them."""
    return any(type(v) is Tensor and v.shape is not None and None in v.shape for v in values)


def method(value: Tensor, name: str) -> Builtin | None:
    """Return the bound method of a tensor or array, None where there is no rule for it."""
    found = RULES.get(name)
    if value.kind == "ndarray":
        found = NUMPY_RULES.get(name, found)
    else:
        row = FUNCTIONS.get(f"torch.Tensor.{name}")
        if row is not None:
            return _by_row(row, found, value)
    if found is None:
        return None
    return Builtin(name, lambda interp, args, kwargs: _observed(interp, found, value, args, kwargs))


def _by_row(row: FunctionSpec, found: Operation | None, value: Tensor) -> Builtin:
    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        def by_value() -> Value:
            return _run(interp, found, value, args, kwargs) if found is not None else None

        return apply(interp, row, [value, *args], kwargs, by_value)

    return Builtin(row.name, call)


def _observed(
    interp: "Interpreter", found: Operation, value: Tensor, args: Args, kwargs: Kwargs
) -> Value:
    """Run a rule that has no row, and keep that it ran."""
    flow = interp.flow
    if flow is None or value.kind == "ndarray":
        return _run(interp, found, value, args, kwargs)
    result = quietly(flow, lambda: _run(interp, found, value, args, kwargs))
    observe(interp, found.name, [value, *args, *kwargs.values()], result)
    return result


def function(library: str, found: Operation) -> Builtin:
    """Return `torch.name` or `numpy.name`."""
    numpy = library == "numpy"
    row = FUNCTIONS.get(f"torch.{found.name}") if not numpy else None

    def by_row(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        assert row is not None
        return apply(interp, row, args, kwargs, lambda: call(interp, args, kwargs))

    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if not args:
            first = next((k for k in ("input", "self", "a", "x", "ary", "m") if k in kwargs), "")
            args = [kwargs[first]] if first else []
            kwargs = {k: v for k, v in kwargs.items() if k != first}
        value = args[0] if args else None
        if found.scalars and isinstance(value, int | float) and _tensor_among(args, kwargs):
            return _observed(interp, found, value, args[1:], kwargs)  # type: ignore[arg-type]  # as said
        if numpy:
            value = as_array(interp, value)
        if not isinstance(value, Tensor):
            if numpy or found.asks:
                return value if isinstance(value, Unknown) else Unknown(f"{name}()")
            return interp.new_tensor(None, None, "")
        if numpy and value.shape is None:
            return Unknown("an array of unknown shape")
        return _observed(interp, found, value, args[1:], kwargs)

    name = f"{library}.{found.name}"
    return Builtin(name, by_row if row is not None else call)


def _tensor_among(args: Args, kwargs: Kwargs) -> bool:
    return any(isinstance(v, Tensor) for v in [*args, *kwargs.values()])


def as_array(interp: "Interpreter", value: Value) -> Value:
    """Return numpy's view of an argument: an array, or Unknown."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Tensor | int | float | tuple | ListValue | range):
        return interp.make_tensor(value, "ndarray")
    return Unknown("an array")


def unknown_tensor(interp: "Interpreter", value: Tensor, dtype: "str | None" = None) -> Value:
    """Return a result of which not even the shape is known."""
    if kind_of(value) == "ndarray":
        return Unknown("an array of unknown shape")
    return interp.new_tensor(None, None, value.dtype if dtype is None else dtype)


def number_or(given: Given, name: str, default: Any) -> Any:
    """Return a number among the arguments; None where it is there but not known."""
    return plain_number(given[name]) if name in given else default


def numbers_of(value: Value) -> "list[int] | None":
    """Return the whole numbers of `3` or `(3, 4)`, None where they are not known."""
    dims = dims_of([value])
    return None if dims is None else [int(d) for d in dims]


def dims_given(value: Tensor, given: Given) -> "list[int] | None":
    """Return the dimensions that `dim` names, all of them for None; None where not known."""
    assert value.shape is not None
    rank = len(value.shape)
    wanted = given.get("dim")
    dims = list(range(rank)) if wanted is None else numbers_of(wanted)
    if wanted is not None and wanted == () and value.kind == "tensor":
        dims = list(range(rank))
    if dims is None or any(not -rank <= d < rank for d in dims):
        return [] if dims in ([0], [-1]) and rank == 0 else None
    return sorted({d % rank for d in dims})


def strides_of(shape: Shape) -> list[int]:
    """Return how far apart neighbours along each dimension lie."""
    steps: list[int] = []
    step = 1
    for dim in reversed(shape):
        steps.insert(0, step)
        step *= dim
    return steps


def offsets_of(shape: Shape, steps: list[int], start: int = 0) -> list[int]:
    """Return the offsets of all items of a shape in row-major order."""
    offsets = [start]
    for length, step in zip(shape, steps, strict=True):
        offsets = [o + i * step for o in offsets for i in range(length)]
    return offsets


def rearranged(
    interp: "Interpreter", value: Tensor, shape: Shape, offsets: "Callable[[], list[int]]"
) -> Tensor:
    """Return a tensor made of the items of another at `offsets`."""
    data = None
    if value.data is not None and size(shape) <= MAX_DATA:
        data = [value.data[o] for o in offsets()] if size(shape) else []
    return share(value, interp.new_tensor(shape, data, value.dtype, value.kind))
