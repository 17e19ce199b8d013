"""Functions that make one tensor of several, or several of several."""

from typing import TYPE_CHECKING, Any

from hwlint.reader.dtypes import promote
from hwlint.reader.library.tensor_rules import as_array, rearranged
from hwlint.reader.library.torch_shapes import axis_of
from hwlint.reader.operators import UnknownIteration
from hwlint.reader.shapes import (
    MAX_DATA,
    Shape,
    broadcast,
    dims_of,
    is_sequence,
    plain_number,
    size,
)
from hwlint.reader.values import Builtin, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

Args = list[Value]
Kwargs = dict[str, Value]


def _parts(interp: "Interpreter", args: Args, kwargs: Kwargs, kind: str) -> "list[Tensor] | None":
    value = args[0] if args else kwargs.get("tensors", kwargs.get("arrays"))
    if not (is_sequence(value) or isinstance(value, Tensor)) or getattr(value, "unknown", None):
        return None
    try:
        items = interp.iterate(value)
    except UnknownIteration:
        return None
    if kind == "ndarray":
        items = [as_array(interp, v) for v in items]
    parts = [v for v in items if isinstance(v, Tensor)]
    return parts if len(parts) == len(items) and parts else None


def _common(parts: list[Tensor], kind: str) -> str:
    dtype = parts[0].dtype
    for part in parts[1:]:
        dtype = promote(dtype, part.dtype, kind)
    return dtype


def _dimension(args: Args, kwargs: Kwargs) -> Any:
    given = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))
    return plain_number(given)


def _joined(interp: "Interpreter", parts: list[Tensor], dim: Any, kind: str) -> Value:
    dtype = _common(parts, kind)
    if kind == "tensor":  # an old rule: empty vectors do not count
        parts = [p for p in parts if p.shape != (0,)] or parts[:1]
    axis = axis_of(parts[0], dim)
    others = {_without(p.shape, axis) for p in parts}
    if axis is None or None in others or len(others) != 1:
        return _unknown_result(interp, kind, dtype)
    total = sum([p.shape[axis] for p in parts if p.shape is not None])
    first = parts[0].shape
    assert first is not None
    shape = (*first[:axis], total, *first[axis + 1 :])
    return interp.new_tensor(shape, _woven(interp, parts, axis, shape, dtype), dtype, kind)


def _without(shape: Shape | None, axis: int | None) -> Shape | None:
    if shape is None or axis is None or axis >= len(shape):
        return None
    return (*shape[:axis], -1, *shape[axis + 1 :])


def _woven(
    interp: "Interpreter", parts: list[Tensor], axis: int, shape: Shape, dtype: str
) -> "list[Any] | None":
    if size(shape) > MAX_DATA or any(p.data is None for p in parts):
        return None
    if not size(shape):
        return []
    rows = size(shape[:axis])
    blocks = [interp.cast(p, dtype).data for p in parts]
    if any(b is None for b in blocks):
        return None
    out: list[Any] = []
    for row in range(rows):
        for block in blocks:
            step = len(block or ()) // rows
            out.extend((block or [])[row * step : (row + 1) * step])
    return out


def _cat(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        parts = _parts(interp, args, kwargs, kind)
        if parts is None or any(p.shape is None for p in parts):
            return _unknown_result(interp, kind, _common(parts, kind) if parts else "")
        return _joined(interp, parts, _dimension(args, kwargs), kind)

    return run


def _stack(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        parts = _parts(interp, args, kwargs, kind)
        if parts is None or parts[0].shape is None:
            return _unknown_result(interp, kind, "")
        axis = axis_of(parts[0], _dimension(args, kwargs), 1)
        shape = parts[0].shape
        if axis is None or any(p.shape != shape for p in parts):
            return _unknown_result(interp, kind, _common(parts, kind))
        full = (*shape[:axis], 1, *shape[axis:])
        raised = [interp.new_tensor(full, p.data, p.dtype, kind) for p in parts]
        return _joined(interp, raised, axis, kind)

    return run


def _side_by_side(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        parts = _parts(interp, args, kwargs, kind)
        if parts is None or any(p.shape is None for p in parts):
            return _unknown_result(interp, kind, "")
        raised = [p if p.shape else interp.new_tensor((1,), p.data, p.dtype, kind) for p in parts]
        return _joined(interp, raised, 0 if len(raised[0].shape or ()) == 1 else 1, kind)

    return run


def _meshgrid(kind: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        indexing = kwargs.get("indexing", "xy" if kind == "ndarray" else "ij")
        if len(args) == 1 and is_sequence(args[0]):
            args = list(args[0])
        parts = [as_array(interp, a) if kind == "ndarray" else a for a in args]
        vectors = [
            p for p in parts if isinstance(p, Tensor) and p.shape is not None and len(p.shape) < 2
        ]
        if len(vectors) != len(args) or not vectors or indexing not in ("xy", "ij"):
            return Unknown("a grid")
        swapped = indexing == "xy" and len(vectors) > 1
        return tuple(_grids(interp, vectors, swapped))

    return run


def _grids(interp: "Interpreter", vectors: list[Tensor], swapped: bool) -> list[Value]:
    order = list(range(len(vectors)))
    if swapped:
        order[:2] = [1, 0]
    shape = tuple([size(vectors[i].shape or ()) for i in order])
    out: list[Value] = []
    for index, vector in enumerate(vectors):
        at = order.index(index)
        step = size(shape[at + 1 :])
        length = shape[at]

        def offsets(step: int = step, length: int = length) -> list[int]:
            return [i // step % length for i in range(size(shape))]

        out.append(rearranged(interp, vector, shape, offsets))
    return out


def _broadcast_tensors(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    tensors = [a for a in args if isinstance(a, Tensor)]
    shape = broadcast(*[t.shape for t in tensors]) if len(tensors) == len(args) else None
    if shape is None:
        return Unknown("broadcast tensors")
    return tuple([interp.getattr(t, "expand").call(interp, [shape], {}) for t in tensors])


def _broadcast_shapes(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    shape = broadcast(*[dims_of([a]) for a in args])
    return shape if shape is not None else Unknown("a shape")


def _unknown_result(interp: "Interpreter", kind: str, dtype: str) -> Value:
    if kind == "ndarray":
        return Unknown("an array of unknown shape")
    return interp.new_tensor(None, None, dtype)


def _table(library: str, kind: str) -> dict[str, Value]:
    calls = {
        "stack": _stack(kind), "cat": _cat(kind), "concat": _cat(kind), "concatenate": _cat(kind),
        "hstack": _side_by_side(kind), "meshgrid": _meshgrid(kind),
    }  # fmt: skip
    return {f"{library}.{n}": Builtin(f"{library}.{n}", call) for n, call in calls.items()}


TABLE: dict[str, Value] = {
    **_table("torch", "tensor"),
    **_table("numpy", "ndarray"),
    "torch.broadcast_tensors": Builtin("torch.broadcast_tensors", _broadcast_tensors),
    "torch.broadcast_shapes": Builtin("torch.broadcast_shapes", _broadcast_shapes),
}
