"""Edits: stretches of a file's text and what is to stand there instead.

An edit knows nothing of Python. Whoever makes one parses the text again afterwards; what stands
outside of the edits (formatting, comments, line breaks) is the same to the last character.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hwlint.source.files import SourceError, SourceFile
from hwlint.source.notebooks import NotebookProblem
from hwlint.source.scan import line_starts
from hwlint.source.spans import Place

__all__ = ["Edit", "Overlap", "Positions", "apply_edits", "compose", "encoded", "move"]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """What is to stand at a place; "" takes it away, an empty place inserts."""

    place: Place
    text: str


class Overlap(Exception):
    """Two edits of one file concern the same text."""


class Positions:
    """Lines and columns of one text as offsets, and back."""

    def __init__(self, text: str) -> None:
        """Find where the lines start."""
        self.text = text
        self._starts = line_starts(text)

    def span(self, place: Place) -> tuple[int, int]:
        """Return the offsets of a place."""
        first = self._starts[place.line] + place.col
        return first, self._starts[place.end_line] + place.end_col

    def place(self, path: str, start: int, end: int) -> Place:
        """Return the place between two offsets."""
        line, end_line = (bisect_right(self._starts, at) - 1 for at in (start, end))
        return Place(path, line, start - self._starts[line], end_line, end - self._starts[end_line])

    def read(self, place: Place) -> str:
        """Return what stands at a place; "" where the text has no such lines."""
        if place.end_line >= len(self._starts):
            return ""
        start, end = self.span(place)
        return self.text[start:end]


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made. Raises `Overlap` where two of them meet."""
    return _spliced(text, _spans(text, edits))


def _spliced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, new in spans:
        if start < done:
            raise Overlap
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])


def move(place: Place, text: str, edits: Iterable[Edit]) -> Place:
    """Return where a place of `text` stands once the edits of its file are made.

    What grows or shrinks inside of it is inside of it still.
    """
    own = [edit for edit in edits if edit.place.path == place.path]
    if not own or place.path == "":
        return place
    start, end = Positions(text).span(place)
    moved_start, moved_end = start, end
    for first, last, new in _spans(text, own):
        grown = len(new) - (last - first)
        if last <= start and (first, last) != (start, end):
            moved_start += grown
            moved_end += grown
        elif last <= end:
            moved_end += grown
    return Positions(apply_edits(text, own)).place(place.path, moved_start, moved_end)


def _spans(text: str, edits: Iterable[Edit]) -> list[tuple[int, int, str]]:
    positions = Positions(text)
    return sorted((*positions.span(edit.place), edit.text) for edit in edits)


def compose(text: str, first: Sequence[Edit], then: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return the edits of `text`, one file's, that do what `first` does, and then `then`, whose
    places are those of the text as `first` leaves it. Raises `Overlap` where two of one of them
    meet."""
    middle = apply_edits(text, first)
    made = _spans(middle, then)
    moved: list[tuple[int, int, int]] = []
    grown = 0
    for start, end, new in _spans(text, first):
        moved.append((start + grown, start + grown + len(new), len(new) - (end - start)))
        grown += len(new) - (end - start)
    positions = Positions(text)
    path = next((edit.place.path for edit in (*first, *then)), "")
    found: list[Edit] = []
    for start, end in _together([(s, e) for s, e, _ in (*made, *moved)]):
        inside = [(s - start, e - start, new) for s, e, new in made if start <= s and e <= end]
        before = start - sum(more for s, _, more in moved if s < start)
        own = sum(more for s, e, more in moved if start <= s and e <= end)
        place = positions.place(path, before, before + end - start - own)
        found.append(Edit(place, _spliced(middle[start:end], inside)))
    return tuple(found)


def _together(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretches that spans cover; spans that touch are one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def encoded(source: SourceFile, text: str) -> bytes:
    """Return a new text of a file as bytes: its encoding and byte order mark stay.

    Raises `UnicodeError` where its encoding has no bytes for it, and `SourceError` where a notebook
    has no cells for it.
    """
    if source.notebook is not None:
        try:
            text = source.notebook.written(text)
        except NotebookProblem as problem:
            raise SourceError(source.path, str(problem)) from None
    mark = b"\xef\xbb\xbf" if source.bom else b""
    return mark + text.encode(source.encoding)
