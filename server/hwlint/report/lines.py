"""Lines of the user's files as a report shows them."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from hwlint.source import SourceError, read_source
from hwlint.source.spans import Place

__all__ = ["byte_column", "clean", "source_line", "where", "width_of"]


@lru_cache(maxsize=64)
def _lines(path: str) -> tuple[str, ...]:
    try:
        return read_source(path).lines
    except SourceError:
        return ()


def source_line(path: str, line: int) -> str:
    """Return the 0-based line of a file, "" where there is none."""
    lines = _lines(path)
    return lines[line] if 0 <= line < len(lines) else ""


def byte_column(place: Place) -> int:
    """Return the column of a place in bytes of UTF-8."""
    return len(source_line(place.path, place.line)[: place.col].encode("utf-8", "surrogatepass"))


def where(path: str, base: Path) -> str:
    """Return a path as it reads from `base`: relative below it, else absolute."""
    file = Path(path)
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else str(file)


def clean(text: str) -> str:
    """Return text that is safe to print: a source file may hold terminal commands."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\ufffd" for c in text)


def width_of(text: str) -> int:
    """Return how many cells a terminal takes for the text."""
    return sum(_cells(c) for c in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
