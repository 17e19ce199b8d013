"""Everything a check found, for programs.

One object. Lines and columns count from 1, columns in code points, ends are exclusive; paths are
relative to the current folder where they lie below it. In a notebook lines count from the start of
the `cell`, and cells from 1, those of text too. `version` changes when a field changes its meaning
or goes; new fields may come at any time.
"""

import json
from pathlib import Path

from hwlint.api import Fix
from hwlint.engine.coverage import Coverage
from hwlint.engine.findings import Diagnostic, Row
from hwlint.engine.run import CheckResult
from hwlint.report.lines import cell_of, where
from hwlint.source.spans import Place

__all__ = ["finding", "render"]

_VERSION = 1


def render(result: CheckResult, base: Path) -> str:
    """Return the JSON text."""
    document = {
        "version": _VERSION,
        "targets": [{"device": d, "dtype": t} for d, t in result.targets],
        "findings": [finding(d, base) for d in result.findings],
        "fixed": [finding(d, base) for d in result.fixed],
        "fixes_hidden": result.hidden,
        "suppressed": result.suppressed,
        "files": result.files,
        "coverage": _coverage(result.coverage, base),
        "incomplete": [
            {"path": where(item.path, base), "reason": item.reason} for item in result.incomplete
        ],
        "unwritten": [
            {"path": where(item.path, base), "reason": item.reason} for item in result.unwritten
        ],
        "notes": [
            {**_place(note.place, base), "message": note.reason}
            for note in result.notes
            if note.place is not None
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def finding(diagnostic: Diagnostic, base: Path) -> dict[str, object]:
    """Return one finding as an object."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        **_place(diagnostic.anchor, base),
        "message": diagnostic.message,
        "advice": diagnostic.advice,
        "devices": [_row(row) for row in diagnostic.rows],
        "related": [
            {**_place(related.place, base), "message": related.message}
            for related in diagnostic.related
        ],
        "contexts": {
            "holds": diagnostic.contexts,
            "of": diagnostic.of,
            "worst": diagnostic.worst or None,
        },
        "cost": diagnostic.cost,
        "data": dict(diagnostic.data),
        "fix": _fix(diagnostic.fix, base),
    }


def _fix(fix: Fix | None, base: Path) -> dict[str, object] | None:
    """Return a fix as an object: edits of the text as it was read, in order of place."""
    if fix is None:
        return None
    edits = [{**_place(edit.place, base), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _place(place: Place, base: Path) -> dict[str, object]:
    cell, inside = cell_of(place)
    return {
        "path": where(place.path, base),
        **({"cell": cell} if cell else {}),
        "line": inside.line + 1,
        "column": place.col + 1,
        "end_line": inside.end_line + 1,
        "end_column": place.end_col + 1,
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "device": row.device,
        "dtype": row.dtype,
        "message": row.message,
        "why": row.why,
        "advice": row.advice,
        "share": row.share,
        "model_share": row.model_share,
        "worst": row.worst or None,
    }


def _coverage(coverage: Coverage, base: Path) -> dict[str, object]:
    return {
        "read": coverage.full,
        "entry_points": coverage.total,
        "percent": round(coverage.percent, 2),
        "gaps": [
            {
                "reason": gap.reason,
                "count": gap.count,
                "entry_point": gap.entry,
                **_place(gap.place, base),
            }
            for gap in coverage.gaps
        ],
        "unbuilt": [
            {"class": item.name, "hint": item.hint, **_place(item.place, base)}
            for item in coverage.unbuilt
        ],
    }
