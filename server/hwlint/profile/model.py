"""What a device profile is. Every group carries where it comes from; an absent group is unknown."""

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

__all__ = [
    "Compute",
    "Deploy",
    "Evidence",
    "FusedActivations",
    "Fusion",
    "Limit",
    "Memory",
    "Operators",
    "Power",
    "Profile",
    "Reporting",
    "SourceMissing",
    "Sparsity",
    "Support",
    "Tile",
]

Evidence = Literal[
    "vendor datasheet",
    "vendor guide",
    "vendor source code",
    "vendor compiler",
    "runtime source code",
    "measured",
    "third-party",
    "estimate",
    "editorial",
]
"""How a number is known, strongest origin first; "editorial" is a choice of hwlint's."""

Support = Literal["native", "fused", "decomposed", "float", "none"]
"""How the deploy path runs an operator in one dtype: by a kernel of its own, inside the operator
before it, as several other operators, in floating point, or not at all."""


class SourceMissing(ValueError):
    """A group that does not say where it comes from."""


def _not_empty(_group: object, _attribute: object, source: tuple[str, ...]) -> None:
    if not source or not all(text.strip() for text in source):
        raise SourceMissing("source is empty")


@frozen(kw_only=True)
class _Sourced:
    source: tuple[str, ...] = field(validator=_not_empty)
    """Where it can be read. In TOML one string or a list."""
    evidence: Evidence
    note: str = ""
    """What a reader should know about the evidence: "secondary", "carried over from A100"."""


@frozen(kw_only=True)
class Deploy(_Sourced):
    """How a model gets onto the device: what an operator costs belongs to this path."""

    exporter: str
    runtime: str


@frozen(kw_only=True)
class Tile(_Sourced):
    """The step in which one dimension is computed or loaded."""

    dtypes: tuple[str, ...]
    layers: tuple[Literal["conv", "depthwise", "grouped", "linear"], ...]
    """Which layers; a grouped tile counts channels per group."""
    operands: tuple[Literal["in", "out"], ...]
    """Input or output channels (features)."""
    minimum: int
    """Multiples of this use the unit without waste."""
    recommended: int | None = None
    """Multiples of this are best; missing it is not a fault."""
    unit: str = ""
    """What the step is a step of: "gemm_m_n_k", "conv_channels", "nr"."""
    kernel: Literal["any", "1x1", "kxk"] = "any"
    """Only for kernels of one point, only for larger ones, or for both."""
    effect: Literal["padded", "slower"] = "padded"
    """"padded": the rest of the tile is computed in vain; "slower": a less efficient kernel."""


@frozen(kw_only=True)
class Operators(_Sourced):
    """How operators run in one dtype, by torch.nn's class names."""

    support: Mapping[str, Support]
    why: Mapping[str, str] = field(factory=dict[str, str])
    """By operator: what it is decomposed into, what is missing."""


@frozen(kw_only=True)
class Limit(_Sourced):
    """A bound on one property of some operators."""

    operators: tuple[str, ...]
    property: str
    """"stride", "kernel_size", "kernel_area", "dilation", "rank", "features"."""
    minimum: int | None = None
    maximum: int | None = None
    allowed: tuple[int, ...] = ()
    dtypes: tuple[str, ...] = ()
    """Empty: all."""
    condition: str = ""
    """When it holds, in words."""


@frozen(kw_only=True)
class FusedActivations(_Sourced):
    """Activations that cost nothing after some producers."""

    producers: tuple[str, ...]
    activations: tuple[str, ...]


@frozen(kw_only=True)
class Fusion(_Sourced):
    """What the runtime makes one operator of."""

    batch_norm_folds_into: tuple[str, ...] | None = None
    """Operators whose weights take up a batch norm that directly follows."""
    pointwise_chains: bool | None = None
    """Element-wise operators in a row become one kernel by themselves."""
    condition: str = ""
    activations: tuple[FusedActivations, ...] = ()


@frozen(kw_only=True)
class Sparsity(_Sourced):
    """Which zeros in the weights save time."""

    two_four: bool | None = None
    two_four_speedup_max: float | None = None
    unstructured: bool | None = None
    unstructured_dtypes: tuple[str, ...] = ()
    """Where `unstructured` holds only for some dtypes; empty: all."""
    structured: bool | None = None
    weight_compression: bool | None = None
    condition: str = ""


@frozen(kw_only=True)
class Memory(_Sourced):
    """Memory levels."""

    dram_gb: float | None = None
    bandwidth_gb_s: float | None = None
    l2_mib: float | None = None
    l1_kib_per_core: float | None = None
    sram_kib: int | None = None
    flash_kib: int | None = None


@frozen(kw_only=True)
class Compute(_Sourced):
    """Rates in tera-operations per second by dtype; one multiply-accumulate is two operations."""

    tops: Mapping[str, float]
    dense: bool = True


@frozen(kw_only=True)
class Power(_Sourced):
    """Power draw."""

    tdp_w: float | None = None


@frozen(kw_only=True)
class Reporting(_Sourced):
    """From where on a finding is worth reading. Choices of hwlint's, kept beside the facts so
    that no rule holds a number and a project can change them."""

    padding_layer_share: float
    """Least share of the layers concerned that is padding, 0 to 1."""
    padding_model_share: float
    """Least share of the model's parameters that is padding, 0 to 1."""
    slower_model_share: float
    """Where a missed tile means a slower kernel rather than padding: least share of the model's
    parameters that the layers concerned hold, 0 to 1."""
    exempt_model_share: float
    """From this share of the model's parameters on, also dimensions that the task dictates
    (class counts, the ends of the model) are reported."""
    image_channels: int
    """Dimensions up to this are what the task gives (image channels, a score, coordinates):
    they are never reported."""


@frozen(kw_only=True)
class Profile:
    """One device with one way of deploying to it."""

    id: str
    """The file's name without ".toml": "h100-sxm"."""
    name: str
    kind: Literal["gpu", "npu", "cpu", "mcu"]
    default_dtype: str
    aliases: tuple[str, ...] = ()
    extends: str | None = None
    architecture: str | None = None
    cores: int | None = None
    clock_mhz: float | None = None
    deploy: Deploy | None = None
    tiles: tuple[Tile, ...] = ()
    operators: Mapping[str, Operators] = field(factory=dict[str, Operators])
    """By dtype."""
    limits: tuple[Limit, ...] = ()
    fusion: Fusion | None = None
    sparsity: Sparsity | None = None
    memory: Memory | None = None
    peak: Compute | None = None
    achievable: Compute | None = None
    power: Power | None = None
    reporting: Reporting | None = None
    fingerprint: str = ""
    """Digest of the text it was read from, and of what it extends; set by the loader."""

    def tile(self, dtype: str, layer: str, operand: str, kernel: str = "any") -> Tile | None:
        """Return the tile of one operand ("in", "out") of a kind of layer, None where unknown.

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

    def support(self, dtype: str, op: str) -> Support | None:
        """Return how the operator runs in that dtype, None where unknown."""
        operators = self.operators.get(dtype)
        return operators.support.get(op) if operators is not None else None

    def speeds_up_unstructured(self, dtype: str) -> bool | None:
        """Say whether single zeros in the weights save time in that dtype, None where unknown."""
        known = self.sparsity
        if known is None or not known.unstructured:
            return known.unstructured if known is not None else None
        return not known.unstructured_dtypes or dtype in known.unstructured_dtypes
