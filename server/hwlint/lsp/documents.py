"""Open documents, with lines as Python's parser and editors count them."""

import re
from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from hwlint.source.spans import Place

__all__ = ["Document", "Documents", "Lines", "encoded"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Document(TextDocument):
    """A document whose lines end at CR, LF and CRLF only.

    The base class splits at form feeds and U+2028 as well, which no editor does: edits behind such
    a character would land in the wrong place.
    """

    _cut: tuple[str, tuple[str, ...]] | None = None

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their breaks."""
        text = self.source
        if self._cut is None or self._cut[0] is not text:
            self._cut = (text, tuple(_LINE.findall(text)))
        return self._cut[1]


class Documents(Workspace):
    """A workspace that makes such documents."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )


class Lines:
    """Turns our places (code points) into the client's ranges and back."""

    def __init__(self, document: TextDocument) -> None:
        """Take the lines of a document as it is now."""
        self._lines = document.lines
        self._codec = document.position_codec

    def range(self, place: Place) -> types.Range:
        """Return a place as a range in the client's units; cut off where the text has ended."""
        return types.Range(
            self._position(place.line, place.col), self._position(place.end_line, place.end_col)
        )

    def end_of(self, line: int) -> types.Position:
        """Return the end of a line."""
        text = self._lines[line].rstrip("\r\n") if line < len(self._lines) else ""
        return self._position(line, len(text))

    def column(self, line: int, col: int) -> types.Position:
        """Return a code point of a line in the client's units."""
        return self._position(line, col)

    def point(self, position: types.Position) -> tuple[int, int]:
        """Return a client's position as (line, code point)."""
        if position.line >= len(self._lines):
            return position.line, 0
        found = self._codec.position_from_client_units(self._lines, position)
        return found.line, found.character

    def _position(self, line: int, col: int) -> types.Position:
        if line >= len(self._lines):
            return types.Position(len(self._lines), 0)
        text = self._lines[line][:col]
        return types.Position(line, self._codec.client_num_units(text))


_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def encoded(text: str) -> bytes:
    """Return the bytes that decode to this text: a PEP 263 comment is believed by the reader."""
    for line in text.split("\n", 2)[:2]:
        match = _COOKIE.match(line)
        if match is not None:
            try:
                return text.encode(match[1])
            except (LookupError, UnicodeError):
                break
    return text.encode("utf-8", "surrogatepass")
