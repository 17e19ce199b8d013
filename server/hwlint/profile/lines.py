"""Find the line of a key in TOML text, which tomllib does not tell."""

import re
from collections.abc import Sequence

__all__ = ["line_of", "nearest"]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")

Path = tuple[str | int, ...]


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the 1-based line that sets the key at `path`, or the nearest table around it.

    Items of arrays are ints: ("tiles", 1, "minimum"). A key inside an inline table is found at the
    line of the table. None: nothing of the path is in the text.
    """
    found = nearest(text, path)
    return found[1] if found is not None else None


def nearest(text: str, path: Sequence[str | int]) -> tuple[int, int] | None:
    """Return how many parts of `path` are in the text, and the 1-based line; None: no part is."""
    wanted = tuple(path)
    best: tuple[int, int] | None = None
    for line, found in _keys(text):
        # `[a.b]` also makes the table `a`, which may have no line of its own.
        depth = min(len(found), len(wanted))
        if wanted[:depth] == found[:depth] and (best is None or depth > best[0]):
            best = (depth, line)
    return best


def _keys(text: str) -> list[tuple[int, Path]]:
    found: list[tuple[int, Path]] = []
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _table(header[1], _split(header[2]), counts)
            found.append((number, table))
        elif key := _KEY.match(line):
            found.append((number, (*table, *_split(key[1]))))
    return found


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_NAME, dotted))


def _table(brackets: str, names: tuple[str, ...], counts: dict[Path, int]) -> Path:
    path: Path = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path])
    path = (*path, names[-1])
    if brackets == "[":
        return path
    counts[path] = counts.get(path, -1) + 1
    return (*path, counts[path])
