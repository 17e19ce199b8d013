"""One way of building read before all others of its file: what an editor shows meanwhile."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from hwlint.engine.analysis import FileResult
from hwlint.graph import EntryPoint
from hwlint.source.spans import Place

__all__ = ["Focus", "exchanged", "stands_on", "unchanged"]

Lines = Mapping[str, Collection[int]]
"""By path: the lines, from 0, that have changed since all was read."""


@dataclass(frozen=True, slots=True)
class Focus:
    """The way of building that somebody looks at."""

    path: str
    name: str
    kind: str

    def means(self, entry: EntryPoint) -> bool:
        """Say whether this is it."""
        return (self.path, self.name, self.kind) == (entry.path, entry.name, entry.kind)


def exchanged(result: FileResult, number: int, fresh: FileResult) -> FileResult:
    """Return what a pass brought, with one way of building as it is now: the first of `fresh`."""
    entries = list(result.entries)
    entries[number] = fresh.entries[0]
    others = [raised for raised in result.raised if raised.entry != number]
    return replace(
        result,
        entries=tuple(entries),
        raised=(*others, *(replace(raised, entry=number) for raised in fresh.raised)),
    )


def unchanged(result: FileResult, lines: Lines) -> FileResult:
    """Return what a pass brought, without findings on lines that have changed since."""
    kept = tuple([r for r in result.raised if not stands_on(r.finding.anchor, lines)])
    return result if len(kept) == len(result.raised) else replace(result, raised=kept)


def stands_on(place: Place, lines: Lines) -> bool:
    """Say whether a place is on lines that have changed."""
    changed = lines.get(place.path, ())
    return any(line in changed for line in range(place.line, place.end_line + 1))
