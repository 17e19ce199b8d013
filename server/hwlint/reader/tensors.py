"""Small tensors and arrays as pure Python: what widths, drop-path rates and parameter shapes need.

A tensor has a shape, or None where it is not known, and values only up to `MAX_DATA` items, in
row-major order, each as a number of its dtype would hold it. Scalars of numpy are Python numbers.
What is not modelled is a tensor of unknown shape, never an error.
"""

# A part of Interpreter, which is what `self` is.
# pyright: reportGeneralTypeIssues=false

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS, ShapeMismatch
from hwlint.ops import broadcast as broadcast_dims
from hwlint.reader import operators
from hwlint.reader.arithmetic import COMPARISONS, NATIVE, result_dtype
from hwlint.reader.dtypes import (
    MAX_TRACED,
    dtype_of_number,
    kept,
    kind_of,
    promote,
    result_type,
    store,
)
from hwlint.reader.forward.functions import observe, run_bound
from hwlint.reader.forward.waits import note_wait
from hwlint.reader.indexing import pick, picks_view, plain_index
from hwlint.reader.provenance import derive
from hwlint.reader.shapes import (
    MAX_COUNT,
    MAX_DATA,
    MAX_RANK,
    Shape,
    broadcast,
    is_sequence,
    size,
    spread,
)
from hwlint.reader.sharing import forget_others, share
from hwlint.reader.values import IteratorValue, ListValue, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TensorOperations"]


INDEX = FUNCTIONS["torch.Tensor.operator.index"]


