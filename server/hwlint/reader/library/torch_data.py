"""What tensors say of themselves, casts, and changes in place."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS
from hwlint.ops.names import TENSOR_NAMES
from hwlint.reader import operators
from hwlint.reader.attributes import register_special
from hwlint.reader.dtypes import ALIASES, dtype_name, is_float
from hwlint.reader.forward.functions import in_place, observe, quietly
from hwlint.reader.forward.waits import note_wait
from hwlint.reader.library.tensor_rules import (
    RULES,
    Given,
    method,
    number_or,
    operation,
)
from hwlint.reader.library.torch_device import CPU
from hwlint.reader.shapes import dims_of, size
from hwlint.reader.sharing import share
from hwlint.reader.values import Builtin, External, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__: list[str] = []

Args = list[Value]
Kwargs = dict[str, Value]


def _attribute(interp: "Interpreter", value: Tensor, name: str) -> Value:
    array = value.kind == "ndarray"
    if name == "size" and array:
        return size(value.shape) if value.shape is not None else Unknown("an array's size")
    plain = _PLAIN.get(name)
    if plain is not None:
        return plain(interp, value)
    found = method(value, name)
    if found is not None:
        return found
    if name.endswith("_") and not name.startswith("_"):
        return _in_place(value, name)
    if name.startswith("__"):
        return _dunder(interp, value, name)
    if name in interp.marks:
        return Unknown(f"what was kept under {name} of a tensor")
    if name.startswith("_") or (not array and name not in TENSOR_NAMES):
        raise interp.error("AttributeError", f"'Tensor' object has no attribute {name!r}")
    if interp.probing:
        return Unknown(f"whether a tensor has {name}")
    if array:
        return Builtin(name, lambda i, a, k: Unknown(f"ndarray.{name}() is not modelled"))
    return Builtin(name, _no_rule(name, value))


def _no_rule(name: str, value: Tensor) -> Any:
    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if interp.flow is not None and not interp.flow.quiet:
            interp.flow.doubt(f"Tensor.{name}() is not modelled", interp.place)
        return observe(interp, name, [value, *args], interp.new_tensor(None, None, ""))

    return call


def _dunder(interp: "Interpreter", value: Tensor, name: str) -> Value:
    if name == "__len__":
        length = value.shape[0] if value.shape else None
        length = Unknown("len of a tensor") if length is None else length
        return Builtin(name, lambda i, a, k: length)
    if name == "__class__":
        from hwlint.reader import builtin_classes as core

        return core.class_of(value)
    if name in ("__iter__", "__getitem__"):
        return Builtin(name, lambda i, a, k: Unknown("items of a tensor"))
    return Unknown(f"{name} of a tensor")


def _shape(interp: "Interpreter", value: Tensor) -> Value:
    if value.shape is None:
        return Unknown("a tensor's shape")
    if None in value.shape:
        return tuple([Unknown("a tensor's shape") if d is None else d for d in value.shape])
    return value.shape


def _rank(interp: "Interpreter", value: Tensor) -> Value:
    return len(value.shape) if value.shape is not None else Unknown("a tensor's rank")


def _dtype(interp: "Interpreter", value: Tensor) -> Value:
    if not value.dtype:
        return Unknown("a tensor's dtype")
    library = "numpy" if value.kind == "ndarray" else "torch"
    full = f"{library}.{value.dtype}"
    return interp.modelled.get(full) or External(full)


def _reversed(interp: "Interpreter", value: Tensor) -> Value:
    found = method(value, "t")
    return found.call(interp, [], {}) if found is not None else value


_PLAIN: "dict[str, Callable[[Interpreter, Tensor], Value]]" = {
    "shape": _shape,
    "ndim": _rank,
    "dtype": _dtype,
    "data": lambda i, v: v,
    "grad": lambda i, v: None,
    "real": lambda i, v: v if not v.dtype.startswith("complex") else i.new_tensor(v.shape, None),
    "T": _reversed,
    "mT": lambda i, v: i.getattr(v, "transpose").call(i, [-1, -2], {}),
    "requires_grad": lambda i, v: v.kind == "parameter",
    "device": lambda i, v: CPU,
    "is_cpu": lambda i, v: True,
    "is_leaf": lambda i, v: True,
}
for _name in (
    "is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse "
    "is_sparse_csr is_vulkan is_xla is_xpu retains_grad".split()
):
    _PLAIN[_name] = lambda i, v: False


def _not_told(name: str) -> "Callable[..., Value]":
    def answer(interp: "Interpreter", value: Tensor, given: Given | None = None) -> Value:
        return Unknown(f"a tensor's {name}")

    return answer


for _name in "grad_dtype grad_fn itemsize layout name names nbytes output_nr".split():
    _PLAIN[_name] = _not_told(_name)
register_special(Tensor, _attribute)


@operation("size", "dim", asks=True)
def _size(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    shape = _shape(interp, value)
    dim = given.get("dim", given.get("shape"))
    return shape if dim is None else operators.subscript(interp, shape, dim)


@operation("dim ndimension", asks=True)
def _dim(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return _rank(interp, value)


@operation("numel nelement", asks=True)
def _numel(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if value.shape is None or None in value.shape:
        return Unknown("a tensor's size")
    return size(value.shape)


@operation("element_size", asks=True)
def _element_size(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    digits = "".join([c for c in value.dtype if c.isdigit()])
    return int(digits) // 8 if digits else 1 if value.dtype else Unknown("bytes of a tensor")


for _name in (
    "const_data_ptr data_ptr dense_dim dim_order has_names is_coalesced is_conj is_distributed "
    "is_inference is_neg is_pinned is_same_size is_set_to is_shared is_signed sparse_dim storage "
    "storage_offset storage_type stride untyped_storage".split()
):
    operation(_name, asks=True)(_not_told(_name))


@operation("item", asks=True)
def _item(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return interp.tensor_scalar(value)


@operation("tolist", asks=True)
def _tolist(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    if value.data is None or value.shape is None:
        note_wait(interp, "tolist", value)
        return Unknown("a tensor's values")
    return _lists(interp, value.data, value.shape) if value.shape else value.data[0]


def _lists(interp: "Interpreter", data: list[Any], shape: tuple[int, ...]) -> Value:
    if len(shape) == 1:
        return interp.make_list(data)
    step = size(shape[1:])
    rows = [data[i * step : (i + 1) * step] for i in range(shape[0])]
    return interp.make_list([_lists(interp, row, shape[1:]) for row in rows])


@operation("is_floating_point", asks=True)
def _is_floating_point(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return is_float(value.dtype) if value.dtype else Unknown("a tensor's dtype")


@operation("is_complex", asks=True)
def _is_complex(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return value.dtype.startswith("complex") if value.dtype else Unknown("a tensor's dtype")


@operation("is_contiguous", asks=True)
def _is_contiguous(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return Unknown("layout of a tensor")


@operation("get_device", asks=True)
def _get_device(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return -1


# --- copies and casts ---------------------------------------------------------------------------


@operation("clone copy")
def _copy(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return interp.new_tensor(value.shape, value.data, value.dtype, value.kind)


@operation("detach contiguous cpu cuda pin_memory resolve_conj")
def _same(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return share(value, interp.new_tensor(value.shape, value.data, value.dtype, value.kind))


@operation("requires_grad_ retain_grad share_memory_ detach_ register_hook")
def _itself(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return value


@operation("numpy")
def _numpy(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    note_wait(interp, "numpy", value)
    return share(value, interp.new_tensor(value.shape, value.data, value.dtype, "ndarray"))


def _cast_to(dtype: str) -> Any:
    def rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        return interp.cast(value, dtype)

    return rule


for _name in ("float", "double", "half", "long", "int", "short", "char", "byte"):
    operation(_name)(_cast_to(ALIASES[_name]))
operation("bool")(_cast_to("bool"))
operation("bfloat16")(_cast_to("bfloat16"))


@operation("to type", "*what")
def _to(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    dtype = value.dtype
    for wanted in [*given.get("what", []), given.get("dtype")]:
        if isinstance(wanted, Tensor):
            dtype = wanted.dtype
        elif isinstance(wanted, Unknown) or dtype_name(wanted):
            dtype = dtype_name(wanted)
        elif isinstance(wanted, str) and wanted.startswith("torch."):
            dtype = ""  # "torch.FloatTensor"
    return interp.cast(value, dtype)


@operation("type_as", "other")
def _type_as(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    other = given.get("other")
    return interp.cast(value, other.dtype if isinstance(other, Tensor) else "")


@operation("astype", "dtype", numpy=True)
def _astype(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return interp.cast(value, dtype_name(given.get("dtype")))


# --- new ones like this -------------------------------------------------------------------------


def _new(filler: "float | None") -> Any:
    def rule(interp: "Interpreter", value: Tensor, given: Given) -> Value:
        shape = dims_of(given.get("shape", []))
        dtype = value.dtype if given.get("dtype") is None else dtype_name(given["dtype"])
        return interp.filled(shape, filler, dtype)

    return rule


operation("new_zeros", "*shape")(_new(0))
operation("new_ones", "*shape")(_new(1))
operation("new_empty new", "*shape")(_new(None))


@operation("new_full", "shape fill_value")
def _new_full(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    dtype = value.dtype if given.get("dtype") is None else dtype_name(given["dtype"])
    return interp.filled(dims_of([given.get("shape")]), number_or(given, "fill_value", None), dtype)


@operation("new_tensor", "data")
def _new_tensor(interp: "Interpreter", value: Tensor, given: Given) -> Value:
    return interp.make_tensor(given.get("data"))


# --- in place -----------------------------------------------------------------------------------


def _in_place(value: Tensor, name: str) -> Builtin:
    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        _note(interp, value, name, args, kwargs)
        if value.data is None:
            return _after(interp, value, name, args)
        data = None
        if name in ("fill_", "zero_"):
            wanted = args[0] if args else kwargs.get("value", 0)
            data = _filled(interp, value, wanted)
        elif name[:-1] in RULES and not name.startswith(("random", "copy")):
            data = _computed(interp, value, name[:-1], args, kwargs)
        interp.write_tensor(value, data)
        return _after(interp, value, name, args)

    return Builtin(name, call)


def _note(interp: "Interpreter", value: Tensor, name: str, args: Args, kwargs: Kwargs) -> None:
    """Keep that an operation in place ran, with the work of the one that it is named after."""
    flow = interp.flow
    if flow is None or flow.quiet:
        return
    row = FUNCTIONS.get(f"torch.Tensor.{name[:-1]}")
    if row is None or name in _RESHAPING or not in_place(interp, row, [value, *args], kwargs):
        observe(interp, name, [value, *args], value, "inplace")


def _after(interp: "Interpreter", value: Tensor, name: str, args: Args) -> Value:
    found = method(value, name[:-1])
    if name in _RESHAPING and found is not None:
        made = found.call(interp, args, {})
        value.shape = made.shape if isinstance(made, Tensor) else None
    elif name in ("resize_", "set_", "resize_as_", "swap_"):
        value.shape = None
    return value


_RESHAPING = frozenset(("squeeze_", "unsqueeze_", "transpose_", "t_", "swapaxes_", "swapdims_"))


def _filled(interp: "Interpreter", value: Tensor, wanted: Value) -> "list[Any] | None":
    made = interp.filled(
        value.shape, wanted if isinstance(wanted, int | float) else None, value.dtype
    )
    return made.data


def _computed(
    interp: "Interpreter", value: Tensor, name: str, args: Args, kwargs: Kwargs
) -> "list[Any] | None":
    found = method(value, name)
    if found is None:
        return None
    made = quietly(interp.flow, lambda: found.call(interp, args, kwargs))
    if not isinstance(made, Tensor) or (made.shape != value.shape and name + "_" not in _RESHAPING):
        return None
    return interp.cast(made, value.dtype).data
