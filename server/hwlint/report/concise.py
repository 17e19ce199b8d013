"""One line a finding: what editors and scripts read."""

from pathlib import Path

from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, spot

__all__ = ["finding_line", "render"]


def render(result: CheckResult, base: Path) -> str:
    """Return `path:line:col: CODE [name] message` for each finding. Line and column from 1."""
    return "".join(f"{finding_line(d, base)}\n" for d in result.findings)


def finding_line(diagnostic: Diagnostic, base: Path) -> str:
    """Return one finding."""
    place = diagnostic.anchor
    start = f"{spot(place, base)}:{place.col + 1}"
    return clean(f"{start}: {diagnostic.code} [{diagnostic.name}] {diagnostic.message}")
