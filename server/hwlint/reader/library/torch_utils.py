"""torch.nn.utils, init and modules.utils: what changes parameters, weights or arguments."""

import math
from typing import TYPE_CHECKING, Any

from hwlint.reader.library.containers import CONTAINERS
from hwlint.reader.library.modules import MODULE, register
from hwlint.reader.operators import UnknownIteration
from hwlint.reader.shapes import is_sequence, plain_number, size
from hwlint.reader.values import Builtin, Class, ModuleInstance, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

Args = list[Value]
Kwargs = dict[str, Value]
Shape = tuple[int, ...] | None


def _module_class(name: str, base: Class) -> Class:
    made = Class(name, (base,), {})
    made.module = "torch.nn.utils.parametrize"
    made.is_module = True
    made.mro = (made, *base.mro)
    return made


_LIST = _module_class("ParametrizationList", CONTAINERS["ModuleList"])
_WEIGHT_NORM = _module_class("_WeightNorm", MODULE)
_SPECTRAL_NORM = _module_class("_SpectralNorm", MODULE)

# --- normalised weights -------------------------------------------------------------------------


def _given(args: Args, kwargs: Kwargs, names: str) -> dict[str, Value]:
    return {**dict(zip(names.split(), args, strict=False)), **kwargs}


def _taken(interp: "Interpreter", module: ModuleInstance, name: str) -> "Tensor | None":
    """Take a parameter out of a module; what is left under its name is a plain tensor."""
    interp.touch(module)
    interp.touch(module.parameters)
    found = module.parameters.get(name)
    if not isinstance(found, Tensor):
        return None
    del module.parameters[name]
    module.attrs[name] = interp.new_tensor(found.shape, None, found.dtype)
    return found


def _new_parameter(interp: "Interpreter", module: ModuleInstance, name: str, shape: Shape) -> None:
    made = interp.new_tensor(shape, None)
    made.kind = "parameter"
    interp.touch(module.parameters)
    module.parameters[name] = made


def _new_buffer(interp: "Interpreter", module: ModuleInstance, name: str, shape: Shape) -> None:
    made = interp.new_tensor(shape, None)
    made.kind = "buffer"
    interp.touch(module.buffers)
    module.buffers[name] = made


def _norm_shape(shape: Shape, dim: Value) -> Shape:
    """Return the shape of the norms over all dimensions but `dim`."""
    if shape is None or dim is None or dim == -1:
        return None if shape is None else ()
    if not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
        return None
    return tuple([d if i == dim % len(shape) else 1 for i, d in enumerate(shape)])


