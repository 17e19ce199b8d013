"""What a rule sees and gives: the only module of hwlint that rules import.

A rule is a pure function of one frozen `Reading`. It does no I/O, reads no clock, knows no device
by name and holds no threshold: numbers come from the profile by field name, and a field that is
absent means that the rule stays silent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from hwlint.cost import (
    Estimate,
    Kept,
    Kernel,
    OperationCost,
    Peak,
    Plan,
    Product,
    estimate,
    item_bytes,
    kept,
    layer_op,
    peak_on,
    plan_of,
    product_of,
    silent_for,
    weight_bytes,
)
from hwlint.graph import (
    Argument,
    Called,
    EntryPoint,
    Flow,
    Layer,
    Links,
    ModelGraph,
    Node,
    Operation,
    Origin,
    Step,
    TensorInfo,
)
from hwlint.ops import LAYERS, POINTWISE, LayerSpec
from hwlint.profile import Fusion, Limit, Profile, Reporting, Tile
from hwlint.source.changes import (
    Change,
    FuseAttention,
    JoinLinears,
    Rename,
    SetArgument,
    SetNumber,
    Swap,
    Unsay,
    Unwrap,
)
from hwlint.source.edits import Edit
from hwlint.source.facts import CallFact, FileFacts
from hwlint.source.spans import Place

__all__ = [
    "BOUNDS",
    "LAYERS",
    "POINTWISE",
    "Argument",
    "Budget",
    "CallFact",
    "Called",
    "Change",
    "Edit",
    "EntryPoint",
    "Estimate",
    "FileFacts",
    "Finding",
    "Fix",
    "Flow",
    "FuseAttention",
    "Fusion",
    "JoinLinears",
    "Kernel",
    "Layer",
    "LayerSpec",
    "Limit",
    "Links",
    "ModelGraph",
    "Node",
    "Operation",
    "OperationCost",
    "Origin",
    "Place",
    "Product",
    "Profile",
    "Reading",
    "Related",
    "Rename",
    "Reporting",
    "Rule",
    "SetArgument",
    "SetNumber",
    "Step",
    "Swap",
    "TensorInfo",
    "Tile",
    "Unsay",
    "Unwrap",
    "item_bytes",
    "layer_op",
    "product_of",
]


@dataclass(frozen=True, slots=True)
class Related:
    """A place that belongs to a finding: a layer that the same literal reaches, say."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that were proved: made in memory and read again, see `hwlint.fix`."""

    title: str
    safe: bool
    """Behaviour and parameters stay as they are."""
    edits: tuple[Edit, ...]
    """Of any number of files, in order of place; none meets another."""


KIB = 1024


@dataclass(frozen=True, slots=True)
class Budget:
    """What one model may take on one device, as configured. None: no bound on that."""

    model: str
    """As it stands in the configuration: "pkg.net:Net"."""
    device: str
    place: Place | None = None
    """Where it stands there."""
    latency_ms: float | None = None
    flash_kb: float | None = None
    """Weights, in units of 1024 bytes."""
    sram_kb: float | None = None
    """Activations at their peak, in units of 1024 bytes."""
    dram_mb: float | None = None
    """Weights and activations at their peak, in units of 1024 * 1024 bytes."""
    energy_mj: float | None = None
    """Millijoules for one inference."""

    def bounds(self) -> Iterator[tuple[str, float]]:
        """Yield the field and the value of each bound that is set."""
        for name in BOUNDS:
            value: float | None = getattr(self, name)
            if value is not None:
                yield name, value


BOUNDS = ("latency_ms", "flash_kb", "sram_kb", "dram_mb", "energy_mj")
"""The fields of `Budget` that bound something."""


