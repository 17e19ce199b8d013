"""What a device makes of the size of a dimension: tiles, cliffs, layouts, matrix units."""

from typing import Literal

from attrs import frozen

from hwlint.profile.sourced import Dtype, LayerKind, Sourced

__all__ = ["Cliff", "Kernel", "Layout", "MatrixUnit", "Operand", "Tile", "Wave"]

Operand = Literal["in", "out", "rows"]
"""Input channels (features), output channels, or what a matrix product has as rows: batch times
positions."""

Kernel = Literal["any", "1x1", "kxk"]
"""Only for kernels of one point, only for larger ones, or for both."""


@frozen(kw_only=True)
class Tile(Sourced):
    """The step in which one dimension is computed or loaded."""

    dtypes: tuple[Dtype, ...]
    """In which number formats."""
    layers: tuple[LayerKind, ...]
    """Which layers; a grouped tile counts channels per group."""
    operands: tuple[Operand, ...]
    """Which dimensions."""
    minimum: int
    """Multiples of this use the unit without waste."""
    recommended: int | None = None
    """Multiples of this are best; missing it is not a fault."""
    unit: str = ""
    """What the step is a step of: "gemm_m_n_k", "conv_channels", "nr"."""
    kernel: Kernel = "any"
    """For which kernels."""
    effect: Literal["padded", "slower", "priced"] = "padded"
    """"padded": the rest of the tile is computed in vain; "slower": a less efficient kernel;
    "priced": only the estimate of the layer says what a tile that is not full costs."""


@frozen(kw_only=True)
class Cliff(Sourced):
    """Sizes at which one more channel costs much more than one channel's share."""

    dtypes: tuple[Dtype, ...]
    """In which number formats."""
    layers: tuple[LayerKind, ...]
    """Which layers."""
    operands: tuple[Operand, ...]
    """Which dimensions; with several, they grow together."""
    at: tuple[int, ...]
    """The last sizes before the step: 32 means that 33 is the dear one."""
    extra: tuple[float, ...] = ()
    """By how much the cost grows there, as a share of the cost before; in the order of `at`."""
    kernel: Kernel = "any"
    """For which kernels."""
    step: int | None = None
    """Where the cost goes on in steps: how many channels one step is."""
    condition: str = ""
    """The shape for which it was found."""


@frozen(kw_only=True)
class Layout(Sourced):
    """How a tensor lies in memory: one axis is filled up to a multiple."""

    axis: Literal["channels", "last", "second-to-last", "im2col row"]
    """Which axis. An im2col row is one window of a convolution: kernel area times channels."""
    elements: int
    """The multiple, in elements."""
    dtypes: tuple[Dtype, ...]
    """In which number formats."""
    format: str = ""
    """The vendor's name for it: "NHWCB16", "CHW32"."""


@frozen(kw_only=True)
class MatrixUnit(Sourced):
    """The unit that multiplies matrices."""

    count: int | None = None
    """How many there are in the device."""
    rows: int | None = None
    """Rows of one unit (of one tile register)."""
    columns: int | None = None
    """Columns of one unit."""
    row_bytes: int | None = None
    """Bytes of one row of a tile register."""
    registers: int | None = None
    """Tile registers."""
    lanes: int | None = None
    """Lanes of a vector register, elements of 32 bits."""
    sublanes: int | None = None
    """Rows of lanes in a vector register."""
    depth: int | None = None
    """Input channels that one step multiplies and adds up."""
    elementwise_units: int | None = None
    """Elements that one cycle of element-wise work takes."""
    micro_block: tuple[int, ...] = ()
    """Height, width and depth of the smallest block of the output that is computed."""
    block_max: tuple[int, ...] = ()
    """Width, height and depth of the largest block of the output that is worked on at once."""
    subkernel_max: tuple[int, ...] = ()
    """Height and width up to which a kernel is worked off in one go."""


@frozen(kw_only=True)
class Wave(Sourced):
    """How a matrix product is shared out among the cores of a GPU: one block of the output each.
    A last wave of few blocks takes as long as a full one."""

    rows: int
    """Rows of a block."""
    columns: int
    """Columns of a block."""
