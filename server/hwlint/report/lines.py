"""Lines of the user's files as a report shows them: those of a notebook by cell."""

import re
import unicodedata
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from hwlint.source import SourceError, SourceFile, read_source
from hwlint.source.edits import Edit
from hwlint.source.spans import Place

__all__ = [
    "by_cell",
    "byte_column",
    "cell_of",
    "clean",
    "forget",
    "in_file",
    "line_of",
    "named_line",
    "quoted",
    "source_line",
    "spot",
    "where",
    "width_of",
]


_LINE = re.compile(r"\bline (\d+)\b")


@lru_cache(maxsize=64)
def _source(path: str) -> SourceFile | None:
    try:
        return read_source(path)
    except SourceError:
        return None


@lru_cache(maxsize=64)
def _lines(path: str) -> tuple[str, ...]:
    source = _source(path)
    if source is None:
        return ()
    if source.notebook is None:
        return source.lines
    return tuple(map(source.notebook.shown, source.lines))


def forget() -> None:
    """Read files anew from now on."""
    _source.cache_clear()
    _lines.cache_clear()


def source_line(path: str, line: int) -> str:
    """Return the 0-based line of a file, "" where there is none."""
    lines = _lines(path)
    return lines[line] if 0 <= line < len(lines) else ""


def cell_of(place: Place) -> tuple[int, Place]:
    """Return the number of the notebook's cell that a place is in, and the place within it; 0 and
    the place itself in any other file."""
    source = _source(place.path) if place.path.endswith(".ipynb") else None
    if source is None or source.notebook is None:
        return 0, place
    cell, line = source.notebook.cell(place.line)
    last, end_line = source.notebook.cell(place.end_line)
    if last != cell:
        end_line = line + place.end_line - place.line
    return cell, replace(place, line=line, end_line=end_line)


def in_file(place: Place) -> Place:
    """Return a place of a notebook's code as a place of the JSON text that the file holds."""
    source = _source(place.path) if place.path.endswith(".ipynb") else None
    if source is None or source.notebook is None:
        return place
    start = source.notebook.in_file(place.line, place.col)
    end = source.notebook.in_file(place.end_line, place.end_col)
    return Place(place.path, *start, *max(start, end))


def quoted(edit: Edit) -> str:
    """Return the text of an edit as it stands in the file: in a notebook inside of a string."""
    source = _source(edit.place.path) if edit.place.path.endswith(".ipynb") else None
    if source is None or source.notebook is None:
        return edit.text
    return source.notebook.quoted(edit.text)


def line_of(place: Place) -> str:
    """Return "12", counted from 1; of a notebook "cell 3:2"."""
    cell, inside = cell_of(place)
    return f"cell {cell}:{inside.line + 1}" if cell else str(inside.line + 1)


def named_line(place: Place) -> str:
    """Return "line 12"; of a notebook "line 2 of cell 3"."""
    cell, inside = cell_of(place)
    return f"line {inside.line + 1}" + (f" of cell {cell}" if cell else "")


def by_cell(text: str, path: str) -> str:
    """Return a text that names lines of a file with the cells that they are in."""
    if not path.endswith(".ipynb"):
        return text

    def place(match: re.Match[str]) -> Place:
        line = int(match[1]) - 1
        return Place(path, line, 0, line, 0)

    name = f"{Path(path).name}:"
    text = _LINE.sub(lambda match: named_line(place(match)), text)
    return re.sub(rf"{re.escape(name)}(\d+)\b", lambda match: name + line_of(place(match)), text)


def spot(place: Place, base: Path) -> str:
    """Return "models/net.py:12"; of a notebook "net.ipynb:cell 3:2"."""
    return f"{where(place.path, base)}:{line_of(place)}"


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
