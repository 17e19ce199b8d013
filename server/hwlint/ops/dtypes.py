"""Element types of tensors: their names, their sizes, and what two of them promote to."""

__all__ = ["FLOATS", "INTEGERS", "category", "is_float", "item_size", "promote"]

INTEGERS = {"uint8": 8, "int8": 8, "int16": 16, "int32": 32, "int64": 64}
"""Bits of each integer type."""
FLOATS = ("bfloat16", "float16", "float32", "float64")
_COMPLEX = ("complex64", "complex128")
_SIZES = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "bfloat16": 2,
    "float16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip


def item_size(dtype: str) -> int | None:
    """Return the bytes of one item; None where the dtype is not known."""
    return _SIZES.get(dtype)


def is_float(dtype: str) -> bool:
    """Say whether a dtype is a real floating one."""
    return dtype in FLOATS


def category(dtype: str) -> int:
    """Return 0 for bool, 1 for integers, 2 for floats, 3 for complex numbers."""
    if dtype == "bool":
        return 0
    if dtype in INTEGERS:
        return 1
    return 2 if dtype in FLOATS else 3


def promote(left: str, right: str, kind: str = "tensor") -> str:
    """Return the dtype of an operation on two dtypes of equal rank; "" where one is not known."""
    if left == right or not left or not right:
        return left if left == right else ""
    one, two = sorted((left, right), key=category)
    if category(one) != category(two):
        return _across(one, two, kind)
    if category(one) == 1:
        return _integers(one, two)
    if {one, two} == {"float16", "bfloat16"}:
        return "float32"
    order = (*FLOATS, *_COMPLEX)
    return max(one, two, key=order.index)


def _across(lower: str, higher: str, kind: str) -> str:
    if kind != "ndarray" or category(lower) != 1 or higher not in FLOATS:
        return "complex128" if lower == "float64" and higher == "complex64" else higher
    # numpy takes the smallest float that holds the integers.
    bits = INTEGERS[lower]
    needed = (
        "float64" if bits > 16 else "float32" if bits == 16 or higher != "float16" else "float16"
    )
    return max(higher, needed, key=FLOATS.index)


def _integers(one: str, two: str) -> str:
    if "uint8" in (one, two):
        other = two if one == "uint8" else one
        return "int16" if other == "int8" else other
    return one if INTEGERS[one] > INTEGERS[two] else two
