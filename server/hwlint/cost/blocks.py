"""Which block of its output an NPU works off at a time, and how many cycles one takes.

After the published sources of Arm's compiler for Ethos-U (ethos-u-vela, Apache-2.0): the files
ethos_u55.cpp and ethos_u85.cpp say how it looks for the block, ethos_u55_performance.cpp and
ethos_u85_performance.cpp what it takes a block to be worth. The numbers stand in the profile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf, prod

from hwlint.profile.blocks import BlockEngine, MicroBlock, Task

__all__ = ["Block", "Work", "block_of", "cycles_of_block"]

Size = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing for the engine to do."""

    task: Task
    source: Size
    """Of the first input."""
    result: Size
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    output: str = "other"
    """A field of `OutputCycles`."""
    lookup: bool = False
    """Each number of the output is looked up in a table."""
    inputs: int = 1
    """Number of inputs that are feature maps as large as the output."""

    @property
    def covered(self) -> tuple[int, int]:
        """Height and width that the kernel covers."""
        (high, wide), (down, across) = self.kernel, self.dilation
        return (high - 1) * down + 1, (wide - 1) * across + 1

    @property
    def keeps_depth(self) -> bool:
        """Whether an output channel needs only the input channel of the same number."""
        return self.task not in ("conv", "linear")


@dataclass(frozen=True, slots=True)
class Block:
    """What is worked off at a time."""

    result: Size
    source: Size
    micro: MicroBlock
    kernel_first: bool


