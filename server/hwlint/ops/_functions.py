"""What the rows of the table of functions are written with."""

from hwlint.ops._dims import broadcast, meta, promoted
from hwlint.ops._rows import parameters
from hwlint.ops.calls import Dim, FunctionSpec, Macs, Meta, Result, Rule, no_macs
from hwlint.ops.dtypes import is_float
from hwlint.ops.spec import Values

__all__ = [
    "ALL",
    "METHOD",
    "F",
    "differ",
    "function",
    "like_input",
    "real",
    "real_like_input",
    "shape_of",
    "together",
    "unknown_macs",
]

F = "F"
METHOD = "torch Tensor"
ALL = "torch Tensor F"


def function(
    names: str,
    spaces: str,
    signature: str,
    result: Rule,
    *,
    macs: Macs = no_macs,
    effect: str = "new",
    reads: str = "",
    fields: tuple[str, ...] = (),
    onnx: str = "",
    tflite: str = "",
) -> tuple[FunctionSpec, ...]:
    """A row for each of `names`, which torch has in each of `spaces`."""
    where = tuple(spaces.split())
    declared = parameters(signature)
    return tuple(
        FunctionSpec(name, where, declared, result, macs, effect, reads, fields, onnx, tflite)
        for name in names.split()
    )


def like_input(values: Values) -> Meta:
    """The shape and dtype of what goes in."""
    value = meta(values)
    return Meta(value.shape, value.dtype)


def real_like_input(values: Values) -> Meta:
    """The shape of what goes in; integers become float32."""
    value = meta(values)
    return Meta(value.shape, real(value.dtype))


def real(dtype: str) -> str:
    """The dtype of a function that gives fractions."""
    return dtype if not dtype or is_float(dtype) or dtype.startswith("complex") else "float32"


def together(values: Values, *names: str) -> Meta:
    """The broadcast shape and the common dtype of some arguments."""
    given = [values[n] for n in names]
    shapes = [shape_of(v) for v in given]
    return Meta(broadcast(*shapes), promoted(*given))


def shape_of(value: object) -> tuple[int | None, ...] | None:
    """The shape of a tensor, that of a number, or None."""
    if isinstance(value, int | float):
        return ()
    return getattr(value, "shape", None)


def differ(one: Dim, other: Dim) -> bool:
    """Whether two dims are known and not equal."""
    return one is not None and other is not None and one != other


def unknown_macs(values: Values, result: Result) -> int | None:
    """The work cannot be told from the shapes."""
    del values, result
    return None
