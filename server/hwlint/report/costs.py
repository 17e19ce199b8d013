"""What each part of a model takes on each device: the rows that `inspect --device` shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hwlint.cost import (
    Estimate,
    Moment,
    Peak,
    Roof,
    estimate,
    memory_course,
    peak_of,
    plan_of,
    roof_of,
    silent_for,
    weight_bytes,
)
from hwlint.graph import Layer, ModelGraph, Operation
from hwlint.ops import LAYERS
from hwlint.profile import Profile
from hwlint.source.spans import Place

__all__ = [
    "Cost",
    "DeviceCosts",
    "Held",
    "Part",
    "amount",
    "costs_on",
    "duration",
    "energy",
    "parts_of",
]


@dataclass(frozen=True, slots=True)
class Part:
    """A module with the operations that it runs itself; what its submodules run is theirs."""

    name: str
    """Qualified name; "" is the model."""
    what: str
    """"Conv2d 3->100", or what it runs: "add, relu"."""
    place: Place | None
    numbers: tuple[int, ...]
    """Indices into `graph.flow.operations`."""
    layer: Layer | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one part, or the whole, takes on a device."""

    seconds: float
    bound: str
    """What decides the most of its time: "compute", "memory" or "dispatch"; "" with no time."""
    achieved: float | None
    """Share of the peak rate, 0 to 1."""
    moved: float
    """Bytes from and to the outermost memory."""
    joules: float | None
    breaks: tuple[str, ...] = ()
    """What does not fit or is not supported."""


@dataclass(frozen=True, slots=True)
class Held:
    """Inputs and activations in memory at one moment of a run."""

    before: float
    """Seconds that what ran until then takes; 0 where there is no estimate."""
    bytes: float
    module: str
    """What is running: a qualified name; "" is the model, or nothing yet."""


@dataclass(frozen=True)
class DeviceCosts:
    """A model on one device."""

    device: str
    dtype: str
    silent: str | None
    """Why there is no estimate; None where there is one."""
    parts: tuple[Cost | None, ...] = ()
    """For each part; None where there is no estimate and nothing breaks."""
    total: Cost | None = None
    peak_bytes: float | None = None
    weight_bytes: float | None = None
    course: tuple[Held, ...] = ()
    """Kernel by kernel; empty where the run is not known in full."""
    roof: Roof | None = None


def parts_of(graph: ModelGraph) -> list[Part]:
    """Return the modules that run something, in the order in which they first do."""
    flow = graph.flow
    if flow is None:
        return []
    layers = graph.named_layers
    numbers: dict[str, list[int]] = {}
    for number, operation in enumerate(flow.operations):
        if operation.effect not in ("view", "same") and operation.outputs:
            numbers.setdefault(operation.module, []).append(number)
    return [
        _part(name, [flow.operations[n] for n in run], run, layers.get(name))
        for name, run in numbers.items()
    ]


def _part(
    name: str, operations: Sequence[Operation], numbers: Sequence[int], layer: Layer | None
) -> Part:
    if layer is not None:
        return Part(name, _layer(layer), layer.place, tuple(numbers), layer)
    what = ", ".join(dict.fromkeys(operation.name for operation in operations))
    return Part(name, what, operations[0].place, tuple(numbers), None)


def _layer(layer: Layer) -> str:
    for unit in ("channels", "features"):
        ends = [layer.args.get(f"{end}_{unit}") for end in ("in", "out")]
        if all(end is not None and end.known for end in ends):
            return f"{layer.op} {'->'.join(str(end.value) for end in ends if end is not None)}"
    return layer.op


def costs_on(graph: ModelGraph, profile: Profile, dtype: str, parts: Sequence[Part]) -> DeviceCosts:
    """Return what the parts and the whole take on a device, and what breaks there."""
    plan = plan_of(graph, profile, dtype)
    known = estimate(graph, profile, dtype, plan)
    course = memory_course(graph, profile, dtype, plan)
    peak = peak_of(course) if course is not None else None
    weights = weight_bytes(graph, dtype)
    breaks = [_breaks(graph, profile, dtype, part, peak) for part in parts]
    whole = tuple(_too_much(profile, peak.bytes if peak is not None else None, weights))
    return DeviceCosts(
        profile.id,
        dtype,
        silent_for(graph, profile, dtype),
        tuple(
            _cost(known, part.numbers, broken) for part, broken in zip(parts, breaks, strict=True)
        ),
        _cost(known, range(len(known.operations) if known is not None else 0), whole, whole=True),
        peak.bytes if peak is not None else None,
        weights,
        tuple(_held(graph, known, course or ())),
        roof_of(profile, dtype),
    )