def _matrix_shape(shape: Shape, dim: Value) -> tuple[Shape, Shape]:
    """Return the shapes of the two vectors that spectral norm keeps."""
    if not shape or not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
        return None, None
    rows = shape[dim]
    return (rows,), (size(shape) // rows if rows else 0,)


def _spectral_dim(module: ModuleInstance, dim: Value) -> Value:
    if dim is not None:
        return dim
    transposed = any(c.name.startswith("ConvTranspose") for c in module.cls.mro)
    return 1 if transposed else 0


def _weight_norm(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "module name dim")
    module, name, dim = given.get("module"), given.get("name", "weight"), given.get("dim", 0)
    if isinstance(module, ModuleInstance) and isinstance(name, str):
        weight = _taken(interp, module, str(name))
        if weight is not None:
            _new_parameter(interp, module, f"{name}_g", _norm_shape(weight.shape, dim))
            _new_parameter(interp, module, f"{name}_v", weight.shape)
    return module


def _spectral_norm(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "module name n_power_iterations eps dim")
    module, name = given.get("module"), given.get("name", "weight")
    if isinstance(module, ModuleInstance) and isinstance(name, str):
        weight = _taken(interp, module, str(name))
        if weight is not None:
            rows, columns = _matrix_shape(weight.shape, _spectral_dim(module, given.get("dim")))
            _new_parameter(interp, module, f"{name}_orig", weight.shape)
            _new_buffer(interp, module, f"{name}_u", rows)
            _new_buffer(interp, module, f"{name}_v", columns)
    return module


def _remove(*endings: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        given = _given(args, kwargs, "module name")
        module, name = given.get("module"), given.get("name", "weight")
        if not isinstance(module, ModuleInstance) or not isinstance(name, str):
            return module
        weight = module.attrs.get(str(name))
        if isinstance(weight, Tensor):
            interp.touch(module)
            for table in (module.parameters, module.buffers):
                interp.touch(table)
                for ending in endings:
                    table.pop(f"{name}_{ending}", None)
            del module.attrs[str(name)]
            _new_parameter(interp, module, str(name), weight.shape)
        return module

    return run


# --- parametrizations ---------------------------------------------------------------------------


def _holder(interp: "Interpreter", module: ModuleInstance, name: str) -> ModuleInstance:
    """Return the list of parametrizations of a parameter, made where there is none."""
    every = module.modules.get("parametrizations")
    if not isinstance(every, ModuleInstance):
        every = ModuleInstance(CONTAINERS["ModuleDict"], interp.clock)
        every.place = module.place
        register(interp, module, "parametrizations", every)
    found = every.modules.get(name)
    if not isinstance(found, ModuleInstance):
        found = ModuleInstance(_LIST, interp.clock)
        found.place = module.place
        register(interp, every, name, found)
    return found


def _parametrized_weight_norm(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "module name dim")
    module, name, dim = given.get("module"), given.get("name", "weight"), given.get("dim", 0)
    if isinstance(module, ModuleInstance) and isinstance(name, str):
        weight = _taken(interp, module, str(name))
        if weight is not None:
            holder = _holder(interp, module, str(name))
            _new_parameter(interp, holder, "original0", _norm_shape(weight.shape, dim))
            _new_parameter(interp, holder, "original1", weight.shape)
            register(interp, holder, "0", ModuleInstance(_WEIGHT_NORM, interp.clock))
    return module


def _parametrized_spectral_norm(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "module name n_power_iterations eps dim")
    module, name = given.get("module"), given.get("name", "weight")
    if isinstance(module, ModuleInstance) and isinstance(name, str):
        weight = _taken(interp, module, str(name))
        if weight is not None:
            holder = _holder(interp, module, str(name))
            _new_parameter(interp, holder, "original", weight.shape)
            norm = ModuleInstance(_SPECTRAL_NORM, interp.clock)
            if weight.shape is None or len(weight.shape) > 1:
                rows, columns = _matrix_shape(weight.shape, _spectral_dim(module, given.get("dim")))
                _new_buffer(interp, norm, "_u", rows)
                _new_buffer(interp, norm, "_v", columns)
            register(interp, holder, "0", norm)
    return module


def _register_parametrization(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "module tensor_name parametrization")
    module, name, made = [given.get(n) for n in ("module", "tensor_name", "parametrization")]
    if not isinstance(module, ModuleInstance) or not isinstance(name, str):
        return module
    known = isinstance(made, ModuleInstance)
    inverse = made.cls.find("right_inverse") if known else None
    weight = _taken(interp, module, str(name))
    holder = _holder(interp, module, str(name))
    if weight is not None:
        # A right_inverse of its own may keep the parameter in another shape, or in several.
        shape = weight.shape if known and inverse is None else None
        _new_parameter(interp, holder, "original", shape)
    register(interp, holder, str(len(holder.modules)), made)
    return module


def _is_parametrized(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "module tensor_name")
    module, name = given.get("module"), given.get("tensor_name")
    if not isinstance(module, ModuleInstance):
        return Unknown("whether something is parametrized")
    every = module.modules.get("parametrizations")
    if not isinstance(every, ModuleInstance):
        return False
    return name is None or name in every.modules


# --- arguments ----------------------------------------------------------------------------------


def _repeated(count: int) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        value = args[0] if args else kwargs.get("x")
        if isinstance(value, Unknown):
            return value
        if isinstance(value, int | float | None):
            return (value,) * count
        try:
            return tuple(interp.iterate(value))
        except UnknownIteration as stop:
            return stop.unknown

    return run


def _ntuple(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    count = plain_number(args[0] if args else kwargs.get("n"))
    if not isinstance(count, int) or not 0 <= count <= 64:
        return Unknown("_ntuple()")
    return Builtin("torch.nn.modules.utils.parse", _repeated(count))


def _reverse_repeat(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    count = plain_number(args[1] if len(args) > 1 else kwargs.get("n"))
    value = args[0] if args else kwargs.get("t")
    if not is_sequence(value) or not isinstance(count, int) or not 0 <= count <= 64:
        return Unknown("_reverse_repeat_tuple()")
    return tuple([v for v in reversed(value) for _ in range(count)])


def _skip_init(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    rest = {k: v for k, v in kwargs.items() if k not in ("device", "module_cls")}
    if not args:
        return interp.call(kwargs.get("module_cls"), [], rest)
    return interp.call(args[0], args[1:], rest)


def _parameters_to_vector(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.new_tensor(None, None)


# --- torch.nn.init ------------------------------------------------------------------------------

_INIT = (
    "uniform_ normal_ trunc_normal_ constant_ ones_ zeros_ eye_ dirac_ xavier_uniform_ "
    "xavier_normal_ kaiming_uniform_ kaiming_normal_ orthogonal_ sparse_ uniform normal constant "
    "xavier_uniform xavier_normal kaiming_uniform kaiming_normal orthogonal _no_grad_fill_ "
    "_no_grad_zero_ _no_grad_normal_ _no_grad_uniform_ _no_grad_trunc_normal_"
).split()
_GAINS = {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def _initialised(name: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        value = args[0] if args else kwargs.get("tensor")
        if not isinstance(value, Tensor):
            return value
        filler = {"zeros_": 0, "ones_": 1}.get(name)
        if name == "constant_":
            filler = plain_number(args[1] if len(args) > 1 else kwargs.get("val"))
        if value.data is not None:
            interp.write_tensor(value, interp.filled(value.shape, filler, value.dtype).data)
        return value

    return run


def _gain(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given(args, kwargs, "nonlinearity param")
    kind, param = given.get("nonlinearity"), given.get("param")
    if not isinstance(kind, str):
        return kind if isinstance(kind, Unknown) else Unknown("calculate_gain()")
    if kind == "leaky_relu":
        slope = 0.01 if param is None else plain_number(param)
        return math.sqrt(2.0 / (1 + slope**2)) if slope is not None else Unknown("calculate_gain()")
    return _GAINS.get(str(kind), 1 if kind in ("linear", "sigmoid") or kind.startswith("conv") else
                      Unknown("calculate_gain()"))  # fmt: skip


def _fans(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0] if args else kwargs.get("tensor")
    if not isinstance(value, Tensor) or value.shape is None or len(value.shape) < 2:
        return (Unknown("fan in"), Unknown("fan out"))
    rest = size(value.shape[2:])
    return (value.shape[1] * rest, value.shape[0] * rest)


def _fan(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    mode = args[1] if len(args) > 1 else kwargs.get("mode")
    if mode not in ("fan_in", "fan_out"):
        return Unknown("fan")
    return _fans(interp, args, kwargs)[mode == "fan_out"]


_UTILS: dict[str, Any] = {
    "weight_norm": _weight_norm, "remove_weight_norm": _remove("g", "v"),
    "spectral_norm": _spectral_norm, "remove_spectral_norm": _remove("orig", "u", "v"),
    "parametrizations.weight_norm": _parametrized_weight_norm,
    "parametrizations.spectral_norm": _parametrized_spectral_norm,
    "parametrize.register_parametrization": _register_parametrization,
    "parametrize.is_parametrized": _is_parametrized, "skip_init": _skip_init,
    "parameters_to_vector": _parameters_to_vector,
    "weight_norm.weight_norm": _weight_norm, "spectral_norm.spectral_norm": _spectral_norm,
}  # fmt: skip
_ARGUMENTS: dict[str, Any] = {
    "_single": _repeated(1), "_pair": _repeated(2), "_triple": _repeated(3),
    "_quadruple": _repeated(4), "_ntuple": _ntuple, "_reverse_repeat_tuple": _reverse_repeat,
}  # fmt: skip
_INITS: dict[str, Any] = {
    **{name: _initialised(name) for name in _INIT}, "calculate_gain": _gain,
    "_calculate_fan_in_and_fan_out": _fans, "_calculate_correct_fan": _fan,
}  # fmt: skip

TABLE: dict[str, Value] = {
    f"torch.nn.{package}.{name}": Builtin(f"torch.nn.{package}.{name}", call)
    for package, calls in (("utils", _UTILS), ("modules.utils", _ARGUMENTS), ("init", _INITS))
    for name, call in calls.items()
}
