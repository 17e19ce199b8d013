"""Bytes from and to the outermost memory, after what stays on the chip from kernel to kernel."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hwlint.cost.fusion import Group
from hwlint.cost.tensors import Deployed
from hwlint.cost.work import Product
from hwlint.graph import Flow, Operation
from hwlint.ops import FUNCTIONS

__all__ = ["Touched", "dram_bytes", "items_of", "touched_by"]

_PARTLY = frozenset(spec.name for spec in FUNCTIONS.values() if spec.reads == "part") | {"index"}


@dataclass(slots=True)
class Touched:
    """The tensors that one kernel reads and writes, with the bytes."""

    reads: dict[int, float] = field(default_factory=dict[int, float])
    writes: dict[int, float] = field(default_factory=dict[int, float])
    repeated: float = 0.0
    """Bytes that are loaded once more, as often as windows overlap: of poolings and depthwise
    convolutions, whose outputs share no other work."""

    @property
    def bytes(self) -> float:
        """All of it."""
        return sum(self.reads.values()) + sum(self.writes.values())


def touched_by(
    group: Group, flow: Flow, tensors: Deployed, products: Sequence[Product | None]
) -> Touched:
    """Return what a kernel reads and writes; what only it sees it keeps in registers. `products`:
    the matrix product that each operation of the run is."""
    touched = Touched()
    inside = frozenset(group.operations)
    written: set[int] = set()
    for number in group.operations:
        operation = flow.operations[number]
        if number not in group.folded:
            for position, root in enumerate(tensors.run.taken[number]):
                if root not in written:
                    index = operation.inputs[position]
                    size = tensors.shown(index)
                    if position == 0 and operation.name in _PARTLY:
                        size = min(size, sum(map(tensors.bytes, operation.outputs)))
                    touched.reads[root] = max(size, touched.reads.get(root, 0))
            touched.repeated += _repeated(operation, products[number], tensors)
        for index, root in zip(operation.outputs, tensors.run.made[number], strict=True):
            written.add(root)
            if not tensors.readers.get(root, frozenset[int]()) <= inside:
                touched.writes[root] = tensors.bytes(index)
    return touched


def _repeated(operation: Operation, product: Product | None, tensors: Deployed) -> float:
    window = operation.window
    if product is not None and product.kind == "depthwise":
        window = product.depth
    if window == 1:
        return 0.0
    loads = window * tensors.bytes(operation.outputs[0])
    return max(0.0, loads - tensors.bytes(operation.inputs[0]))


def items_of(operation: Operation, flow: Flow) -> float:
    """Return how many numbers a pass goes through: those of the input or of the result, whichever
    are more; of a pooling, as often as its windows overlap."""
    outputs = sum(flow.tensors[i].items or 0 for i in operation.outputs)
    if operation.window > 1:
        return outputs * operation.window
    if operation.name in _PARTLY:
        return outputs
    given = (flow.tensors[i] for i in operation.inputs)
    return max([outputs, *(t.items or 0 for t in given if t.kind not in ("parameter", "buffer"))])


def dram_bytes(groups: Sequence[Touched], tensors: Deployed, cache: float) -> list[float]:
    """Return the bytes that each kernel moves to and from the outermost memory.

    A tensor is still on the chip where less than `cache` bytes were touched since. A model runs
    again and again, so weights are there from the run before where all of it fits. What is
    written is written back unless whoever reads it finds it on the chip.
    """
    at: list[float] = []
    total = 0.0
    for touched in groups:
        total += touched.bytes
        at.append(total)
    moved = [0.0] * len(groups)
    last: dict[int, int] = {}
    for number, touched in enumerate(groups):
        for root, size in touched.reads.items():
            moved[number] += _loaded(root, size, number, (at, last), tensors, cache)
            last[root] = number
        for root in touched.writes:
            last[root] = number
    reading: dict[int, list[int]] = {}
    for number, touched in enumerate(groups):
        for root in touched.reads:
            reading.setdefault(root, []).append(number)
    for number, touched in enumerate(groups):
        for root, size in touched.writes.items():
            if not _stays(number, reading.get(root, ()), at, cache):
                moved[number] += size
    return moved


def _loaded(
    root: int,
    size: float,
    number: int,
    past: tuple[Sequence[float], dict[int, int]],
    tensors: Deployed,
    cache: float,
) -> float:
    at, last = past
    if root in last:
        distance = at[number] - at[last[root]] + size
    elif tensors.is_constant(root):
        distance = at[-1]
    else:
        return size
    return 0.0 if distance <= cache else size


def _stays(number: int, reading: Sequence[int], at: Sequence[float], cache: float) -> bool:
    """Whether what a kernel writes is read from the chip by all that read it later, `reading`
    being the kernels that read it at all."""
    later = [other for other in reading if other > number]
    return all(at[other] - at[number] <= cache for other in later) and any(later)
