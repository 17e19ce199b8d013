"""Jupyter notebooks: cells joined to one Python text, and its lines back in their cells.

Each code cell becomes a comment line that names it and its own lines. What IPython understands and
Python does not (`%matplotlib inline`, `!pip install x`, `%%bash`) is masked: a few characters are
put in front of it that make a comment of it, so that nothing is lost and taking them out gives
back the cell. Format: https://nbformat.readthedocs.io/en/latest/format_description.html
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple, cast

from hwlint.source.scan import line_starts, split_lines, tokens

__all__ = ["Notebook", "NotebookProblem"]

_MARK = "#%nb% "
_STATEMENT = f"pass  {_MARK}"
_VALUE = f"get_ipython()  {_MARK}"
_HEAD = re.compile(r"^#%nb% cell (\d+)\n", re.MULTILINE)
_PYTHON_CELLS = frozenset({"capture", "debug", "prun", "time", "timeit"})
"""Cell magics whose cell is Python all the same."""
_CELL_MAGIC = re.compile(r"[ \t]*%%(\w*)")
_MAGIC = re.compile(r"([ \t]*)(?:[%!?][^\r\n]*|[\w.%*]+\?\??[ \t]*)(?=[\r\n]|$)")
_ASSIGNED = re.compile(r"([\w.,\[\] \t*:]+=[ \t]*)[%!][^\r\n]*")
_SPACE = re.compile(r"[ \t\r\n]*")
_PIECE = re.compile(r"[^\n]*\n|[^\n]+")
_ESCAPE = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u\w{4}|\\.|.", re.DOTALL)
_DECODER = json.JSONDecoder()
_MOST_CODE = 300_000
"""Characters; nobody writes as many into cells."""
_MOST_LINES = 20_000
_MOST_MAGICS = 500
"""In one cell; one with more is no Python."""


class NotebookProblem(Exception):
    """Why a file is no notebook, in a few words."""


class _String(NamedTuple):
    """A JSON string: what it says, and where it stands, quotes included."""

    value: str
    start: int
    end: int


class _Cell(NamedTuple):
    """A code cell."""

    number: int
    """Among all cells, from 1."""
    pieces: tuple[_String, ...]
    """What its source is made of."""
    listed: bool
    """A list of lines rather than one string."""

    @property
    def text(self) -> str:
        return "".join(piece.value for piece in self.pieces)


class Notebook:
    """A notebook's JSON text, and the Python text that its cells come to."""

    def __init__(self, raw: str) -> None:
        """Find the code cells. Raises `NotebookProblem`."""
        self.raw = raw
        self._cells = tuple(_cells(raw)) if _is_python(raw) else ()
        if sum(len(piece.value) for cell in self._cells for piece in cell.pieces) > _MOST_CODE:
            raise NotebookProblem(f"has more than {_MOST_CODE} characters of code")
        texts = [_masked(cell.text) for cell in self._cells]
        heads = [f"{_MARK}cell {cell.number}\n" for cell in self._cells]
        self.text = "".join(f"{head}{text}\n" for head, text in zip(heads, texts, strict=True))
        self._first = [0]
        """The line in which each cell's head stands."""
        for text in texts:
            self._first.append(self._first[-1] + 1 + len(split_lines(text)))
        self._lines = split_lines(self.text)

    def cell(self, line: int) -> tuple[int, int]:
        """Return the number of the cell, from 1 and other cells counted, and the 0-based line in
        it, of a line of `text`; (0, 0) where there is no cell."""
        index = bisect_right(self._first, line) - 1
        if not 0 <= index < len(self._cells):
            return 0, 0
        return self._cells[index].number, max(0, line - self._first[index] - 1)

    def in_file(self, line: int, col: int) -> tuple[int, int]:
        """Return where a place of `text` stands in the JSON text; both 0-based."""
        index = bisect_right(self._first, line) - 1
        if not 0 <= index < len(self._cells):
            return 0, 0
        cell, inside = self._cells[index], line - self._first[index] - 1
        starts = line_starts(cell.text)
        if not cell.pieces or not 0 <= inside < len(starts):
            return self._position(cell.pieces[0].start if cell.pieces else 0)
        at = starts[inside] + _unmasked_column(self._lines[line], col)
        return self._position(self._offset(cell, at))

    def shown(self, line: str) -> str:
        """Return a line of `text` as it stands in its cell."""
        return _unmasked(line)

    def written(self, text: str) -> str:
        """Return the JSON text for another `text` with the same cells; what did not change stays
        to the character. Raises `NotebookProblem` where the cells are not the same."""
        heads = _HEAD.findall(text)
        if heads != [str(cell.number) for cell in self._cells]:
            raise NotebookProblem("its cells cannot be told apart")
        parts: list[str] = []
        done = 0
        for cell, body in zip(self._cells, _HEAD.split(text)[2::2], strict=True):
            new = _unmasked(body.removesuffix("\n"))
            if new == cell.text:
                continue
            for start, end, value in self._replaced(cell, new):
                parts += [self.raw[done:start], value]
                done = end
        return "".join([*parts, self.raw[done:]])

    def quoted(self, text: str) -> str:
        """Return text as it stands inside of a JSON string of this file."""
        return json.dumps(text, ensure_ascii=self.raw.isascii())[1:-1]

    def _replaced(self, cell: _Cell, new: str) -> Iterator[tuple[int, int, str]]:
        """Yield what becomes of stretches of the JSON text."""
        wanted = _PIECE.findall(new) if cell.listed else [new]
        if len(wanted) == len(cell.pieces):
            for piece, value in zip(cell.pieces, wanted, strict=True):
                if piece.value != value:
                    yield piece.start, piece.end, f'"{self.quoted(value)}"'
            return
        if not cell.pieces:
            raise NotebookProblem("an empty cell cannot be filled")
        first, last = cell.pieces[0].start, cell.pieces[-1].end
        if len(cell.pieces) > 1:
            between = self.raw[cell.pieces[0].end : cell.pieces[1].start]
        else:
            between = "," + self.raw[self.raw.rindex("[", 0, first) + 1 : first]
        yield first, last, between.join(f'"{self.quoted(value)}"' for value in wanted)

    def _offset(self, cell: _Cell, at: int) -> int:
        """Return where a character of a cell's text stands in the JSON text."""
        for piece in cell.pieces:
            if at < len(piece.value) or piece is cell.pieces[-1]:
                return piece.start + 1 + self._escaped(piece, at)
            at -= len(piece.value)
        return 0

    def _escaped(self, piece: _String, at: int) -> int:
        length = 0
        for number, match in enumerate(_ESCAPE.finditer(self.raw, piece.start + 1, piece.end - 1)):
            if number >= at:
                break
            length += len(match[0])
        return length

    def _position(self, offset: int) -> tuple[int, int]:
        starts = line_starts(self.raw)
        line = bisect_right(starts, offset) - 1
        return line, offset - starts[line]


