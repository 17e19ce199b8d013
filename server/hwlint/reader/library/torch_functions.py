"""Functions of torch itself, its decorators and questions, and the table of all of it."""

from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS
from hwlint.reader.dtypes import ALIASES, FLOATS, INTEGERS, result_type
from hwlint.reader.forward import composites
from hwlint.reader.forward.functions import apply, observe, quietly
from hwlint.reader.library import (
    numpy_functions,
    torch_creation,
    torch_device,
    torch_joining,
    torch_utils,
)
from hwlint.reader.library.tensor_rules import RULES, function
from hwlint.reader.shapes import is_sequence
from hwlint.reader.values import (
    Builtin,
    Class,
    External,
    Function,
    ModuleInstance,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

Args = list[Value]
Kwargs = dict[str, Value]


def _decorator(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if args and isinstance(args[0], Function | Class | ModuleInstance):
        return args[0]
    return _CONTEXT


def _enter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0] if args else None


_CONTEXT = Builtin("torch context", _enter)


def _false(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return False


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


def _is_tensor(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0] if args else None
    if isinstance(value, Unknown | External):
        return Unknown("is_tensor of something not known")
    return isinstance(value, Tensor) and value.kind != "ndarray"


def _typename(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Unknown("torch.typename()")


def _result_type(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if all(isinstance(a, Tensor | int | float) for a in args) and result_type(args):
        return External(f"torch.{result_type(args)}")
    return Unknown("a dtype")


def _einsum(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    text, tensors = args[0] if args else None, args[1:]
    if len(tensors) == 1 and is_sequence(tensors[0]):
        tensors = list(tensors[0])
    if not isinstance(text, str) or not all(isinstance(t, Tensor) for t in tensors):
        return interp.new_tensor(None, None, "")
    shape = _einsum_shape(text.replace(" ", ""), tensors)
    return interp.new_tensor(shape, None, result_type(tensors))


def _einsum_shape(text: str, tensors: list[Any]) -> "tuple[int, ...] | None":
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(tensors) or not text.replace(",", "").replace("->", "").isalpha():
        return None
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, tensors, strict=True):
        if tensor.shape is None or len(tensor.shape) != len(term):
            return None
        for letter, dim in zip(term, tensor.shape, strict=True):
            if sizes.setdefault(letter, dim) not in (dim, 1):
                return None
            sizes[letter] = max(dim, sizes[letter])
    if not arrow:
        output = "".join(sorted([c for c in sizes if inputs.count(c) == 1]))
    return tuple([sizes[c] for c in output]) if all(c in sizes for c in output) else None


_DECORATORS = (
    "no_grad inference_mode enable_grad set_grad_enabled compile compiler.disable jit.script "
    "jit.ignore jit.unused jit.export jit.interface jit.script_if_tracing fx.wrap _dynamo.disable "
    "jit._overload_method jit._overload compiler.allow_in_graph amp.autocast autocast "
    "library.register_fake library.custom_op jit.script_method"
).split()
_NO = (
    "jit.is_scripting jit.is_tracing cuda.is_available is_grad_enabled compiler.is_compiling "
    "backends.mps.is_available distributed.is_available distributed.is_initialized "
    "_dynamo.is_compiling _C._get_tracing_state onnx.is_in_onnx_export is_autocast_enabled "
    "compiler.is_exporting accelerator.is_available cuda.is_current_stream_capturing "
    "xpu.is_current_stream_capturing compiler.is_dynamo_compiling xpu.is_available "
    "is_inference_mode_enabled"
).split()
_SILENT = (
    "_assert _assert_async _check _check_with _check_tensor_all _check_tensor_all_with "
    "_check_index _check_value _check_type _check_not_implemented _check_is_size manual_seed "
    "set_default_dtype set_num_threads cuda.manual_seed_all accelerator.current_accelerator"
).split()
_DTYPES = (*INTEGERS, *FLOATS, "bool", "complex64", "complex128")
_SHORT = {name: of for name, of in ALIASES.items() if name not in ("char", "byte")}
_PACKAGES = ("cpu", "cuda")
"""Methods of a tensor whose names are packages in torch itself."""
_FUNCTIONAL = ("pad", "one_hot")
"""Not the activations: as arguments of layers they go by name."""

_FUNCTIONS: dict[str, Any] = {
    **dict.fromkeys(_DECORATORS, _decorator),
    **dict.fromkeys(_NO, _false),
    **dict.fromkeys(_SILENT, _nothing),
    "is_tensor": _is_tensor, "typename": _typename, "result_type": _result_type,
}  # fmt: skip


def _by_row(path: str, value: Value) -> Value:
    """Let the row of the table say what comes out, and the function what is in it."""
    row = FUNCTIONS.get(path)
    if not isinstance(value, Builtin):
        return value
    call = value.call
    if row is None:
        return Builtin(value.name, _recorded(path.rpartition(".")[2], call))

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        return apply(interp, row, args, kwargs, lambda: call(interp, args, kwargs))

    return Builtin(value.name, run)


def _recorded(name: str, call: Any) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        flow = interp.flow
        if flow is None:
            return call(interp, args, kwargs)
        result = quietly(flow, lambda: call(interp, args, kwargs))
        return observe(interp, name, [*args, *kwargs.values()], result)

    return run


_MAKING = {
    **torch_creation.TABLE,
    **torch_joining.TABLE,
    **{f"torch.nn.functional.{n}": function("torch", RULES[n]) for n in _FUNCTIONAL},
    "torch.einsum": Builtin("torch.einsum", _einsum),
}

TABLE: dict[str, Value] = {
    **{
        f"torch.{name}": function("torch", rule)
        for name, rule in RULES.items()
        if name not in _PACKAGES
    },
    **numpy_functions.TABLE,
    **{
        path: _by_row(path, value) if path.startswith("torch.") else value
        for path, value in _MAKING.items()
    },
    **torch_device.TABLE,
    **torch_utils.TABLE,
    **composites.TABLE,
    **{f"torch.{name}": Builtin(f"torch.{name}", call) for name, call in _FUNCTIONS.items()},
    **{f"torch.{name}": External(f"torch.{name}") for name in _DTYPES},
    **{f"torch.{name}": External(f"torch.{of}") for name, of in _SHORT.items()},
    "torch.inf": float("inf"),
    "torch.nan": float("nan"),
    "torch.pi": 3.141592653589793,
    "torch.jit.Final": External("torch.jit.Final"),
}  # fmt: skip
