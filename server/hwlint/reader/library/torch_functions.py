"""torch and numpy functions that constructors use: tensors, parameters, dtypes, decorators."""

import math
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.attributes import register_special
from hwlint.reader.tensors import ELEMENTWISE, MAX_DATA, dims_of, size
from hwlint.reader.values import (
    Builtin,
    Class,
    External,
    Function,
    ListValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

Args = list[Value]
Kwargs = dict[str, Value]


def _filled(value: Any, kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        given = args or [v for k, v in kwargs.items() if k in ("size", "shape")]
        if kind == "ndarray":
            given = given[:1]
        shape = dims_of([v for v in given if isinstance(v, int | tuple | ListValue | Unknown)])
        known = value is not None and shape is not None and size(shape) <= MAX_DATA
        return Tensor(shape, [value] * size(shape or ()) if known else None, kind=kind)

    return run


def _full(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    shape = dims_of([args[0] if args else kwargs.get("size")])
    value = args[1] if len(args) > 1 else kwargs.get("fill_value")
    known = shape is not None and size(shape) <= MAX_DATA and isinstance(value, int | float)
    return Tensor(shape, [value] * size(shape or ()) if known else None)


def _like(value: Any) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        shape = args[0].shape if args and isinstance(args[0], Tensor) else None
        known = value is not None and shape is not None and size(shape) <= MAX_DATA
        return Tensor(shape, [value] * size(shape or ()) if known else None)

    return run


def _plain(interp: "Interpreter", values: Args) -> "list[Any] | None":
    out: list[Any] = []
    for value in values:
        if isinstance(value, Tensor):
            value = interp.tensor_scalar(value)
        if not isinstance(value, int | float):
            return None
        out.append(value)
    return out


def _arange(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        given = [*args, *[v for k, v in kwargs.items() if k in ("start", "end", "stop", "step")]]
        values = _plain(interp, given)
        if values is None or not values:
            return Tensor(None, kind=kind)
        start, end, step = (0, values[0], 1) if len(values) == 1 else (*values[:2], *(values[2:3] or [1]))
        count = max(0, math.ceil((end - start) / step)) if step else 0
        data = [start + i * step for i in range(count)] if count <= MAX_DATA else None
        whole = all(isinstance(v, int) for v in values)
        return Tensor((count,), data, "int64" if whole else "float32", kind)

    return run


def _linspace(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        names = ("start", "end", "steps") if kind == "tensor" else ("start", "stop", "num")
        given = [*args, *[kwargs[n] for n in names[len(args) :] if n in kwargs]]
        values = _plain(interp, given[:3])
        if values is None or len(values) < 2:
            return Tensor(None, kind=kind)
        start, end, count = (*values, 50)[:3]
        if not isinstance(count, int) or count > MAX_DATA:
            return Tensor((int(count),), None, kind=kind)
        step = (end - start) / (count - 1) if count > 1 else 0.0
        return Tensor((count,), [start + i * step for i in range(count)], kind=kind)

    return run


def _tensor(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        value = args[0] if args else next(iter(kwargs.values()), None)
        return interp.make_tensor(value, kind)

    return run


def _parameter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0] if args else kwargs.get("data")
    if isinstance(value, int | float):
        value = Tensor(())
    shape = value.shape if isinstance(value, Tensor) else None
    made = Tensor(shape, value.data if isinstance(value, Tensor) else None, kind="parameter")
    made.stamp = interp.clock
    return made


def _elementwise(name: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if isinstance(args[0], Tensor):
            return interp.tensor_function(name, args, kwargs)
        if isinstance(args[0], int | float):
            made = interp.make_tensor(args[0], "ndarray")
            result = interp.tensor_function(name, [made], kwargs)
            return interp.tensor_scalar(result)
        return Tensor(None)

    return run


def _cumsum(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0] if isinstance(args[0], Tensor) else interp.make_tensor(args[0], "ndarray")
    if not isinstance(value, Tensor) or value.data is None or len(value.shape or ()) != 1:
        return Tensor(getattr(value, "shape", None))
    total: list[Any] = []
    for item in value.data:
        total.append(item + total[-1] if total else item)
    return Tensor(value.shape, total, value.dtype, value.kind)


def _outer_decorator(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if args and isinstance(args[0], Function | Class):
        return args[0]
    return _CONTEXT


def _enter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0] if args else None


_CONTEXT = Builtin("torch context", _enter)


def _false(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return False


def _numpy_scalar(native: Any) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        values = _plain(interp, args[:2])
        if values is None:
            return Tensor(None, kind="ndarray") if isinstance(args[0], Tensor) else Unknown("numpy")
        try:
            return native(*values)
        except (TypeError, ValueError, ArithmeticError) as problem:
            raise interp.native_error(problem) from None

    return run


# --- methods ------------------------------------------------------------------------------------


def _tensor_attribute(interp: "Interpreter", value: Tensor, name: str) -> Value:
    if name == "shape":
        return value.shape if value.shape is not None else Unknown("a tensor's shape")
    if name in ("data", "T", "real", "grad"):
        return value
    if name == "dtype":
        return External(f"torch.{value.dtype}")
    if name == "ndim":
        return len(value.shape) if value.shape is not None else Unknown("a tensor's rank")
    if name == "requires_grad":
        return value.kind == "parameter"
    if name == "device":
        return External("torch.device")
    method = _METHODS.get(name)
    if method is not None:
        return Builtin(name, lambda i, a, k: method(i, value, a, k))
    if name.endswith("_"):
        return Builtin(name, lambda i, a, k: _in_place(i, value))
    if name in ELEMENTWISE:
        return Builtin(name, lambda i, a, k: i.tensor_function(name, [value], k))
    plain = "ndarray" if value.kind == "ndarray" else "tensor"
    return Builtin(name, lambda i, a, k: Tensor(None, None, value.dtype, plain))


def _in_place(interp: "Interpreter", value: Tensor) -> Value:
    if value.data is not None:
        interp.touch(value)
        value.data = None
    return value


def _tolist(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    if value.data is None or value.shape is None:
        return Unknown("a tensor's values")
    if not value.shape:
        return value.data[0]
    if len(value.shape) == 1:
        return interp.make_list(value.data)
    rows = interp.tensor_items(value)
    return interp.make_list([_tolist(interp, r, [], {}) if isinstance(r, Tensor) else r for r in rows])


def _item(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    return interp.tensor_scalar(value)


def _cast(name: str) -> Any:
    def run(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
        wanted = name or _dtype_name(args[0] if args else kwargs.get("dtype"))
        native = int if "int" in wanted or wanted == "long" else float
        if wanted == "bool":
            native = bool
        data = [native(v) for v in value.data] if value.data is not None and wanted else None
        plain = "ndarray" if value.kind == "ndarray" else "tensor"
        return Tensor(value.shape, data, "int64" if native is int else "float32", plain)

    return run


def _dtype_name(value: Value) -> str:
    if isinstance(value, Class):
        return value.name
    return value.name if isinstance(value, External) else ""


def _same(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    plain = "ndarray" if value.kind == "ndarray" else "tensor"
    return Tensor(value.shape, value.data, value.dtype, plain)


def _reshape(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    shape = dims_of(args)
    plain = "ndarray" if value.kind == "ndarray" else "tensor"
    if shape is None or value.shape is None:
        return Tensor(None, None, value.dtype, plain)
    if -1 in shape:
        rest = -size(shape)
        if rest <= 0 or size(value.shape) % rest:
            return Tensor(None, None, value.dtype, plain)
        shape = tuple([size(value.shape) // rest if d == -1 else d for d in shape])
    return Tensor(shape, value.data, value.dtype, plain)


def _size(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    if value.shape is None:
        return Unknown("a tensor's shape")
    dim = args[0] if args else kwargs.get("dim")
    if dim is None:
        return value.shape
    return operators.subscript(interp, value.shape, dim)


def _numel(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    return size(value.shape) if value.shape is not None else Unknown("a tensor's size")


def _reduce(native: Any) -> Any:
    def run(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
        plain = "ndarray" if value.kind == "ndarray" else "tensor"
        if args or kwargs or not value.data:
            return Tensor(() if not args and not kwargs else None, None, value.dtype, plain)
        result = native(value.data)
        return result if plain == "ndarray" else Tensor((), [result], value.dtype, plain)

    return run


def _unsqueeze(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    dim = args[0] if args else kwargs.get("dim")
    if value.shape is None or not isinstance(dim, int):
        return Tensor(None)
    at = dim if dim >= 0 else dim + len(value.shape) + 1
    return Tensor((*value.shape[:at], 1, *value.shape[at:]), value.data, value.dtype)


def _repeat(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    times = dims_of(args)
    if times is None or value.shape is None or len(times) < len(value.shape):
        return Tensor(None)
    padded = (1,) * (len(times) - len(value.shape)) + value.shape
    return Tensor(tuple([a * b for a, b in zip(times, padded, strict=True)]))


def _split(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    sizes = args[0]
    if value.data is None or len(value.shape or ()) != 1:
        return Unknown("split of a tensor")
    if isinstance(sizes, int) and sizes > 0:
        steps = [sizes] * math.ceil(len(value.data) / sizes)
    elif isinstance(sizes, ListValue | tuple) and all(isinstance(s, int) for s in sizes):
        steps = list(sizes)
    else:
        return Unknown("split of a tensor")
    out: list[Value] = []
    start = 0
    for step in steps:
        part = value.data[start : start + step]
        out.append(Tensor((len(part),), part, value.dtype, value.kind))
        start += step
    return tuple(out)


def _transpose(interp: "Interpreter", value: Tensor, args: Args, kwargs: Kwargs) -> Value:
    dims = dims_of(args)
    if value.shape is None or dims is None or len(dims) != 2:
        return Tensor(None)
    shape = list(value.shape)
    one, two = [d % len(shape) for d in dims]
    shape[one], shape[two] = shape[two], shape[one]
    return Tensor(tuple(shape), None, value.dtype)


_METHODS: dict[str, Any] = {
    "tolist": _tolist, "item": _item, "astype": _cast(""), "int": _cast("int"), "long": _cast("long"),
    "float": _cast("float"), "reshape": _reshape, "view": _reshape, "size": _size, "dim":
    lambda i, v, a, k: len(v.shape) if v.shape is not None else Unknown("rank"), "numel": _numel,
    "sum": _reduce(sum), "max": _reduce(max), "min": _reduce(min), "unsqueeze": _unsqueeze,
    "repeat": _repeat, "split": _split, "transpose": _transpose,
    "cumsum": lambda i, v, a, k: _cumsum(i, [v], k), "__len__": lambda i, v, a, k: v.shape[0] if v.shape else Unknown("len"),
    **dict.fromkeys(("to", "clone", "detach", "contiguous", "cpu", "cuda", "numpy", "double", "half", "type_as", "bfloat16", "type", "copy"), _same),
}  # fmt: skip
register_special(Tensor, _tensor_attribute)

# --- the table ----------------------------------------------------------------------------------

_MAKERS: dict[str, Any] = {
    "zeros": 0.0, "ones": 1.0, "empty": None, "randn": None, "rand": None,
}  # fmt: skip

TABLE: dict[str, Value] = {
    **{f"torch.{n}": Builtin(f"torch.{n}", _filled(v, "tensor")) for n, v in _MAKERS.items()},
    **{f"numpy.{n}": Builtin(f"numpy.{n}", _filled(v, "ndarray")) for n, v in _MAKERS.items()},
    **{f"torch.{n}_like": Builtin(n, _like(v)) for n, v in _MAKERS.items()},
    "torch.full": Builtin("torch.full", _full),
    "torch.arange": Builtin("torch.arange", _arange("tensor")),
    "numpy.arange": Builtin("numpy.arange", _arange("ndarray")),
    "torch.linspace": Builtin("torch.linspace", _linspace("tensor")),
    "numpy.linspace": Builtin("numpy.linspace", _linspace("ndarray")),
    "torch.tensor": Builtin("torch.tensor", _tensor("tensor")),
    "torch.as_tensor": Builtin("torch.as_tensor", _tensor("tensor")),
    "torch.from_numpy": Builtin("torch.from_numpy", _tensor("tensor")),
    "numpy.array": Builtin("numpy.array", _tensor("ndarray")),
    "numpy.asarray": Builtin("numpy.asarray", _tensor("ndarray")),
    "torch.Tensor": core.TENSOR,
    "torch.FloatTensor": core.TENSOR,
    "numpy.ndarray": core.NDARRAY,
    "torch.nn.Parameter": core.PARAMETER,
    "torch.nn.parameter.Parameter": core.PARAMETER,
    "torch.cumsum": Builtin("torch.cumsum", _cumsum),
    "numpy.cumsum": Builtin("numpy.cumsum", _cumsum),
    **{f"torch.{n}": Builtin(f"torch.{n}", _elementwise(n)) for n in ELEMENTWISE if n not in ("int", "float", "bool")},
    **{f"numpy.{n}": Builtin(f"numpy.{n}", _elementwise(n)) for n in ELEMENTWISE if n not in ("int", "float", "bool")},
    "numpy.prod": Builtin("numpy.prod", lambda i, a, k: i.call(i.modelled["math.prod"], [i.make_list(i.iterate(a[0]))], {})),
    "numpy.power": Builtin("numpy.power", _numpy_scalar(pow)),
    "numpy.log2": Builtin("numpy.log2", _elementwise("log2")),
    "numpy.pi": math.pi,
    "numpy.inf": math.inf,
    **{
        f"torch.{n}": Builtin(f"torch.{n}", _outer_decorator)
        for n in ("no_grad", "inference_mode", "enable_grad", "compile", "compiler.disable",
                  "jit.script", "jit.ignore", "jit.unused", "jit.export", "jit.interface",
                  "jit.script_if_tracing", "fx.wrap", "_dynamo.disable", "jit._overload_method",
                  "compiler.allow_in_graph", "amp.autocast", "autocast", "library.register_fake",
                  "library.custom_op", "jit.script_method")
    },
    **{f"torch.{n}": Builtin(f"torch.{n}", _false)
       for n in ("jit.is_scripting", "jit.is_tracing", "cuda.is_available", "is_grad_enabled",
                 "compiler.is_compiling", "backends.mps.is_available", "distributed.is_available",
                 "distributed.is_initialized", "_dynamo.is_compiling", "_C._get_tracing_state",
                 "onnx.is_in_onnx_export")},
}  # fmt: skip
core.MAKERS[core.PARAMETER] = _parameter
core.MAKERS[core.TENSOR] = lambda i, a, k: (
    Tensor(dims_of(a)) if a and all(isinstance(v, int) for v in a) else i.make_tensor(a[0] if a else ListValue())
)
