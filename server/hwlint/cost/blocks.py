"""Blocks of the output that an NPU works off at a time, and how many cycles one takes.

After the published sources of Arm's compiler for Ethos-U (ethos-u-vela, Apache-2.0): the files
ethos_u55.cpp and ethos_u85.cpp say how it looks for the block, ethos_u55_performance.cpp and
ethos_u85_performance.cpp what it takes a block to be worth. The numbers stand in the profile.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwlint.profile.blocks import BlockEngine, MicroBlock, Task

__all__ = [
    "Block",
    "Size",
    "Work",
    "block_for",
    "clip",
    "count",
    "cycles_of_block",
    "reach",
    "repeats",
    "unit_of",
    "up",
]

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


def clip(size: tuple[int, ...], block: tuple[int, ...]) -> Size:
    """Return what there is of a block at the beginning of something of a size."""
    return min(size[0], block[0]), min(size[1], block[1]), min(size[2], block[2])


def count(size: tuple[int, ...], block: tuple[int, ...]) -> Size:
    """Return how many blocks it takes in height, width and depth."""
    return -(-size[0] // block[0]), -(-size[1] // block[1]), -(-size[2] // block[2])


def block_for(
    result: Size, work: Work, engine: BlockEngine, micro: MicroBlock, first: bool
) -> Block:
    """Return the block that makes so much of the output, with the input that it takes."""
    depth = result[2]
    if not work.keeps_depth:
        depth = engine.input_depth[0 if first else 1]
        if not micro.input_units[1:]:
            depth = up(min(work.source[2], depth), engine.step_channels)
    unit = unit_of(micro, depth)
    high, wide = (reach(work, engine, axis, result[axis], unit[axis]) for axis in (0, 1))
    return Block(result, (high, wide, depth), micro, first)


def reach(work: Work, engine: BlockEngine, axis: int, size: int, unit: int) -> int:
    """Return the height (axis 0) or width (1) of the input that so much of the output takes, in
    full units."""
    covered = min(work.covered[axis], engine.kernel_max[axis])
    return up((size - 1) * work.stride[axis] + covered, unit)


def unit_of(micro: MicroBlock, depth: int) -> tuple[int, ...]:
    """Return height, width and channels in which space for input of a depth is given out."""
    units = micro.input_units
    return units[min(len(units) - 1, (depth > 16) + (depth > 32))]


def cycles_of_block(work: Work, block: Block, engine: BlockEngine, depth: int) -> int:
    """Return the cycles that the multipliers take for one block of `depth` output channels.

    Per micro-block a step takes four cycles, and no fewer than it takes to load its weights.
    """
    clipped = clip((*work.result[:2], depth), block.result)
    micro = block.micro.size
    high, wide, deep = count(clipped, micro)
    source = min(work.source[2], block.source[2])
    slices = -(-source // engine.step_channels)
    loading = 4 * micro[2] // engine.weight_decoders
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
    if work.task == "conv" and work.source[2] <= engine.two_four_channels:
        total //= 2
    return total if work.keeps_depth else total * -(-work.source[2] // source)


def _pieces(work: Work, engine: BlockEngine) -> Iterator[int]:
    """Positions of each piece of a kernel that is too large for one go."""
    most_high, most_wide = engine.kernel_max
    for y in range(0, work.kernel[0], most_high):
        for x in range(0, work.kernel[1], most_wide):
            yield min(work.kernel[0] - y, most_high) * min(work.kernel[1] - x, most_wide)


def repeats(kernel: tuple[int, int], engine: BlockEngine) -> int:
    """Return in how many goes a kernel is worked off."""
    high, wide = engine.kernel_max
    return -(-kernel[0] // high) * -(-kernel[1] // wide)


def _stall(area: int, deep: int, steps: int) -> int:
    """Cycles of waiting where a block is one micro-block high and wide: sums are needed again at
    once."""
    if area > 1:
        return 0
    return 2 * steps if deep == 1 else 2 * (steps - 1) * deep