class TensorOperations:
    """The tensor half of the interpreter."""

    # --- making ----------------------------------------------------------------------------

    def new_tensor(
        self: "Interpreter",
        shape: Shape | None,
        data: "list[Any] | None" = None,
        dtype: str = "float32",
        kind: str = "tensor",
    ) -> Tensor:
        """Return a new tensor; values that are too many are dropped."""
        if (
            shape is None
            or len(shape) > MAX_RANK
            or any(d is not None and not 0 <= d <= MAX_COUNT for d in shape)
        ):
            shape = data = None
        if data is not None and len(data) > MAX_DATA:
            data = None
        made = Tensor(shape, data, dtype, "ndarray" if kind == "ndarray" else "tensor")
        made.stamp = self.clock
        return made

    def array_result(self: "Interpreter", value: Tensor) -> Value:
        """Return what numpy gives for an array: a scalar where it has no dimension."""
        if value.kind != "ndarray" or value.shape != ():
            return value
        return value.data[0] if value.data is not None else Unknown("an array's value")

    def make_tensor(
        self: "Interpreter", value: Value, kind: str = "tensor", dtype: "str | None" = None
    ) -> Value:
        """Return torch.tensor(value) or np.array(value). `dtype`: "" if given but not known."""
        if isinstance(value, Tensor):
            wanted = value.dtype if dtype is None else dtype
            return self.cast(value, wanted, kind)
        if isinstance(value, range | IteratorValue):
            value = ListValue(self.iterate(value), self.clock)
        flat: list[Value] = []
        types: list[str] = []
        shape = _nested(value, flat, types, kind)
        found = _together(types, kind) if dtype is None else dtype
        if shape is None or not found or len(flat) != size(shape):
            return self.new_tensor(shape, None, found, kind)
        data = kept(found, flat) if len(flat) <= MAX_DATA else None
        return self.new_tensor(shape, data, found, kind)

    def filled(
        self: "Interpreter",
        shape: Shape | None,
        value: "float | None",
        dtype: str,
        kind: str = "tensor",
    ) -> Tensor:
        """Return a tensor with one value everywhere; None for values that are not known."""
        data = None
        if value is not None and shape is not None and 0 <= size(shape) <= MAX_DATA:
            item = kept(dtype, [value])
            data = item * size(shape) if item is not None else None
        return self.new_tensor(shape, data, dtype, kind)

    def cast(self: "Interpreter", value: Tensor, dtype: str, kind: "str | None" = None) -> Tensor:
        """Return a tensor in another dtype."""
        data = value.data
        if data is not None and dtype != value.dtype:
            data = kept(dtype, data)
        made = self.new_tensor(value.shape, data, dtype, kind or value.kind)
        return share(value, made) if dtype == value.dtype else made

    # --- element by element ----------------------------------------------------------------

    def elementwise(
        self: "Interpreter",
        name: str,
        native: "Callable[..., Any] | None",
        values: list[Value],
        dtypes: tuple[str, str],
    ) -> Value:
        """Apply a function to numbers and tensors broadcast together.

        `dtypes`: what the operands are turned into first, and what the result has.
        """
        kind = kind_of(*values)
        shape = self._common_shape(kind, [v for v in values if isinstance(v, Tensor)])
        data = None
        if native is not None and shape is not None and dtypes[0] and dtypes[1]:
            data = self._combined(name, native, values, shape, dtypes)
        made = self.new_tensor(shape, data, dtypes[1], kind)
        return self.array_result(made)

    def _common_shape(self: "Interpreter", kind: str, values: list[Tensor]) -> Shape | None:
        shapes = [v.shape for v in values]
        if kind == "ndarray":
            return broadcast(*shapes)
        try:
            return broadcast_dims(*shapes)
        except ShapeMismatch as problem:
            raise self.mismatch(str(problem)) from None

    def _combined(
        self: "Interpreter",
        name: str,
        native: Callable[..., Any],
        values: list[Value],
        shape: Shape,
        dtypes: tuple[str, str],
    ) -> "list[Any] | None":
        if not 0 < size(shape) <= MAX_DATA:
            return None if size(shape) else []
        columns: list[list[Any]] = []
        sources: list[list[Any]] = []
        try:
            for value in values:
                column = _column(value, shape)
                if column is None:
                    return None
                ready = isinstance(value, Tensor) and value.dtype == dtypes[0]
                sources.append(column)
                columns.append(column if ready else _stored(dtypes[0], value, column))
            results = [native(*row) for row in zip(*columns, strict=True)]
            made = [store(dtypes[1], v) for v in results]
        except (ArithmeticError, ValueError, TypeError):
            return None
        if len(made) > MAX_TRACED:
            return made
        rows = zip(made, *sources, strict=True)
        return [derive(name, v, *row) for v, *row in rows]

    def tensor_binary(self: "Interpreter", op: Any, left: Value, right: Value) -> Value:
        """Return `left op right` where one of them is a tensor."""
        if op.symbol == "@":
            return self.call(self.modelled["torch.matmul"], [left, right], {})
        made = self.apply_binary(op.symbol, left, right)
        return observe(self, _NAMES[op.symbol], [left, right], made)

    def apply_binary(self: "Interpreter", symbol: str, left: Value, right: Value) -> Value:
        """Return `left symbol right` by the rules of torch or numpy."""
        left, right = self._operand(left, right), self._operand(right, left)
        kind = kind_of(left, right)
        for value in (left, right):
            if not isinstance(value, Tensor | int | float):
                return _not_known(self, value, kind)
        common = result_type([left, right])
        dtypes = result_dtype(symbol, common, kind)
        return self.elementwise(symbol, NATIVE.get(symbol), [left, right], dtypes)

    def _operand(self: "Interpreter", value: Value, other: Value) -> Value:
        if kind_of(other) == "ndarray" and (is_sequence(value) or isinstance(value, range)):
            return self.make_tensor(value, "ndarray")
        return value

    def tensor_unary(self: "Interpreter", kind: type, value: Tensor) -> Value:
        """Return `-value`, `+value` or `~value`."""
        if kind is ast.UAdd:
            return value
        if kind is ast.USub:
            made = self.elementwise("-", _negative, [value], (value.dtype, value.dtype))
            return observe(self, "neg", [value], made)
        native = _not if value.dtype == "bool" else _invert
        made = self.elementwise("~", native, [value], (value.dtype, value.dtype))
        return observe(self, "bitwise_not", [value], made)

    def tensor_compare(self: "Interpreter", symbol: str, left: Value, right: Value) -> Value:
        """Return `left symbol right`, a tensor of truth values."""
        for value in (left, right):
            if (value is None or isinstance(value, str)) and kind_of(left, right) == "tensor":
                return symbol == "!=" if symbol in ("==", "!=") else Unknown("comparison")
        made = self.apply_binary(symbol, left, right)
        return observe(self, _NAMES[symbol], [left, right], made)

    def tensor_function(self: "Interpreter", name: str, args: list[Value], kwargs: Any) -> Value:
        """Apply abs(), round() or pow() of Python."""
        value = next(a for a in args if isinstance(a, Tensor))
        if name == "pow" and len(args) > 1:
            return self.apply_binary("**", args[0], args[1])
        return self.call(self.getattr(value, name), args[1:], kwargs)

    # --- looking inside --------------------------------------------------------------------

    def tensor_scalar(self: "Interpreter", value: Tensor) -> Value:
        """Return the one item of a tensor, Unknown where it is not known."""
        if value.data is not None and len(value.data) == 1:
            return value.data[0]
        note_wait(self, "item", value)
        return Unknown("a tensor's value")

    def tensor_items(self: "Interpreter", value: Tensor) -> list[Value]:
        """Return what iterating gives; raises UnknownIteration."""
        if not value.shape or value.shape[0] is None:
            raise operators.UnknownIteration(Unknown("a tensor of unknown shape"))
        count = value.shape[0]
        if count > self.budget.max_items // 10:
            raise operators.UnknownIteration(Unknown("a long tensor"))
        rest = value.shape[1:]
        step = size(rest) if value.data is not None else 0
        rows: list[Value] = []
        for index in range(count):
            data = value.data[index * step : (index + 1) * step] if value.data is not None else None
            row = self.new_tensor(rest, data, value.dtype, value.kind)
            rows.append(self.array_result(share(value, row)))
        observe(self, "unbind", [value], tuple(rows), "view")
        return rows

    def tensor_item(self: "Interpreter", value: Tensor, index: Value) -> Value:
        """Return `value[index]`."""
        if value.data is None and value.kind != "ndarray":
            return self._item_by_row(value, index)
        if value.shape is None:
            return _no_shape(self, value)
        picked = pick(value, index)
        if picked is None and value.kind != "ndarray":
            return self._item_by_row(value, index)
        if picked is None:
            return _no_shape(self, value)
        if isinstance(picked, str):
            raise self.error("IndexError", picked)
        shape, offsets = picked
        data = None
        if value.data is not None and offsets is not None:
            data = [value.data[o] for o in offsets]
        made = share(value, self.new_tensor(shape, data, value.dtype, value.kind))
        effect = "view" if picks_view(index) else "new"
        return self.array_result(observe(self, "index", [value, index], made, effect))

    def _item_by_row(self: "Interpreter", value: Tensor, index: Value) -> Value:
        given: dict[str, Value] = {"input": value, "index": plain_index(index)}
        return run_bound(self, INDEX, given)

    def store_tensor(self: "Interpreter", holder: Tensor, index: Value, item: Value) -> None:
        """Do `holder[index] = item`."""
        if self.flow is not None:
            given = [holder, item] if isinstance(item, Tensor) else [holder]
            observe(self, "index_put_", given, holder, "inplace")
        if holder.data is None or holder.shape is None:
            return
        picked = pick(holder, index)
        if isinstance(picked, str):
            raise self.error("IndexError", picked)
        data = None
        if picked is not None and picked[1] is not None:
            data = self._replaced(holder, picked[0], picked[1], item)
        self.write_tensor(holder, data)

    def _replaced(
        self: "Interpreter", holder: Tensor, shape: Shape, offsets: list[int], item: Value
    ) -> "list[Any] | None":
        if is_sequence(item):
            item = self.make_tensor(item, holder.kind)
        if isinstance(item, int | float):
            item = self.new_tensor((), [item], holder.dtype, holder.kind)
        if not isinstance(item, Tensor) or item.data is None or holder.data is None:
            return None
        if item.shape is None or broadcast(item.shape, shape) != shape:
            return None
        new = kept(holder.dtype, spread(item.data, item.shape, shape))
        if new is None:
            return None
        data = list(holder.data)
        for offset, number in zip(offsets, new, strict=True):
            data[offset] = number
        return data

    def tensor_inplace(self: "Interpreter", op: Any, left: Tensor, right: Value) -> Value:
        """Do `left op= right`: the tensor changes, whoever holds it."""
        if op.symbol == "@":
            return self.tensor_binary(op, left, right)
        made = self.apply_binary(op.symbol, left, right)
        observe(self, _NAMES[op.symbol], [left, right], left, "inplace")
        same = isinstance(made, Tensor) and made.shape == left.shape and made.shape is not None
        self.write_tensor(left, self.cast(made, left.dtype).data if same else None)
        return left

    def write_tensor(self: "Interpreter", value: Tensor, data: "list[Any] | None") -> Tensor:
        """Change the values of a tensor in place."""
        if value.data is not None:
            for other in forget_others(value):
                self.touch(other)
                other.data = None
            self.touch(value)
            value.data = data
        return value


_NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floor_divide", "%": "remainder",
    "**": "pow", "<<": "bitwise_left_shift", ">>": "bitwise_right_shift", "&": "bitwise_and",
    "|": "bitwise_or", "^": "bitwise_xor", "==": "eq", "!=": "ne", "<": "lt", "<=": "le",
    ">": "gt", ">=": "ge", "maximum": "maximum", "minimum": "minimum",
}  # fmt: skip


# --- helpers ------------------------------------------------------------------------------------


def _column(value: Value, shape: Shape) -> "list[Any] | None":
    if not isinstance(value, Tensor):
        return [value] * size(shape)
    if value.data is None or value.shape is None:
        return None
    return spread(value.data, value.shape, shape)


def _stored(dtype: str, value: Value, column: list[Any]) -> list[Any]:
    if isinstance(value, Tensor):
        return [store(dtype, v) for v in column]
    return [store(dtype, value)] * len(column)


def _no_shape(interp: "Interpreter", value: Tensor) -> Value:
    if value.kind == "ndarray":
        return Unknown("an array of unknown shape")
    return interp.new_tensor(None, None, value.dtype)


def _not_known(interp: "Interpreter", value: Value, kind: str) -> Value:
    if kind == "ndarray" or isinstance(value, Unknown):
        return value if isinstance(value, Unknown) else Unknown("an operation on arrays")
    return interp.new_tensor(None, None, "")


