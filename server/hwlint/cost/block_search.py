"""Which block of its output an NPU works off at a time, by the least that has to be fetched."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import inf, prod
from typing import NamedTuple

from hwlint.cost.block_area import block_by_area
from hwlint.cost.blocks import Block, Size, Work, block_for, reach, repeats, unit_of, up
from hwlint.profile.blocks import BlockEngine, MicroBlock

__all__ = ["block_of"]


_EQUAL = 1e-6
"""Share by which costs that are computed with 24 bits may differ and be equal."""


def block_of(work: Work, engine: BlockEngine) -> Block:
    """Return the block with the least to fetch for one number of the output.

    All blocks whose input and sums fit the buffers twice (one is filled while the other is worked
    on) are compared, by micro-blocks in height and width and by 16 channels.
    """
    # What happens to the numbers on their way out decides nothing here.
    return _block_of(replace(work, output="other", lookup=False, inputs=1), engine)


@lru_cache(maxsize=8192)
def _block_of(work: Work, engine: BlockEngine) -> Block:
    micro = _micro_block(work, engine)
    if engine.shared_banks is None and work.task in ("depthwise", "pool"):
        return block_by_area(work, engine, micro)
    first = _kernel_first(work, engine)
    high, wide, depth = micro.size
    found = (_Search(work, engine, micro, first, copies).best() for copies in (2, 1))
    best = next((size for size in found if size is not None), None)
    size = best or (high, wide, max(depth, engine.split))
    return block_for(size, work, engine, micro, first)


def _micro_block(work: Work, engine: BlockEngine) -> MicroBlock:
    """The micro-block that leaves least of itself empty, the first one of several."""
    fitting = [m for m in engine.micro_blocks if work.task in m.tasks] or engine.micro_blocks
    return min(fitting, key=lambda m: prod(map(up, work.result, m.size)))


def _kernel_first(work: Work, engine: BlockEngine) -> bool:
    """Whether taking positions of the kernel first leaves fewer multipliers idle."""
    if work.task != "conv":
        return False
    channels, positions, least = engine.kernel_first
    depth, area = work.source[2], prod(work.kernel)
    rest = area % positions
    steps = area - rest + (max(rest, least) if rest or least < positions else 0)
    used = depth / up(depth, channels) * (area / steps)
    return used >= depth / up(depth, engine.depth_first)


class _Side(NamedTuple):
    """How high (or wide) a block is."""

    result: int
    source: int
    """Of the input that it takes."""
    number: int
    """How many of them the output has."""


Row = tuple[_Side, list[_Side], list[float]]
"""A height, the widths that fit, and what is fetched with each: bytes of input and weights for one
number of the output."""


@dataclass(frozen=True, slots=True)
class _Search:
    """Compares blocks by their sizes: there are hundreds, and one of them is made in the end."""

    work: Work
    engine: BlockEngine
    micro: MicroBlock
    first: bool
    """The kernel's positions first."""
    copies: int
    """How often the buffers have to hold a block."""
    sides: dict[tuple[int, int], list[_Side]] = field(
        default_factory=dict[tuple[int, int], list[_Side]]
    )
    """By axis and the unit in which space for input is given out along it."""

    def best(self) -> Size | None:
        """Return the block with the least to fetch; None where none fits."""
        best, least, covering = None, inf, inf
        for depth in self._depths():
            for high, wides, costs in self._rows(depth):
                if min(costs) > least * (1 + _EQUAL):
                    continue
                for wide, cost in zip(wides, costs, strict=True):
                    if cost > least * (1 + _EQUAL):
                        continue
                    coverage, tie = self._coverage(high, wide), cost >= least * (1 - _EQUAL)
                    if tie and (coverage > covering or high.result > 4 or wide.result > 4):
                        continue
                    covering = coverage if tie else inf
                    best, least = (high.result, wide.result, depth), cost
        return best

    def _depths(self) -> Iterator[int]:
        """Depths at which anything fits: what is deeper than one at which nothing does fits no
        more."""
        step, split, channels = self.micro.size[2], self.engine.split, self.work.result[2]
        end = up(min(channels, self.engine.block_max[2]), step)
        depth = max(step, min(end, split))
        while depth <= end and next(self._areas(depth), None) is not None:
            yield depth
            depth += step
            if depth < channels:
                depth = up(depth, split)

    def _areas(self, depth: int) -> Iterator[tuple[_Side, list[_Side]]]:
        """Each height with the widths that fit."""
        inner = self._inner(depth)
        fits, wides = self._room(depth, inner), self._sides(1, inner)
        for high in self._sides(0, inner):
            kept = len(wides)  # nothing that is higher fits wider
            while kept and not fits(
                high.result * wides[kept - 1].result, high.source * wides[kept - 1].source
            ):
                kept -= 1
            if not kept:
                return
            wides = wides if kept == len(wides) else wides[:kept]
            yield high, wides

    def _inner(self, depth: int) -> int:
        """Depth of the input that a block takes."""
        high, wide, _ = self.micro.size
        size = high, wide, depth
        return block_for(size, self.work, self.engine, self.micro, self.first).source[2]

    def _sides(self, axis: int, inner: int) -> list[_Side]:
        """Return how high (axis 0) or wide (1) a block can be at all."""
        step, unit = self.micro.size[axis], unit_of(self.micro, inner)[axis]
        known = self.sides.get((axis, unit))
        if known is None:
            whole = self.work.result[axis]
            sizes = range(step, up(min(whole, self.engine.block_max[axis]), step) + 1, step)
            known = [
                _Side(n, reach(self.work, self.engine, axis, n, unit), -(-whole // n))
                for n in sizes
            ]
            self.sides[axis, unit] = known
        return known

    def _room(self, depth: int, inner: int) -> Callable[[int, int], bool]:
        """Whether a block with so many positions in its output and in its input fits."""
        work, engine, copies = self.work, self.engine, self.copies
        needed = inner if work.keeps_depth else min(inner, work.source[2])
        taken = up(needed, unit_of(self.micro, inner)[2])
        summed = 4 * up(depth, engine.sum_step)
        if engine.shared_banks is None:
            room = (engine.input_kib or 0) * 1024 / copies, (engine.sum_kib or 0) * 1024 / copies
            return lambda result, source: source * taken <= room[0] and result * summed <= room[1]
        ours, theirs = engine.bank_granules
        banks = engine.shared_banks - sum(engine.reserved_banks)

        def fits(result: int, source: int) -> bool:
            into, out = -(-source * taken // 1024) * 2, -(-result * summed // 1024) * 2
            return up(into, ours) + up(out, theirs) <= banks

        return fits

    def _rows(self, depth: int) -> Iterator[Row]:
        work, flat = self.work, self.work.task == "linear" and self.engine.shared_banks is None
        whole, inner = prod(work.source), self._inner(depth)
        for high, wides in self._areas(depth):
            if flat:
                costs = [1 / (high.result * wide.result) for wide in wides]
            else:
                costs = self._traffic(high, wides, depth)
            half = whole / (2 * high.source * inner)  # so wide a block takes all of a small input
            yield (
                high,
                wides,
                [
                    cost / 2 if wide.source > half else cost
                    for wide, cost in zip(wides, costs, strict=True)
                ],
            )

    def _traffic(self, high: _Side, wides: list[_Side], depth: int) -> list[float]:
        work = self.work
        tall, broad, deep = work.result
        weights = 0
        if work.task in ("conv", "depthwise"):
            weights = prod(work.kernel) * work.source[2] * (1 if work.task == "depthwise" else deep)
            weights *= high.number
        source = high.source * work.source[2] * repeats(work.covered, self.engine)
        times, rows = 1 if work.keeps_depth else -(-deep // depth), tall / high.result * broad
        every = prod(work.result)
        return [
            (source * wide.source * (rows / wide.result) * times + weights * wide.number) / every
            for wide in wides
        ]

    def _coverage(self, high: _Side, wide: _Side) -> float:
        tall, broad, _ = self.work.source
        return tall * broad / max(1, min(tall, high.source) * min(broad, wide.source))
