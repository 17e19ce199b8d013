"""The tensors of a run as a device holds them: in its number format, views as what they show."""

from collections.abc import Mapping
from functools import cached_property

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

    def __init__(self, flow: Flow, dtype: str, *, drops_unused: bool = False) -> None:
        """Take a run; `drops_unused`: operations whose results nobody uses do not run."""
        self._flow = flow
        self._roots = _roots(flow)
        self._bytes = _sizes(flow, _BYTES[dtype])
        self.running = self._used() if drops_unused else frozenset(range(len(flow.operations)))
        """The operations that run, views among them."""

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
        return self._flow.tensors[self._roots[index]].kind in ("parameter", "buffer")

    def is_made(self, index: int) -> bool:
        """Say whether an operation of the run makes a tensor."""
        return self._flow.tensors[index].producer is not None

    @cached_property
    def readers(self) -> Mapping[int, frozenset[int]]:
        """The operations that read the memory of each tensor; views read nothing by themselves.
        What the model returns has a reader at the end."""
        found: dict[int, set[int]] = {}
        roots, running = self._roots, self.running
        for number, operation in enumerate(self._flow.operations):
            if operation.effect not in ("view", "same") and number in running:
                for index in operation.inputs:
                    found.setdefault(roots[index], set()).add(number)
        for index in self._flow.returned:
            found.setdefault(roots[index], set()).add(len(self._flow.operations))
        return {index: frozenset(numbers) for index, numbers in found.items()}

    def _used(self) -> frozenset[int]:
        roots = self._roots
        needed = {roots[index] for index in self._flow.returned}
        running: set[int] = set()
        for number in range(len(self._flow.operations) - 1, -1, -1):
            operation = self._flow.operations[number]
            outputs = operation.outputs
            if not outputs or any(roots[i] in needed for i in outputs):
                running.add(number)
                needed.update([roots[index] for index in operation.inputs])
        return frozenset(running)


def _roots(flow: Flow) -> list[int]:
    """Return of each tensor the one whose memory it shows in the end."""
    tensors = flow.tensors
    found = [tensor.storage for tensor in tensors]
    for index, root in enumerate(found):
        while tensors[root].storage != root:
            root = tensors[root].storage  # noqa: PLW2901 - from view to view
        found[index] = root
    return found


def _sizes(flow: Flow, item: float) -> list[float]:
    """Return the bytes of each tensor, floating point ones with `item` bytes a number."""
    each: dict[str, float] = {}
    for dtype in {tensor.dtype for tensor in flow.tensors}:
        size = item_size(dtype)
        each[dtype] = item if is_float(dtype) or size is None else size
    return [(tensor.items or 0) * each[tensor.dtype] for tensor in flow.tensors]
