"""What a device profile is. Every group carries where it comes from; an absent group is unknown."""

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import field, frozen

from hwlint.profile.blocks import BlockEngine
from hwlint.profile.calibrated import Calibrated
from hwlint.profile.hardware import (
    Achievable,
    Compute,
    Core,
    Dispatch,
    Effort,
    Energy,
    Fit,
    Measurement,
    Memory,
    Power,
    Remark,
)
from hwlint.profile.shapes import Cliff, Layout, MatrixUnit, Tile, Wave
from hwlint.profile.software import (
    Deploy,
    Fusion,
    Limit,
    Operators,
    Requirements,
    Sparsity,
    Support,
)
from hwlint.profile.sourced import Sourced

__all__ = ["KINDS", "Kind", "Profile", "Reporting"]

Kind = Literal["gpu", "npu", "cpu", "mcu"]
KINDS: tuple[Kind, ...] = ("gpu", "npu", "cpu", "mcu")
"""Kinds of devices in the order in which people are shown them."""


@frozen(kw_only=True)
class Reporting(Sourced):
    """From where on a finding is worth reading. Choices of hwlint's, kept beside the facts so
    that no rule holds a number and a project can change them."""

    padding_layer_share: float
    """Least share of the layers concerned that is padding, 0 to 1."""
    padding_model_share: float
    """Least share of the model's parameters that is padding, 0 to 1."""
    slower_model_share: float
    """Where a missed tile means a slower kernel rather than padding: least share of the model's
    parameters that the layers concerned hold, 0 to 1."""
    step_layer_share: float
    """Where the estimate says how a layer's time steps with its channels: least share of the time
    that a step adds beyond what the channels themselves take, 0 to 1."""
    exempt_model_share: float
    """From this share of the model's parameters on, also dimensions that the task dictates
    (class counts, the ends of the model) are reported."""
    thin_model_share: float
    """Least share of the model's time that filling up one tile takes where a layer is thinner
    than a tile, 0 to 1."""
    rows_layer_share: float
    """Least share of a product's rows (batch times positions) that is padding, 0 to 1: rows are
    what the input gives, so that a few per cent are nobody's fault."""
    tail_layer_share: float
    """Least share of the cores that idle in the waves of a product, 0 to 1."""
    time_model_share: float
    """Least share of the model's time that layers take of which a rule says what bounds them."""
    launch_model_share: float
    """Least share of the model's time that starting kernels takes, 0 to 1."""
    warning_model_share: float
    """From this share of the model's time (or parameters) on, a finding is a warning; below it
    is information."""
    image_channels: int
    """Dimensions up to this are what the task gives (image channels, a score, coordinates):
    they are never reported."""
    pass_model_share: float
    """Least share of the model's time, 0 to 1, that passes over tensors which fusion would save
    take."""
    elementwise_chain: int
    """Least number of element-wise operators in a row that are too many."""


