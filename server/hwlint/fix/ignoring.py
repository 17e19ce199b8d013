"""Comments that silence what was found."""

from collections.abc import Iterable
from dataclasses import dataclass

from hwlint.engine.findings import Diagnostic
from hwlint.engine.registry import ENGINE_RULES
from hwlint.source import SourceError, read_regular, read_source
from hwlint.source.comments import ignoring
from hwlint.source.edits import apply_edits, encoded

__all__ = ["Silenced", "silenced"]

_NEVER = frozenset(rule.code for rule in ENGINE_RULES)
"""What is wrong with reading is not about a model, and stays."""


@dataclass(frozen=True)
class Silenced:
    """A file with a comment at each of its findings."""

    path: str
    before: bytes
    after: bytes
    number: int
    """How many findings that is."""


def silenced(findings: Iterable[Diagnostic]) -> list[Silenced]:
    """Return the files that findings stand in, each with comments that silence them.

    Nothing is written. A file that cannot be read, or not be written again to the byte, is left
    out.
    """
    files: dict[str, list[Diagnostic]] = {}
    for found in findings:
        if found.code not in _NEVER and found.anchor.path.endswith((".py", ".ipynb")):
            files.setdefault(found.anchor.path, []).append(found)
    made = (_file(path, found) for path, found in sorted(files.items()))
    return [one for one in made if one is not None]


def _file(path: str, found: list[Diagnostic]) -> Silenced | None:
    wanted: dict[int, list[str]] = {}
    for one in sorted(found, key=lambda d: (d.anchor, d.code)):
        wanted.setdefault(one.anchor.end_line, []).append(one.code)
    try:
        source, before = read_source(path), read_regular(path)
        if encoded(source, source.text) != before:
            return None
        after = encoded(source, apply_edits(source.text, ignoring(source, wanted)))
    except (SourceError, UnicodeError):
        return None
    return Silenced(path, before, after, len(found))