def _negative(value: Any) -> Any:
    return -value


def _not(value: Any) -> Any:
    return not value


def _invert(value: Any) -> Any:
    return ~value


def _together(types: Iterable[str], kind: str) -> str:
    found: str | None = None
    for dtype in types:
        found = dtype if found is None else promote(found, dtype, kind)
    if found is None:
        return "float64" if kind == "ndarray" else "float32"
    return found


def _nested(
    value: Value, flat: list[Value], types: list[str], kind: str, depth: int = 0
) -> Shape | None:
    """Collect the numbers of nested sequences; return their shape, None where it is not regular.

    An unknown item says nothing of its own shape: it has that of its neighbours.
    """
    if isinstance(value, Tensor):
        _add_type(types, value.dtype)
        flat.extend(value.data or ())
        return value.shape
    if isinstance(value, int | float):
        _add_type(types, dtype_of_number(value, kind))
        flat.append(value)
        return ()
    if not is_sequence(value) or len(flat) > MAX_DATA * 4 or depth > MAX_RANK:
        return None
    if getattr(value, "unknown", None) is not None:
        return None
    shapes = {_nested(v, flat, types, kind, depth + 1) for v in value if not isinstance(v, Unknown)}
    if any(isinstance(v, Unknown) for v in value):
        _add_type(types, "")
    if not value:
        return (0,)
    if len(shapes) != 1 or None in shapes:
        return None
    return (len(value), *(shapes.pop() or ()))


def _add_type(types: list[str], dtype: str) -> None:
    if dtype not in types:
        types.append(dtype)


# --- comparison ---------------------------------------------------------------------------------


def _tensors_first(symbol: str, otherwise: Any) -> Any:
    def compare(interp: "Interpreter", left: Value, right: Value) -> Value:
        if type(left) is Tensor or type(right) is Tensor:
            return interp.tensor_compare(symbol, left, right)
        return otherwise(interp, left, right)

    return compare


# The operators ask here before they compare anything else.
for _kind, _symbol in COMPARISONS.items():
    operators.COMPARE[_kind] = _tensors_first(_symbol, operators.COMPARE[_kind])
