"""Functions that make tensors and arrays: zeros, arange, linspace, cat, stack and the like."""

import math
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.dtypes import dtype_name, dtype_of_number, is_float, kept, store
from hwlint.reader.library.tensor_rules import as_array
from hwlint.reader.provenance import derive
from hwlint.reader.shapes import MAX_DATA, Shape, broadcast, dims_of, is_sequence, plain_number
from hwlint.reader.sharing import share
from hwlint.reader.values import Builtin, ListValue, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

Args = list[Value]
Kwargs = dict[str, Value]


def _dtype(kwargs: Kwargs, default: str) -> str:
    wanted = kwargs.get("dtype")
    if "**" in kwargs:
        return ""
    return default if wanted is None else dtype_name(wanted)


def _default(kind: str) -> str:
    return "float64" if kind == "ndarray" else "float32"


def _size_of(args: Args, kwargs: Kwargs, kind: str) -> Shape | None:
    given = args[:1] if kind == "ndarray" else args
    if not given:
        given = [kwargs[k] for k in ("size", "shape") if k in kwargs]
    return dims_of(given) if given else None


def _filled(value: Any, kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if kind == "ndarray" and len(args) > 1:
            kwargs = {"dtype": args[1], **kwargs}
        shape = _size_of(args, kwargs, kind)
        if kind == "ndarray" and shape is None:
            return Unknown("an array of unknown shape")
        return interp.filled(shape, value, _dtype(kwargs, _default(kind)), kind)

    return run


def _full(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        shape = dims_of([args[0] if args else kwargs.get("size", kwargs.get("shape"))])
        given = args[1] if len(args) > 1 else kwargs.get("fill_value")
        if kind == "ndarray" and len(args) > 2:
            kwargs = {"dtype": args[2], **kwargs}
        value = plain_number(given)
        dtype = _dtype(kwargs, dtype_of_number(value, kind) if value is not None else "")
        if kind == "ndarray" and (shape is None or is_sequence(given)):
            return Unknown("an array of unknown shape")
        return interp.filled(shape, value, dtype, kind)

    return run


def _like(value: Any, kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        model = args[0] if args else kwargs.get("input", kwargs.get("a"))
        if kind == "ndarray":
            model = as_array(interp, model)
        if not isinstance(model, Tensor):
            return Unknown("an array") if kind == "ndarray" else interp.new_tensor(None, None, "")
        filler = value
        if value == "given":
            filler = plain_number(args[1] if len(args) > 1 else kwargs.get("fill_value"))
        return interp.filled(model.shape, filler, _dtype(kwargs, model.dtype), kind)

    return run


def _random_integers(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = [v for v in args if is_sequence(v)]
    shape = dims_of(given[:1] or [kwargs.get("size")])
    return interp.new_tensor(shape, None, _dtype(kwargs, "int64"))


def _permutation(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.new_tensor(dims_of(args[:1]), None, _dtype(kwargs, "int64"))


# --- ranges -------------------------------------------------------------------------------------


def _named(args: Args, kwargs: Kwargs, names: tuple[str, ...]) -> list[Any]:
    """Return the numbers given by position, then by name; None for one that is not known."""
    given = [*args[: len(names)], *[kwargs[n] for n in names[len(args) :] if n in kwargs]]
    return [plain_number(v) for v in given]


def _range_bounds(args: Args, kwargs: Kwargs) -> "tuple[Any, Any, Any] | None":
    stop = "end" if "end" in kwargs else "stop"
    names = ("start", stop, "step")
    values = [plain_number(v) for v in args[:3]]
    if None in values or any(plain_number(kwargs[n]) is None for n in names if n in kwargs):
        return None
    if len(values) == 1 and stop not in kwargs:
        values = [0, *values]
    found = dict(zip(names, values, strict=False))
    found.update({n: plain_number(kwargs[n]) for n in names if n in kwargs})
    if stop not in found or not found.get("step", 1):
        return None
    return found.get("start", 0), found[stop], found.get("step", 1)


def _arange(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if len(args) > 3 and kind == "ndarray":
            kwargs = {"dtype": args[3], **kwargs}
        bounds = _range_bounds(args, kwargs)
        if bounds is None or not all(math.isfinite(b) for b in bounds):
            return _unknown_vector(interp, kind, _dtype(kwargs, ""))
        start, end, step = bounds
        whole = all(isinstance(v, int) for v in bounds)
        dtype = _dtype(kwargs, "int64" if whole else _default(kind))
        length = -((start - end) // step) if whole else math.ceil((end - start) / step)
        shape = (max(0, int(length)),)
        data = None
        if shape[0] <= MAX_DATA and dtype:
            data = _steps(bounds, shape[0], dtype, kind)
        return interp.new_tensor(shape, data, dtype, kind)

    return run


def _steps(bounds: tuple[Any, Any, Any], count: int, dtype: str, kind: str) -> "list[Any] | None":
    start, _, step = bounds
    if kind == "ndarray" and isinstance(step, float):
        step = start + step - start  # numpy takes the difference of the first two
    values = [start + i * step for i in range(count)]
    data = kept(dtype, [_traced(v, bounds, count) for v in values])
    if kind == "tensor" and data != values:
        return None  # torch rounds as wide as the vectors of the machine it runs on
    return data


def _traced(value: Any, sources: tuple[Any, ...], count: int) -> Any:
    return derive("arange", value, *sources) if count <= 64 else value


def _unknown_vector(interp: "Interpreter", kind: str, dtype: str) -> Value:
    return (
        Unknown("an array of unknown shape")
        if kind == "ndarray"
        else (interp.new_tensor(None, None, dtype))
    )


def _linspace(kind: str) -> Any:
    names = ("start", "end", "steps") if kind == "tensor" else ("start", "stop", "num")

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        values = _named(args, kwargs, names)
        if kind == "ndarray" and len(values) == 2:
            values.append(50)
        dtype = _dtype(kwargs, _default(kind))
        count = values[2] if len(values) == 3 else None
        if isinstance(count, float) and count.is_integer():
            count = int(count)
        if not isinstance(count, int) or count < 0:
            return _unknown_vector(interp, kind, dtype)
        endpoint = interp.truth(kwargs.get("endpoint", True))
        data = None
        if None not in values and count <= MAX_DATA and is_float(dtype) and endpoint is not None:
            points = _points(values[0], values[1], count, dtype, kind, endpoint)
            data = kept(dtype, [_traced(v, tuple(values), count) for v in points])
        return interp.new_tensor((count,), data, dtype, kind)

    return run


def _points(start: Any, end: Any, count: int, dtype: str, kind: str, endpoint: bool) -> list[Any]:
    if kind == "ndarray":
        parts = count - 1 if endpoint else count
        step = (end - start) / parts if parts > 0 else math.nan
        points = [start + i * step if parts > 0 else float(start) for i in range(count)]
        return [*points[:-1], float(end)] if endpoint and count > 1 else points
    start, end = store(dtype, start), store(dtype, end)
    if count <= 1:
        return [start] * count
    # torch counts from both ends; the difference and the step are rounded to the dtype.
    step = store(dtype, store(dtype, end - start) / (count - 1))
    half = count // 2
    ahead = [start + step * i for i in range(half)]
    return [*ahead, *[end - step * (count - i - 1) for i in range(half, count)]]


def _logspace(kind: str) -> Any:
    linspace = _linspace(kind)

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        base = args[3] if len(args) > 3 else kwargs.get("base", 10.0)
        rest = {k: v for k, v in kwargs.items() if k != "base"}
        points = linspace(interp, args[:3], rest)
        if not isinstance(points, Tensor):
            return points
        if kind == "tensor":  # computed differently inside: only the shape is sure
            return interp.new_tensor(points.shape, None, points.dtype)
        return interp.apply_binary("**", base, points)

    return run


def _eye(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        rows = plain_number(args[0] if args else kwargs.get("n", kwargs.get("N")))
        columns = plain_number(args[1] if len(args) > 1 else kwargs.get("m", kwargs.get("M", rows)))
        dtype = _dtype(kwargs, _default(kind))
        if not isinstance(rows, int) or not isinstance(columns, int):
            return _unknown_vector(interp, kind, dtype)
        data = None
        if 0 <= rows * columns <= MAX_DATA:
            data = kept(dtype, [int(r == c) for r in range(rows) for c in range(columns)])
        return interp.new_tensor((rows, columns), data, dtype, kind)

    return run


def _tensor(kind: str, shares: bool = False) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        given = args or [v for k, v in kwargs.items() if k not in ("dtype", "device")]
        value = given[0] if given else None
        if kind == "ndarray" and len(args) > 1:
            kwargs = {"dtype": args[1], **kwargs}
        dtype = kwargs.get("dtype")
        if kind == "ndarray":
            if isinstance(value, Unknown) or not isinstance(
                value, Tensor | int | float | tuple | ListValue | range
            ):
                return value if isinstance(value, Unknown) else Unknown("an array")
        elif shares and isinstance(value, Tensor) and value.kind != "ndarray" and dtype is None:
            return value
        made = interp.make_tensor(value, kind, None if dtype is None else dtype_name(dtype))
        if kind == "ndarray" and isinstance(made, Tensor) and made.shape is None:
            return Unknown("an array of unknown shape")
        return made

    return run


# --- classes -----------------------------------------------------------------------------------


def _parameter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0] if args else kwargs.get("data")
    if not isinstance(value, Tensor):
        value = interp.new_tensor((0,) if value is None else None, None)
    made = share(value, interp.new_tensor(value.shape, value.data, value.dtype))
    made.kind = "parameter"
    return made


def _buffer(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = _parameter(interp, args, kwargs)
    made.kind = "buffer"
    return made


def _tensor_class(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if all(isinstance(v, int) for v in args):
        return interp.new_tensor(tuple(args) if args else (0,), None)
    if len(args) == 1 and isinstance(args[0], tuple | ListValue | Tensor):
        return interp.make_tensor(args[0], "tensor", "float32")
    return interp.new_tensor(None, None)


def _typed_tensor(dtype: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        made = _tensor_class(interp, args, kwargs)
        if len(args) == 1 and is_sequence(args[0]):
            return interp.make_tensor(args[0], "tensor", dtype)
        return interp.new_tensor(made.shape, None, dtype)

    return run


def _torch_size(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    shape = dims_of(args[:1]) if args else ()
    return shape if shape is not None else Unknown("a shape")


_MAKERS: dict[str, Any] = {"zeros": 0, "ones": 1, "empty": None}
_RANDOM = ("rand", "randn")


def _table(library: str, kind: str) -> dict[str, Value]:
    calls: dict[str, Any] = {n: _filled(v, kind) for n, v in _MAKERS.items()}
    calls |= {f"{n}_like": _like(v, kind) for n, v in _MAKERS.items()}
    calls |= {
        "full": _full(kind), "full_like": _like("given", kind), "arange": _arange(kind),
        "linspace": _linspace(kind), "logspace": _logspace(kind), "eye": _eye(kind),
    }  # fmt: skip
    return {f"{library}.{n}": Builtin(f"{library}.{n}", call) for n, call in calls.items()}


def _normal(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """torch.normal(): of a size, or of what the means and the deviations come to."""
    given = {**dict(zip(("mean", "std", "size"), args, strict=False)), **kwargs}
    if given.get("size") is not None:
        return interp.filled(dims_of([given["size"]]), None, _dtype(kwargs, "float32"))
    tensors = [v for v in (given.get("mean"), given.get("std")) if isinstance(v, Tensor)]
    shape = tensors[0].shape if tensors else None
    for other in tensors[1:]:
        known = shape is not None and other.shape is not None
        shape = broadcast(shape, other.shape) if known else None
    return interp.new_tensor(shape, None, tensors[0].dtype if tensors else "float32")


_TORCH: dict[str, Any] = {
    "normal": _normal,
    **{n: _filled(None, "tensor") for n in _RANDOM},
    **{f"{n}_like": _like(None, "tensor") for n in (*_RANDOM, "randint")},
    "randint": _random_integers, "randperm": _permutation, "tensor": _tensor("tensor"),
    "as_tensor": _tensor("tensor", shares=True), "asarray": _tensor("tensor", shares=True),
    "from_numpy": _tensor("tensor"), "Size": _torch_size, "nn.Buffer": _buffer,
    "nn.parameter.Buffer": _buffer,
    "LongTensor": _typed_tensor("int64"), "IntTensor": _typed_tensor("int32"),
    "BoolTensor": _typed_tensor("bool"), "DoubleTensor": _typed_tensor("float64"),
    "HalfTensor": _typed_tensor("float16"), "ByteTensor": _typed_tensor("uint8"),
}  # fmt: skip

TABLE: dict[str, Value] = {
    **_table("torch", "tensor"),
    **_table("numpy", "ndarray"),
    **{f"torch.{n}": Builtin(f"torch.{n}", call) for n, call in _TORCH.items()},
    **{f"numpy.{n}": Builtin(f"numpy.{n}", _tensor("ndarray"))
       for n in ("array", "asarray", "ascontiguousarray")},
    "torch.Tensor": core.TENSOR,
    "torch.FloatTensor": core.TENSOR,
    "numpy.ndarray": core.NDARRAY,
    "torch.nn.Parameter": core.PARAMETER,
    "torch.nn.parameter.Parameter": core.PARAMETER,
}  # fmt: skip
core.MAKERS[core.PARAMETER] = _parameter
core.MAKERS[core.TENSOR] = _tensor_class
