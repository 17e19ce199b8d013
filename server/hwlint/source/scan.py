"""Cut source text into statements without parsing it.

One regular expression runs over a whole statement in C: strings, comments, brackets nested up to
`_LEVELS` deep and line breaks that no statement follows. Where it stops short (a quote or a bracket
that does not close, deeper nesting), a token loop takes over, which counts brackets, reads nested
quotes in f-strings as Python 3.12 does, and gives up an open bracket at a line that can only start
a statement, so that one broken statement does not swallow the file.

Every repeat is possessive: nothing is tried twice, and the time is linear in the text.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "COMMENT",
    "STRING",
    "VALUE",
    "Piece",
    "header_end",
    "indent_at",
    "line_count",
    "line_starts",
    "one_line_body",
    "skip_blank",
    "split_block",
    "split_lines",
    "string_end",
    "tokens",
]

_LEVELS = 6
_MAX_FSTRING_NESTING = 6
_MAX_TRIES = 50
"""Strings of one statement whose fields cannot be read as code; those after them are read as
plain ones: each try may look through the rest of the text."""


def _many(body: str) -> str:
    """`body` any number of times, without ever going back.

    A possessive repeat alone would say it, but in Python 3.11.0 to 3.11.4 it keeps what the last,
    failing round took (CPython issue 106052). An atomic group gives that back.
    """
    return f"(?:(?>{body}))*+"


_NEWLINE = r"(?>\r\n?+|\n)"
_TRIPLE = "{0}{0}" + _many(r"[^{0}\\]++|\\.|{0}(?!{0}{0})") + "{0}{0}{0}"
_SINGLE = "(?!{0}{0})" + _many(r"[^{0}\\\r\n]++|\\(?:\r\n|.)") + "{0}"
STRING = "|".join(f"{q}(?>{_TRIPLE.format(q)}|{_SINGLE.format(q)})" for q in "\"'")
COMMENT = r"#[^\r\n]*+"


def _brackets() -> str:
    inner = ""
    for _ in range(_LEVELS):
        content = rf"""[^"'#()\[\]{{}}\\]++|{STRING}|{COMMENT}|\\(?:\r\n|.){inner}"""
        inner = rf"|[(\[{{]{_many(content)}[)\]}}]"
    return inner


_BRACKETS = _brackets()
# A form feed in the blanks that start a line sets the column back to 0, as in Python's tokenizer.
_FEED = _many(r"[ \t]*+\f")
_TEXT = rf"""[^"'#()\[\]{{}}\\\r\n]++|{STRING}|{COMMENT}|\\{_NEWLINE}?+{_BRACKETS}"""


def _statement(indent: str) -> re.Pattern[str]:
    follows = rf"(?!{_FEED}{indent}[^ \t\f\r\n#])"
    body = _many(rf"{_TEXT}|{_NEWLINE}{follows}")
    return re.compile(rf"{_FEED}([ \t]*+){body}", re.DOTALL)


_TOP_STATEMENT = _statement("")
_INNER_STATEMENT = _statement(r"\1")
_BLANK_LINES = re.compile(_many(rf"[ \t\f]*+(?:{COMMENT})?+{_NEWLINE}"))
_BLANK_TAIL = re.compile(rf"[ \t\f]*+(?:{COMMENT})?+")
_INDENT = re.compile(rf"{_FEED}([ \t]*+)")
_HEADER = re.compile(
    _many(rf"""[^"'#()\[\]{{}}\\\r\n:]++|{STRING}|\\{_NEWLINE}{_BRACKETS}""") + ":", re.DOTALL
)
VALUE = _many(rf"""[^"'#()\[\]{{}}\\\r\n=]++|{STRING}|\\{_NEWLINE}{_BRACKETS}""")
_STRING_AT = re.compile(STRING, re.DOTALL)
_SPECIAL = re.compile(r"""["'#()\[\]{}\\\r\n]""")
_WITHIN_LINES = re.compile(r"""["'#()\[\]{}\\]""")
_PREFIX = re.compile(r"(?<![^\W])[A-Za-z]{0,3}$")
_GAP = r"(?:[ \t\f]|\\(?:\r\n?|\n))+"
_HEAD = re.compile(
    rf"""{_FEED}[ \t]*(?:(?P<at>@)|(?:async{_GAP})?def{_GAP}(?P<def>\w+)|class{_GAP}(?P<class>\w+)
    |(?P<tail>(?:else|elif|except|finally)\b))""",
    re.VERBOSE,
)
# No expression contains these words, so a line that starts with one is no continuation line.
_SURE_START = (
    r"(?:@\w[^\r\n]*(?:\r\n?|\n)[ \t]*)*(?:(?:async[ \t]+)?def[ \t]+\w|class[ \t]+\w"
    r"|(?:import|return|raise|with|while|try|del|assert|global|nonlocal|pass|break|continue)\b"
    r"(?![ \t]*[=,.)\]}]))"
)


class Piece(NamedTuple):
    """One statement of a block, in offsets of the text it was cut from."""

    kind: str
    """"def", "class" or "statements"."""
    name: str
    start: int
    """The first decorator, where there are some."""
    end: int
    """Where the next statement starts: comments and blank lines after a statement belong to it."""
    head: int
    """The line of `def` or `class`: past the decorators."""

    @property
    def decorated(self) -> bool:
        """Whether decorators stand above the definition."""
        return self.kind != "statements" and self.head > self.start


def split_lines(text: str) -> list[str]:
    """Lines as Python's parser counts them: form feeds and U+2028 end none."""
    return _BREAK.split(text) if "\r" in text else text.split("\n")


def line_starts(text: str) -> list[int]:
    """Offset of every line's start."""
    return [0, *(match.end() for match in _BREAK.finditer(text))]


def line_count(text: str, start: int, end: int) -> int:
    """Number of line breaks in `text[start:end]`."""
    count = text.count("\n", start, end)
    if "\r" in text:
        count += text.count("\r", start, end) - text.count("\r\n", start, end)
    return count


def skip_blank(text: str, start: int = 0) -> int:
    """Offset of the first line from `start` on that holds more than blanks and a comment."""
    end = match.end() if (match := _BLANK_LINES.match(text, start)) else start
    tail = match.end() if (match := _BLANK_TAIL.match(text, end)) else end
    return tail if tail == len(text) else end


def header_end(text: str, start: int) -> int | None:
    """Offset after the colon that ends the compound statement's header, None without one."""
    match = _HEADER.match(text, start)
    return match.end() if match else None


def one_line_body(text: str, end: int) -> int | None:
    """Offset of a body that follows the header's colon on its line, None for an indented block."""
    match = _BLANK_TAIL.match(text, end)
    tail = match.end() if match else end
    if tail == len(text) or text[tail] in "\r\n":
        return None
    return tail


def indent_at(text: str, start: int) -> int:
    """Width in characters of the indent of the line at `start`."""
    match = _INDENT.match(text, start)
    return len(match.group(1)) if match else 0


def split_block(text: str, start: int, *, top: bool) -> list[Piece]:
    """Cut `text` from `start`, the first line of a block's first statement, into statements.

    `top` is for a whole file, whose statements stand in column 0. Otherwise the first line's
    indent is the block's.
    """
    return list(_join(text, _chunks(text, start, top)))


def _chunks(text: str, start: int, top: bool) -> list[tuple[int, int]]:
    pattern = _TOP_STATEMENT if top else _INNER_STATEMENT
    match_indent = _INDENT.match(text, start)
    indent = "" if top or match_indent is None else match_indent.group(1)
    chunks: list[tuple[int, int]] = []
    while start < len(text):
        match = pattern.match(text, start)
        end = match.end() if match else start
        if end < len(text):
            end = _line_after(text, end) if text[end] in "\r\n" else _recover(text, end, indent)
        chunks.append((start, end))
        start = end
    return chunks


def _line_after(text: str, at: int) -> int:
    return at + 2 if text.startswith("\r\n", at) else at + 1


@lru_cache(maxsize=64)
def _line_patterns(indent: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    start = _FEED + indent
    return re.compile(rf"{start}[^ \t\f\r\n#]"), re.compile(start + _SURE_START)


def _recover(text: str, start: int, indent: str) -> int:
    """Where the statement ends that the fast pattern could not get through."""
    follows, surely = _line_patterns(indent)
    depth = 0
    for kind, _, end in tokens(text, start):
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "newline" and (surely if depth else follows).match(text, end):
            return end
    return len(text)


def _join(text: str, chunks: list[tuple[int, int]]) -> Iterator[Piece]:
    """Join decorators with what they decorate and `else` and the like with what they continue."""
    held: Piece | None = None
    for start, end in chunks:
        piece, role = _classify(text, start, end)
        if held and held.kind == "@" and role != "tail" and piece.kind != "statements":
            piece = piece._replace(start=held.start)
        elif held and held.kind == "statements" and role == "tail":
            piece = held._replace(end=end)
        elif held:
            yield _settled(held)
        held = piece
    if held:
        yield _settled(held)


def _settled(piece: Piece) -> Piece:
    """Decorators that decorate nothing are a statement, and a faulty one."""
    return piece._replace(kind="statements") if piece.kind == "@" else piece


def _classify(text: str, start: int, end: int) -> tuple[Piece, str]:
    match = _HEAD.match(text, start, end)
    role = match.lastgroup or "" if match else ""
    if match is None or role == "tail":
        return Piece("statements", "", start, end, start), role
    if role == "at":
        return Piece("@", "", start, end, start), role
    return Piece(role, match.group(role), start, end, start), role


def tokens(text: str, start: int = 0, *, lines: bool = True) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, start, end) of all that shapes statements: "string", "comment", "open",
    "close", "join" (a line joined by a backslash) and "newline". A string that does not close
    is "broken": to the end of its line, or of the text where it is triple-quoted. Without
    `lines` there is no "newline"."""
    special = _SPECIAL if lines else _WITHIN_LINES
    at, tries = start, _MAX_TRIES
    while match := special.search(text, at):
        begin, end = match.start(), None
        if tries and _opens_fields(text, begin, start):
            end = _fstring_end(text, begin, 0)
            tries -= end is None
        kind, at = _token(text, begin) if end is None else ("string", end)
        yield kind, begin, at


def _token(text: str, at: int) -> tuple[str, int]:
    char = text[at]
    if char in "\"'":
        return _string(text, at)
    if char in "([{":
        return "open", at + 1
    if char in ")]}":
        return "close", at + 1
    if char == "#":
        return "comment", _line_end(text, at)
    if char == "\\":
        breaks = text[at + 1 : at + 2] in ("\r", "\n")
        return "join", _line_after(text, at + 1) if breaks else at + 1
    return "newline", _line_after(text, at)


def _string(text: str, at: int) -> tuple[str, int]:
    end = string_end(text, at)
    if end is not None:
        return "string", end
    triple = text.startswith(text[at] * 3, at)
    return "broken", len(text) if triple else _line_end(text, at)


def _opens_fields(text: str, at: int, start: int) -> bool:
    """Whether a string with replacement fields starts at `at`."""
    if text[at] not in "\"'":
        return False
    prefix = _PREFIX.search(text, max(start, at - 4), at)
    return prefix is not None and bool(set(prefix.group().lower()) & {"f", "t"})


def string_end(text: str, at: int) -> int | None:
    """Offset after the plain string whose opening quote stands at `at`."""
    match = _STRING_AT.match(text, at)
    return match.end() if match else None


def _line_end(text: str, at: int) -> int:
    match = _LINE_END.search(text, at)
    return match.start() if match else len(text)


_BREAK = re.compile(r"\r\n?|\n")
_LINE_END = re.compile(r"[\r\n]")
_FIELD = re.compile(r"""["'#()\[\]{}:\\]""")


def _fstring_end(text: str, at: int, level: int) -> int | None:
    """Offset after the f-string whose opening quote stands at `at`, its fields read as code."""
    quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
    special = _BODY[quote]
    at += len(quote)
    while (match := special.search(text, at)) is not None:
        found, at = match.group(), match.end()
        if found == quote:
            return at
        if found in "\r\n":
            return None
        if found == "{":
            field = _field_end(text, at, quote, level)
            if field is None:
                return None
            at = field
    return None


def _body(quote: str) -> re.Pattern[str]:
    broken = "" if quote[1:] else r"|[\r\n]"
    named = r"\\N\{[^{}\"']*+\}"
    return re.compile(rf"{quote}|{named}|\\(?:\r\n|[^{{}}])|\{{\{{|\{{{broken}", re.DOTALL)


_BODY = {quote: _body(quote) for quote in ('"', "'", '"""', "'''")}


def _field_end(text: str, at: int, quote: str, level: int) -> int | None:
    """Offset after the `}` of the replacement field whose code starts at `at`."""
    if level > _MAX_FSTRING_NESTING:
        return None
    depth = 0
    while (match := _FIELD.search(text, at)) is not None:
        char, at = match.group(), match.end()
        if char in "\"'":
            end = _inner_string_end(text, match.start(), level)
            if end is None:
                return None
            at = end
        elif char == "#":
            at = _line_end(text, at)
        elif char in "([{":
            depth += 1
        elif char == "}" and depth == 0:
            return at
        elif char in ")]}":
            depth -= 1
        elif char == ":" and depth == 0:
            return _spec_end(text, at, quote, level)
    return None


def _inner_string_end(text: str, at: int, level: int) -> int | None:
    if _opens_fields(text, at, 0):
        return _fstring_end(text, at, level + 1)
    return string_end(text, at)


def _spec_end(text: str, at: int, quote: str, level: int) -> int | None:
    """Offset after the `}` that ends a field's format specification."""
    while (match := _SPEC.search(text, at)) is not None:
        at = match.end()
        if match.group() == "}":
            return at
        if match.group() == "{":
            field = _field_end(text, at, quote, level + 1)
            if field is None:
                return None
            at = field
        elif text.startswith(quote, match.start()):
            return None
    return None


_SPEC = re.compile(r"""["'{}]""")
