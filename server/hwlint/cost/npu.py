"""Cycles of an NPU that works layers off in blocks, after the published sources of Arm's compiler
(ethos-u-vela, Apache-2.0): ethos_u85_performance.cpp for the cycles, scheduler.cpp and
network_performance.cpp for how weights are copied ahead of their use.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import ceil, inf, prod

from hwlint.cost.block_search import block_of
from hwlint.cost.blocks import Block, Size, Work, clip, count, cycles_of_block, repeats, up
from hwlint.profile.blocks import BlockEngine, Store

__all__ = ["Spent", "spent"]


@dataclass(frozen=True, slots=True)
class Spent:
    """Cycles of one piece of work."""

    compute: int
    """What multiplying and the output stage take."""
    maps: int
    """What moving feature maps takes, and weights that stand beside them."""
    weights: int
    """What moving weights from a memory of their own takes."""
    total: int
    """The longest of these, with what is not hidden of copying the first weights."""
    staged: int
    """Bytes of weights that are copied beside the feature maps for it."""

    def plus(self, other: "Spent", times: int) -> "Spent":
        """Return this and so many times the other, one after the other."""
        return Spent(
            self.compute + times * other.compute,
            self.maps + times * other.maps,
            self.weights + times * other.weights,
            self.total + times * other.total,
            max(self.staged, other.staged),
        )


_SCALE = 10
"""Bytes of the bias and the scale of one output channel; they are never copied ahead."""


@lru_cache(maxsize=16384)  # models are made of the same pieces again and again
def spent(
    work: Work,
    engine: BlockEngine,
    weights: int = 0,
    *,
    bricks: tuple[bool, bool] = (False, False),
    slack: int | None = None,
) -> Spent:
    """Return the cycles of one piece of work.

    weights: their bytes as the model has them. bricks: whether the input comes, and the output
    goes, in bricks of channels. slack: cycles of the work before it, None where it is the first.
    """
    if work.task == "resize":
        work = replace(work, task="elementwise" if engine.resizes else "pool")
    block = block_of(work, engine)
    stored = _stored(work, engine, block, weights)
    scales = _SCALE * work.result[2] if weights else 0
    size = stored + scales
    blocks = count(work.result, block.result)
    reads = blocks[0] * blocks[1]
    cuts = _cuts(work, engine, block, size, reads, slack)
    edges = cuts or [0, work.result[2]]
    compute = _cycles_of_all(work, engine, block, edges, bricks)
    maps = _map_cycles(work, engine, block, blocks, bricks)
    away = reads * size / engine.weights.bytes_per_cycle
    if cuts:
        before, whole = slack or 0, _copied(size, engine)
        first = _copied(size * edges[1] / work.result[2], engine)
        last = _cycles(work, engine, block, (edges[-2], edges[-1]), bricks)
        compute = max(compute + max(0, first - before), whole - before + last)
        maps += reads * stored / engine.maps.bytes_per_cycle
        away = (stored + reads * scales) / engine.weights.bytes_per_cycle
    total = max(compute, int(maps), int(away))
    return Spent(compute, int(maps), int(away), total, _buffer(size, edges) if cuts else 0)


_ZEROS = 2.0
"""Bytes of a zero that is written out, by those of a weight. Of 3x3 convolutions with 1024
outputs on a map of 7x7, with weights as torch begins with, ethos-u-vela 5.2.0 reads 1.13, 1.05 and
1.03 times the weights for 744, 752 and 756 inputs, and 1.00 times for 768."""


def _stored(work: Work, engine: BlockEngine, block: Block, weights: int) -> int:
    """Bytes of the weights as they are stored. Where inputs do not fill the steps of the engine,
    zeros stand between them. The compiler writes them out for pointwise products over several
    positions, and else leaves them out by a code that makes each weight longer: so it is in what it
    made of the modules of `benchmarks/ethos_u.py`."""
    if not weights:
        return 0
    filled = up(work.source[2], engine.depth_first) / work.source[2]
    if work.keeps_depth or block.kernel_first:
        growth = engine.weight_growth
    elif work.kernel == (1, 1) and work.result[0] * work.result[1] > 1:
        growth = min(engine.weight_growth, filled)
    else:
        growth = min(engine.weight_growth, 1 + _ZEROS * (filled - 1))
    if block.kernel_first:
        growth += engine.zero_bytes * (
            up(work.source[2], engine.step_channels) / work.source[2] - 1
        )
    streams = -(-work.result[2] // block.micro.size[2])
    return round(weights * growth) + engine.weight_head * streams


def _buffer(stored: int, edges: list[int]) -> int:
    """Bytes for two slices, one in use and one that is filled; of one slice for that."""
    sizes = [b - a for a, b in pairwise(edges)]
    return stored * (max(sizes[::2]) + max(sizes[1::2], default=0)) // edges[-1]


def _copied(size: float, engine: BlockEngine) -> int:
    return int(size / engine.weights.bytes_per_cycle) + engine.weights.latency


def _cuts(
    work: Work,
    engine: BlockEngine,
    block: Block,
    stored: int,
    reads: int,
    slack: int | None,
) -> list[int] | None:
    """Channels at which the work is cut so that weights can be copied beside the feature maps
    while others are used; None where they are read from where they are.

    reads: how often all weights are read. slack: cycles before, under which the first are copied.
    """
    if not engine.staged or not stored:
        return None
    channels, before = work.result[2], slack or 0
    whole, there = _copied(stored, engine), reads * (_near(stored, engine))
    away = reads * whole
    first = whole * min(channels, engine.split) // channels
    at_start = slack is None and reads > 1 and (first < away / 10 or first <= _START)
    pays = there + max(0, whole - before) < away
    hidden = slack is not None and reads > 1 and first < before
    if there >= away or not (at_start or pays or hidden or channels // block.result[2] > 2):
        return None
    alone = _cycles(work, engine, block, (0, channels), (False, False))
    if reads == 1 and whole + there > max(alone, away):
        return None
    edges = _slices(work, engine, block, whole, before)
    slices = len(edges) - 1
    runs = _cycles_of_all(work, engine, block, edges, (False, False))
    visible = max(0, whole * edges[1] // channels - (_START if at_start else before))
    if alone > away and visible // slices < _START:
        visible = 0
    if alone > away and at_start and slices > 1:
        visible -= slices * _START // 2
    return edges if max(runs + visible, there) <= max(runs, alone, away) else None


_START = 1000
"""Cycles at the start of a model that the compiler gives away for a copy."""


def _slices(work: Work, engine: BlockEngine, block: Block, whole: int, before: int) -> list[int]:
    """The first slice is as large as what can be copied before; the next as what it hides."""
    channels, split = work.result[2], engine.split
    first = max(split, int(channels * min(1.0, before / whole)) // split * split)
    if first >= channels:
        return [0, channels]
    runs = _cycles(work, engine, block, (0, first), (False, False))
    step = up(max(channels * runs // whole, split), block.result[2])
    return [0, *range(first, channels, step), channels]


def _near(stored: float, engine: BlockEngine) -> int:
    return int(stored / engine.maps.bytes_per_cycle) + engine.maps.latency


def _cycles_of_all(
    work: Work, engine: BlockEngine, block: Block, edges: list[int], bricks: tuple[bool, bool]
) -> int:
    """Cycles of all parts between the edges. Those in the middle that are as deep are alike."""
    channels = work.result[2]
    total = 0
    alike: dict[int, int] = {}
    for part in pairwise(edges):
        depth = part[1] - part[0]
        if part[0] == 0 or part[1] == channels:
            total += _cycles(work, engine, block, part, bricks)
        else:
            if depth not in alike:
                alike[depth] = _cycles(work, engine, block, part, bricks)
            total += alike[depth]
    return total


def _cycles(
    work: Work,
    engine: BlockEngine,
    block: Block,
    part: tuple[int, int],
    bricks: tuple[bool, bool],
) -> int:
    """Cycles of the output channels from the first to before the last of `part`."""
    depth = part[1] - part[0]
    ends = part[0] == 0, part[1] == work.result[2]
    clipped = clip((*work.result[:2], depth), block.result)
    source = clip(work.source, block.source)
    micro = block.micro.size
    number = _ratio((*work.result[:2], depth), clipped, micro)
    outputs = _output_cycles(work, engine, clipped)
    loading = _loading(source, block.source, work.source[2], engine.maps, bricks[0])
    storing = _storing(clipped, block.result, work.result[2], engine.maps, bricks[1])
    if work.task == "elementwise":
        return _elementwise(work, engine, prod(block.result), max(loading, storing))
    multiplying = cycles_of_block(work, block, engine, depth)
    waiting = abs(storing - loading) if number > 1 else 0
    least = (waiting + multiplying + outputs) / 4
    multiplying, outputs = max(multiplying, least), max(outputs, least)
    if multiplying > outputs:
        total = multiplying * number + (outputs if ends[1] else 0)
    else:
        total = outputs * number + multiplying
    return int(total) + (storing if ends[1] else 0) + (loading if ends[0] else 0)


def _ratio(whole: tuple[int, ...], part: Size, micro: tuple[int, ...]) -> float:
    """How many blocks there are, counted in micro-blocks."""
    return prod(count(whole, micro)) / prod(count(part, micro))


def _output_cycles(work: Work, engine: BlockEngine, clipped: Size) -> float:
    """Cycles of the output stage for one block; biases and scales are read with each."""
    cycles = ceil(_per_output(work, engine) * prod(clipped))
    weighted = work.task in ("conv", "depthwise", "linear")
    return max(cycles, 10 * clipped[2] * engine.maps.latency / 256 if weighted else 0)


def _per_output(work: Work, engine: BlockEngine) -> float:
    known = engine.output_cycles
    named = {"add": known.add, "mul": known.mul, "max_pool": known.max_pool}.get(work.output)
    cycles = known.other if named is None else named
    return max(cycles, known.lookup or 0.0) if work.lookup else cycles


def _elementwise(work: Work, engine: BlockEngine, block: int, moving: int) -> int:
    numbers = prod(work.result)
    each = _per_output(work, engine)
    return ceil(max(each, (moving / block + each) / 4) * numbers)


def _loading(source: Size, block: tuple[int, ...], channels: int, store: Store, brick: bool) -> int:
    size = prod(source) * _read_factor(block, channels, store, brick)
    return store.latency + int(size / store.bytes_per_cycle)


def _storing(result: Size, block: tuple[int, ...], channels: int, store: Store, brick: bool) -> int:
    size = prod(result) * _write_factor(block, channels, store, brick)
    return store.latency + int(size / store.bytes_per_cycle)


def _read_factor(block: tuple[int, ...], channels: int, store: Store, brick: bool) -> float:
    """Bytes of whole bursts for one byte that is read."""
    length = 16 * block[1] if brick else block[2]
    if not brick and channels == block[2]:
        length *= block[1]
    return store.burst / min(store.burst, length)


def _write_factor(block: tuple[int, ...], channels: int, store: Store, brick: bool) -> float:
    length = 16 * block[1] if brick else min(16, block[2])
    if not brick and block[2] <= 16 and channels == block[2]:
        length *= block[1]
    return store.burst / min(store.burst, length)


def _map_cycles(
    work: Work,
    engine: BlockEngine,
    block: Block,
    blocks: Size,
    bricks: tuple[bool, bool],
) -> float:
    """Cycles for moving feature maps: inputs once for each block of the output."""
    into, out = (engine.channel_brick if brick else 1 for brick in bricks)
    written = work.result[0] * work.result[1] * -(-work.result[2] // out) * out
    depth = -(-work.source[2] // into) * into
    if work.task == "elementwise":
        read = work.inputs * written
    else:
        high, wide, _ = clip(work.source, block.source)
        read = high * wide * depth * repeats(work.kernel, engine) * blocks[0] * blocks[1]
        read *= 1 if work.keeps_depth else blocks[2]
    reading = _read_factor(block.source, work.source[2], engine.maps, bricks[0])
    writing = _write_factor(block.result, work.result[2], engine.maps, bricks[1])
    both = read * reading + written * writing
    slower = max(read * reading, written * writing) / (engine.maps.one_way or inf)
    return max(both / engine.maps.bytes_per_cycle, slower)
