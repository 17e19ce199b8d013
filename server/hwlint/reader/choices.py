"""Ways to run one program, and what a run leaves to whoever starts it.

A program is followed once with nothing on its command line, once for each command line that a
document shows, and once for each other value that it leaves open: an option with choices, a file to
name. A run takes the first value at each such place, unless it was told otherwise, and keeps what
else could have been taken. So a program with three model names to choose from is followed three
times.
"""

from collections.abc import Container, Mapping, Sequence
from typing import TypeVar

__all__ = ["MISSING_FILES", "Choices"]

MISSING_FILES = "a missing file is there"
"""The place of all choices whether a file is there that the workspace does not have."""

T = TypeVar("T")


class Choices:
    """What one run takes, and what it could have taken."""

    def __init__(
        self,
        words: tuple[str, ...] = (),
        taken: Mapping[str, int] | None = None,
        function: str = "",
    ) -> None:
        """`words`: the command line after the program. `taken`: the places at which this run takes
        another value, and which. `function`: what an installed command calls; "": run the file."""
        self.words = words
        self.function = function
        self.taken = dict(taken or {})
        self._said: dict[str, str] = {}
        self.open: dict[str, int] = {}
        """Place -> number of values there."""

    def pick(self, place: str, values: Sequence[T]) -> T:
        """Return the value that this run takes. `values` is not empty; the usual one is first."""
        self.open.setdefault(place, len(values))
        if place not in self.taken:
            return values[0]
        value = values[min(self.taken[place], len(values) - 1)]
        self._said[place] = f"{place} = {str(value).rpartition('/')[2]}"
        return value

    def others(self, known: Container[str]) -> "list[Choices]":
        """Return other runs, each different from this one at one place that is not `known`."""
        places = {p: count for p, count in self.open.items() if p not in known}
        return [
            Choices(self.words, {**self.taken, place: index}, self.function)
            for place, count in places.items()
            for index in range(1, count)
        ]

    @property
    def plain(self) -> bool:
        """Whether nothing is on the command line and nothing was told."""
        return not (self.words or self.function or self.taken)

    def said(self) -> str:
        """Return what tells this run from others; "" for a plain one."""
        return ", ".join(self._said.values()) or " ".join(self.words) or self.function