def _is_python(raw: str) -> bool:
    try:
        document: object = json.loads(raw)
    except ValueError as error:
        raise NotebookProblem(f"is no notebook: {error}") from None
    except RecursionError:
        raise NotebookProblem("is no notebook: it is nested too deeply") from None
    if not isinstance(document, dict):
        raise NotebookProblem("is no notebook: it is no JSON object")
    known = cast("dict[str, Any]", document)
    if not isinstance(known.get("cells"), list):
        raise NotebookProblem('is no notebook: it has no list of "cells" (nbformat 4)')
    return _language(known.get("metadata")) in ("python", "")


def _language(metadata: object) -> str:
    """Return the language that a notebook says it is in; "" where it says none."""
    known = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    for table, key in (("language_info", "name"), ("kernelspec", "language")):
        inner: object = known.get(table)
        said = cast("dict[str, Any]", inner).get(key) if isinstance(inner, dict) else None
        if isinstance(said, str):
            return said.lower()
    return ""


# The text is known to be JSON here, so that these look for nothing but where its parts stand.


def _cells(raw: str) -> Iterator[_Cell]:
    lines = 0
    top = dict(_members(raw, _skip(raw, 0)))
    for number, at in enumerate(_items(raw, top["cells"]), 1):
        if raw[at] != "{":
            continue
        members = dict(_members(raw, at))
        kind = members.get("cell_type")
        source = members.get("source")
        if kind is None or source is None or _DECODER.raw_decode(raw, kind)[0] != "code":
            continue
        listed = raw[source] == "["
        places = list(_items(raw, source)) if listed else [source]
        lines += 1 + len(places)
        if lines > _MOST_LINES:
            raise NotebookProblem(f"has more than {_MOST_LINES} lines of code")
        if all(raw[place] == '"' for place in places):
            yield _Cell(number, tuple(_string(raw, place) for place in places), listed)


