"""Where the lines of an older text stand in a newer one, so that marks stay while someone types."""

from collections.abc import Sequence
from dataclasses import replace

from hwlint.source.spans import Place

__all__ = ["Shift"]


class Shift:
    """From the lines that were read to the lines as they are now: what stands before the first
    difference stays, what stands behind the last one moves along, what is between is gone."""

    def __init__(self, read: Sequence[str], now: Sequence[str]) -> None:
        """Compare two texts."""
        shorter = min(len(read), len(now))
        start = 0
        if read is not now:
            while start < shorter and read[start] == now[start]:
                start += 1
        else:
            start = shorter
        end = 0
        while end < shorter - start and read[-1 - end] == now[-1 - end]:
            end += 1
        self._start = start
        self._tail = len(read) - end
        self._by = len(now) - len(read)

    def back(self, line: int) -> int | None:
        """Return where a line of the newer text stands in the older one; None where it has
        changed."""
        if line < self._start:
            return line
        return line - self._by if line - self._by >= self._tail else None

    def __call__(self, place: Place) -> Place | None:
        """Return where a place is now, None where its lines have changed."""
        if place.end_line < self._start:
            return place
        if place.line < self._tail:
            return None
        return replace(place, line=place.line + self._by, end_line=place.end_line + self._by)
