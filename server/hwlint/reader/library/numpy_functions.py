"""numpy: its functions, its dtypes, and what its scalars can do beyond Python's numbers."""

import math
from typing import TYPE_CHECKING, Any

from hwlint.reader.dtypes import dtype_name, kept
from hwlint.reader.library import (
    torch_data,
    torch_math,
    torch_pieces,
    torch_reductions,
    torch_shapes,
)
from hwlint.reader.library.tensor_rules import NUMPY_RULES, RULES, as_array, function
from hwlint.reader.native_methods import NATIVE_METHODS
from hwlint.reader.provenance import derive
from hwlint.reader.shapes import plain_number
from hwlint.reader.values import Builtin, ListValue, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

Args = list[Value]
Kwargs = dict[str, Value]


def _scalar_type(name: str) -> Builtin:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if not args:
            return kept(name, [0])[0]  # type: ignore[index]  # zero fits every dtype
        value = args[0]
        if isinstance(value, tuple | ListValue | Tensor):
            made = as_array(interp, value)
            return (
                interp.array_result(interp.cast(made, name)) if isinstance(made, Tensor) else made
            )
        return _converted(name, value)

    return Builtin(f"numpy.{name}", run)


def _converted(name: str, value: Any) -> Value:
    if not isinstance(value, int | float):
        return value if isinstance(value, Unknown) else Unknown("a scalar of numpy")
    found = kept(name, [value])
    return found[0] if found is not None else Unknown("a scalar of numpy")


def _shape(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = as_array(interp, args[0] if args else None)
    if isinstance(value, Tensor) and value.shape is not None:
        return value.shape
    return value if isinstance(value, Unknown) else Unknown("an array's shape")


def _array_equal(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    left, right = [as_array(interp, a) for a in args[:2]]
    if not isinstance(left, Tensor) or not isinstance(right, Tensor):
        return Unknown("equality of arrays")
    if left.shape is not None and right.shape is not None and left.shape != right.shape:
        return False
    if left.data is None or right.data is None:
        return Unknown("equality of arrays")
    return left.data == right.data


def _append(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if "axis" in kwargs or len(args) > 2:
        return Unknown("numpy.append()")
    parts = tuple([as_array(interp, a) for a in args])
    if not all(isinstance(p, Tensor) for p in parts):
        return Unknown("numpy.append()")
    flat = tuple([interp.call(interp.getattr(p, "ravel"), [], {}) for p in parts])
    return interp.call(interp.modelled["numpy.concatenate"], [flat], {})


def _at_least(rank: int) -> Any:
    """Return numpy.atleast_1d or numpy.atleast_2d, of one array."""

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        value = as_array(interp, args[0]) if len(args) == 1 else Unknown("several arrays")
        if not isinstance(value, Tensor) or value.shape is None:
            return value if isinstance(value, Unknown) else Unknown("an array of unknown shape")
        if len(value.shape) >= rank:
            return value
        shape = (1,) * (rank - len(value.shape)) + tuple(value.shape)
        return interp.call(interp.getattr(value, "reshape"), [shape], {})

    return run


def _isscalar(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0] if args else None
    return value if isinstance(value, Unknown) else isinstance(value, int | float | str)


# The rules enter themselves when their files are read.
_RULES = (torch_data, torch_math, torch_pieces, torch_reductions, torch_shapes)

# --- scalars ------------------------------------------------------------------------------------


def _itself(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    return value


def _astype(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    return _converted(dtype_name(args[0] if args else kwargs.get("dtype")), value)


def _round(interp: "Interpreter", value: Any, args: Args, kwargs: Kwargs) -> Value:
    decimals = plain_number(args[0]) if args else plain_number(kwargs.get("decimals", 0))
    if not isinstance(decimals, int) or not math.isfinite(value):
        return Unknown("round()")
    return (
        derive("round", type(value + 0)(round(value, decimals)), value)
        if not decimals
        else (interp.call(interp.modelled["numpy.round"], [value, decimals], {}))
    )


# A scalar of numpy is a plain number here; what only numpy's have does no harm on Python's own.
NATIVE_METHODS[int].update(
    {
        "astype": _astype, "round": _round,
        **dict.fromkeys(("item", "tolist", "copy", "sum", "mean", "max", "min"), _itself),
    }
)  # fmt: skip

# --- the table ----------------------------------------------------------------------------------

_SCALARS = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
_MORE = {"double": "float64", "single": "float32", "half": "float16", "intp": "int64",
         "int_": "int64", "bool_": "bool", "float_": "float64"}  # fmt: skip
_FUNCTIONS: dict[str, Any] = {
    "shape": _shape, "array_equal": _array_equal, "append": _append, "isscalar": _isscalar,
    "atleast_1d": _at_least(1), "atleast_2d": _at_least(2),
}  # fmt: skip
_HERE = {n: _scalar_type(n) for n in _SCALARS}

TABLE: dict[str, Value] = {
    **{f"numpy.{name}": function("numpy", rule) for name, rule in {**RULES, **NUMPY_RULES}.items()},
    **{f"numpy.{name}": Builtin(f"numpy.{name}", call) for name, call in _FUNCTIONS.items()},
    **{f"numpy.{name}": made for name, made in _HERE.items()},
    **{f"numpy.{name}": _HERE.get(of) or _scalar_type(of) for name, of in _MORE.items()},
    "numpy.pi": math.pi,
    "numpy.e": math.e,
    "numpy.inf": math.inf,
    "numpy.nan": math.nan,
    "numpy.newaxis": None,
}
