"""What one operation is to a device: a matrix product with sizes, or a pass over items."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

from hwlint.graph import Flow, Operation, TensorInfo
from hwlint.ops import LAYERS

__all__ = ["Kind", "Product", "layer_op", "product_of"]

Kind = Literal["conv", "depthwise", "grouped", "linear", "matmul"]

_CONVS = frozenset(
    ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
)
_LINEARS = frozenset(
    ("linear", "lstm", "gru", "rnn", "lstm_cell", "gru_cell", "rnn_cell", "bilinear")
)

_NAMES: Mapping[str, str] = {
    spec.forward.function.rpartition(".")[2]: op
    for op, spec in LAYERS.items()
    if spec.forward is not None and not spec.lazy
}


@dataclass(frozen=True, slots=True)
class Product:
    """An operation that multiplies and adds, as the matrix product that it comes to.

    rows x depth times depth x columns, `groups` times; rows are batch times positions.
    """

    kind: Kind
    rows: int
    depth: int
    """Of a convolution: input channels of one group times the kernel's area."""
    columns: int
    groups: int
    channels_in: int
    """Input channels (features) of one group."""
    kernel: str
    """"1x1", "kxk", or "any" where there is none."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.rows * self.depth * self.columns * self.groups


def layer_op(operation: Operation, op: str | None) -> str:
    """Return torch.nn's name for what ran: that of the layer that called it, else the one whose
    forward is this function; "" where no layer does it. Profiles name operators so."""
    if op is not None and op in LAYERS:
        forward = LAYERS[op].forward
        if forward is not None and forward.function.rpartition(".")[2] == operation.name:
            return op
    return _NAMES.get(operation.name, "")


def product_of(flow: Flow, operation: Operation) -> Product | None:
    """Return the matrix product that an operation is; None where it multiplies no matrices, or
    its sizes do not say it."""
    if not operation.macs:
        return None
    tensors = [flow.tensors[i] for i in operation.inputs]
    if operation.name in _CONVS:
        return _conv(operation, tensors, flow.tensors[operation.outputs[0]])
    if operation.name in _LINEARS:
        return _linear(operation, tensors)
    return _matmul(operation, flow)


def _conv(operation: Operation, tensors: list[TensorInfo], out: TensorInfo) -> Product | None:
    weight = _known(tensors[1]) if len(tensors) > 1 else None
    source, result = _known(tensors[0]), _known(out)
    if weight is None or source is None or result is None or not operation.macs:
        return None
    spatial = len(weight) - 2
    transposed = "transpose" in operation.name
    channels_in, channels_out = source[-spatial - 1], result[-spatial - 1]
    each_in = weight[0] if transposed else channels_in
    groups = channels_in // weight[1] if not transposed else channels_out // weight[1]
    if groups < 1 or channels_in % groups or channels_out % groups:
        return None
    each_in, columns = channels_in // groups, channels_out // groups
    area = prod(weight[2:])
    depth = each_in * area
    rows = operation.macs // (depth * columns * groups)
    kind: Kind = "conv" if groups == 1 else "depthwise" if each_in == 1 else "grouped"
    return Product(kind, rows, depth, columns, groups, each_in, "1x1" if area == 1 else "kxk")


def _linear(operation: Operation, tensors: list[TensorInfo]) -> Product | None:
    """Also of a recurrence, as one product for its largest weight: its rows are what is left."""
    weights = [shape for t in tensors[1:] if (shape := _known(t)) is not None and len(shape) == 2]
    if not weights or not operation.macs:
        return None
    columns, depth = max(weights, key=prod)
    rows = max(1, operation.macs // (columns * depth))
    return Product("linear", rows, depth, columns, 1, depth, "any")


def _matmul(operation: Operation, flow: Flow) -> Product | None:
    """A product of tensors of which each has its matrix in the last two dimensions."""
    macs = operation.macs or 0
    weight = any(flow.tensors[i].kind == "parameter" for i in operation.inputs)
    kind: Kind = "linear" if weight else "matmul"
    shapes = [_known(flow.tensors[i]) for i in operation.inputs]
    matrices = [shape for shape in shapes if shape is not None and len(shape) >= 2]
    if len(matrices) < 2:
        return Product(kind, macs, 1, 1, 1, 1, "any")
    left, right = matrices[-2:] if operation.name in ("addmm", "baddbmm") else matrices[:2]
    if operation.name == "scaled_dot_product_attention":
        return _attention(left, right, macs)
    rows, depth, columns = left[-2], left[-1], right[-1]
    each = rows * depth * columns
    if not each or macs % each:
        return Product(kind, macs, 1, 1, 1, 1, "any")
    groups = macs // each
    if groups > 1 and len(right) == 2:  # all rows of a batch times one matrix
        rows, groups = rows * groups, 1
    return Product(kind, rows, depth, columns, groups, depth, "any")


def _attention(query: tuple[int, ...], key: tuple[int, ...], macs: int) -> Product:
    """Both products of attention as one: heads times (positions x width x positions)."""
    rows, depth, columns = query[-2], query[-1], key[-2]
    each = rows * depth * columns
    groups = max(1, macs // each) if each else 1
    return Product("matmul", rows, depth, columns, groups, depth, "any")


def _known(tensor: TensorInfo) -> tuple[int, ...] | None:
    if tensor.shape is None or None in tensor.shape:
        return None
    return tuple(d for d in tensor.shape if d is not None)
