import codecs
import os
import re
from pathlib import Path

import pytest

from hwlint.source import MAX_BYTES, SourceError, decode_source, read_source


def failure(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read_source(path)
    assert caught.value.path == str(path)
    return caught.value.message


def test_a_plain_file(tmp_path: Path):
    path = tmp_path / "x.py"
    path.write_bytes("x = 'é'\n".encode())
    source = read_source(path)
    assert (source.path, source.text, source.encoding) == (str(path), "x = 'é'\n", "utf-8")
    assert (source.bom, source.newline, source.lines) == (False, "\n", ("x = 'é'", ""))


def test_a_byte_order_mark_is_no_text():
    source = decode_source("/x.py", codecs.BOM_UTF8 + b"# coding: utf-8\r\nx = f(1)\r\n")
    assert (source.bom, source.encoding, source.newline) == (True, "utf-8", "\r\n")
    assert source.segments[0].place(source.segments[0].parse()[0]).col == 0


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"# -*- coding: latin-1 -*-\n", "iso8859-1"),
        (b"#!/bin/python\n# vim: set fileencoding=cp1252 :\n", "cp1252"),
        (b"\r# coding=latin-1\r", "iso8859-1"),
    ],
)
def test_an_encoding_is_read_from_a_comment(head: bytes, encoding: str):
    source = decode_source("/x.py", head + b"x = '\xe9', f(1)\n")
    assert source.encoding == encoding
    assert "é" in source.text
    assert source.text.encode(source.encoding) == head + b"x = '\xe9', f(1)\n"


def test_a_cookie_below_code_is_a_comment():
    assert decode_source("/x.py", b"x = 1\n# coding: latin-1\n").encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# coding: nonsense\n", "unknown encoding, nonsense"),
        (b"# coding: hex\n", "hex"),
        (b"# coding: punycode\n" + b"a" * 100, "no source"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", "byte order mark"),
        (b"x = '\xe9'\n", "not valid utf-8"),
    ],
)
def test_what_cannot_be_decoded(data: bytes, message: str):
    with pytest.raises(SourceError, match=re.escape(message)):
        decode_source("/x.py", data)


@pytest.mark.timeout(10)
def test_what_is_no_regular_file(tmp_path: Path):
    fifo, loop, folder = tmp_path / "x.py", tmp_path / "loop.py", tmp_path / "d.py"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    folder.mkdir()
    assert failure(fifo) == "is not a regular file"
    assert failure(folder) == "is not a regular file"
    assert failure(loop) == "is a symbolic link to itself"
    assert failure(tmp_path / "none.py") == "No such file or directory"
    assert "null" in failure(tmp_path / "a\0b.py")


def test_a_file_that_is_too_large(tmp_path: Path):
    path = tmp_path / "x.py"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert failure(path) == f"is larger than {MAX_BYTES} bytes"


@pytest.mark.parametrize(
    ("text", "newline"),
    [(b"", "\n"), (b"a\r\nb\n\r\n", "\r\n"), (b"a\rb\rc\n", "\r"), (b"a\n\r\n\n", "\n")],
)
def test_the_usual_line_break(text: bytes, newline: str):
    source = decode_source("/x.py", text)
    assert source.newline == newline
    assert source.text.encode() == text


def test_lines_are_those_of_the_parser():
    lines = decode_source("/x.py", "a\fb\r\nc\u2028d\re\x85\n".encode()).lines
    assert lines == ("a\fb", "c\u2028d", "e\x85", "")
