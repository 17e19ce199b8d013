"""Syntax newer than the running Python, rewritten in place to what every Python parses.

Every replacement is as long as what it replaces and keeps the line breaks, so that all places hold.
What cannot be said in older syntax becomes an unknown name of underscores, whose value is unknown.

- type parameters (3.12) are blanked: `class A[T](B):`, `def f[T](x): ...`
- `type X[T] = int` (3.12) becomes `0;  X    = int`
- an f-string with quotes, backslashes or comments in its fields (3.12) becomes `f"{______}"`
- so does a template string (3.14), and one in single quotes over several lines (3.12) `(____)`
- `except A, B:` (3.14) becomes `except ____:`
"""

import ast
import re
import warnings
from collections.abc import Iterator

from hwlint.source.scan import tokens

__all__ = ["rewrite"]

_PREFIX = re.compile(r"[A-Za-z]{1,3}$")
_GENERIC = re.compile(r"\b(?:class|def)[ \t]+\w+[ \t]*(?=\[)")
_ALIAS = re.compile(r"^[ \t]*(type)[ \t]+\w+[ \t]*(?=\[|=(?!=))", re.MULTILINE)
_HANDLERS = re.compile(
    r"^[ \t]*except\b\*?[ \t]*([^\s:()][^\r\n:()]*,[^\r\n:()]*[^\s:()])[ \t]*:", re.MULTILINE
)
_BREAK = re.compile(r".?(?:\r\n?|\n)")

_Edit = tuple[int, int, str]


def rewrite(text: str) -> str:
    """`text` in older syntax; unchanged where it holds nothing newer."""
    text = _replace(text, list(_strings(text)))
    for find in (_handlers, _aliases, _generics):
        text = _replace(text, list(find(_masked(text))))
    return text


def _replace(text: str, edits: list[_Edit]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, new in edits:
        parts += (text[at:start], new)
        at = end
    return "".join((*parts, text[at:]))


def _masked(text: str) -> str:
    """`text` with blanks for strings and comments, but for line breaks."""
    found = [
        (start, end, re.sub(r"[^\r\n]", " ", text[start:end]))
        for kind, start, end in tokens(text)
        if kind in ("string", "comment", "broken")
    ]
    return _replace(text, found)


def _strings(text: str) -> Iterator[_Edit]:
    for kind, quote, end in tokens(text):
        prefix = _PREFIX.search(text, max(0, quote - 3), quote) if kind == "string" else None
        if prefix is None or not set(prefix.group().lower()) & {"f", "t"}:
            continue
        start = prefix.start()
        if not _parses(text[start:end]):
            yield start, end, _opaque_string(prefix.group(), text[quote:end])


def _parses(literal: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(literal)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _opaque_string(prefix: str, literal: str) -> str:
    """An f-string of the same length with one unknown field, so that a string beside it, which
    Python joins with it, still fits."""
    quote = literal[:3] if literal[:3] in ('"""', "'''") else literal[0]
    inner = literal[len(quote) : -len(quote)]
    if len(quote) == 1 and re.search(r"[\r\n]", inner):
        return "(" + _opaque(prefix[1:] + literal[:-1]) + ")"
    if len(inner) < 3:
        return "_" * (len(prefix) + len(literal))
    body = "{" + _opaque(inner[1:-1]) + "}"
    return re.sub("[tT]", "f", prefix) + quote + body + quote


def _opaque(text: str) -> str:
    """A name of underscores as long as the first line that is not empty, blanks for the others."""
    match = re.search(r"[^\r\n]+", text)
    start, end = match.span() if match else (0, 0)
    rest = re.sub(r"[^\r\n]", " ", text[end:])
    return text[:start] + "_" * (end - start) + rest


def _handlers(masked: str) -> Iterator[_Edit]:
    for match in _HANDLERS.finditer(masked):
        yield match.start(1), match.end(1), "_" * len(match.group(1))


def _aliases(masked: str) -> Iterator[_Edit]:
    for match in _ALIAS.finditer(masked):
        yield match.start(1), match.end(1), "0;  "
        yield from _parameters(masked, match.end())


def _generics(masked: str) -> Iterator[_Edit]:
    for match in _GENERIC.finditer(masked):
        yield from _parameters(masked, match.end())


def _parameters(masked: str, start: int) -> Iterator[_Edit]:
    """Blank the bracket at `start`; its line breaks are escaped, as nothing encloses them then."""
    if not masked.startswith("[", start):
        return
    depth = 0
    for match in re.compile(r"[\[\]]").finditer(masked, start):
        depth += 1 if match.group() == "[" else -1
        if depth == 0:
            blank = re.sub(r"[^\r\n]", " ", masked[start : match.end()])
            yield start, match.end(), _BREAK.sub(_escaped, blank)
            return


def _escaped(match: re.Match[str]) -> str:
    return "\\" + match.group().lstrip(" ")
