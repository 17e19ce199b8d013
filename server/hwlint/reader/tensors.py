"""Small tensors and arrays as pure Python: what widths, drop-path rates and parameter shapes need.

Shapes are followed where they are simple; values only up to `MAX_DATA` items. Everything else is a
tensor of unknown shape, never an error.
"""

import ast
import math
from typing import TYPE_CHECKING, Any

from hwlint.reader import operators
from hwlint.reader.values import IteratorValue, ListValue, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["MAX_DATA", "TensorOperations", "dims_of", "size"]

MAX_DATA = 4096


def size(shape: tuple[int, ...]) -> int:
    """Return the number of items of a shape."""
    return math.prod(shape)


def dims_of(values: list[Value]) -> "tuple[int, ...] | None":
    """Return the shape that `(2, 3)`, `[2, 3]` or `2, 3` say, None where it is not known."""
    if len(values) == 1 and isinstance(values[0], tuple | ListValue):
        values = list(values[0])
    if all(isinstance(v, int) for v in values):
        return tuple(values)
    return None


def broadcast(left: "tuple[int, ...] | None", right: "tuple[int, ...] | None") -> "tuple[int, ...] | None":  # fmt: skip
    """Return the broadcast shape; None where either is unknown or they do not fit."""
    if left is None or right is None:
        return None
    width = max(len(left), len(right))
    padded = [(1,) * (width - len(s)) + s for s in (left, right)]
    out: list[int] = []
    for one, two in zip(*padded, strict=True):
        if one != two and 1 not in (one, two):
            return None
        out.append(max(one, two) if 0 not in (one, two) else 0)
    return tuple(out)


