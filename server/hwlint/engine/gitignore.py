"""The common part of .gitignore: what a listing of source files has to know of it."""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hwlint.source import SourceError, read_regular

__all__ = ["Ignore", "parse_ignore", "read_ignore"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a .gitignore. None among the segments stands for `**`."""

    segments: tuple[re.Pattern[str] | None, ...]
    negated: bool
    folders_only: bool

    def matches(self, parts: tuple[str, ...]) -> bool:
        """Whether the pattern names the path, given part by part."""
        segments = self.segments
        if len(segments) == 2 and segments[0] is None:  # most lines: a name at any depth
            return segments[1] is not None and segments[1].match(parts[-1]) is not None
        reached = self._skip({0})
        for part in parts:
            reached = self._skip({stop for start in reached for stop in self._step(start, part)})
        return len(segments) in reached

    def _step(self, start: int, part: str) -> tuple[int, ...]:
        if start == len(self.segments):
            return ()
        segment = self.segments[start]
        if segment is None:
            return (start,)
        return (start + 1,) if segment.match(part) else ()

    def _skip(self, reached: set[int]) -> set[int]:
        """A `**` may stand for no folder at all."""
        for start in sorted(reached):
            stop = start
            while stop < len(self.segments) and self.segments[stop] is None:
                stop += 1
                reached.add(stop)
        return reached


@dataclass(frozen=True, slots=True)
class Ignore:
    """The patterns of one .gitignore; they hold for everything below its folder."""

    folder: str
    patterns: tuple[Pattern, ...]

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """True: ignored; False: taken back by a `!` line; None: not spoken of."""
        parts = tuple(path[len(self.folder) :].lstrip("/").split("/"))
        said = None
        for pattern in self.patterns:
            if pattern.folders_only and not is_folder:
                continue
            if pattern.matches(parts):
                said = not pattern.negated
        return said


def read_ignore(file: Path) -> Ignore | None:
    """Read a .gitignore; None where there is none that can be read."""
    try:
        text = read_regular(file).decode("utf-8", "replace")
    except SourceError:
        return None
    return parse_ignore(str(file.parent), text.splitlines())


def parse_ignore(folder: str, lines: Iterable[str]) -> Ignore:
    """Make the rules of a folder from lines as a .gitignore has them."""
    patterns = (_pattern(line) for line in lines)
    return Ignore(folder, tuple(p for p in patterns if p is not None))


def _pattern(line: str) -> Pattern | None:
    text = line.rstrip()
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    globs = text.removeprefix("/").split("/")
    if "/" not in text:
        globs.insert(0, "**")
    if globs[-1] == "**":  # everything inside, not the folder itself
        globs.append("*")
    return Pattern(tuple(map(_segment, globs)), negated, folders_only)


def _segment(glob: str) -> re.Pattern[str] | None:
    if glob == "**":
        return None
    # fnmatch knows no backslash; what it makes of stars does not backtrack.
    plain = re.sub(r"\\(.)", lambda found: f"[{found[1]}]", glob)
    return re.compile(fnmatch.translate(plain))