def _string(raw: str, at: int) -> _String:
    value, end = _DECODER.raw_decode(raw, at)
    try:
        value.encode()
    except UnicodeError:
        raise NotebookProblem("has half a character in a cell") from None
    return _String(value, at, end)


def _members(raw: str, at: int) -> Iterator[tuple[str, int]]:
    """Yield the keys of an object and where their values start."""
    at = _skip(raw, at + 1)
    while raw[at] != "}":
        key, at = _DECODER.raw_decode(raw, at)
        at = _skip(raw, _skip(raw, at) + 1)
        yield key, at
        at = _next(raw, at)


def _items(raw: str, at: int) -> Iterator[int]:
    """Yield where the items of a list start."""
    at = _skip(raw, at + 1)
    while raw[at] != "]":
        yield at
        at = _next(raw, at)


def _next(raw: str, at: int) -> int:
    at = _skip(raw, _DECODER.raw_decode(raw, at)[1])
    return _skip(raw, at + 1) if raw[at] == "," else at


def _skip(raw: str, at: int) -> int:
    match = _SPACE.match(raw, at)
    return match.end() if match else at


def _masked(text: str) -> str:
    """Return a cell's text as Python."""
    first = re.match(r"(?:[ \t]*\r?\n)*", text)
    start = first.end() if first else 0
    magic = _CELL_MAGIC.match(text, start)
    if magic is None or magic[1] in _PYTHON_CELLS:
        masked = _lines_masked(text)
        if masked is not None:
            return masked
    return re.sub(r"^", _MARK, text, flags=re.MULTILINE)


def _lines_masked(text: str) -> str | None:
    """Mask the lines that are no Python, of those where a statement may start; None where there are
    too many."""
    parts: list[str] = []
    at = 0
    for _ in range(_MOST_MAGICS):
        start, match = _next_magic(text, at)
        parts.append(text[at:start])
        if match is None:
            return "".join(parts)
        at, masked = _magic_line(text, start, match)
        parts.append(masked)
    return None


def _next_magic(text: str, at: int) -> tuple[int, re.Match[str] | None]:
    """Return where the next line starts on which no bracket, string or backslash is open and that
    is no Python, and its match."""
    depth = 0
    for kind, end in chain([("newline", at)], ((k, e) for k, _, e in tokens(text, at))):
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "newline" and depth == 0:
            match = _ASSIGNED.match(text, end) or _MAGIC.match(text, end)
            if match is not None:
                return end, match
    return len(text), None


def _magic_line(text: str, at: int, match: re.Match[str]) -> tuple[int, str]:
    assigned = match.re is _ASSIGNED
    token = _VALUE if assigned else _STATEMENT
    end = _line_end(text, at)
    masked = f"{match[1]}{token}{text[match.end(1) : end]}"
    while text[at:end].rstrip("\r\n").endswith("\\") and end < len(text):
        at, end = end, _line_end(text, end)
        masked += f"{_MARK}{text[at:end]}"
    return end, masked


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _unmasked(text: str) -> str:
    return text.replace(_STATEMENT, "").replace(_VALUE, "").replace(_MARK, "")


def _unmasked_column(line: str, col: int) -> int:
    """Return the column in the cell of a column of its masked line."""
    for token in (_STATEMENT, _VALUE, _MARK):
        at = line.find(token)
        if 0 <= at < col:
            return max(at, col - len(token))
    return col