@dataclass(frozen=True)
class Reading:
    """What a rule looks at: one entry point (or one file's facts) on one device.

    A rule that needs the graph is given readings with `graph`, and with the `facts` of the file
    that has the entry point; a rule that needs only what stands in a file (`Rule.scope = "file"`)
    is given readings with `facts` and without a graph.
    """

    profile: Profile
    dtype: str
    """What the model computes in on this device: "bf16", "int8", "fp32", ..."""
    graph: ModelGraph | None = None
    facts: FileFacts | None = None
    budgets: tuple[Budget, ...] = ()
    """What is configured for this model on this device."""
    words: frozenset[str] = frozenset()
    """Those of `Rule.words` that stand in any Python file of the project."""

    @cached_property
    def estimate(self) -> Estimate | None:
        """What the model takes on this device; None where forward is not fully known, or where
        the profile lacks a field that it takes. Worked out when a rule first asks."""
        if self.graph is None:
            return None
        return estimate(self.graph, self.profile, self.dtype, self._plan)

    def spent(self, bound: str) -> float | None:
        """Return what the model takes of what a field of `Budget` bounds, in its unit; None where
        that is not known."""
        if bound == "flash_kb":
            weights = self._weights
            return weights / KIB if weights is not None else None
        if bound == "sram_kb":
            peak = self._peak
            return peak / KIB if peak is not None else None
        if bound == "dram_mb":
            weights, peak = self._weights, self._peak
            return None if weights is None or peak is None else (weights + peak) / KIB**2
        known = self.estimate
        if known is None:
            return None
        if bound == "latency_ms":
            return 1000 * known.seconds
        return 1000 * known.joules if known.joules is not None else None

    def why_unknown(self, bound: str) -> str:
        """Say why `spent` does not know."""
        graph = self.graph
        if graph is None:
            return "there is no model"
        if bound in ("flash_kb", "dram_mb") and self._weights is None:
            missing = graph.missing[0].reason if graph.missing else "it was not read fully"
            return f"its parameters are not known: {missing}"
        if bound in ("latency_ms", "energy_mj"):
            known = silent_for(graph, self.profile, self.dtype)
            return known or "the profile has no power.active_w"
        if graph.flow is None:
            return "its forward could not be followed"
        unread = graph.flow.missing
        return unread[0].reason if unread else "the shape of a tensor is not known"

    @property
    def peak_operation(self) -> int | None:
        """Index of the operation that runs when most memory is taken; None where not known."""
        peak = self._peak_on
        return peak.operation if peak is not None and peak.operation >= 0 else None

    @property
    def kept(self) -> Kept | None:
        """The layers and the number of parameters that are deployed: what only training uses is
        dropped."""
        return self.graph.derived(kept) if self.graph is not None else None

    @property
    def _weights(self) -> float | None:
        """Bytes of the weights, each in the number format of the target."""
        return weight_bytes(self.graph, self.dtype) if self.graph is not None else None

    @property
    def _peak(self) -> float | None:
        """Bytes of inputs and activations at their peak, as the target holds them."""
        peak = self._peak_on
        return peak.bytes if peak is not None else None

    @cached_property
    def _peak_on(self) -> Peak | None:
        """Worked out once: many rules ask, and it takes as long as an estimate."""
        if self.graph is None or self._plan is None:
            return None
        return peak_on(self.graph, self.profile, self.dtype, self._plan)

    @cached_property
    def _plan(self) -> Plan | None:
        """What has to be done: both time and peak are worked out from it."""
        return None if self.graph is None else plan_of(self.graph, self.profile, self.dtype)

    def share(self, layers: Iterable[Layer] = (), operations: Iterable[int] = ()) -> float | None:
        """Return the share (0 to 1) of the model that layers and operations are: of its time, or
        where there is no estimate the share of its parameters that the layers hold (see
        `share_of`). None where neither is known."""
        known = self.estimate
        if known is not None and known.seconds:
            return known.share_of_operations((*known.of_layers(layers), *operations))
        if self.graph is None or not self.graph.params:
            return None
        counts = self.graph.layers
        held = [(layer.params, counts.get(layer, 0)) for layer in dict.fromkeys(layers)]
        if any(params is None for params, _ in held):
            return None
        return sum((params or 0) * count for params, count in held) / self.graph.params

    @property
    def share_of(self) -> str:
        """What `share` is a share of, in words: "the estimated time" or "the parameters"."""
        known = self.estimate
        return "the estimated time" if known is not None and known.seconds else "the parameters"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule has to say, in one context, on one device. The engine merges contexts,
    devices and anchors, and adds severity."""

    anchor: Place
    """What is to change: the literal where one is known, else the building call."""
    message: str
    """First line: what and how much, with the numbers. No device name (the engine has it)."""
    why: str = ""
    """Second line: how it is known and where the number comes from, with the profile's source."""
    advice: str = ""
    """Third line: what to do."""
    alternatives: tuple[Place, ...] = ()
    """Other places that stand for the same cause, the nearest first: literals that the number
    comes from, the call. The engine takes the first that is the user's own."""
    related: tuple[Related, ...] = ()
    share: float | None = None
    """Share (0 to 1) of the layers concerned that is wasted; None where it does not apply."""
    model_share: float | None = None
    """The same as a share of the model: of its time, else of its parameters (`Reading.share`)."""
    saves: float | None = None
    """Share (0 to 1) of the model's estimated time that would be saved; None where the time is not
    known, or not what would be left of it."""
    severity: str | None = None
    """"error", "warning" or "info" where it is not for the cost to say."""
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    """The numbers of the message (JSON values): {"value": 100, "padded": 104}."""
    changes: tuple[Change, ...] = ()
    """What would mend it, the best first; `hwlint.fix` tries and proves them."""


class Rule:
    """Base of every rule: one file, one class, docstring with fixed headings."""

    code: ClassVar[str]
    """"HW101"."""
    name: ClassVar[str]
    """The smell: "misaligned-channels"."""
    scope: ClassVar[str] = "graph"
    """"graph" or "file"."""
    watches: ClassVar[tuple[str, ...]] = ()
    """How the dotted names of the calls begin that it looks at in `Reading.facts`."""
    words: ClassVar[tuple[str, ...]] = ()
    """Texts that the engine looks for in every Python file of the project, see `Reading.words`."""
    default_severity: ClassVar[str] = "warning"
    VALID: ClassVar[tuple[str, ...]] = ()
    """Small modules that must bring no finding of this rule on `example_devices`."""
    INVALID: ClassVar[tuple[str, ...]] = ()
    """Small modules that must bring at least one."""
    example_devices: ClassVar[tuple[str, ...]] = ()
    """Ids of devices, with a data type where it is not the usual one: "rp2040 fp32"."""
    example_budget: ClassVar[tuple[tuple[str, float], ...]] = ()
    """Fields of `Budget` that hold for the examples."""

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield what this rule has to say of one reading."""
        raise NotImplementedError
