"""TOML with the lines that its keys stand on, which tomllib does not keep."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from hwlint.engine.errors import UserError
from hwlint.profile.lines import line_of
from hwlint.source import SourceError, read_regular

__all__ = ["Table", "read_toml", "shown"]

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Table:
    """One table of a TOML file."""

    file: Path
    path: tuple[str | int, ...]
    values: dict[str, object]
    text: str

    def error(self, message: str, *keys: str) -> UserError:
        """Make the error that names the file and the line of a key in this table."""
        return UserError(f"{shown(self.file)}:{self.line(*keys)}: {message}")

    def line(self, *keys: str) -> int:
        """Find the 1-based line of a key below this table, or of the nearest table around it."""
        return line_of(self.text, (*self.path, *keys)) or 1


def shown(path: Path) -> str:
    """Show a path as the user would write it: relative to the current folder where it is below."""
    here = Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def read_toml(file: Path, path: tuple[str, ...] = ()) -> Table | None:
    """Read the table at `path` of a file; None where the file does not have it."""
    text = _text(file)
    try:
        document: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(_syntax(file, text, str(error))) from error
    for part in path:
        if not isinstance(document, dict):
            return None
        document = cast("dict[str, object]", document).get(part)
    if not isinstance(document, dict):
        return None
    return Table(file, path, cast("dict[str, object]", document), text)


def _text(file: Path) -> str:
    try:
        return read_regular(file).decode("utf-8-sig")
    except SourceError as error:
        raise UserError(f"{shown(file)}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{shown(file)}: not UTF-8 text") from error


def _syntax(file: Path, text: str, message: str) -> str:
    found = _AT_LINE.search(message)
    line = int(found[1]) if found else text.count("\n") + 1
    return (
        f"{shown(file)}:{line}: {_AT_LINE.sub('', message).removesuffix(' (at end of document)')}"
    )
