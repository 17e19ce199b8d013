"""Statements of a file as exact slices of its text, parsed one by one when they are asked for."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from hwlint.source.parsing import Fault, FaultError, parse_text
from hwlint.source.scan import (
    Piece,
    header_end,
    indent_at,
    line_count,
    one_line_body,
    skip_blank,
    split_block,
    split_lines,
)
from hwlint.source.spans import Place

__all__ = ["Segment", "SyntaxProblem", "problems_of", "top_segments"]

_WRAP = "if 1:\n"
_MAX_FAILURES = 100
_MAX_CLASSES = 5
"""Classes in classes that are parsed one by one in search of a fault."""


class SyntaxProblem(Exception):
    """A stretch of source that does not parse."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


class Segment:
    """One statement: a function, a class or something else, with the comments that follow it.

    `text` is the exact slice of the file from the start of the first line (of the first decorator)
    to where the next segment starts. A segment keeps no tree: every `parse` makes a new one.

    Nodes count lines from the segment's first line (1-based) at the top level. Inside a class the
    text is parsed below a line of its own, so that they start at 2. `place` knows.
    """

    __slots__ = (
        "_fine",
        "_head",
        "_header_fine",
        "_lines",
        "_members",
        "_older",
        "_pad",
        "decorated",
        "indent",
        "kind",
        "line",
        "name",
        "path",
        "text",
    )

    kind: str
    """"def" (`async def` too), "class" or "statements"."""
    name: str
    """Name of the function or class, "" for statements."""
    text: str
    line: int
    """0-based line of the file in which the segment starts."""
    indent: int
    """Width of the indent in characters; 0 at the top level."""
    decorated: bool
    path: str

    def __init__(self, path: str, piece: Piece, text: str, line: int, indent: int = 0) -> None:
        self.kind = piece.kind
        self.name = piece.name
        self.text = text
        self.line = line
        self.indent = indent
        self.decorated = piece.decorated
        self.path = path
        self._head = piece.head - piece.start
        self._pad = 0
        self._fine = False
        self._header_fine = False
        self._members: tuple[Segment, ...] | None = None
        self._older: str | None = None
        self._lines: list[str] | None = None

    def __repr__(self) -> str:
        return f"<Segment {self.kind} {self.name} at {self.path}:{self.line + 1}>"

    @property
    def members(self) -> tuple["Segment", ...]:
        """The statements of a class body in order; () for what is no class.

        The body of a one-line class (`class A: x = 1; y = 2`) is one segment of kind "statements".
        """
        if self._members is None:
            self._members = tuple(self._split()) if self.kind == "class" else ()
        return self._members

    @property
    def fine(self) -> bool:
        """Whether all of the segment was parsed before, be it in parts, without a problem."""
        if not self._fine and self._header_fine and self._members:
            self._fine = all(member.fine for member in self._members)
        return self._fine

    def adopt(self, members: Iterable["Segment"]) -> None:
        """Let a class have members that were cut, and perhaps parsed, from an earlier text."""
        self._members = tuple(members)

    def parse(self) -> list[ast.stmt]:
        """Parse the whole segment. Raises `SyntaxProblem`."""
        body = self._parse(self.text)
        self._fine = True
        return body

    def parse_header(self) -> ast.ClassDef:
        """Parse a class without its body: decorators, name, bases, keywords; `body` is empty."""
        end = header_end(self.text, self._head)
        body = self.parse() if end is None else self._parse(self.text[:end] + " pass")
        node = body[0]
        if not isinstance(node, ast.ClassDef):
            raise TypeError(f"{self!r} is no class")
        node.body = []
        self._header_fine = True
        return node

    def place(self, node: ast.AST) -> Place:
        """Where a node of this segment stands in the file."""
        line: int | None = getattr(node, "lineno", None)
        if line is None:
            return Place(self.path, self.line, 0, self.line, 0)
        col: int = getattr(node, "col_offset", 0)
        end_line: int = getattr(node, "end_lineno", None) or line
        end_col: int = getattr(node, "end_col_offset", None) or col
        first = 2 if self._wrapped else 1
        if not self.text.isascii():
            col = self._column(line - first, col)
            end_col = self._column(end_line - first, end_col)
        base = self.line - first
        return Place(self.path, base + line, col, base + end_line, end_col)

    @property
    def _wrapped(self) -> bool:
        return self.indent > 0 or self._pad > 0

    def _column(self, line: int, offset: int) -> int:
        """Code points before `offset`, a count of UTF-8 bytes."""
        if self._lines is None:
            self._lines = split_lines(self._older if self._older is not None else self.text)
        text = self._lines[line]
        pad = self._pad if line == 0 else 0
        if text.isascii():
            return offset
        return len(text.encode(errors="replace")[: offset - pad].decode(errors="replace")) + pad

    def _parse(self, text: str) -> list[ast.stmt]:
        prefix = _WRAP + " " * self._pad if self._wrapped else ""
        try:
            module, older = parse_text(prefix + text, again=self._fine)
        except FaultError as error:
            raise self._problem(error.fault) from None
        if older is not None:
            self._older, self._lines = older[len(prefix) :], None
        outer = module.body[0] if prefix else module
        assert isinstance(outer, ast.If | ast.Module)
        return outer.body

    def _problem(self, fault: Fault) -> SyntaxProblem:
        """A fault of the parsed text, in the file and inside the segment."""
        shift = 1 if self._wrapped else 0
        lines = split_lines(self.text)
        moved = fault.moved(self.line - shift)
        last = self.line + len(lines) - 1
        line = min(max(moved.line, self.line), last)
        end_line = min(max(moved.end_line, line), last)
        place = Place(self.path, line, moved.col, end_line, moved.end_col)
        return SyntaxProblem(place, moved.message)

    def _split(self) -> Iterator["Segment"]:
        text = self.text
        end = header_end(text, self._head)
        if end is None:
            return
        inline = one_line_body(text, end)
        if inline is not None:
            piece = Piece("statements", "", inline, len(text), inline)
            yield self._one_line(piece)
            return
        start = skip_blank(text, end)
        indent = indent_at(text, start)
        pieces = split_block(text, start, top=False)
        yield from _segments(self.path, text, pieces, self.line, indent)

    def _one_line(self, piece: Piece) -> "Segment":
        text = self.text
        line = self.line + line_count(text, 0, piece.start)
        member = Segment(self.path, piece, text[piece.start :], line, self.indent)
        member._pad = len(split_lines(text[: piece.start])[-1])
        return member


