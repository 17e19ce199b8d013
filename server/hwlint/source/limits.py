"""Statements that are too deep to be handed to a parser, found without parsing.

Depth is estimated per expression: every operator, unary word, attribute, call and subscript since
the last comma counts one, and so do those outside the enclosing brackets. `a.b().c()` has depth 4.
"""

import re
from typing import Final

from hwlint.source.scan import COMMENT, STRING

__all__ = ["MAX_DEPTH", "MAX_ELIF", "MAX_FIELDS", "excess", "is_vast"]

MAX_DEPTH: Final = 500
"""Deepest expression that is parsed: CPython 3.11 gives up at about 3,000 levels."""
MAX_ELIF: Final = 400
"""Longest `elif` chain, each link of which is one level deeper in the tree."""
MAX_FIELDS: Final = 2_000
"""Most fields of one f-string: its parse time is quadratic in them (5 s for 100,000)."""

_MAX_WORDS: Final = 50_000
"""Names, numbers and strings of one statement that is followed. The largest tables in libraries of
models have a tenth of that."""
_WORD = re.compile(rf"{COMMENT}|({STRING}|\w+)", re.DOTALL)

_COUNTED = (*"([{.+-*/%@&|^~", "<<", ">>", "not", "lambda", "if", "await")
_TOKEN = re.compile(
    rf"(?P<string>{STRING})|(?P<skip>{COMMENT})|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
    # Empty lines and comments after a line belong to its end: there may be thousands of them.
    rf"|(?P<comma>[,;])|(?P<newline>[\r\n](?:[ \t\f]*+(?:{COMMENT})?+[\r\n])*+)"
    r"|(?P<operator>\*\*|//|<<|>>|[.+\-*/%@&|^~]|\b(?:not|lambda|if|await)\b)",
    re.DOTALL,
)
_BRANCH = re.compile(r"^([ \t]*)(if|elif)\b", re.MULTILINE)


def excess(text: str) -> str | None:
    """What is too much in `text`, as a message; None where it may be parsed."""
    if len(text) < MAX_ELIF:
        return None
    if sum(map(text.count, _COUNTED)) > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        return f"nested too deeply: an expression of more than {MAX_DEPTH} levels"
    if text.count("elif") > MAX_ELIF and _longest_elif(text) > MAX_ELIF:
        return f"nested too deeply: more than {MAX_ELIF} elif in a row"
    if text.count("{") > MAX_FIELDS and _most_fields(text) > MAX_FIELDS:
        return f"a string of more than {MAX_FIELDS} fields"
    return None


def is_vast(text: str) -> bool:
    """Whether a statement is too long to be followed, however simple it is."""
    return len(text) > 2 * _MAX_WORDS and sum(map(bool, _WORD.findall(text))) > _MAX_WORDS


def _depth(text: str) -> int:
    """The deepest expression, as estimated; the count stops once it is over the limit."""
    outer: list[int] = []
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            outer.append(depth)
            depth += 1
        elif kind == "close":
            depth = outer.pop() + 1 if outer else 0
        elif kind == "comma" or (kind == "newline" and not outer):
            depth = outer[-1] + 1 if outer else 0
        elif kind == "operator":
            depth += 1
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            break
    return deepest


def _longest_elif(text: str) -> int:
    runs: dict[str, int] = {}
    longest = 0
    for match in _BRANCH.finditer(text):
        indent, word = match.groups()
        runs[indent] = runs.get(indent, 0) + 1 if word == "elif" else 0
        longest = max(longest, runs[indent])
    return longest


def _most_fields(text: str) -> int:
    strings = (match for match in _TOKEN.finditer(text) if match.lastgroup == "string")
    return max((match.group().count("{") for match in strings), default=0)
