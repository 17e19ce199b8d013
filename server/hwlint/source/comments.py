"""What comments say to hwlint: suppressions and hints.

    # hwlint: ignore[HW101, HW102] the checkpoint fixes this width
    # hwlint: ignore-file[HW201]
    # hwlint: build(dim=768) input(1, 3, 224, 224)
    # hwlint: build(Config(dim=768), norm=nn.LayerNorm)
    # hwlint: fixed
    # hwlint: search(32, 64)

A comment that ends a line of code speaks of that line; one that has a line to itself, of the next
line of code. Either way the line is extended over brackets that open or close on it, strings and
backslashes: above or at either end of a call that runs over lines, it speaks of the whole call;
inside the brackets, of the argument beside it. Above decorators it speaks of the definition too.
"""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple, cast

from hwlint.source.edits import Edit
from hwlint.source.files import SourceFile
from hwlint.source.scan import line_starts, tokens
from hwlint.source.spans import Place
from hwlint.source.walking import walk

__all__ = ["Comment", "ignoring", "read_comments"]

_DIRECTIVE = re.compile(r"#\s*hwlint\s*:\s*([^#]*)")
_SUPPRESSION = re.compile(r"(ignore-file|ignore)\s*\[([^\]]*)\]\s*(.*)", re.DOTALL)
_HINT = re.compile(r"(build|input|search)\s*(\()|(fixed)\b")
_NEITHER = "{!r} is neither a suppression nor a hint"
_UNKNOWN_HINT = re.compile(r"[A-Za-z_]\w*\s*\(")
_MAX_DECORATORS = 20
_CODE = re.compile(r"[A-Za-z][\w-]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """One thing that a comment says. A line with several hints makes several."""

    kind: str
    """"ignore", "ignore-file", "build", "input", "search", "fixed", or "malformed"."""
    place: Place
    """The hint or suppression itself, without the `#`."""
    first_line: int
    """First line of what it speaks of, 0-based."""
    last_line: int
    """Last line of it, included."""
    codes: tuple[str, ...] = ()
    """What is suppressed, as written: codes or names of rules."""
    text: str = ""
    """What stands in the brackets."""
    reason: str = ""
    """What follows a suppression or the last hint."""
    args: tuple[object, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict[str, object])
    plain: bool = True
    """False: in the brackets are expressions, which take the names of the file to be read."""
    problem: str = ""
    """What is wrong with a malformed one."""


class _Note(NamedTuple):
    """A hwlint comment before it is read."""

    body: str
    line: int
    col: int
    own_line: bool


def read_comments(source: SourceFile) -> tuple[Comment, ...]:
    """Everything that comments of a file say to hwlint, in order."""
    if "hwlint" not in source.text:
        return ()
    layout = _Layout(source)
    return tuple(comment for note in layout.notes for comment in _read(source, layout, note))


def ignoring(source: SourceFile, wanted: Mapping[int, Sequence[str]]) -> tuple[Edit, ...]:
    """Return the edits that silence rules at lines: a comment behind each line, or the codes in the
    one that stands there. `wanted`: codes by 0-based line."""
    layout = _Layout(source)
    lines: dict[int, list[str]] = {}
    for line, codes in wanted.items():
        # Behind a string or a backslash that joins lines, where a comment may stand.
        known = lines.setdefault(layout.range_of(line)[1], [])
        known += [code for code in codes if code not in known]
    return tuple(_silenced(source, layout, line, codes) for line, codes in sorted(lines.items()))


def _silenced(source: SourceFile, layout: "_Layout", line: int, codes: list[str]) -> Edit:
    for note in layout.notes:
        said = _suppression(note.body) if note.line == line else None
        if said is not None and said.kind == "ignore" and not said.problem:
            col = note.col + note.body.index("]")
            return Edit(Place(source.path, line, col, line, col), "".join(f", {c}" for c in codes))
    text = layout.lines[line]
    end = len(text.rstrip())
    comment = f"  # hwlint: ignore[{', '.join(codes)}]"
    return Edit(Place(source.path, line, end, line, end), comment)


class _Layout:
    """Where the lines of a file start and which of them belong together."""

    def __init__(self, source: SourceFile) -> None:
        self.text = source.text
        self.lines = source.lines
        self._starts = line_starts(source.text)
        self._joined: dict[int, tuple[int, int]] = {}
        self.notes: list[_Note] = []
        comments = self._scan()
        self._next = self._next_lines(comments)

    def range_of(self, line: int) -> tuple[int, int]:
        """The line with what its brackets, strings and backslashes join to it."""
        return self._joined.get(line, (line, line))

    def next_code(self, line: int) -> int | None:
        """The first line from `line` on that holds code."""
        return self._next[line] if line < len(self._next) else None

    def _scan(self) -> set[int]:
        """Go through the text once; gives the lines that hold a comment only."""
        opened: list[int] = []
        comments: set[int] = set()
        for kind, start, end in tokens(self.text, lines=False):
            line = self._line_of(start)
            if kind == "comment" and self._comment(line, start, end):
                comments.add(line)
            elif kind == "open":
                opened.append(line)
            elif kind == "close" and opened:
                self._join((opened.pop(), line), inside=False)
            elif kind in ("string", "join"):
                self._join((line, self._line_of(end)), inside=True)
        return comments

    def _line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _join(self, ends: tuple[int, int], *, inside: bool) -> None:
        """Join two lines, and with `inside` those between them."""
        if ends[0] == ends[1]:
            return
        for line in range(ends[0], ends[1] + 1) if inside else ends:
            first, last = self._joined.get(line, ends)
            self._joined[line] = min(first, ends[0]), max(last, ends[1])

    def _comment(self, line: int, start: int, end: int) -> bool:
        """Note a comment that is for hwlint; tells whether it has the line to itself."""
        own_line = not self.text[self._starts[line] : start].strip()
        match = _DIRECTIVE.search(self.text, start, end)
        if match:
            col = match.start(1) - self._starts[line]
            self.notes.append(_Note(match.group(1).rstrip(), line, col, own_line))
        return own_line

    def _next_lines(self, comments: set[int]) -> list[int | None]:
        """For every line the first line from it on that holds code."""
        found: list[int | None] = []
        following: int | None = None
        for line in range(len(self.lines) - 1, -1, -1):
            if line not in comments and self.lines[line].strip():
                following = line
            found.append(following)
        return found[::-1]


def _read(source: SourceFile, layout: _Layout, note: _Note) -> Iterator[Comment]:
    first, last = _target(layout, note)
    said = _suppression(note.body)
    if said is None:
        yield from _hints(source.path, note, (first, last))
        return
    place = _place(source.path, note, 0, len(note.body))
    if said.problem:
        yield Comment("malformed", place, first, last, text=note.body, problem=said.problem)
        return
    if said.kind == "ignore-file":
        first, last = 0, len(layout.lines) - 1
    yield Comment(said.kind, place, first, last, said.codes, said.listed, said.reason)


class _Suppression(NamedTuple):
    """What a comment silences."""

    kind: str
    codes: tuple[str, ...]
    listed: str
    reason: str
    problem: str


@lru_cache(maxsize=256)
def _suppression(body: str) -> _Suppression | None:
    """Read a comment that silences rules, None for any other. The same one stands in many lines."""
    match = _SUPPRESSION.fullmatch(body)
    if match is None:
        return None
    kind, listed, reason = match.groups()
    codes = tuple(code.strip() for code in listed.split(",") if code.strip())
    wrong = [code for code in codes if not _CODE.fullmatch(code)]
    problem = f"{wrong[0]!r} is no rule" if wrong else "" if codes else f"{kind}[] names no rule"
    return _Suppression(kind, codes, listed, reason.strip(), problem)


def _target(layout: _Layout, note: _Note) -> tuple[int, int]:
    """The lines that a comment speaks of."""
    line = layout.next_code(note.line + 1) if note.own_line else note.line
    if line is None:
        return note.line, note.line
    first, last = layout.range_of(line)
    for _ in range(_MAX_DECORATORS):
        if not layout.lines[line].lstrip().startswith("@"):
            break
        line = layout.next_code(last + 1) or line
        last = layout.range_of(line)[1]
    return first, last


def _hints(path: str, note: _Note, lines: tuple[int, int]) -> list[Comment]:
    """Hints one after the other; words after the last are its reason."""
    body = note.body
    hints: list[Comment] = []
    at = 0
    while at < len(body) or not hints:
        match = _HINT.match(body, at)
        end = _closing(body, match) if match else None
        if match is None or end is None:
            if hints and not _UNKNOWN_HINT.match(body, at):
                hints[-1] = replace(hints[-1], reason=body[at:])
            else:
                hints.append(_malformed(path, note, lines, at, _NEITHER.format(body[at:])))
            break
        hints.append(_hint(path, note, lines, match, end))
        at = len(body) - len(body[end:].lstrip(" \t,"))
    return hints


def _closing(body: str, hint: re.Match[str]) -> int | None:
    """Offset after a hint: after the bracket that closes the one it ends with."""
    if not hint.group(2):
        return hint.end()
    depth = 0
    for kind, _, end in tokens(body, hint.start(2)):
        depth += {"open": 1, "close": -1}.get(kind, 0)
        if depth == 0:
            return end
    return None


def _hint(
    path: str, note: _Note, lines: tuple[int, int], match: re.Match[str], end: int
) -> Comment:
    place = _place(path, note, match.start(), end)
    kind = match.group(1) or match.group(3)
    text = note.body[match.end() : end - 1] if match.group(2) else ""
    try:
        call = _call(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        problem = str(error) if isinstance(error, _LeftOpen) else "does not parse"
        return _malformed(path, note, lines, match.start(), f"{kind}({text}) {problem}")
    try:
        args, keywords = _literals(call)
    except (ValueError, TypeError, RecursionError, MemoryError):
        if kind == "build":
            return Comment(kind, place, *lines, text=text, plain=False)
        return _malformed(path, note, lines, match.start(), f"{kind}({text}) is not plain values")
    if kind == "input" and not _are_shapes(args, keywords):
        problem = f"input({text}): expected input(1, 3, 224, 224) or input((1, 128), mask=(1, 128))"
        return _malformed(path, note, lines, match.start(), problem)
    return Comment(kind, place, *lines, text=text, args=args, keywords=keywords)


class _LeftOpen(ValueError):
    """A template that was not filled in."""


def _call(text: str) -> ast.Call:
    call = ast.parse(f"_({text})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(text)
    if any(isinstance(n, ast.Constant) and n.value is ... for n in walk(call)):
        raise _LeftOpen("has `...` where a value belongs")
    return call


def _literals(call: ast.Call) -> tuple[tuple[object, ...], dict[str, object]]:
    args = tuple(ast.literal_eval(arg) for arg in call.args)
    keywords = {_keyword(keyword): ast.literal_eval(keyword.value) for keyword in call.keywords}
    return args, keywords


def _are_shapes(args: tuple[object, ...], keywords: Mapping[str, object]) -> bool:
    several = all(_is_shape(arg) for arg in args) and all(map(_is_shape, keywords.values()))
    return (several and bool(args or keywords)) or (not keywords and bool(args) and _is_shape(args))


def _is_shape(value: object) -> bool:
    if not isinstance(value, tuple | list):
        return False
    return all(type(d) is int and 0 < d < _LARGEST for d in cast("Sequence[object]", value))


_LARGEST = 1 << 31


def _keyword(keyword: ast.keyword) -> str:
    if keyword.arg is None:
        raise ValueError("**")
    return keyword.arg


def _malformed(path: str, note: _Note, lines: Sequence[int], start: int, problem: str) -> Comment:
    place = _place(path, note, start, len(note.body))
    return Comment("malformed", place, lines[0], lines[1], text=note.body[start:], problem=problem)


def _place(path: str, note: _Note, start: int, end: int) -> Place:
    return Place(path, note.line, note.col + start, note.line, note.col + end)
