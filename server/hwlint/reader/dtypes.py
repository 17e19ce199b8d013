"""Element types of tensors and arrays: names, promotion, and what storing a number makes of it."""

import math
import struct
from typing import Any

from hwlint.ops.dtypes import FLOATS, INTEGERS, category, is_float, promote
from hwlint.reader.provenance import sourced, trace_of
from hwlint.reader.values import Builtin, Class, External, Tensor, Value

__all__ = [
    "ALIASES",
    "FLOATS",
    "INTEGERS",
    "LIMITS",
    "MAX_TRACED",
    "dtype_name",
    "dtype_of_number",
    "is_exact",
    "is_float",
    "kept",
    "kind_of",
    "promote",
    "result_type",
    "store",
]

MAX_TRACED = 64
"""Longer tensors forget where their numbers came from."""

_COMPLEX = ("complex64", "complex128")
ALIASES = {
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32",
    "short": "int16", "cfloat": "complex64", "cdouble": "complex128", "char": "int8",
    "byte": "uint8",
}  # fmt: skip
LIMITS = {
    "float64": (1.7976931348623157e308, 2.0**-52, 2.0**-1022),
    "float32": (3.4028234663852886e38, 2.0**-23, 2.0**-126),
    "float16": (65504.0, 2.0**-10, 2.0**-14),
    "bfloat16": (3.3895313892515355e38, 2.0**-7, 2.0**-126),
}
"""max, eps and smallest normal number."""
_NUMPY_ALIASES = {"bool_": "bool", "int_": "int64", "double": "float64", "half": "float16"}
_STRINGS = {"int": "int64", "float": "float64", "i4": "int32", "i8": "int64", "f4": "float32"}
_KNOWN = {*INTEGERS, *FLOATS, *_COMPLEX, "bool"}
_BY_CLASS = {"int": "int64", "float": "float64", "bool": "bool", "complex": "complex128"}
_EXACT = {"float64": 2**53, "float32": 2**24, "float16": 2**11, "bfloat16": 2**8}


def dtype_name(value: Value) -> str:
    """Return the name of a dtype that a program gave; "" where it is not known."""
    if isinstance(value, Class):
        return _BY_CLASS.get(value.name, "")
    if isinstance(value, str):
        name = _STRINGS.get(value, str(value))
    elif isinstance(value, External | Builtin):
        library, _, name = value.name.rpartition(".")
        aliases = _NUMPY_ALIASES if library == "numpy" else ALIASES
        name = aliases.get(name, name)
    else:
        return ""
    return name if name in _KNOWN else ""


def dtype_of_number(value: Any, kind: str) -> str:
    """Return the dtype that a Python number has in a tensor or array of its own."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    return "float64" if kind == "ndarray" else "float32"


def kind_of(*values: Value) -> str:
    """Return "ndarray" where one of the values is one, else "tensor"."""
    for value in values:
        if isinstance(value, Tensor) and value.kind == "ndarray":
            return "ndarray"
    return "tensor"


def result_type(values: list[Value]) -> str:
    """Return the dtype that tensors, arrays and numbers promote to together."""
    kind = kind_of(*values)
    levels = ["", "", ""]
    seen = [False, False, False]
    for value in values:
        level = 2 if not isinstance(value, Tensor) else (0 if value.shape != () else 1)
        if kind == "ndarray" and level == 1:
            level = 0  # only Python's own numbers are weak there
        dtype = value.dtype if isinstance(value, Tensor) else dtype_of_number(value, kind)
        levels[level] = promote(levels[level], dtype, kind) if seen[level] else dtype
        seen[level] = True
        if isinstance(value, Tensor) and (not value.dtype or value.shape is None):
            return ""
    found = None
    for level in (2, 1, 0):
        if seen[level]:
            found = levels[level] if found is None else _combine(levels[level], found)
    return found or ""


def _combine(higher: str, lower: str) -> str:
    # A weaker operand counts only where its category is higher.
    if category(higher) >= category(lower):
        return higher
    return promote(higher, lower)


def store(dtype: str, value: Any) -> Any:
    """Return a number as a tensor of `dtype` keeps it; raises where that is not known."""
    if dtype == "float64":
        return float(value)
    if dtype == "float32":
        try:
            return _FLOAT.unpack(_FLOAT.pack(value))[0]
        except OverflowError:
            return math.copysign(math.inf, value)
    if dtype == "bool":
        return bool(value)
    bits = INTEGERS.get(dtype)
    if bits is not None:
        number = int(value)
        low, high = (0, 2**bits) if dtype == "uint8" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        if not low <= number < high:
            if isinstance(value, float) or bits == 64:
                raise ValueError("out of range")
            number = (number - low) % (2**bits) + low
        return number
    return _small_float(dtype, value)


_FLOAT = struct.Struct("f")
_HALF = struct.Struct("e")
_BITS = struct.Struct("I")


def _small_float(dtype: str, value: Any) -> float:
    if dtype == "float16":
        try:
            return float(_HALF.unpack(_HALF.pack(value))[0])
        except OverflowError:
            return math.copysign(math.inf, value)
    if dtype != "bfloat16":
        raise ValueError(dtype)
    single = store("float32", value)
    if math.isnan(single) or math.isinf(single):
        return float(single)
    bits = _BITS.unpack(_FLOAT.pack(single))[0]
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return float(_FLOAT.unpack(_BITS.pack(rounded))[0])


def kept(dtype: str, values: list[Any]) -> list[Any] | None:
    """Return numbers as a tensor keeps them, with their traces where they are few.

    None where that is not known.
    """
    try:
        if len(values) > MAX_TRACED:
            return [store(dtype, v) for v in values]
        return [sourced(store(dtype, v), trace_of(v)) for v in values]
    except (ArithmeticError, ValueError, TypeError):
        return None


def is_exact(dtype: str, values: list[Any]) -> bool:
    """Say whether sums and products up to these magnitudes do not depend on their order."""
    if dtype not in FLOATS:
        return True
    return all(
        math.isfinite(v) and float(v).is_integer() and abs(v) <= _EXACT[dtype] for v in values
    )