def up(value: int, step: int) -> int:
    """Return the next multiple."""
    return -(-value // step) * step


@lru_cache(maxsize=4096)
def block_of(work: Work, engine: BlockEngine) -> Block:
    """Return the block with the least to fetch for one number of the output.

    All blocks whose input and sums fit the buffers twice (one is filled while the other is worked
    on) are compared, by micro-blocks in height and width and by 16 channels.
    """
    micro = _micro_block(work, engine)
    first = _kernel_first(work, engine)
    for copies in (2, 1):
        best, least, covering = None, inf, inf
        for candidate in _candidates(work, engine, micro, first, copies):
            cost = _fetched(work, engine, candidate)
            if cost > least:
                continue
            coverage = _coverage(work, candidate)
            high, wide, _ = candidate.result
            if cost == least and (coverage > covering or high > 4 or wide > 4):
                continue
            covering = coverage if cost == least else inf
            best, least = candidate, cost
        if best is not None:
            return best
    return _smallest(work, engine, micro, first)


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
    used = depth / up(depth, channels) * area / steps
    return used >= depth / up(depth, engine.depth_first)


def _candidates(
    work: Work, engine: BlockEngine, micro: MicroBlock, first: bool, copies: int
) -> Iterator[Block]:
    steps = (micro.size[0], micro.size[1], micro.size[2])
    ends = [up(min(n, most), s) for n, most, s in zip(work.result, engine.block_max, steps)]  # noqa: B905
    for depth in _depths(work.result[2], steps[2], ends[2], engine.split):
        most = ends[1]
        for high in range(steps[0], ends[0] + 1, steps[0]):
            for wide in range(steps[1], most + 1, steps[1]):
                block = _block((high, wide, depth), work, engine, micro, first)
                if not _fits(block, work, engine, copies):
                    most = wide - steps[1]
                    break
                yield block


def _depths(channels: int, step: int, end: int, split: int) -> Iterator[int]:
    depth = max(step, min(end, split))
    while depth <= end:
        yield depth
        depth += step
        if depth < channels:
            depth = up(depth, split)


def _block(
    result: Size, work: Work, engine: BlockEngine, micro: MicroBlock, first: bool
) -> Block:
    depth = result[2]
    if not work.keeps_depth:
        depth = engine.input_depth[0 if first else 1]
        if not micro.input_units[1:]:
            depth = up(min(work.source[2], depth), engine.step_channels)
    unit = _unit(micro, depth)
    area = [
        up((n - 1) * stride + min(covered, most), step)
        for n, stride, covered, most, step in zip(  # noqa: B905
            result, work.stride, work.covered, engine.kernel_max, unit
        )
    ]
    return Block(result, (area[0], area[1], depth), micro, first)


def _unit(micro: MicroBlock, depth: int) -> tuple[int, ...]:
    units = micro.input_units
    return units[min(len(units) - 1, (depth > 16) + (depth > 32))]


def _fits(block: Block, work: Work, engine: BlockEngine, copies: int) -> bool:
    high, wide, depth = block.source
    unit = _unit(block.micro, depth)
    needed = depth if work.keeps_depth else min(depth, work.source[2])
    source = high * wide * up(needed, unit[2])
    sums = 4 * block.result[0] * block.result[1] * up(block.result[2], engine.sum_step)
    if engine.shared_banks is None:
        room = (engine.input_kib or 0) * 1024, (engine.sum_kib or 0) * 1024
        return source * copies <= room[0] and sums * copies <= room[1]
    ours, theirs = engine.bank_granules
    banks = up(-(-source // 1024) * 2, ours) + up(-(-sums // 1024) * 2, theirs)
    return banks <= engine.shared_banks - sum(engine.reserved_banks)


def _fetched(work: Work, engine: BlockEngine, block: Block) -> float:
    """Bytes of input and weights that are fetched for one number of the output."""
    if work.task == "linear" and engine.shared_banks is None:
        cost = 1 / (block.result[0] * block.result[1])
    else:
        cost = _traffic(work, engine, block)
    small = prod(work.source) < 2 * prod(block.source)
    return cost / 2 if small else cost


def _traffic(work: Work, engine: BlockEngine, block: Block) -> float:
    numbers = [-(-n // b) for n, b in zip(work.result, block.result)]  # noqa: B905
    weights = 0.0
    if work.task in ("conv", "depthwise"):
        weights = prod(work.kernel) * work.source[2] * numbers[0] * numbers[1]
        weights *= 1 if work.task == "depthwise" else work.result[2]
    repeats = prod(-(-c // most) for c, most in zip(work.covered, engine.kernel_max))  # noqa: B905
    source = block.source[0] * block.source[1] * work.source[2] * repeats
    source *= work.result[0] / block.result[0] * work.result[1] / block.result[1]
    source *= 1 if work.keeps_depth else numbers[2]
    return (source + weights) / prod(work.result)


def _coverage(work: Work, block: Block) -> float:
    (high, wide, _), (tall, broad, _) = work.source, block.source
    return high * wide / max(1, min(high, tall) * min(wide, broad))


def _smallest(work: Work, engine: BlockEngine, micro: MicroBlock, first: bool) -> Block:
    high, wide, depth = micro.size
    return _block((high, wide, max(depth, engine.split)), work, engine, micro, first)


def cycles_of_block(work: Work, block: Block, engine: BlockEngine, depth: int) -> int:
    """Return the cycles that the multipliers take for one block of `depth` output channels.

    Per micro-block a step takes four cycles, and no fewer than it takes to load its weights.
    """
    clipped = [min(a, b) for a, b in zip((*work.result[:2], depth), block.result)]  # noqa: B905
    micro = block.micro.size
    high, wide, deep = (-(-n // m) for n, m in zip(clipped, micro))  # noqa: B905
    source = min(work.source[2], block.source[2])
    slices = -(-source // engine.step_channels)
    loading = 4 * micro[2]
    total = 0
    for area in _pieces(work, engine):
        if work.task == "pool":
            total += max(4, area) * high * wide * deep * engine.pool_cycles
            continue
        by_four = work.task == "depthwise" or block.kernel_first
        steps = -(-area // 4) if by_four else area
        each = 4 * high * wide
        if engine.whole_depth_steps and not by_four:
            each = source // engine.step_channels * high * wide
        cycles = max(loading, each) * steps * deep + _stall(high * wide, deep, steps)
        total += cycles * (slices if block.kernel_first else 1)
    return total if work.keeps_depth else total * -(-work.source[2] // source)


def _pieces(work: Work, engine: BlockEngine) -> Iterator[int]:
    """Positions of each piece of a kernel that is too large for one go."""
    most_high, most_wide = engine.kernel_max
    for y in range(0, work.kernel[0], most_high):
        for x in range(0, work.kernel[1], most_wide):
            yield min(work.kernel[0] - y, most_high) * min(work.kernel[1] - x, most_wide)


def _stall(area: int, deep: int, steps: int) -> int:
    """Cycles of waiting where a block is one micro-block high and wide: sums are needed again at
    once."""
    if area > 1:
        return 0
    return 2 * steps if deep == 1 else 2 * (steps - 1) * deep
