"""Text to `ast`, with limits, and in the newest syntax that the running Python may not know."""

import ast
import re
import warnings
from typing import NamedTuple

from hwlint.source.limits import excess

__all__ = ["Fault", "FaultError", "parse_text"]

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


def parse_text(text: str) -> tuple[ast.Module, str | None]:
    """Parse `text`. Gives also the text that was parsed where it had to be rewritten, in place,
    because the running Python is too old for it."""
    message = excess(text)
    if message:
        raise FaultError(Fault(message))
    try:
        return _parse(text), None
    except SyntaxError as error:
        fault = _fault(error)
    except RecursionError as error:
        raise FaultError(Fault("nested too deeply")) from error
    except MemoryError as error:
        raise FaultError(Fault("nested too deeply")) from error
    except ValueError as error:
        raise FaultError(_value_fault(text, error)) from error
    return _parse_newer(text, fault)


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _parse_newer(text: str, fault: Fault) -> tuple[ast.Module, str]:
    from hwlint.source.newer import rewrite  # needed for few files, and then once

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


def _value_fault(text: str, error: ValueError) -> Fault:
    """Null characters and lone surrogates, of which Python does not say where they are."""
    match = re.search("[\0\ud800-\udfff]", text)
    if match is None:
        return Fault(str(error))
    before = re.split(r"\r\n?|\n", text[: match.start()])
    line, col = len(before) - 1, len(before[-1])
    what = "null character" if match.group() == "\0" else "character that is half of a pair"
    return Fault(f"{what} in the source", line, col, line, col + 1)
