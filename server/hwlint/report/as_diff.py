"""What fixes would change, as a unified diff that `patch` and `git apply` take."""

import difflib
from collections.abc import Mapping
from pathlib import Path

from hwlint.report.lines import where
from hwlint.source import decode_source

__all__ = ["render"]


def render(before: Mapping[str, bytes], after: Mapping[str, bytes], base: Path) -> str:
    """Return the diff of all files that differ, in order of path."""
    return "".join(_file(path, before[path], after[path], base) for path in sorted(after))


def _file(path: str, before: bytes, after: bytes, base: Path) -> str:
    name = where(path, base)
    old, new = _lines(path, before), _lines(path, after)
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="\n")
    return "".join(_ended(line) for line in lines)


def _lines(path: str, content: bytes) -> list[str]:
    source = decode_source(path, content)
    mark = "\ufeff" if source.bom else ""
    text = source.text if source.notebook is None else source.notebook.raw
    lines = (mark + text).split("\n")
    kept = [f"{line}\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
