"""The tensors of a run as a device holds them: in its number format, views as what they show."""

from collections.abc import Mapping

from hwlint.cost.run import Run
from hwlint.graph import Flow
from hwlint.ops.dtypes import is_float, item_size

__all__ = ["Deployed", "item_bytes"]

_BYTES: Mapping[str, float] = {
    "fp64": 8, "fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int16": 2, "int8": 1,
    "uint8": 1, "int4": 0.5,
}  # fmt: skip


def item_bytes(dtype: str) -> float | None:
    """Return the bytes of one number in a profile's format; None where it is not known."""
    return _BYTES.get(dtype)


class Deployed:
    """The tensors of one run, of floating point ones in the format of the target."""

    def __init__(self, run: Run, dtype: str, *, drops_unused: bool = False) -> None:
        """Take a run; `drops_unused`: operations whose results nobody uses do not run."""
        self.run = run
        self._tensors = run.flow.tensors
        self._roots = run.roots
        self._bytes = _sizes(run.flow, _BYTES[dtype])
        self.running = run.running(drops_unused)
        """The operations that run, views among them."""
        self.readers = run.readers(drops_unused)
        """The operations that read the memory of each tensor; views read nothing by themselves.
        What the model returns has a reader at the end."""

    def root(self, index: int) -> int:
        """Return the tensor whose memory a tensor shows."""
        return self._roots[index]

    def bytes(self, index: int) -> float:
        """Return the bytes of a tensor that was known when the run was complete."""
        return self._bytes[index]

    def shown(self, index: int) -> float:
        """Return the bytes that reading a tensor takes: an expanded view shows items twice."""
        return min(self._bytes[index], self._bytes[self._roots[index]])

    def is_constant(self, index: int) -> bool:
        """Say whether a tensor belongs to the model and not to the run."""
        return self._tensors[self._roots[index]].kind in ("parameter", "buffer")

    def is_made(self, index: int) -> bool:
        """Say whether an operation of the run makes a tensor."""
        return self._tensors[index].producer is not None


def _sizes(flow: Flow, item: float) -> list[float]:
    """Return the bytes of each tensor, floating point ones with `item` bytes a number."""
    each: dict[str, float] = {}
    for dtype in {tensor.dtype for tensor in flow.tensors}:
        size = item_size(dtype)
        each[dtype] = item if is_float(dtype) or size is None else size
    return [(tensor.items or 0) * each[tensor.dtype] for tensor in flow.tensors]
