"""What can be wrong with a profile or with the name of one."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["ProfileError", "UnknownDevice", "did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return '; did you mean "x"?' for the nearest known name, "" where none is near."""
    nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f'; did you mean "{nearest[0]}"?' if nearest else ""


class ProfileError(Exception):
    """A profile that does not hold what it should."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        """Keep the file, the 1-based line (None where there is none) and what is wrong."""
        super().__init__(path, line, message)
        self.path = path
        self.line = line
        self.message = message

    def __str__(self) -> str:
        """Return "file:line: message"."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


class UnknownDevice(LookupError):
    """A device name that no profile has."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Keep the name and all names there are, aliases among them."""
        self.name = name
        self.known = tuple(sorted(set(known)))
        super().__init__(name, self.known)

    def __str__(self) -> str:
        """Return a sentence that names the closest one."""
        return f'unknown device "{self.name}"{did_you_mean(self.name, self.known)}'
