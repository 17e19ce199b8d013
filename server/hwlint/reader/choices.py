"""Values that a program leaves to whoever runs it: an option with choices, a file to name.

A run takes one of the values at each such place, the first unless it was told otherwise, and keeps
what else could have been taken. The next run takes another one: so a program with three model names
to choose from is followed three times.
"""

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Choices"]

T = TypeVar("T")


class Choices:
    """What one run takes, and what it could have taken."""

    def __init__(self, taken: tuple[str, int] | None = None) -> None:
        """`taken`: the place at which this run takes another value, and which."""
        self._taken = taken
        self.open: dict[str, int] = {}
        """Place -> number of values there."""

    def pick(self, place: str, values: Sequence[T]) -> T:
        """Return the value that this run takes. `values` is not empty; the usual one is first."""
        self.open.setdefault(place, len(values))
        if self._taken is not None and self._taken[0] == place:
            return values[min(self._taken[1], len(values) - 1)]
        return values[0]

    def others(self) -> list[tuple[str, int]]:
        """Return what other runs would take, one place different from this one."""
        return [(place, i) for place, count in self.open.items() for i in range(1, count)]
