"""Ways to run one program, and what a run leaves to whoever starts it.

A program is followed once with nothing on its command line, once for each command line that a
document shows, and once for each other value that it leaves open: an option with choices, a file to
name. A run takes the first value at each such place, unless it was told otherwise, and keeps what
else could have been taken. So a program with three model names to choose from is followed three
times.
"""

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Choices"]

T = TypeVar("T")


class Choices:
    """What one run takes, and what it could have taken."""

    def __init__(
        self,
        words: tuple[str, ...] = (),
        taken: tuple[str, int] | None = None,
        function: str = "",
    ) -> None:
        """`words`: the command line after the program. `taken`: the place at which this run takes
        another value, and which. `function`: what an installed command calls; "": run the file."""
        self.words = words
        self.function = function
        self._taken = taken
        self._said = ""
        self.open: dict[str, int] = {}
        """Place -> number of values there."""

    def pick(self, place: str, values: Sequence[T]) -> T:
        """Return the value that this run takes. `values` is not empty; the usual one is first."""
        self.open.setdefault(place, len(values))
        if self._taken is None or self._taken[0] != place:
            return values[0]
        value = values[min(self._taken[1], len(values) - 1)]
        self._said = f"{place} = {str(value).rpartition('/')[2]}"
        return value

    def others(self) -> list[tuple[str, int]]:
        """Return what other runs would take, one place different from this one."""
        return [(place, i) for place, count in self.open.items() for i in range(1, count)]

    @property
    def plain(self) -> bool:
        """Whether nothing is on the command line and nothing was told."""
        return not (self.words or self.function or self._taken)

    def said(self) -> str:
        """Return what tells this run from others; "" for a plain one."""
        return self._said or " ".join(self.words) or self.function
