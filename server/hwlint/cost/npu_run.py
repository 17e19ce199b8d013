"""A run of a model on an NPU that works layers off in blocks: cycles and memory of each kernel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from hwlint.cost.blocks import Size, Work
from hwlint.cost.fusion import Group
from hwlint.cost.npu import Spent, spent
from hwlint.cost.npu_works import Job, jobs_of, sole_reader
from hwlint.cost.tensors import Deployed
from hwlint.graph import Flow, Layer
from hwlint.profile.blocks import BlockEngine

__all__ = ["BlockRun"]

_BOUNDS = frozenset(("relu", "relu6", "hardtanh", "clamp"))
"""Functions that bound numbers."""
_JOINS = frozenset(("cat", "concat", "stack"))
_ALIGNED = 16
"""Bytes to which addresses are aligned."""


class BlockRun:
    """The kernels of one run in order: each is asked for once, one after the other."""

    def __init__(
        self, flow: Flow, tensors: Deployed, engine: BlockEngine, layers: Mapping[str, Layer]
    ) -> None:
        self._flow = flow
        self._tensors = tensors
        self._engine = engine
        self._layers = layers
        self._before: int | None = None
        self._staged: list[int] = []
        self._computed: set[int] = set()
        """What the kernel before made."""
        self._known: dict[int, tuple[Job, ...]] = {}
        """What operations give it to do, as far as anybody has asked."""
        self._inputs = {i for i, t in enumerate(flow.tensors) if t.kind == "input"}
        self._outputs = {tensors.root(i) for i in flow.returned}

    def kernel(self, made: Group) -> Spent:
        """Return the cycles of the next kernel: of its first operation, the others are fused."""
        total = Spent(0, 0, 0, 0, 0)
        number = next((n for n in made.operations if n not in made.folded), None)
        jobs = self._jobs(number) if number is not None else ()
        if number is not None and self._is_free(number, jobs):
            jobs = ()
        for job in jobs:
            total = total.plus(self._spent(job, self._bricks(number or 0, made)), job.times)
        self._computed = self._roots(made)
        self._before = total.total
        self._staged.append(total.staged)
        return total

    def _is_free(self, number: int, jobs: Sequence[Job]) -> bool:
        """Whether the work before does it on the way out."""
        after = not self._computed.isdisjoint(self._tensors.run.taken[number])
        if self._flow.operations[number].name in _BOUNDS:
            return after and self._engine.bounds_are_free
        each = all(job.work.task == "elementwise" for job in jobs)
        return after and each and bool(jobs) and self._engine.chains

    def _roots(self, made: Group) -> set[int]:
        """The memory of all that a kernel makes."""
        return {root for number in made.operations for root in self._tensors.run.made[number]}

    def _jobs(self, number: int) -> tuple[Job, ...]:
        known = self._known.get(number)
        if known is None:
            layer = self._layers.get(self._flow.operations[number].module)
            known = self._known[number] = jobs_of(self._flow, number, layer, self._tensors)
        return known

    def _spent(self, job: Job, bricks: tuple[bool, bool]) -> Spent:
        return spent(job.work, self._engine, job.weights, bricks=bricks, slack=self._before)

    def _bricks(self, number: int, made: Group) -> tuple[bool, bool]:
        """Whether input and output are stored in bricks: those of the model are not."""
        sources = self._tensors.run.taken[number]
        results = self._tensors.run.made[made.operations[-1]]
        return self._inputs.isdisjoint(sources), self._outputs.isdisjoint(results)

    def resized(self, number: int, ins: int | None, outs: int | None) -> float | None:
        """Return the time of an operation with other numbers of channels, by its time now."""
        jobs = self._jobs(number)
        others = [_resized(job, ins, outs) for job in jobs]
        now = sum(self._alone(job) for job in jobs)
        then = sum(self._alone(job) for job in others)
        return then / now if now else None

    def _alone(self, job: Job) -> int:
        """Cycles of a job that runs by itself."""
        return job.times * spent(job.work, self._engine, job.weights).total

    def alive(self, groups: Sequence[Group]) -> list[int]:
        """Return the bytes of feature maps, and of weights that are copied beside them, that are
        alive during each kernel. A map lives from the kernel that makes it to the last that reads
        it."""
        changes = [0] * (len(self._staged) + 1)
        for size, start, end in self._lives(groups):
            if start <= end and start < len(self._staged):
                changes[start] += size
                changes[min(end + 1, len(self._staged))] -= size
        alive = accumulate(changes[:-1])
        return [size + _aligned(more) for size, more in zip(alive, self._staged, strict=True)]

    def _lives(self, groups: Sequence[Group]) -> list[tuple[int, int, int]]:
        """Bytes, first and last kernel of each piece of memory for feature maps."""
        at = {number: i for i, made in enumerate(groups) for number in made.operations}
        lives: dict[int, tuple[int, int, int]] = {}
        for root in self._inputs:
            lives[root] = self._bytes(root), 0, self._last(root, at, len(groups))
        for start, made in enumerate(groups):
            for root in self._roots(made):
                end = self._last(root, at, len(groups))
                if end > start:
                    size = self._bytes(root)
                    old = self._reused(made, lives, start, size)
                    begin = min((lives.pop(other)[1] for other in old), default=start)
                    lives[root] = size, begin, end
        return list(lives.values())

    def _last(self, root: int, at: Mapping[int, int], end: int) -> int:
        readers = self._tensors.readers.get(root, frozenset[int]())
        return max((at.get(reader, end) for reader in readers), default=0)

    def _reused(
        self, made: Group, lives: Mapping[int, tuple[int, int, int]], now: int, size: int
    ) -> list[int]:
        """Maps that end here and whose memory the output takes: of item by item work one, of a
        concatenation all that are written to their place in it."""
        number = made.operations[0]
        operation = self._flow.operations[number]
        sources = self._tensors.run.taken[number]
        if operation.name in _JOINS:
            every = dict.fromkeys(sources)  # slices of one map are one memory
            return [i for i in every if i in lives and sole_reader(self._tensors, i)]
        if not all(_item_by_item(job.work) for job in self._jobs(number)):
            return []
        fitting = [i for i in sources if i in lives and lives[i][2] == now and lives[i][0] >= size]
        return fitting[:1]

    def _bytes(self, root: int) -> int:
        tensor = self._flow.tensors[root]
        size = self._tensors.bytes(root)
        shape = tensor.shape or ()
        inner = root not in self._inputs and root not in self._outputs
        if inner and len(shape) == 4 and shape[1]:
            brick = self._engine.channel_brick
            size = size / shape[1] * (-(-shape[1] // brick) * brick)
        return _aligned(size)


def _item_by_item(work: Work) -> bool:
    alone = work.task == "pool" and work.kernel == (1, 1)
    return work.source == work.result and (alone or work.task == "elementwise")


def _aligned(size: float) -> int:
    return -(-int(size) // _ALIGNED) * _ALIGNED


def _resized(job: Job, ins: int | None, outs: int | None) -> Job:
    """The same with other channels; its weights grow and shrink with them."""
    work = job.work
    source = _deep(work.source, ins)
    result = _deep(work.result, outs)
    if work.keeps_depth:
        deep = ins if ins is not None else outs
        source, result = _deep(work.source, deep), _deep(work.result, deep)
    changed = replace(work, source=source, result=result)
    weights = job.weights * _channels(changed) // max(1, _channels(work))
    return replace(job, work=changed, weights=weights)


def _deep(size: Size, channels: int | None) -> Size:
    return size if channels is None else (size[0], size[1], channels)


def _channels(work: Work) -> int:
    return work.result[2] if work.keeps_depth else work.source[2] * work.result[2]
