"""What the configuration says of single models: whom it means, and what could not be read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hwlint.api import Budget, Reading
from hwlint.engine.config import Config
from hwlint.graph import EntryPoint, ModelGraph
from hwlint.source.spans import Place

__all__ = ["Judged", "Unread", "budgets_for", "judged", "unread"]

_KINDS = ("configured",)


@dataclass(frozen=True, slots=True)
class Judged:
    """A budget that met a model."""

    budget: Budget
    place: Place
    """The entry point."""
    reason: str = ""
    """Why it could not be judged; "" where it could."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A model that is configured and of which hwlint does not know what is asked."""

    place: Place
    message: str


def budgets_for(
    budgets: Iterable[Budget], graph: ModelGraph, device: str, configured: frozenset[str]
) -> tuple[Budget, ...]:
    """Return the budgets that hold for a model on a device.

    A name means an entry point, or a class however it is built. `configured` are the names for
    which the configuration says how to build them: there, that way alone is meant.
    """
    return tuple(
        budget
        for budget in budgets
        if budget.device == device
        and _means(budget.model, graph)
        and (budget.model not in configured or graph.entry.kind in _KINDS)
    )


def _means(name: str, graph: ModelGraph) -> bool:
    if _is_called(name, graph.entry.path, graph.entry.name):
        return True
    root = graph.root
    return (
        root is not None
        and root.defined is not None
        and (_is_called(name, root.defined.path, root.class_name))
    )


def _is_called(name: str, path: str, attribute: str) -> bool:
    """Whether "pkg.net:Net" or "pkg/net.py:Net" is that attribute of that file."""
    where, _, wanted = name.rpartition(":")
    if wanted != attribute or not where:
        return False
    dotted = where.removesuffix(".py").replace("/", ".").replace("\\", ".")
    own = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".").replace("\\", ".")
    return own == dotted or own.endswith(f".{dotted}")


def judged(reading: Reading, budgets: Iterable[Budget]) -> Iterator[Judged]:
    """Yield each budget with why it cannot be judged, if so."""
    for budget in budgets:
        unknown = [name for name, _ in budget.bounds() if reading.spent(name) is None]
        assert reading.graph is not None
        reason = f"{', '.join(unknown)}: {reading.why_unknown(unknown[0])}" if unknown else ""
        yield Judged(budget, reading.graph.entry.place, reason)


def unread(
    config: Config,
    entries: Iterable[tuple[EntryPoint, bool, str]],
    found: Iterable[Judged],
) -> Iterator[Unread]:
    """Yield the models that are configured and could not be read or judged.

    `entries`: each entry point, whether it was read fully, and why not.
    """
    known = list(entries)
    yield from _models(config.models, known)
    by_budget: dict[Budget, list[Judged]] = {}
    for one in found:
        by_budget.setdefault(one.budget, []).append(one)
    for budget in config.budgets:
        met = by_budget.get(budget, [])
        if not met and budget.place is not None and budget.model not in config.models:
            yield Unread(budget.place, f"nothing called {budget.model} was read: {_SILENT}")
        for one in met:
            if one.reason:
                said = f"the budget of {budget.model} on {budget.device} cannot be judged"
                yield Unread(one.place, f"{said}: {one.reason}")


_SILENT = "its budget is not kept and not broken"


def _models(
    models: Mapping[str, object], entries: list[tuple[EntryPoint, bool, str]]
) -> Iterator[Unread]:
    for name, model in models.items():
        own = [e for e in entries if e[0].kind in _KINDS and _is_called(name, e[0].path, e[0].name)]
        place: Place | None = getattr(model, "place", None)
        if not own and place is not None:
            yield Unread(place, f"{name} is configured, and nothing of that name builds a model")
        for entry, complete, reason in own:
            if not complete:
                yield Unread(entry.place, f"{name} is configured and could not be read: {reason}")
