"""The text that the server keeps is the text that the client has, whatever is in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from hwlint.lsp.documents import Documents, Lines
from hwlint.lsp.shift import Shift
from hwlint.source.scan import split_lines
from hwlint.source.spans import Place

URI = "file:///net.py"
ODD = ["a", "é", "😀", "\t", "\n", "\r\n", "\r", "\f", "\u2028", "\x85", "\ufeff", "x = 1", "  "]
texts = st.lists(st.sampled_from(ODD), max_size=30).map("".join)
WIDTHS = {
    types.PositionEncodingKind.Utf8: lambda c: len(c.encode("utf-8")),
    types.PositionEncodingKind.Utf16: lambda c: len(c.encode("utf-16-le")) // 2,
    types.PositionEncodingKind.Utf32: lambda c: 1,
}


def position(text: str, offset: int, encoding: types.PositionEncodingKind) -> types.Position:
    """Where a client puts an offset: it counts lines by CR, LF and CRLF."""
    lines = split_lines(text[:offset])
    return types.Position(len(lines) - 1, sum(map(WIDTHS[encoding], lines[-1])))


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    text = draw(texts)
    found = draw(st.lists(st.tuples(st.integers(0), st.integers(0), texts), max_size=20))
    return text, found


@given(edits(), st.sampled_from(list(WIDTHS)))
@settings(max_examples=200)
def test_edits_leave_the_same_text(
    given_: tuple[str, list[tuple[int, int, str]]], encoding: types.PositionEncodingKind
):
    text, changes = given_
    documents = Documents(None, position_encoding=encoding)
    documents.put_text_document(types.TextDocumentItem(URI, "python", 1, text))
    named = types.VersionedTextDocumentIdentifier(2, URI)
    for first, second, new in changes:
        start, end = sorted((first % (len(text) + 1), second % (len(text) + 1)))
        # No editor puts its cursor between CR and LF.
        start -= text[start - 1 : start + 1] == "\r\n"
        end += text[end - 1 : end + 1] == "\r\n"
        where = types.Range(position(text, start, encoding), position(text, end, encoding))
        documents.update_text_document(named, types.TextDocumentContentChangePartial(where, new))
        text = text[:start] + new + text[end:]
        assert documents.get_text_document(URI).source == text


@given(texts, st.integers(0), st.sampled_from(list(WIDTHS)))
def test_places_are_turned_there_and_back(
    text: str, offset: int, encoding: types.PositionEncodingKind
):
    offset %= len(text) + 1
    offset -= text[offset - 1 : offset + 1] == "\r\n"
    documents = Documents(None, position_encoding=encoding)
    documents.put_text_document(types.TextDocumentItem(URI, "python", 1, text))
    lines = Lines(documents.get_text_document(URI))
    before = split_lines(text[:offset])
    place = Place("/net.py", len(before) - 1, len(before[-1]), len(before) - 1, len(before[-1]))
    expected = position(text, offset, encoding)
    assert lines.range(place) == types.Range(expected, expected)
    assert lines.point(expected) == (place.line, place.col)


def test_what_stands_behind_an_edit_moves_along():
    read = ["a\n", "b\n", "c\n", "d\n"]
    shift = Shift(read, ["a\n", "B\n", "new\n", "c\n", "d\n"])
    assert shift(Place("p", 0, 0, 0, 1)) == Place("p", 0, 0, 0, 1)
    assert shift(Place("p", 1, 0, 1, 1)) is None
    assert shift(Place("p", 3, 0, 3, 1)) == Place("p", 4, 0, 4, 1)
    assert shift(Place("p", 0, 0, 2, 1)) is None


def test_an_equal_text_moves_nothing():
    lines = ["a\n", "a\n", "a\n"]
    shift = Shift(lines, list(lines))
    assert shift(Place("p", 1, 0, 1, 1)) == Place("p", 1, 0, 1, 1)


@pytest.mark.parametrize(
    "now",
    [
        ["a\n", "B\n", "new\n", "c\n", "d\n"],
        ["a\n", "d\n"],
        ["a\n", "b\n", "c\n", "d\n"],
        [],
        ["d\n"] * 6,
    ],
)
def test_a_line_is_found_where_it_was(now: list[str]):
    read = ["a\n", "b\n", "c\n", "d\n"]
    shift = Shift(read, now)
    found = {shift(Place("p", line, 0, line, 1)): line for line in range(len(read))}
    moved = {place.line: line for place, line in found.items() if place is not None}
    assert {line: shift.back(line) for line in range(len(now))} == {
        line: moved.get(line) for line in range(len(now))
    }
