"""What a device can do and what it takes: core, memory, rates, power, energy, measurements."""

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from hwlint.profile.sourced import Dtype, LayerKind, Sourced

__all__ = [
    "Achievable",
    "Compute",
    "Core",
    "Dispatch",
    "Effort",
    "Energy",
    "Fit",
    "Measurement",
    "Memory",
    "MemoryLevel",
    "Power",
    "Remark",
]


@frozen(kw_only=True)
class Core(Sourced):
    """The cores that compute: of a CPU, a GPU's multiprocessors, an NPU's engines."""

    architecture: str | None = None
    """"cortex-m7", "hopper, compute capability 9.0"."""
    count: int | None = None
    """How many."""
    clock_mhz: float | None = None
    """Clock in MHz."""
    floats: tuple[Dtype, ...] | None = None
    """Floating-point formats in which it computes in hardware; empty: none, all is emulated."""
    vector: str | None = None
    """Vector instructions: "dsp", "mve", "none"."""


@frozen(kw_only=True)
class MemoryLevel(Sourced):
    """One memory that has no field of its own in `Memory`."""

    name: str
    """"VMEM", "SHRAM", "off-chip flash"."""
    kib: float | None = None
    """Size in KiB."""
    per: Literal["device", "core"] = "device"
    """Whether each core has one."""
    bandwidth_gb_s: float | None = None
    """In GB/s."""
    holds: tuple[Literal["weights", "activations"], ...] = ()
    """What it is for, where that is fixed."""


@frozen(kw_only=True)
class Memory(Sourced):
    """Memory sizes and the bandwidth to the outermost one."""

    dram: str | None = None
    """Kind of DRAM: "LPDDR4-3200"."""
    dram_gb: float | None = None
    """Size in GB."""
    bandwidth_gb_s: float | None = None
    """To DRAM, in GB/s."""
    shared: bool | None = None
    """Other processors use the same DRAM."""
    l2_mib: float | None = None
    """Second-level cache of the device, in MiB."""
    l1_kib_per_core: float | None = None
    """First-level cache, and shared memory, of each core, in KiB."""
    sram_kib: float | None = None
    """SRAM that activations may use, in KiB."""
    flash_kib: float | None = None
    """Flash on the chip, in KiB."""
    port_bytes_per_cycle: float | None = None
    """Bytes that one memory port moves in a cycle."""
    arena_kib: tuple[int, ...] = ()
    """Sizes of the working memory that the vendor's examples use, in KiB."""
    levels: tuple[MemoryLevel, ...] = ()
    """All other memories."""


@frozen(kw_only=True)
class Compute(Sourced):
    """Peak rates. One multiply-accumulate is two operations."""

    tops: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """In tera-operations per second by dtype, without use of sparsity."""
    dense: bool = True
    """Whether `tops` is without use of sparsity."""
    two_four_tops: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """With weights of which two in four are zero."""
    fp16_accumulate_tops: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """With sums in fp16 instead of fp32."""
    headline_tops: float | None = None
    """What the vendor advertises without saying in which dtype: not to be computed with."""
    not_native: tuple[Dtype, ...] = ()
    """Formats that the matrix unit does not take."""
    macs_per_cycle: int | None = None
    """Multiply-accumulates of the whole device in one cycle."""
    core_ops_per_cycle: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """Operations of one core in one cycle, where cores and clock differ by model."""


@frozen(kw_only=True)
class Achievable(Sourced):
    """Rates that real programs reach."""

    tops: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """In tera-operations per second by dtype."""
    cycles_per_mac: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """Cycles of one core for one multiply-accumulate, by dtype."""
    peak_share: Mapping[LayerKind, float] = field(factory=dict[LayerKind, float])
    """Highest share of the peak (0 to 1) that a kind of layer reaches."""


@frozen(kw_only=True)
class Effort(Sourced):
    """What the runtime's kernels spend besides, counted in multiply-accumulates of a plain
    convolution. `Achievable.cycles_per_mac` is then that of such a convolution."""

    relative: Mapping[LayerKind, float] = field(factory=dict[LayerKind, float])
    """One multiply-accumulate of another kind of layer."""
    per_output: float = 0.0
    """Finishing one number of the output: scaling, rounding, clamping, storing."""


@frozen(kw_only=True)
class Power(Sourced):
    """Power draw in watts."""

    tdp_w: float | None = None
    """What it is designed to dissipate."""
    modes_w: tuple[float, ...] = ()
    """Power modes that can be chosen."""
    active_w: float | None = None
    """Measured while a model runs."""
    tops_per_w: float | None = None
    """Peak operations per watt, in tera."""


@frozen(kw_only=True)
class Energy(Sourced):
    """What work costs."""

    pj_per_op: Mapping[Dtype, float] = field(factory=dict[Dtype, float])
    """Picojoules for one operation by dtype."""
    pj_per_byte: Mapping[str, float] = field(factory=dict[str, float])
    """Picojoules for one byte by memory: "dram", "sram", "flash"."""
    order: tuple[str, ...] = ()
    """Formats from the cheapest to the dearest, where only the order is known."""
    per_watt_against_gpu: tuple[float, ...] = ()
    """Least and greatest measured gain in work per watt over the GPU of the same module."""


@frozen(kw_only=True)
class Dispatch(Sourced):
    """What it costs to start one operator, however small it is."""

    kernel_us: float | None = None
    """Microseconds for one kernel that the host launches."""
    asynchronous: bool | None = None
    """The host goes on while the device computes, until it asks for a value."""
    graph_kernel_us: float | None = None
    """Microseconds for one kernel inside a graph that was recorded beforehand."""


@frozen(kw_only=True)
class Fit(Sourced):
    """What models take, fitted to measured ones: a sum of four parts. It goes before all rates."""

    ms_per_gop: float
    """Milliseconds for 10^9 operations; one multiply-accumulate is two, tiles filled up."""
    ms_per_mb: float
    """For 10^6 bytes that kernels load and store."""
    ms_per_kernel: float
    """For each kernel."""
    ms: float
    """On top, whatever the model; may be below zero."""
    samples: int
    """How many measured models it was fitted to."""
    mape: float | None = None
    """Mean relative error, 0 to 1, each model foretold by a fit to all others."""


@frozen(kw_only=True)
class Measurement(Sourced):
    """One model (or operator), timed on the device by somebody."""

    model: str
    """Which."""
    dtype: Dtype
    """In which number format."""
    runtime: str
    """By which software."""
    latency_ms: float | None = None
    """Milliseconds for one inference."""
    per_second: float | None = None
    """Inferences in a second, where that is what was reported."""
    cycles: float | None = None
    """Cycles (or ticks) for one inference, where that is what was reported."""
    energy_uj: float | None = None
    """Microjoules for one inference."""
    threads: int | None = None
    """Threads."""
    batch: int = 1
    """Batch size."""

    def seconds(self) -> float | None:
        """Return the time of one inference in seconds; None where only cycles are known."""
        if self.latency_ms is not None:
            return self.latency_ms / 1000
        return 1 / self.per_second if self.per_second else None


@frozen(kw_only=True)
class Remark(Sourced):
    """Something worth knowing that no field holds."""

    text: str
    """One or two sentences."""
