"""Which block of its output an NPU works off at a time, by the least that has to be fetched."""

from collections.abc import Iterator
from functools import lru_cache
from math import inf, prod

from hwlint.cost.block_area import block_by_area
from hwlint.cost.blocks import Block, Work, block_for, clip, count, repeats, unit_of, up
from hwlint.profile.blocks import BlockEngine, MicroBlock

__all__ = ["block_of"]


_EQUAL = 1e-6
"""Share by which costs that are computed with 24 bits may differ and be equal."""


@lru_cache(maxsize=4096)
def block_of(work: Work, engine: BlockEngine) -> Block:
    """Return the block with the least to fetch for one number of the output.

    All blocks whose input and sums fit the buffers twice (one is filled while the other is worked
    on) are compared, by micro-blocks in height and width and by 16 channels.
    """
    micro = _micro_block(work, engine)
    if engine.shared_banks is None and work.task in ("depthwise", "pool"):
        return block_by_area(work, engine, micro)
    first = _kernel_first(work, engine)
    for copies in (2, 1):
        best, least, covering = None, inf, inf
        for candidate in _candidates(work, engine, micro, first, copies):
            cost = _fetched(work, engine, candidate)
            if cost > least * (1 + _EQUAL):
                continue
            coverage, tie = _coverage(work, candidate), cost >= least * (1 - _EQUAL)
            high, wide, _ = candidate.result
            if tie and (coverage > covering or high > 4 or wide > 4):
                continue
            covering = coverage if tie else inf
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
    used = depth / up(depth, channels) * (area / steps)
    return used >= depth / up(depth, engine.depth_first)


def _candidates(
    work: Work, engine: BlockEngine, micro: MicroBlock, first: bool, copies: int
) -> Iterator[Block]:
    steps, most = micro.size, clip(work.result, engine.block_max)
    ends = [up(most[i], steps[i]) for i in range(3)]
    for depth in _depths(work.result[2], steps[2], ends[2], engine.split):
        widest = ends[1]
        for high in range(steps[0], ends[0] + 1, steps[0]):
            if widest < steps[1]:
                break
            for wide in range(steps[1], widest + 1, steps[1]):
                block = block_for((high, wide, depth), work, engine, micro, first)
                if not _fits(block, work, engine, copies):
                    widest = wide - steps[1]
                    break
                yield block
        if widest < steps[1] and not _fits(
            block_for((steps[0], steps[1], depth), work, engine, micro, first),
            work,
            engine,
            copies,
        ):
            return  # what is deeper fits no more


def _depths(channels: int, step: int, end: int, split: int) -> Iterator[int]:
    depth = max(step, min(end, split))
    while depth <= end:
        yield depth
        depth += step
        if depth < channels:
            depth = up(depth, split)


def _fits(block: Block, work: Work, engine: BlockEngine, copies: int) -> bool:
    high, wide, depth = block.source
    unit = unit_of(block.micro, depth)
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
    numbers = count(work.result, block.result)
    weights = 0.0
    if work.task in ("conv", "depthwise"):
        weights = prod(work.kernel) * work.source[2] * numbers[0] * numbers[1]
        weights *= 1 if work.task == "depthwise" else work.result[2]
    source = block.source[0] * block.source[1] * work.source[2]
    source *= repeats(work.covered, engine)
    source *= work.result[0] / block.result[0] * work.result[1] / block.result[1]
    source *= 1 if work.keeps_depth else numbers[2]
    return (source + weights) / prod(work.result)


def _coverage(work: Work, block: Block) -> float:
    (high, wide, _), (tall, broad, _) = work.source, block.source
    return high * wide / max(1, min(high, tall) * min(wide, broad))


def _smallest(work: Work, engine: BlockEngine, micro: MicroBlock, first: bool) -> Block:
    high, wide, depth = micro.size
    return block_for((high, wide, max(depth, engine.split)), work, engine, micro, first)
