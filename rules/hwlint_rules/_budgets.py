"""Budgets that are exceeded, and the lines that cost most of them."""

from collections.abc import Iterator, Mapping

from hwlint.api import KIB, Finding, Layer, Place, Reading, Related
from hwlint_rules._runs import home, run_of, steps
from hwlint_rules._text import percent

__all__ = ["exceeded", "too_large"]

_UNITS: Mapping[str, str] = {
    "latency_ms": "ms",
    "flash_kb": "KiB",
    "sram_kb": "KiB",
    "dram_mb": "MiB",
    "energy_mj": "mJ",
}
_WHAT: Mapping[str, str] = {
    "latency_ms": "one inference takes an estimated {0}",
    "flash_kb": "the weights take {0}",
    "sram_kb": "activations take {0} at their peak",
    "dram_mb": "weights and activations take {0}",
    "energy_mj": "one inference takes an estimated {0}",
}
_NAMED = 3
"""Lines that are named: those that cost most."""


def exceeded(reading: Reading, bound: str) -> Iterator[Finding]:
    """Yield one finding for each budget of the model that this bound of it exceeds."""
    for budget in reading.budgets:
        allowed = dict(budget.bounds()).get(bound)
        spent = reading.spent(bound) if allowed is not None else None
        if spent is not None and allowed is not None and spent > allowed:
            over = f"{_over(spent / allowed)} its budget of {_amount(bound, allowed)}"
            assert reading.graph is not None
            place = reading.graph.entry.place
            yield _finding(reading, bound, (spent, allowed), place, over, "error")


def too_large(reading: Reading, bound: str) -> Iterator[Finding]:
    """Yield a finding where the device itself is too small, and no budget says less."""
    allowed = _room(reading, bound)
    spent = reading.spent(bound) if allowed is not None else None
    own = any(dict(budget.bounds()).get(bound) for budget in reading.budgets)
    if reading.graph is None or spent is None or allowed is None or own or spent <= allowed:
        return
    over = f"{_over(spent / allowed)} the {_amount(bound, allowed)} of the device"
    place = home(reading.graph)
    yield _finding(reading, bound, (spent, allowed), place, over, "warning")


def _room(reading: Reading, bound: str) -> float | None:
    """What the device has of it, in the unit of the bound."""
    memory = reading.profile.memory
    if memory is None:
        return None
    if bound == "flash_kb":
        return memory.flash_kib
    return None if memory.dram_gb is None else memory.dram_gb * 1e9 / 2**20


def _finding(
    reading: Reading,
    bound: str,
    numbers: tuple[float, float],
    place: Place,
    over: str,
    severity: str,
) -> Finding:
    spent, allowed = numbers
    costs = _costs(reading, bound)
    total = _total(reading, bound, costs)
    top = sorted(costs.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
    shares = [(where, cost / total) for where, cost in top if total]
    named = [(_line(where, place), share) for where, share in shares]
    loose = _loose(reading, bound, costs) / total if total else 0.0
    if loose > min((share for _, share in named), default=0.0):
        named = sorted([*named, ("parameters in no layer", loose)], key=lambda part: -part[1])
    lines = ", ".join(f"{name} {percent(share)}" for name, share in named)
    most = sum(share for _, share in named) > 1 / 2
    return Finding(
        place,
        f"{_WHAT[bound].format(_amount(bound, spent))}, {over}",
        _why(reading, bound),
        f"{'most ' if most else ''}of it: {lines}" if lines else "",
        related=tuple(Related(w, f"{percent(s)} of it") for w, s in shares if w != place),
        model_share=1 - allowed / spent,
        severity=severity,
        data={"bound": bound, "spent": spent, "allowed": allowed},
    )


def _why(reading: Reading, bound: str) -> str:
    graph = reading.graph
    flow = graph.flow if graph is not None else None
    if bound == "flash_kb" or flow is None:
        kept = reading.kept
        count = kept.params if kept is not None else None
        return f"{count:,} parameters in {reading.dtype}, the program not counted"
    shapes = ", ".join("x".join(map(str, shape)) or "a number" for _, shape, _ in flow.inputs)
    assumed = " (assumed)" if flow.assumed else ""
    return f"in {reading.dtype}, called with {shapes}{assumed}"


def _costs(reading: Reading, bound: str) -> dict[Place, float]:
    """What each line takes of it."""
    costs: dict[Place, float] = {}

    def add(place: Place | None, cost: float) -> None:
        if place is not None and cost:
            costs[place] = costs.get(place, 0.0) + cost

    if bound in ("flash_kb", "dram_mb"):
        counts: Mapping[Layer, int] = reading.kept.layers if reading.kept is not None else {}
        for layer, number in counts.items():
            add(layer.place, (layer.params or 0) * number)
        return costs
    flow, known = run_of(reading), reading.estimate
    if reading.graph is None or flow is None:
        return costs
    alive = _alive_at_peak(reading) if bound == "sram_kb" else None
    for step in steps(reading.graph):
        if alive is not None:
            made = (flow.tensors[i].items or 0 for i in step.operation.outputs if i in alive)
            add(step.place, sum(made))
        elif known is not None:
            add(step.place, known.operations[step.number].seconds)
    return costs


def _total(reading: Reading, bound: str, costs: Mapping[Place, float]) -> float:
    """What the costs of lines are shares of: a module may have parameters that are in no layer."""
    params = reading.kept.params if reading.kept is not None else None
    weights = reading.spent("flash_kb")
    if bound == "flash_kb" and params:
        return params
    if bound == "dram_mb" and params and weights:
        return params * (reading.spent(bound) or 0) * KIB / weights
    return sum(costs.values())


def _loose(reading: Reading, bound: str, costs: Mapping[Place, float]) -> float:
    """How many parameters are in no layer: those that a module makes by itself, as for experts."""
    params = reading.kept.params if reading.kept is not None else None
    if params is None or bound not in ("flash_kb", "dram_mb"):
        return 0.0
    return max(0.0, params - sum(costs.values()))


def _alive_at_peak(reading: Reading) -> frozenset[int]:
    """Return the tensors that are alive at the peak: made before it and used at or after it."""
    flow, at = run_of(reading), reading.peak_operation
    if flow is None or at is None:
        return frozenset()
    used: set[int] = set()
    for number in range(at, len(flow.operations)):
        used.update(flow.tensors[i].storage for i in flow.operations[number].inputs)
    made = {
        i
        for number in range(at + 1)
        for i in flow.operations[number].outputs
        if flow.tensors[i].storage == i
    }
    return frozenset((made & used) | set(flow.operations[at].outputs))


def _line(where: Place, place: Place) -> str:
    line = f"line {where.line + 1}"
    if where.path == place.path:
        return line
    return f"{where.path.replace(chr(92), '/').rpartition('/')[2]}:{where.line + 1}"


def _amount(bound: str, value: float) -> str:
    number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} {_UNITS[bound]}"


def _over(ratio: float) -> str:
    if ratio >= 2:
        return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"
    return f"{percent(ratio - 1)} more than"
