"""Text to `ast`, with limits, and in the newest syntax that the running Python may not know."""

import ast
import gc
import re
import warnings
from typing import NamedTuple

from hwlint.source.limits import excess
from hwlint.source.newer import rewrite
from hwlint.source.scan import split_lines

__all__ = ["Fault", "FaultError", "parse_text"]

# What `newer.rewrite` can do something about; most broken statements hold none of it.
_NEWER = re.compile(
    r"\b(?:class|def)[ \t]+\w+[ \t]*\[|^[ \t]*type[ \t]+\w|\b[rR]?[fFtT][rR]?[\"']"
    r"|^[ \t]*except\b[^:\r\n]*,",
    re.MULTILINE,
)
_OTHER_LINE = re.compile(r"\bline (\d+)")


class Fault(NamedTuple):
    """Where and why a text does not parse: 0-based lines, columns in code points."""

    message: str
    line: int = 0
    col: int = 0
    end_line: int = 0
    end_col: int = 0

    def moved(self, lines: int) -> "Fault":
        """The same fault `lines` further down, also where the message speaks of a line."""
        message = _OTHER_LINE.sub(lambda m: f"line {max(1, int(m[1]) + lines)}", self.message)
        return Fault(message, self.line + lines, self.col, self.end_line + lines, self.end_col)


class FaultError(Exception):
    """A text does not parse."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def parse_text(text: str, *, again: bool = False) -> tuple[ast.Module, str | None]:
    """Parse `text`. Gives also the text that was parsed where it had to be rewritten, in place,
    because the running Python is too old for it. `again`: it was parsed before."""
    message = None if again else excess(text)
    if message:
        raise FaultError(Fault(message))
    if "\0" in text:
        raise FaultError(_character_fault(text))
    try:
        return _parse(text), None
    except SyntaxError as error:
        fault = _fault(error)
    except (RecursionError, MemoryError):  # so Python's parser says that its stack is full
        raise FaultError(Fault("nested too deeply")) from None
    except ValueError:
        raise FaultError(_character_fault(text)) from None
    return _parse_newer(text, fault)


def _parse(text: str) -> ast.Module:
    # A tree is a hundred thousand objects and no garbage: collecting in between doubles the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    finally:
        if collecting:
            gc.enable()


def _parse_newer(text: str, fault: Fault) -> tuple[ast.Module, str]:
    if not _NEWER.search(text):
        raise FaultError(fault)
    try:
        older = rewrite(text)
        if older != text:
            return _parse(older), older
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    raise FaultError(fault)


def _fault(error: SyntaxError) -> Fault:
    line = max(0, (error.lineno or 1) - 1)
    col = max(0, (error.offset or 1) - 1)
    end_line = max(line, (error.end_lineno or 0) - 1)
    end_col = max(0, (error.end_offset or 0) - 1)
    if (end_line, end_col) <= (line, col):
        end_line, end_col = line, col + 1
    return Fault(error.msg.partition("; use sys.")[0], line, col, end_line, end_col)


def _character_fault(text: str) -> Fault:
    """Null characters and lone surrogates, of which Python does not say where they are."""
    match = re.search("[\0\ud800-\udfff]", text)
    if match is None:
        return Fault("not valid source text")
    before = split_lines(text[: match.start()])
    line, col = len(before) - 1, len(before[-1])
    what = "null character" if match.group() == "\0" else "half of a surrogate pair"
    return Fault(f"{what} in the source", line, col, line, col + 1)
