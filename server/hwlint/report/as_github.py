"""Workflow commands of GitHub Actions: annotations at the lines of a pull request.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from pathlib import Path

from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, in_file, where

__all__ = ["render"]

_KINDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(result: CheckResult, base: Path) -> str:
    """Return one command a finding. Lines and columns from 1."""
    return "".join(f"{_command(d, base)}\n" for d in result.findings)


def _command(found: Diagnostic, base: Path) -> str:
    place = in_file(found.anchor)
    properties = {
        "file": where(place.path, base),
        "line": str(place.line + 1),
        "endLine": str(place.end_line + 1),
        "title": f"{found.code} {found.name}",
    }
    if place.line == place.end_line:  # GitHub takes columns of a single line only
        properties |= {"col": str(place.col + 1), "endColumn": str(place.end_col + 1)}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    lines = [found.message, *(f"{r.device} {r.dtype}: {r.why}" for r in found.rows if r.why)]
    text = "\n".join(clean(line) for line in (*lines, found.advice) if line)
    return f"::{_KINDS[found.severity]} {said}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
