"""What a result says of notebooks, in terms of their cells."""

from collections.abc import Mapping
from dataclasses import replace

from hwlint.engine.findings import Diagnostic, Row
from hwlint.engine.run import CheckResult
from hwlint.report.lines import by_cell

__all__ = ["by_cells"]


def by_cells(result: CheckResult) -> CheckResult:
    """Return the result with texts that name lines of notebooks by cell. Places stay: each format
    says them in its own way."""
    found = tuple(map(_told, result.findings))
    return replace(result, findings=found, fixed=tuple(map(_told, result.fixed)))


def _told(found: Diagnostic) -> Diagnostic:
    path = found.anchor.path
    if not path.endswith(".ipynb"):
        return found
    related = tuple(replace(r, message=by_cell(r.message, path)) for r in found.related)
    texts: Mapping[str, str] = {
        name: by_cell(getattr(found, name), path) for name in ("message", "advice", "built_by")
    }
    return replace(found, **texts, rows=tuple(_row(r, path) for r in found.rows), related=related)


def _row(row: Row, path: str) -> Row:
    texts = {name: by_cell(getattr(row, name), path) for name in ("message", "why", "advice")}
    return replace(row, **texts)
