"""`# hwlint: ignore[HW101] reason`: at the anchor of a finding or at any related line."""

from pathlib import Path

from hwlint.engine.findings import Diagnostic
from hwlint.engine.registry import matches
from hwlint.source import Suppression, read_source, suppressions
from hwlint.source.spans import Place

__all__ = ["Suppressions"]


class Suppressions:
    """The suppression comments of the files that findings touch, each file looked at once."""

    def __init__(self) -> None:
        """Know of no file yet."""
        self._files: dict[str, tuple[Suppression, ...]] = {}

    def cover(self, diagnostic: Diagnostic) -> bool:
        """Whether a comment silences the finding."""
        places = (diagnostic.anchor, *(related.place for related in diagnostic.related))
        return any(
            suppression.covers(place.line) and _means(suppression, diagnostic)
            for place in places
            for suppression in self._in(place)
        )

    def _in(self, place: Place) -> tuple[Suppression, ...]:
        if place.path not in self._files:
            self._files[place.path] = _suppressions(place.path)
        return self._files[place.path]


def _means(suppression: Suppression, diagnostic: Diagnostic) -> bool:
    """No code means every rule."""
    codes = suppression.codes
    return not codes or any(matches(code, diagnostic.code, diagnostic.name) for code in codes)


def _suppressions(path: str) -> tuple[Suppression, ...]:
    try:
        content = Path(path).read_bytes()
    except OSError:
        return ()
    return suppressions(read_source(path)) if b"hwlint" in content else ()