class TensorOperations:
    """The tensor half of the interpreter."""

    def tensor_binary(self: "Interpreter", op: Any, left: Value, right: Value) -> Value:
        """Return `left op right` where one of them is a tensor."""
        kind = "ndarray" if "ndarray" in (getattr(left, "kind", ""), getattr(right, "kind", "")) else "tensor"  # fmt: skip
        shapes = [v.shape if isinstance(v, Tensor) else () for v in (left, right)]
        for value in (left, right):
            if not isinstance(value, Tensor | int | float):
                return Tensor(None, kind=kind)
        shape = broadcast(*shapes)
        if op.symbol == "@":
            return Tensor(None, kind=kind)
        data = self._combined(op, left, right, shape)
        dtype = left.dtype if isinstance(left, Tensor) else right.dtype
        if op.symbol == "/" and "int" in dtype:
            dtype = "float32"
        elif "int" in dtype and isinstance(right if left is not right else None, float):
            dtype = "float32"
        return Tensor(shape, data, dtype, kind)

    def _combined(self: "Interpreter", op: Any, left: Any, right: Any, shape: Any) -> Any:
        if shape is None or size(shape) > MAX_DATA:
            return None
        columns: list[list[Value]] = []
        for value in (left, right):
            if not isinstance(value, Tensor):
                columns.append([value] * size(shape))
            elif value.data is None:
                return None
            elif value.shape == shape:
                columns.append(value.data)
            elif len(value.data) == 1:
                columns.append(value.data * size(shape))
            else:
                return None
        return [operators.binary(self, op, a, b) for a, b in zip(*columns, strict=True)]

    def tensor_unary(self: "Interpreter", kind: type, value: Tensor) -> Value:
        """Return `-value`."""
        if kind is ast.USub and value.data is not None:
            return Tensor(value.shape, [-v for v in value.data], value.dtype, value.kind)
        return Tensor(value.shape, None, value.dtype, value.kind)

    def tensor_scalar(self: "Interpreter", value: Tensor) -> Value:
        """Return the one item of a tensor, Unknown where it is not known."""
        if value.data is not None and len(value.data) == 1:
            return value.data[0]
        return Unknown("a tensor's value")

    def tensor_items(self: "Interpreter", value: Tensor) -> list[Value]:
        """Return what iterating gives; raises UnknownIteration."""
        if not value.shape:
            raise operators.UnknownIteration(Unknown("a tensor of unknown shape"))
        if value.shape[0] > self.budget.max_items // 10:
            raise operators.UnknownIteration(Unknown("a long tensor"))
        return [self.tensor_item(value, i) for i in range(value.shape[0])]

    def tensor_item(self: "Interpreter", value: Tensor, index: Value) -> Value:
        """Return `value[index]`."""
        if isinstance(index, int) and value.shape:
            return self._row(value, index)
        if isinstance(index, slice) and value.shape and len(value.shape) == 1:
            return self._slice(value, index)
        if isinstance(index, slice) and value.shape:
            try:
                count = len(range(*index.indices(value.shape[0])))
            except TypeError:
                return Tensor(None, kind=_plain_kind(value))
            return Tensor((count, *value.shape[1:]), None, value.dtype, _plain_kind(value))
        if index is None and value.shape is not None:
            return Tensor((1, *value.shape), value.data, value.dtype, _plain_kind(value))
        return Tensor(None, None, value.dtype, _plain_kind(value))

    def _row(self: "Interpreter", value: Tensor, index: int) -> Value:
        assert value.shape
        if not -value.shape[0] <= index < value.shape[0]:
            raise self.error("IndexError", "index out of range")
        rest = value.shape[1:]
        data = None
        if value.data is not None:
            step = size(rest)
            start = index % value.shape[0] * step
            data = value.data[start : start + step]
        if not rest and data is not None and value.kind == "ndarray":
            return data[0]
        return Tensor(rest, data, value.dtype, _plain_kind(value))

    def _slice(self: "Interpreter", value: Tensor, index: slice) -> Value:
        assert value.shape
        try:
            picked = range(value.shape[0])[index]
        except TypeError:
            return Tensor(None, kind=_plain_kind(value))
        data = [value.data[i] for i in picked] if value.data is not None else None
        return Tensor((len(picked),), data, value.dtype, _plain_kind(value))

    def tensor_function(self: "Interpreter", name: str, args: list[Value], kwargs: Any) -> Value:
        """Apply an element-wise function to a tensor."""
        value = next(a for a in args if isinstance(a, Tensor))
        native = _ELEMENTWISE.get(name)
        data = None
        if native is not None and value.data is not None:
            try:
                data = [native(v) for v in value.data]
            except (TypeError, ValueError, ArithmeticError):
                data = None
        return Tensor(value.shape, data, value.dtype, _plain_kind(value))

    def make_tensor(self: "Interpreter", value: Value, kind: str = "tensor") -> Value:
        """Return torch.tensor(value) or np.array(value)."""
        if isinstance(value, Tensor):
            return Tensor(value.shape, value.data, value.dtype, kind)
        if isinstance(value, bool | int | float):
            return Tensor((), [value], _dtype([value]), kind)
        if isinstance(value, range | IteratorValue):
            value = ListValue(self.iterate(value), self.clock)
        if not isinstance(value, tuple | ListValue):
            return Tensor(None, kind=kind)
        flat: list[Value] = []
        shape = _nested(value, flat)
        if shape is None:
            return Tensor(None, kind=kind)
        return Tensor(shape, flat if len(flat) <= MAX_DATA else None, _dtype(flat), kind)


def _plain_kind(value: Tensor) -> str:
    return "ndarray" if value.kind == "ndarray" else "tensor"


def _dtype(values: list[Value]) -> str:
    if all(isinstance(v, bool) for v in values):
        return "bool"
    return "int64" if all(isinstance(v, int) for v in values) else "float32"


def _nested(value: Value, flat: list[Value]) -> "tuple[int, ...] | None":
    if isinstance(value, Tensor):
        if value.shape is None or value.data is None:
            return None
        flat.extend(value.data)
        return value.shape
    if isinstance(value, int | float):
        flat.append(value)
        return ()
    if not isinstance(value, tuple | ListValue) or len(flat) > MAX_DATA * 4:
        return None
    shapes = {_nested(v, flat) for v in value}
    if len(shapes) > 1 or None in shapes:
        return None
    return (len(value), *(shapes.pop() or ())) if shapes else (0,)


def torch_round(value: Any) -> Any:
    """Round half to even, keeping the type that tensors keep."""
    return float(round(value)) if isinstance(value, float) else value


_ELEMENTWISE: dict[str, Any] = {
    "abs": abs, "round": torch_round, "floor": lambda v: float(math.floor(v)),
    "ceil": lambda v: float(math.ceil(v)), "exp": math.exp, "log": math.log, "log2": math.log2,
    "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "int": lambda v: int(v),
    "float": float, "bool": bool, "tanh": math.tanh,
}  # fmt: skip
ELEMENTWISE = frozenset(_ELEMENTWISE)
