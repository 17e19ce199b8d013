"""A reader for the YAML that people write by hand: plain data, one document."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from hwlint.source.spans import Place
from hwlint.source.yaml_scalars import block_text, scalar, unquoted

__all__ = ["Literal", "YamlProblem", "read_yaml"]

_MAX_DEPTH = 60
_MAX_VALUES = 50_000
_KEY_END = re.compile(r":(?=[ \t\r\n]|\Z)")
_SPACE = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"(?:(?<=[\s])|^)#[^\n]*", re.MULTILINE)
_NAME = re.compile(r"[^\s,\[\]{}]+")
_BLOCK_HEADER = re.compile(r"[|>]([+-]?)(\d?)([+-]?)[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """One value and where it stands. Collections hold literals; the keys of a mapping are bare."""

    value: object
    place: Place | None


@dataclass(frozen=True)
class YamlProblem(Exception):
    """What cannot be read, and on which line, from 0."""

    line: int
    reason: str


def read_yaml(path: str, text: str, *, floats: bool = False) -> Literal:
    """Return the one document that a text holds; raises YamlProblem."""
    return _Reader(path, text, floats=floats).document()


class _Reader:
    def __init__(self, path: str, text: str, *, floats: bool) -> None:
        self._path = path
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._floats = floats
        self._at = 0
        self._depth = 0
        self._count = 0
        self._anchors: dict[str, Literal] = {}

    # --- where we are -----------------------------------------------------------------------

    def _problem(self, reason: str) -> YamlProblem:
        return YamlProblem(bisect_right(self._starts, self._at) - 1, reason)

    def _column(self, at: int) -> int:
        return at - self._starts[bisect_right(self._starts, at) - 1]

    def _place(self, start: int, end: int) -> Place:
        line, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end) - 1
        return Place(self._path, line, self._column(start), last, self._column(end))

    def _made(self, value: object, start: int) -> Literal:
        self._count += 1
        if self._count > _MAX_VALUES:
            raise self._problem("too many values")
        return Literal(value, self._place(start, self._at))

    def _skip(self) -> None:
        """Go to the next thing that is neither space nor comment."""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \r\n":
                self._at += 1
            elif char == "\t":
                if not self._text[self._text.rfind("\n", 0, self._at) + 1 : self._at].strip():
                    self._tab()
                self._at += 1
            elif char == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _tab(self) -> None:
        end = self._text.find("\n", self._at)
        rest = self._text[self._at : len(self._text) if end < 0 else end].strip()
        if rest and not rest.startswith("#") and self._depth_of_flow == 0:
            raise self._problem("a tab that indents")

    _depth_of_flow = 0

    def _ends(self) -> bool:
        """Say whether the document ends here."""
        if self._at >= len(self._text):
            return True
        marker = self._text.startswith(("---", "..."), self._at) and self._column(self._at) == 0
        return marker and self._text[self._at + 3 : self._at + 4] in ("", " ", "\n", "\r")

    # --- documents and blocks ---------------------------------------------------------------

    def document(self) -> Literal:
        self._skip()
        while self._text.startswith("%", self._at) and self._column(self._at) == 0:
            self._at = (self._text.find("\n", self._at) + 1) or len(self._text)
            self._skip()
        if self._ends() and self._text.startswith("---", self._at):
            self._at += 3
        made = self._node(-1)
        self._skip()
        if not self._ends():
            raise self._problem("not understood")
        if self._text.startswith("---", self._at):
            raise self._problem("a second document")
        return made

    def _node(self, indent: int, *, same: bool = False) -> Literal:
        """Read a value that is indented more than `indent`; `same`: or a list right at it."""
        self._skip()
        column, start = self._column(self._at), self._at
        listed = self._starts_item()
        if self._ends() or column < indent or (column == indent and not (same and listed)):
            return self._made(None, start)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._problem("nested too deeply")
        try:
            return self._sequence(column) if listed else self._other(indent, column)
        finally:
            self._depth -= 1

    def _starts_item(self) -> bool:
        return self._text.startswith("-", self._at) and (
            self._text[self._at + 1 : self._at + 2] in ("", " ", "\n", "\r", "\t")
        )

    def _other(self, indent: int, column: int) -> Literal:
        char = self._text[self._at]
        if char == "&":
            return self._anchored(lambda: self._after_anchor(indent))
        if char == "!":
            raise self._problem("a tag")
        if char == "?" and self._text[self._at + 1 : self._at + 2] in (" ", "\n"):
            raise self._problem("a complex key")
        if char in "|>":
            return self._block_text(indent)
        if self._is_key():
            return self._mapping(column)
        if char == "*":
            return self._alias()
        if char in "[{":
            return self._flow()
        if char in "\"'":
            return self._quoted()
        if char in "@`%]},":
            raise self._problem(f"a value that starts with {char}")
        return self._plain(indent)

    def _anchored(self, read: Callable[[], Literal]) -> Literal:
        match = _NAME.match(self._text, self._at + 1)
        if match is None:
            raise self._problem("an anchor without a name")
        self._at = match.end()
        made = self._anchors[match[0]] = read()
        return made

    def _after_anchor(self, indent: int) -> Literal:
        self._at = _after_space(self._text, self._at)
        if self._text[self._at : self._at + 1] not in ("\n", "\r", "") and self._is_key():
            raise self._problem("an anchor of a key")
        return self._node(indent, same=True)

    def _alias(self) -> Literal:
        match = _NAME.match(self._text, self._at + 1)
        if match is None or match[0] not in self._anchors:
            raise self._problem("an alias of nothing")
        self._at = match.end()
        return self._anchors[match[0]]

    def _sequence(self, column: int) -> Literal:
        start = end = self._at
        items: list[Literal] = []
        while not self._ends() and self._column(self._at) == column and self._starts_item():
            self._at += 1
            items.append(self._node(column))
            end = self._at
            self._skip()
        if not self._ends() and self._column(self._at) > column:
            raise self._problem("indented otherwise than what is before it")
        self._at, resume = end, self._at
        made = self._made(items, start)
        self._at = resume
        return made

    def _mapping(self, column: int) -> Literal:
        start = end = self._at
        found: dict[Any, Literal] = {}
        merged: list[Literal] = []
        while not self._ends() and self._column(self._at) == column:
            if not self._is_key():
                raise self._problem("no key")
            key = self._key()
            value = self._node(column, same=True)
            if key == "<<":
                merged.append(value)
            else:
                found[key] = value
            end = self._at
            self._skip()
        if not self._ends() and self._column(self._at) > column:
            raise self._problem("indented otherwise than what is before it")
        self._at, resume = end, self._at
        made = self._made(self._with_merged(found, merged), start)
        self._at = resume
        return made

    def _with_merged(self, found: dict[Any, Literal], merged: list[Literal]) -> dict[Any, Literal]:
        """`<<: *base`: what the mapping does not say itself, the first base that says it."""
        below: dict[Any, Literal] = {}
        for value in merged:
            inner: Any = value.value
            parts = cast("list[Literal]", inner if isinstance(inner, list) else [value])
            for part in parts:
                pairs: Any = part.value
                if not isinstance(pairs, dict):
                    raise self._problem("a merge of what is no mapping")
                for key, item in cast("dict[Any, Literal]", pairs).items():
                    below.setdefault(key, item)
        return {**below, **found}

    def _is_key(self) -> bool:
        """Say whether a key of a block mapping stands here."""
        text, at = self._text, self._at
        if text[at] in "[{":
            return False
        if text[at] in "\"'":
            end = self._end_of_quoted(at)
            return _KEY_END.match(text, _after_space(text, end)) is not None
        line = text.find("\n", at)
        match = _KEY_END.search(text, at, len(text) if line < 0 else line + 1)
        comment = text.find(" #", at, len(text) if line < 0 else line)
        return match is not None and (comment < 0 or match.start() < comment)

    def _key(self) -> Any:
        if self._text[self._at] in "\"'":
            key = self._quoted().value
            self._at = _after_space(self._text, self._at)
        else:
            match = _KEY_END.search(self._text, self._at)
            assert match is not None
            written = self._text[self._at : match.start()].strip()
            if written.startswith(("*", "&", "!")):
                raise self._problem("a key that is no plain word")
            key = self._typed(written)
            self._at = match.start()
        self._at += 1
        return key

    # --- scalars ----------------------------------------------------------------------------

    def _plain(self, indent: int) -> Literal:
        start = self._at
        words = [self._line_of_plain()]
        end = self._at
        while True:
            self._skip_space_lines()
            if self._ends() or self._column(self._at) <= indent or self._text[self._at] == "#":
                break
            if self._is_key():
                raise self._problem("a key where a text goes on")
            words.append(self._line_of_plain())
            end = self._at
        resume, self._at = self._at, end
        made = self._made(self._typed(" ".join(words)), start)
        self._at = resume
        return made

    def _skip_space_lines(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
            self._at += 1

    def _line_of_plain(self) -> str:
        end = self._text.find("\n", self._at)
        line = self._text[self._at : len(self._text) if end < 0 else end]
        comment = _COMMENT.search(line)
        if comment is not None and comment.start() > 0:
            line = line[: comment.start()]
        written = line.rstrip()
        self._at += len(written)
        return written

    def _typed(self, written: str) -> object:
        try:
            return scalar(written, floats=self._floats)
        except ValueError as problem:
            raise self._problem(str(problem)) from None

    def _end_of_quoted(self, at: int) -> int:
        quote, text = self._text[at], self._text
        at += 1
        while at < len(text):
            if quote == '"' and text[at] == "\\":
                at += 2
            elif text[at] != quote:
                at += 1
            elif quote == "'" and text.startswith("''", at):
                at += 2
            else:
                return at + 1
        raise self._problem("a quote that does not end")

    def _quoted(self) -> Literal:
        start = self._at
        end = self._end_of_quoted(start)
        inside = self._text[start + 1 : end - 1]
        try:
            value = unquoted(inside, self._text[start])
        except ValueError as problem:
            raise self._problem(str(problem)) from None
        self._at = end
        return self._made(value, start)

    def _block_text(self, indent: int) -> Literal:
        start = self._at
        match = _BLOCK_HEADER.match(self._text, start)
        if match is None or match[2]:
            raise self._problem("a block of text that is not understood")
        folded, chomp = self._text[start] == ">", match[1] or match[3]
        lines: list[str] = []
        self._at = match.end()
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            line = self._text[self._at : len(self._text) if end < 0 else end].rstrip("\r")
            if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
                break
            lines.append(line)
            self._at = len(self._text) if end < 0 else end + 1
        text = block_text(lines, chomp, folded=folded)
        if text is None:
            raise self._problem("a folded text with lines that stand out")
        return self._made(text, start)

    # --- flow collections -------------------------------------------------------------------

    def _flow(self) -> Literal:
        self._depth_of_flow += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._problem("nested too deeply")
        start, opened = self._at, self._text[self._at]
        self._at += 1
        value: object = self._flow_items() if opened == "[" else self._flow_pairs()
        self._depth -= 1
        self._depth_of_flow -= 1
        return self._made(value, start)

    def _flow_items(self) -> list[Literal]:
        items: list[Literal] = []
        while not self._closes("]"):
            items.append(self._flow_value())
            self._skip()
            if self._text.startswith(":", self._at):
                raise self._problem("a pair inside a list")
            self._comma("]")
        return items

    def _flow_pairs(self) -> dict[Any, Literal]:
        found: dict[Any, Literal] = {}
        merged: list[Literal] = []
        while not self._closes("}"):
            key = self._flow_value().value
            if isinstance(key, list | dict):
                raise self._problem("a key that is no plain word")
            self._skip()
            value = Literal(None, None)
            if self._text.startswith(":", self._at):
                self._at += 1
                self._skip()
                if self._text[self._at : self._at + 1] not in (",", "}"):
                    value = self._flow_value()
            if key == "<<":
                merged.append(value)
            else:
                found[key] = value
            self._comma("}")
        return self._with_merged(found, merged)

    def _closes(self, bracket: str) -> bool:
        self._skip()
        if not self._text.startswith(bracket, self._at):
            if self._at >= len(self._text):
                raise self._problem("a bracket that does not close")
            return False
        self._at += 1
        return True

    def _comma(self, bracket: str) -> None:
        self._skip()
        if self._text.startswith(",", self._at):
            self._at += 1
        elif not self._text.startswith(bracket, self._at):
            raise self._problem(f"neither a comma nor {bracket}")

    def _flow_value(self) -> Literal:
        self._skip()
        char = self._text[self._at : self._at + 1]
        if char and char in "[{":
            return self._flow()
        if char and char in "\"'":
            return self._quoted()
        if char == "&":
            return self._anchored(self._flow_value)
        if char == "*":
            return self._alias()
        if char in ("!", "|", ">", "@", "`", "%"):
            raise self._problem(f"a value that starts with {char}")
        match = _FLOW_PLAIN.match(self._text, self._at)
        if match is None:
            raise self._problem("no value")
        start = self._at
        written = match[0].rstrip()
        self._at += len(written)
        return self._made(self._typed(re.sub(r"\s+", " ", written)), start)


_FLOW_PLAIN = re.compile(r"(?:[^\s,\[\]{}:#]|:(?![\s,\[\]{}])|(?<!\s)#|\s+(?![\s#]))+")


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match is not None else at
