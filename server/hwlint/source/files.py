"""Files: bytes to text, and what is known of a whole file."""

import codecs
import contextlib
import errno
import os
import re
import stat
from collections.abc import Generator, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from hwlint.source.names import bound_names
from hwlint.source.notebooks import Notebook, NotebookProblem
from hwlint.source.scan import split_lines
from hwlint.source.segments import Segment, SyntaxProblem, problems_of, top_segments

__all__ = [
    "MAX_BYTES",
    "SourceError",
    "SourceFile",
    "decode_source",
    "is_laid_over",
    "lay_over",
    "overlaid",
    "read_regular",
    "read_source",
]

MAX_BYTES: Final = 10_000_000
"""Largest file that is read."""

_OPEN: Final[int] = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_NO_CODE = re.compile(rb"[ \t\f]*(?:#|$)")
# Codecs whose time is quadratic in the input, which no source file has a use for.
_REFUSED = frozenset({"idna", "punycode"})


_LAID: dict[str, bytes] = {}
"""What an editor has in place of files, by absolute path; empty except in its server's worker."""


def is_laid_over(path: str) -> bool:
    """Whether a file has other content than on the disk, be it there or not."""
    return path in _LAID


def lay_over(path: str, content: bytes | None) -> None:
    """Let a file of this process have other content than on the disk; None: the disk's again.

    This is how the unsaved text of an editor is read. The path need not exist on the disk.
    """
    if content is None:
        _LAID.pop(path, None)
    else:
        _LAID[path] = content


@contextlib.contextmanager
def overlaid(contents: Mapping[str, bytes]) -> Generator[None]:
    """Let files have other contents for a while; what lay over them before lies there again
    afterwards."""
    before = {path: _LAID.get(path) for path in contents}
    for path, content in contents.items():
        lay_over(path, content)
    try:
        yield
    finally:
        for path, content in before.items():
            lay_over(path, content)


class SourceError(Exception):
    """A file that cannot be read as source text."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class SourceFile:
    """The text of one file, and its statements, cut and parsed when they are asked for."""

    __slots__ = (
        "_lines",
        "_names",
        "_problems",
        "_segments",
        "bom",
        "encoding",
        "newline",
        "notebook",
        "path",
        "text",
    )

    path: str
    text: str
    """Without the byte order mark, line breaks as they are in the file."""
    encoding: str
    """Python's name of the codec; never "utf-8-sig": see `bom`."""
    bom: bool
    newline: str
    """The line break that the file uses most: "\\n", "\\r\\n" or "\\r"."""
    notebook: Notebook | None
    """What the text was made from, where the file is a notebook: `text` is not what it holds."""

    def __init__(self, path: str, text: str, encoding: str = "utf-8", *, bom: bool = False) -> None:
        self.path = path
        self.text = text
        self.encoding = encoding
        self.bom = bom
        self.newline = _newline(text)
        self.notebook = None
        self._segments: tuple[Segment, ...] | None = None
        self._problems: tuple[SyntaxProblem, ...] | None = None
        self._names: Mapping[str, tuple[Segment, ...]] | None = None
        self._lines: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"<SourceFile {self.path}>"

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The top-level statements in order; together they are the text."""
        if self._segments is None:
            self._segments = top_segments(self.path, self.text)
        return self._segments

    def adopt(self, segments: Iterable[Segment]) -> None:
        """Have statements that were cut, and perhaps parsed, from an earlier text of the file."""
        self._segments, self._names = tuple(segments), None

    @property
    def problems(self) -> tuple[SyntaxProblem, ...]:
        """Everything in the file that does not parse. Parses what was not parsed before."""
        if self._problems is None:
            self._problems = tuple(problems_of(self.segments))
        return self._problems

    @property
    def names(self) -> Mapping[str, tuple[Segment, ...]]:
        """Top-level names and the segments that may bind them; star imports stand under "*"."""
        if self._names is None:
            index: dict[str, list[Segment]] = {}
            for segment in self.segments:
                for name in bound_names(segment):
                    index.setdefault(name, []).append(segment)
            self._names = {name: tuple(found) for name, found in index.items()}
        return self._names

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, without their breaks, as Python's parser counts them."""
        if self._lines is None:
            self._lines = tuple(split_lines(self.text))
        return self._lines


def read_source(path: str | os.PathLike[str]) -> SourceFile:
    """Read a file. Raises `SourceError` for whatever is no readable source file."""
    name = os.fspath(path)
    return decode_source(name, read_regular(name))


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """Return what is in a regular file of at most `MAX_BYTES`; never blocks.

    Raises `SourceError` for anything else: a FIFO, a device, a folder, a file that is too large.
    """
    name = os.fspath(path)
    if name in _LAID:
        return _LAID[name]
    try:
        return _read(name)
    except OSError as error:
        reason = "is a symbolic link to itself" if error.errno == errno.ELOOP else error.strerror
        raise SourceError(name, reason or str(error)) from error
    except ValueError as error:
        raise SourceError(name, str(error)) from error


def _read(path: str) -> bytes:
    # Looked at before it is opened, as opening a device may do something; opened without blocking
    # and looked at again, as it may have become a FIFO in between.
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise SourceError(path, "is not a regular file")
    descriptor = os.open(path, _OPEN)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(path, "is not a regular file")
        data = b"" if status.st_size > MAX_BYTES else file.read(MAX_BYTES + 1)
    if status.st_size > MAX_BYTES or len(data) > MAX_BYTES:
        raise SourceError(path, f"is larger than {MAX_BYTES} bytes")
    return data


def decode_source(path: str, data: bytes) -> SourceFile:
    """Decode a file's bytes by its byte order mark or its PEP 263 comment, UTF-8 without one.

    Of a notebook the text is the Python code of its cells.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    if bom:
        data = data[len(codecs.BOM_UTF8) :]
    is_notebook = path.endswith(".ipynb")
    encoding = "utf-8" if is_notebook else _encoding(path, data)
    if bom and encoding != "utf-8":
        raise SourceError(path, f"has a UTF-8 byte order mark but says that it is {encoding}")
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise SourceError(path, f"is not valid {encoding}: {error}") from error
    return _notebook(path, text, bom) if is_notebook else SourceFile(path, text, encoding, bom=bom)


@lru_cache(maxsize=8)
def _parsed(text: str) -> Notebook | str:
    """Return a notebook or what is wrong with it: the same file is read several times in a run."""
    try:
        return Notebook(text)
    except NotebookProblem as problem:
        return str(problem)


def _notebook(path: str, text: str, bom: bool) -> SourceFile:
    notebook = _parsed(text)
    if isinstance(notebook, str):
        raise SourceError(path, notebook)
    source = SourceFile(path, notebook.text, bom=bom)
    source.notebook = notebook
    return source


def _encoding(path: str, data: bytes) -> str:
    head = re.split(rb"\r\n?|\n", data[:4096], maxsplit=2)[:2]
    match = _COOKIE.match(head[0])
    if match is None and len(head) > 1 and _NO_CODE.match(head[0]):
        match = _COOKIE.match(head[1])
    if match is None:
        return "utf-8"
    said = match.group(1).decode("ascii", "replace")
    try:
        name = codecs.lookup(said).name
    except LookupError:
        raise SourceError(path, f"says that it is in an unknown encoding, {said}") from None
    if name in _REFUSED:
        raise SourceError(path, f"says that it is in {said}, which no source is written in")
    return "utf-8" if name == "utf-8-sig" else name


def _newline(text: str) -> str:
    pairs = text.count("\r\n")
    counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
    return max(counts, key=lambda style: counts[style])
