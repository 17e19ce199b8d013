"""Findings that a team knows of: they are kept in a file and no longer reported.

A finding is known again by its fingerprint, which holds no line and no number, so that the file
does not change with every edit. An entry that no finding has any more is stale.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from hwlint.engine.errors import UserError
from hwlint.engine.findings import Diagnostic
from hwlint.engine.fingerprint import fingerprints

__all__ = ["Baseline", "Compared", "compare", "read_baseline", "without", "write_baseline"]

_VERSION = 1


@dataclass(frozen=True)
class Baseline:
    """Known findings: fingerprint to what it was about, for people who read the file."""

    entries: Mapping[str, str]


@dataclass(frozen=True)
class Compared:
    """Findings beside a baseline."""

    new: tuple[Diagnostic, ...]
    known: int
    stale: tuple[str, ...]
    """What entries were about that no finding has any more."""


def read_baseline(file: Path) -> Baseline:
    """Read a baseline. Raises `UserError` for what is none."""
    try:
        document: object = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{file}: {error.strerror}; `--baseline {file} --baseline-update` makes it"
        ) from error
    except ValueError as error:
        raise UserError(f"{file}: is no baseline of hwlint ({error})") from error
    table = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    entries = table.get("findings")
    if table.get("version") != _VERSION or not isinstance(entries, dict):
        raise UserError(f"{file}: is no baseline of hwlint (version {_VERSION})")
    return Baseline({k: str(v) for k, v in cast("dict[str, object]", entries).items()})


def compare(
    baseline: Baseline, findings: Sequence[Diagnostic], root: Path, looked_at: frozenset[str]
) -> Compared:
    """Leave out what the baseline knows. Only entries about files in `looked_at` (relative to
    `root`) can be stale: a check of one file says nothing of the others."""
    found = list(fingerprints(findings, str(root)))
    met = {print_ for _, print_ in found}
    stale = tuple(
        about
        for print_, about in baseline.entries.items()
        if print_ not in met and about.partition(":")[0] in looked_at
    )
    fresh = {id(d) for d, print_ in found if print_ not in baseline.entries}
    new = tuple(d for d in findings if id(d) in fresh)
    return Compared(new, len(findings) - len(new), stale)


def without(prints: frozenset[str], findings: Sequence[Diagnostic], root: Path) -> Compared:
    """Leave out the findings with one of these fingerprints."""
    fresh = {id(d) for d, print_ in fingerprints(findings, str(root)) if print_ not in prints}
    new = tuple(d for d in findings if id(d) in fresh)
    return Compared(new, len(findings) - len(new), ())


def write_baseline(file: Path, findings: Sequence[Diagnostic], root: Path) -> int:
    """Write all findings as known, whole or not at all; returns how many there are."""
    entries = {print_: _about(d, root) for d, print_ in fingerprints(findings, str(root))}
    ordered = dict(sorted(entries.items(), key=lambda item: (item[1], item[0])))
    text = json.dumps({"version": _VERSION, "findings": ordered}, indent=2, ensure_ascii=False)
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(file)
    return len(entries)


def _about(found: Diagnostic, root: Path) -> str:
    path = Path(found.anchor.path)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return f"{shown}: {found.code} {found.name}"