@frozen(kw_only=True)
class Profile:
    """One device with one way of deploying to it."""

    id: str
    """The file's name without ".toml": "h100-sxm"."""
    name: str
    """What people call it."""
    kind: Kind
    """What sort of device it is."""
    default_dtype: str
    """What models compute in where nothing says."""
    aliases: tuple[str, ...] = ()
    """What else may be said for the id."""
    extends: tuple[str, ...] = ()
    """Profiles that this one is like, but for what it says itself; each goes over those before."""
    core: Core | None = None
    """The cores that compute."""
    deploy: Deploy | None = None
    """Exporter and runtime."""
    requirements: Requirements | None = None
    """What the deploy path asks of the graph."""
    tiles: tuple[Tile, ...] = ()
    """Steps in which dimensions are computed."""
    cliffs: tuple[Cliff, ...] = ()
    """Sizes after which one more channel is dear."""
    layouts: tuple[Layout, ...] = ()
    """How tensors lie in memory."""
    matrix_unit: MatrixUnit | None = None
    """The unit that multiplies matrices."""
    wave: Wave | None = None
    """How products are shared out among cores."""
    operators: Mapping[str, Operators] = field(factory=dict[str, Operators])
    """By dtype."""
    limits: tuple[Limit, ...] = ()
    """Bounds on operators."""
    fusion: Fusion | None = None
    """What becomes one operator."""
    sparsity: Sparsity | None = None
    """Which zeros save time."""
    memory: Memory | None = None
    """Sizes and bandwidth."""
    peak: Compute | None = None
    """Rates on paper."""
    blocks: BlockEngine | None = None
    """How it works layers off in blocks of their output."""
    achievable: Achievable | None = None
    """Rates that are reached."""
    effort: Effort | None = None
    """What kernels spend besides products."""
    dispatch: Dispatch | None = None
    """What starting an operator costs."""
    power: Power | None = None
    """Power draw."""
    energy: Energy | None = None
    """Energy by operation and byte."""
    fits: Mapping[str, Fit] = field(factory=dict[str, Fit])
    """By dtype: what measured models come to."""
    calibrated: Mapping[str, Calibrated] = field(factory=dict[str, Calibrated])
    """By dtype: what single operations take."""
    measurements: tuple[Measurement, ...] = ()
    """What others have timed."""
    remarks: tuple[Remark, ...] = ()
    """What no field holds."""
    reporting: Reporting | None = None
    """From where on findings are worth reading."""
    fingerprint: str = ""
    """Digest of the text it was read from, and of what it extends; set by the loader."""

    def tile(self, dtype: str, layer: str, operand: str, kernel: str = "any") -> Tile | None:
        """Return the tile of one operand ("in", "out", "rows") of a kind of layer, None where
        unknown.

        `kernel` is "1x1" or "kxk" where the kernel is known; a tile for exactly that kernel goes
        before one for any.
        """
        fitting = [
            tile
            for tile in self.tiles
            if dtype in tile.dtypes
            and layer in tile.layers
            and operand in tile.operands
            and tile.kernel in ("any", kernel)
        ]
        return min(fitting, key=lambda tile: tile.kernel == "any", default=None)

    def cliffs_of(
        self, dtype: str, layer: str, operand: str, kernel: str = "any"
    ) -> Iterator[Cliff]:
        """Yield the cliffs that a dimension can fall off; `kernel` as for `tile`."""
        for cliff in self.cliffs:
            asked = (dtype in cliff.dtypes, layer in cliff.layers, operand in cliff.operands)
            if all(asked) and cliff.kernel in ("any", kernel):
                yield cliff

    def support(self, dtype: str, op: str) -> Support | None:
        """Return how the operator (torch.nn's name) runs in that dtype, None where unknown."""
        operators = self.operators.get(dtype)
        return operators.support.get(op) if operators is not None else None

    def supports_function(self, dtype: str, name: str) -> Support | None:
        """Return how the function (torch's name) runs in that dtype, None where unknown."""
        operators = self.operators.get(dtype)
        return operators.functions.get(name) if operators is not None else None

    def limits_of(self, dtype: str, op: str) -> Iterator[Limit]:
        """Yield the bounds on an operator (torch.nn's or a function's name) in that dtype."""
        for limit in self.limits:
            if op in limit.operators and (not limit.dtypes or dtype in limit.dtypes):
                yield limit

    def peak_ops(self, dtype: str) -> float | None:
        """Return the peak rate in operations per second, None where unknown.

        One multiply-accumulate is two operations. Where the profile has no rate for the whole
        device, it is operations of a core in a cycle times cores times clock.
        """
        if self.peak is None:
            return None
        if dtype in self.peak.tops:
            return self.peak.tops[dtype] * 1e12
        per_cycle, core = self.peak.core_ops_per_cycle.get(dtype), self.core
        if per_cycle is None or core is None or core.count is None or core.clock_mhz is None:
            return None
        return per_cycle * core.count * core.clock_mhz * 1e6

    def achievable_ops(self, dtype: str) -> float | None:
        """Return the rate that programs reach in operations per second, None where unknown.

        Where cycles for one multiply-accumulate are known, it is that of one core.
        """
        if self.achievable is None:
            return None
        if dtype in self.achievable.tops:
            return self.achievable.tops[dtype] * 1e12
        cycles, core = self.achievable.cycles_per_mac.get(dtype), self.core
        if cycles is None or core is None or core.clock_mhz is None:
            return None
        return 2 * core.clock_mhz * 1e6 / cycles

    def speeds_up_unstructured(self, dtype: str) -> bool | None:
        """Say whether single zeros in the weights save time in that dtype, None where unknown."""
        known = self.sparsity
        if known is None or not known.unstructured:
            return known.unstructured if known is not None else None
        return not known.unstructured_dtypes or dtype in known.unstructured_dtypes