def _held(graph: ModelGraph, known: Estimate | None, course: Sequence[Moment]) -> Iterator[Held]:
    assert graph.flow is not None or not course
    operations = graph.flow.operations if graph.flow is not None else ()
    each = (cost.seconds for cost in known.operations) if known is not None else ()
    before = list(accumulate(each, initial=0.0))
    for at, size in sorted(course, key=lambda moment: moment.operation):
        past = before[at] if known is not None and at >= 0 else 0.0
        yield Held(past, size, operations[at].module if at >= 0 else "")


def _cost(
    known: Estimate | None,
    numbers: Iterable[int],
    breaks: tuple[str, ...],
    *,
    whole: bool = False,
) -> Cost | None:
    if known is None:
        return Cost(0.0, "", None, 0.0, None, breaks) if breaks else None
    costs = [known.operations[n] for n in numbers]
    seconds = known.seconds if whole else sum(cost.seconds for cost in costs)
    by_bound: dict[str, float] = {}
    for cost in costs:
        by_bound[cost.bound] = by_bound.get(cost.bound, 0.0) + cost.seconds
    by_bound.pop("", None)
    reached = sum((cost.achieved or 0.0) * cost.seconds for cost in costs)
    joules = [cost.joules for cost in costs if cost.joules]
    return Cost(
        seconds,
        max(by_bound, key=lambda bound: by_bound[bound]) if by_bound else "",
        reached / seconds if reached and seconds else None,
        sum(cost.moved for cost in costs),
        sum(joules) if joules else None,
        breaks,
    )


def _breaks(
    graph: ModelGraph, profile: Profile, dtype: str, part: Part, peak: Peak | None
) -> tuple[str, ...]:
    assert graph.flow is not None
    ran = [graph.flow.operations[n] for n in part.numbers]
    found = [
        _unsupported(name, profile)
        for name in dict.fromkeys(_unrunnable(profile, dtype, part.layer, ran))
    ]
    if peak is not None and peak.operation in part.numbers:
        found += list(_over_sram(profile, peak.bytes))
    return tuple(found)


def _unrunnable(
    profile: Profile, dtype: str, layer: Layer | None, ran: Iterable[Operation]
) -> Iterator[str]:
    if layer is not None and layer.op in LAYERS:
        if profile.support(dtype, layer.op) == "none":
            yield layer.op
        return
    yield from (op.name for op in ran if profile.supports_function(dtype, op.name) == "none")


def _unsupported(name: str, profile: Profile) -> str:
    asked = profile.requirements
    then = asked.unsupported if asked is not None else None
    return f"{name} not supported{f', {then}' if then else ''}"


def _over_sram(profile: Profile, peak: float) -> Iterator[str]:
    size = profile.memory.sram_kib if profile.memory is not None else None
    if size is not None and peak > size * 1024:
        yield f"SRAM {amount(peak)} > {amount(size * 1024)}"


def _too_much(profile: Profile, peak: float | None, weights: float | None) -> Iterator[str]:
    memory = profile.memory
    if memory is None:
        return
    if memory.flash_kib is not None and weights is not None and weights > memory.flash_kib * 1024:
        yield f"flash {amount(weights)} > {amount(memory.flash_kib * 1024)}"
    if peak is not None:
        yield from _over_sram(profile, peak)
    if memory.dram_gb is None or peak is None or weights is None:
        return
    if peak + weights > memory.dram_gb * 1e9:
        yield f"DRAM {amount(peak + weights)} > {memory.dram_gb:g} GB"


def amount(size: float) -> str:
    """Return bytes in units of 1024: "1.5 MiB"."""
    for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= step:
            return f"{size / step:.3g} {unit}"
    return f"{size:.0f} B"


def duration(seconds: float) -> str:
    """Return a time with three figures: "11.2 us", "0.213 ms", "1.9 s"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def energy(joules: float | None) -> str:
    """Return an energy with three figures: "2.1 mJ"; "" where it is not known."""
    if joules is None:
        return ""
    for unit, size in (("J", 1.0), ("mJ", 1e-3), ("uJ", 1e-6)):
        if joules >= size:
            return f"{joules / size:.3g} {unit}"
    return f"{joules / 1e-9:.3g} nJ"
