"""What the reader and the cost model say of a graph, as plain numbers."""

from hwlint.cost import Estimate, estimate, peak_on, plan_of, weight_bytes
from hwlint.engine.targets import Target
from hwlint.graph import ModelGraph
from hwlint.search.model import Facts

__all__ = ["facts_of", "inside"]


def inside(name: str, part: str) -> bool:
    """Whether a module is a part or stands in it; everything is in the part ""."""
    return not part or name == part or name.startswith(f"{part}.")


def facts_of(graph: ModelGraph, target: Target, part: str = "") -> Facts:
    """Return what is known of a model, or of one submodule of it, on a device. What a submodule
    holds in memory by itself is not known."""
    profile, dtype = target.profile, target.dtype
    plan = plan_of(graph, profile, dtype)
    known = estimate(graph, profile, dtype, plan)
    if part:
        return _of_part(graph, target, part, known)
    peak = peak_on(graph, profile, dtype, plan)
    weights = weight_bytes(graph, dtype)
    return Facts(
        graph.params,
        graph.flow.macs if graph.flow is not None else None,
        None if weights is None else round(weights),
        None if peak is None else round(peak.bytes),
        None if known is None else known.seconds,
        _joules(known, range(len(known.operations))) if known is not None else None,
        profile.id,
    )


def _of_part(graph: ModelGraph, target: Target, part: str, known: Estimate | None) -> Facts:
    calls = graph.flow.calls if graph.flow is not None else ()
    macs = [called.macs for called in calls if called.name == part]
    each = [m for m in macs if m is not None]
    numbers = known.of_module(part) if known is not None else ()
    return Facts(
        _params(graph, part),
        sum(each) if len(each) == len(macs) else None,
        estimate_s=sum(known.operations[n].seconds for n in numbers) if known is not None else None,
        energy_j=_joules(known, numbers) if known is not None else None,
        device=target.profile.id,
    )


def _params(graph: ModelGraph, part: str) -> int | None:
    """Return the parameters of a submodule; None where the model has some that no layer of torch
    has, as they may be anybody's."""
    counts: dict[str, int] = {}
    for name, node in graph.walk():
        if node.layer is None or node.again:
            continue
        if node.layer.params is None:
            return None
        counts[name] = node.layer.params
    if sum(counts.values()) != graph.params:
        return None
    return sum(count for name, count in counts.items() if inside(name, part))


def _joules(known: Estimate, numbers: "range | tuple[int, ...]") -> float | None:
    """Return the energy of operations; None where none of them has any."""
    joules = [known.operations[n].joules for n in numbers]
    each = [j for j in joules if j]
    return sum(each) if each else None
