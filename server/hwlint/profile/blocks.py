"""An engine that works layers off in blocks of their output, as the published sources of Arm's
compiler describe Ethos-U."""

from typing import Literal

from attrs import frozen

from hwlint.profile.sourced import Dtype, Sourced

__all__ = ["BlockEngine", "MicroBlock", "OutputCycles", "Store", "Task"]

Task = Literal["conv", "depthwise", "linear", "pool", "elementwise", "resize"]
"""What the engine does at a time."""


@frozen(kw_only=True)
class MicroBlock:
    """The smallest piece of the output that is computed at once."""

    size: tuple[int, ...]
    """Height, width and channels."""
    tasks: tuple[Task, ...]
    """What it can be used for, with inputs of 8 bits."""
    input_units: tuple[tuple[int, ...], ...]
    """Height, width and channels in which the input buffer is given out: for up to 16 channels of
    8 bits, for up to 32, for more. With one entry it is for all."""


@frozen(kw_only=True)
class Store:
    """A memory as the engine sees it."""

    bytes_per_cycle: float
    """What it moves in a cycle, of the engine's clock."""
    one_way: float | None = None
    """The same of reads alone, and of writes alone, where that is less."""
    latency: int
    """Cycles until a read or write begins."""
    burst: int
    """Bytes of the longest burst; shorter ones take as long."""


@frozen(kw_only=True)
class OutputCycles:
    """Cycles of the output stage for one number."""

    other: float
    """Of all that is not named."""
    add: float | None = None
    """Sums and differences of two maps."""
    mul: float | None = None
    """Products of two maps."""
    max_pool: float | None = None
    """The greatest of a window."""
    lookup: float | None = None
    """At least so many where a table is looked up: sigmoid, tanh, GELU."""


@frozen(kw_only=True, cache_hash=True)
class BlockEngine(Sourced):
    """How the engine cuts a layer into blocks, and what a block takes."""

    dtypes: tuple[Dtype, ...]
    """In which number formats it is so."""
    micro_blocks: tuple[MicroBlock, ...]
    """In the order in which they are tried."""
    block_max: tuple[int, ...]
    """Height, width and channels of the largest block of the output."""
    kernel_max: tuple[int, ...] = (8, 8)
    """Height and width of a kernel that is worked off in one go."""
    split: int = 16
    """Channels at which blocks of the output are cut."""
    kernel_first: tuple[int, int, int]
    """Of the order that takes positions of the kernel first: channels of a step, positions of a
    step, and the least positions of the last step."""
    depth_first: int
    """Of the order that takes channels first: channels of a step."""
    input_depth: tuple[int, int]
    """Input channels of a block: kernel first, depth first."""
    step_channels: int = 8
    """Input channels that are multiplied and added up at once."""
    whole_depth_steps: bool = False
    """Depth first, a block takes as many cycles as it has input channels, not as a full one has."""
    shared_banks: int | None = None
    """Banks of 1 KiB that inputs and sums share; with `bank_granules`."""
    reserved_banks: tuple[int, int] = (0, 0)
    """Of these, banks before and behind that are kept for the output and for tables."""
    bank_granules: tuple[int, int] = (1, 1)
    """Banks in which space for inputs and for sums is given out."""
    input_kib: float | None = None
    """Buffer for inputs, where it is one of its own, in KiB."""
    sum_kib: float | None = None
    """Buffer for sums, where it is one of its own, in KiB."""
    sum_step: int = 8
    """Channels in which space for sums is given out."""
    output_cycles: OutputCycles
    """What each number takes on its way out."""
    multipliers: int
    """How many numbers it multiplies in a cycle."""
    weight_decoders: int = 1
    """How many channels' weights are unpacked at once."""
    pool_cycles: int = 4
    """Cycles of a micro-block for one position of a pooling window; at least four positions."""
    two_four_channels: int = 0
    """With so few input channels at least two in four weights are empty, and convolutions take
    half the time."""
    resizes: bool = False
    """There is a unit that enlarges maps; else that is pooling."""
    bounds_are_free: bool = False
    """A bound (ReLU, clamp) after anything else is applied on the way out."""
    chains: bool = False
    """Item by item work on what was just computed is done on the way out too."""
    maps: Store
    """Where feature maps are."""
    weights: Store
    """Where weights are."""
    staged: bool = False
    """Weights that are read more than once are copied beside the feature maps first."""
    weight_growth: float = 1.0
    """Bytes of stored weights by bytes of weights, where they do not fill the steps."""
    zero_bytes: float = 0.0
    """Bytes of each weight that is stored only to fill the steps."""
    weight_head: int = 0
    """Bytes besides, for the weights of one micro-block's channels."""
    channel_brick: int = 1
    """Feature maps between layers are stored in so many channels."""
