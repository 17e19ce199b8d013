"""How much was read: silence about the rest must not look like a clean bill."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hwlint.engine.analysis import EntryResult, FileResult
from hwlint.graph import Unbuilt
from hwlint.source.spans import Place

__all__ = ["Coverage", "Gap", "cover"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Entry points that were not read fully, for one reason."""

    reason: str
    count: int
    entry: str
    """The first of them."""
    place: Place
    """Where the first of them meets what is not known."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Entry points: how many there are, how many were read fully, and why not the others."""

    full: int
    total: int
    gaps: tuple[Gap, ...] = ()
    unbuilt: tuple[Unbuilt, ...] = ()
    """Classes that no way of building was found for: they are not among the entry points."""

    @property
    def percent(self) -> float:
        """Share that was read fully; nothing to read is all of it."""
        return 100.0 * self.full / self.total if self.total else 100.0

    def __add__(self, other: "Coverage") -> "Coverage":
        """Put two workspaces together."""
        return Coverage(
            self.full + other.full,
            self.total + other.total,
            _ranked((*self.gaps, *other.gaps)),
            (*self.unbuilt, *other.unbuilt),
        )


def cover(results: Iterable[FileResult], shown: Callable[[str], bool]) -> Coverage:
    """Count the entry points of the files that are `shown`."""
    results = list(results)
    entries = [e for result in results for e in result.entries if shown(e.entry.path)]
    unbuilt = [u for result in results for u in result.unbuilt if shown(u.place.path)]
    gaps: dict[str, list[EntryResult]] = {}
    for entry in entries:
        if not entry.complete:
            gaps.setdefault(_reason(entry), []).append(entry)
    return Coverage(
        sum(entry.complete for entry in entries),
        len(entries),
        _ranked(_gap(reason, group) for reason, group in gaps.items()),
        tuple(sorted(unbuilt, key=lambda u: u.place)),
    )


def _reason(entry: EntryResult) -> str:
    return entry.missing[0].reason if entry.missing else "no reason known"


def _gap(reason: str, group: list[EntryResult]) -> Gap:
    first = min(group, key=lambda e: (e.entry.place, e.entry.name))
    place = first.missing[0].place if first.missing else None
    return Gap(reason, len(group), first.entry.name, place or first.entry.place)


def _ranked(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted(gaps, key=lambda gap: (-gap.count, gap.place, gap.reason)))
