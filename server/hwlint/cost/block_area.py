"""Which block of its output an NPU works off at a time, by how well it covers the output.

For work that keeps the depth (depthwise convolutions, pooling) on engines with a buffer for inputs
and one for sums, after ethos_u85.cpp of ethos-u-vela.
"""

from dataclasses import dataclass
from math import inf, prod, sqrt

from hwlint.cost.blocks import Block, Size, Work, block_for, clip, unit_of, up
from hwlint.profile.blocks import BlockEngine, MicroBlock

__all__ = ["block_by_area"]

_DEPTH = 16
"""Channels in which space for sums is given out."""
_TRIES = 25
"""Equal areas in a row before the next one is forced to be smaller."""


@dataclass(frozen=True, slots=True)
class _Room:
    work: Work
    engine: BlockEngine
    micro: MicroBlock
    step: Size
    """Height, width and channels in which a block grows."""
    whole: Size
    """The output in full steps."""
    most: Size
    """The largest block."""
    inputs: int
    """Numbers that the buffer for inputs holds."""
    sums: int
    """Numbers that the buffer for sums holds."""

    def block(self, size: Size) -> Block:
        return block_for(size, self.work, self.engine, self.micro, first=False)

    def taken(self, size: Size) -> int:
        """Numbers of input that a block takes room for."""
        high, wide, depth = self.block(size).source
        return high * wide * up(depth, unit_of(self.micro, depth)[2])


def block_by_area(work: Work, engine: BlockEngine, micro: MicroBlock) -> Block:
    """Return the block whose area and depth come closest to the output's, with room for another
    row of input where one block is not all."""
    high, wide, deep = micro.size[0], micro.size[1], _DEPTH
    whole = up(work.result[0], high), up(work.result[1], wide), up(work.result[2], deep)
    most = clip(whole, engine.block_max)
    room = _Room(
        work, engine, micro, (high, wide, deep), whole, most,
        int((engine.input_kib or 0) * 1024), int((engine.sum_kib or 0) * 1024) // 4,
    )  # fmt: skip
    return room.block(_with_a_row(room, _best(room)))


def _best(room: _Room) -> Size:
    """Compare the largest area that fits for each depth."""
    flat = room.work.covered == (1, 1)
    area = room.whole[1] * room.whole[2 if flat else 0]
    best, least = room.step, inf
    deepest = max(room.engine.multipliers, room.sums // prod(room.step))
    for depth in range(_DEPTH, min(deepest, room.most[2]) + 1, _DEPTH):
        size = _largest(room, depth)
        if size is None:
            break
        if clip(size, room.whole) == room.whole:
            return room.whole
        unit = unit_of(room.micro, depth)[2]
        empty = -depth % unit / unit / 10
        short = abs(1 - room.most[2] / depth) / 10
        other = depth if flat else size[0]
        metric = (1 + abs(1 - area / (size[1] * other))) * (1 + short) * (1 + empty)
        if metric < least:
            best, least = size, metric
    return best


def _largest(room: _Room, depth: int) -> Size | None:
    """The largest area of about the output's shape that fits at a depth."""
    grain, sums = prod(room.step), room.sums
    volume = prod(map(up, room.work.source, unit_of(room.micro, depth)))
    before, tries = -1, _TRIES
    while sums >= grain:
        size = _shaped(room, sums // depth, depth)
        needed = prod(size)
        by_sums = room.sums / needed
        by_input = room.inputs / min(room.taken(size), volume)
        if by_sums >= 1 and by_input >= 1:
            return size
        tries -= needed == before
        by_input = 0.9 if needed == before and tries <= 0 else by_input
        before = needed
        if by_input < 1 < by_sums:
            sums = min(sums, needed)
        fewer = int(sums // grain * min(by_input, by_sums)) * grain
        sums = fewer if fewer != sums else sums - grain
    return None


def _shaped(room: _Room, area: int, depth: int) -> Size:
    """Height and width of the output's proportions, in whole steps, tiling its width well."""
    tall, broad, _ = room.step
    aspect = room.whole[0] / room.whole[1]
    wide = sqrt(area / aspect)
    high = wide * aspect
    if high < 1:
        wide, high = wide * high, 1
    elif wide < 1:
        high, wide = high * wide, 1
    across = min(max(int(wide), broad) // broad * broad, room.most[1])
    down = min(max(int(high), tall) // tall * tall, room.most[0])
    kept = across * down
    if across < room.whole[1]:
        across = _tiling(room.whole[1], broad, across)
    return max(kept // across // tall * tall, tall), across, depth


def _tiling(length: int, step: int, tile: int) -> int:
    """The tile, not much smaller, whose last one is fullest."""
    if length % tile == 0:
        return tile
    even = max(up(length // (length // tile + 1), step), step)
    first = max(even - 2 * step, (even + 1) // 2, step)
    best, rest = tile, length % tile
    for other in range(tile, first - 1, -step):
        left = length % other or other
        if left > rest:
            best, rest = other, left
    return best


def _with_a_row(room: _Room, size: Size) -> Size:
    """Make a block smaller until the next row of input fits beside it: first in height, then in
    depth, then in width; in a dimension that is covered whole only if nothing else helps."""
    high, wide, deep = size
    forced = 0
    while (high, wide, deep) != room.whole and not _fits(room, (high, wide, deep)):
        unit = unit_of(room.micro, deep)[2]
        if (high != room.whole[0] or forced & 2) and high > room.step[0]:
            high -= room.step[0]
        elif (deep > wide or forced & 1) and deep > unit:
            deep -= unit
        elif (wide != room.whole[1] or forced & 4) and wide > room.step[1]:
            wide -= room.step[1]
        elif forced != 7:
            forced = forced << 1 | 1
        elif deep > room.step[2]:
            deep = max(deep // 2, room.step[2])
        else:
            break
    return high, wide, deep


def _fits(room: _Room, size: Size) -> bool:
    row = room.taken((room.step[0], size[1], size[2]))
    return room.inputs - room.taken(size) >= row