def top_segments(path: str, text: str) -> tuple[Segment, ...]:
    """The statements of a whole file, which together are its text."""
    if not text:
        return ()
    start = skip_blank(text)
    pieces = split_block(text, start, top=True) or [Piece("statements", "", start, start, start)]
    pieces[0] = pieces[0]._replace(start=0)
    return tuple(_segments(path, text, pieces, 0, 0))


def _segments(
    path: str, text: str, pieces: Sequence[Piece], line: int, indent: int
) -> Iterator[Segment]:
    at = 0
    for piece in pieces:
        line += line_count(text, at, piece.start)
        at = piece.start
        yield Segment(path, piece, text[piece.start : piece.end], line, indent)


def problems_of(segments: Iterable[Segment], level: int = 0) -> Iterator[SyntaxProblem]:
    """What does not parse. Of neighbours that fail, the first: the others mostly follow from it.
    Gives up after `_MAX_FAILURES` failures."""
    failures = 0
    before = False
    for segment in segments:
        found = _problems(segment, level)
        if found and not before:
            yield from found
        before = bool(found)
        failures += before
        if failures >= _MAX_FAILURES:
            return


def _problems(segment: Segment, level: int) -> list[SyntaxProblem]:
    if segment.fine:
        return []
    try:
        segment.parse()
    except SyntaxProblem as problem:
        inner = segment.members if level < _MAX_CLASSES else ()
        return list(problems_of(inner, level + 1)) or [problem]
    return []
