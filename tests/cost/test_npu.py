"""Cycles on an NPU that works in blocks, beside what Arm's compiler says of the same layers
(ethos-u-vela 5.2.0; more of them in benchmarks/results/ethos_u)."""

from collections.abc import Iterator
from math import prod

import pytest

from hwlint.cost.block_search import block_of
from hwlint.cost.blocks import Block, Work, block_for, count, up
from hwlint.cost.npu import spent
from hwlint.profile import discover_profiles
from hwlint.profile.blocks import BlockEngine

PROFILES = discover_profiles(("hwlint_profiles",))


def engine(name: str) -> BlockEngine:
    blocks = PROFILES[name].blocks
    assert blocks is not None
    return blocks


LAYERS = {
    "pointwise, stride 2": (
        Work("conv", (37, 27, 99), (19, 14, 49), stride=(2, 2)), 99 * 49, 23966, 8580,
    ),
    "3x3, few channels": (
        Work("conv", (37, 24, 5), (37, 24, 35), (3, 3)), 5 * 35 * 9, 29716, 14224,
    ),
    "7x7": (Work("conv", (21, 37, 14), (21, 37, 37), (7, 7)), 14 * 37 * 49, 223217, 111536),
    "depthwise 5x5, stride 2": (
        Work("depthwise", (15, 15, 22), (8, 8, 22), (5, 5), (2, 2)), 22 * 25, 4645, 2877,
    ),
    "linear, 48 rows": (Work("conv", (1, 48, 512), (1, 48, 125)), 512 * 125, 73216, 13528),
    "linear, one row": (Work("conv", (1, 1, 248), (1, 1, 627)), 248 * 627, 181408, 12465),
    "addition": (
        Work("elementwise", (19, 34, 15), (19, 34, 15), output="add", inputs=2), 0, 14535, 3785,
    ),
}  # fmt: skip
"""The work, its weights, cycles on ethos-u55-128 and on ethos-u85-256."""


@pytest.mark.parametrize("name", LAYERS)
def test_cycles_are_the_compiler_s(name: str):
    work, weights, u55, u85 = LAYERS[name]
    # Weights of the U55 are moved compressed, to 8 or 9 bits: that depends on them.
    assert spent(work, engine("ethos-u55-128"), weights).total == pytest.approx(u55, rel=0.12)
    assert spent(work, engine("ethos-u85-256"), weights).total == pytest.approx(u85, rel=0.005)


def test_one_channel_more_than_a_step_costs_a_step():
    """3x3, 64 outputs, 16x16: the compiler's sweep has a step after 32, and none after 40."""

    def cycles(channels: int) -> int:
        work = Work("conv", (16, 16, channels), (16, 16, 64), (3, 3))
        return spent(work, engine("ethos-u55-128"), channels * 64 * 9, slack=10**6).total

    assert cycles(33) > 1.8 * cycles(32)
    assert cycles(41) == pytest.approx(cycles(40), rel=0.01)


def test_a_block_fits_the_buffers_twice():
    work = Work("conv", (64, 64, 64), (64, 64, 64), (3, 3))
    u85 = engine("ethos-u85-256")
    high, wide, deep = block_of(work, u85).result
    assert 2 * 4 * high * wide * deep <= (u85.sum_kib or 0) * 1024


@pytest.mark.parametrize("name", [key for key in PROFILES if PROFILES[key].blocks is not None])
def test_more_multipliers_are_not_slower(name: str):
    work = Work("conv", (28, 28, 64), (28, 28, 128), (3, 3))
    least = 28 * 28 * 64 * 128 * 9 / engine(name).multipliers
    assert least <= spent(work, engine(name), 64 * 128 * 9).compute < 3 * least


def candidates(work: Work, of: BlockEngine) -> Iterator[Block]:
    """Yield every block that fits the banks that inputs and sums share, one by one."""
    micro = of.micro_blocks[0]
    first = block_of(work, of).kernel_first
    down, across, step = micro.size
    depth = max(step, min(work.result[2], of.split))
    for deep in range(depth, min(work.result[2], of.block_max[2]) + step, of.split):
        for high in range(down, min(work.result[0], of.block_max[0]) + down, down):
            for wide in range(across, min(work.result[1], of.block_max[1]) + across, across):
                block = block_for((high, wide, deep), work, of, micro, first)
                into = prod(block.source[:2]) * up(block.source[2], micro.input_units[0][2])
                sums = 4 * high * wide * up(deep, of.sum_step)
                banks = [up(-(-size // 1024) * 2, n) for size, n in
                         zip((into, sums), of.bank_granules, strict=True)]  # fmt: skip
                if sum(banks) <= (of.shared_banks or 0) - sum(of.reserved_banks):
                    yield block


def fetched(work: Work, block: Block) -> float:
    """Bytes of input and weights that a convolution fetches: both once for each block."""
    blocks = count(work.result, block.result)
    weights = prod(work.kernel) * work.source[2] * work.result[2] * blocks[0] * blocks[1]
    area = work.result[0] / block.result[0] * work.result[1] / block.result[1]
    source = prod(block.source[:2]) * work.source[2] * area * blocks[2]
    return (source + weights) / (1 if prod(work.source) >= 2 * prod(block.source) else 2)


@pytest.mark.parametrize("size", [(14, 14), (56, 23), (1, 197)])
@pytest.mark.parametrize(("ins", "outs", "kernel"), [(64, 96, 1), (64, 100, 3), (24, 16, 5)])
def test_the_block_is_the_best_of_all(size: tuple[int, int], ins: int, outs: int, kernel: int):
    u55 = engine("ethos-u55-128")
    work = Work("conv", (*size, ins), (*size, outs), (kernel, kernel))
    best = min(fetched(work, block) for block in candidates(work, u55))
    assert fetched(work, block_of(work, u55)) == pytest.approx(best, rel=1e-5)
