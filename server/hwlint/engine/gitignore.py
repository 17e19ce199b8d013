"""The common part of .gitignore: what a listing of source files has to know of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ignore", "parse_ignore", "read_ignore"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a .gitignore."""

    regex: re.Pattern[str]
    negated: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class Ignore:
    """The patterns of one .gitignore; they hold for everything below its folder."""

    folder: str
    patterns: tuple[Pattern, ...]

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """True: ignored; False: taken back by a `!` line; None: not spoken of."""
        relative = path[len(self.folder) :].lstrip("/")
        said = None
        for pattern in self.patterns:
            if pattern.folders_only and not is_folder:
                continue
            if pattern.regex.fullmatch(relative):
                said = not pattern.negated
        return said


def read_ignore(file: Path) -> Ignore | None:
    """Read a .gitignore; None where there is none that can be read."""
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError:
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
    text = text.removeprefix("!").removeprefix("\\")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    try:
        regex = re.compile(("" if anchored else "(?:.*/)?") + _translate(text.removeprefix("/")))
    except re.error:
        return None  # a broken class such as `[z-a]`: git ignores the line too
    return Pattern(regex, negated, folders_only)


_TOKEN = re.compile(r"\*\*/|/\*\*$|\*+|\?|\[[^\]]+\]|\\?.", re.DOTALL)
_MEANING = {"**/": "(?:.*/)?", "/**": "/.*", "?": "[^/]"}


def _translate(glob: str) -> str:
    parts: list[str] = []
    for token in _TOKEN.findall(glob):
        if token in _MEANING:
            parts.append(_MEANING[token])
        elif token.startswith("*"):
            parts.append("[^/]*")
        elif token.startswith("[") and len(token) > 1:
            parts.append("[" + token[1:-1].replace("!", "^", 1) + "]")
        else:
            parts.append(re.escape(token[-1]))
    return "".join(parts)
