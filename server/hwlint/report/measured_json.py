"""What was measured, for programs."""

import json
from collections.abc import Sequence
from pathlib import Path

from hwlint.engine.findings import Diagnostic
from hwlint.measure.compare import Comparison
from hwlint.measure.job import Job, Result, as_json
from hwlint.measure.operators import Line
from hwlint.report.as_json import finding
from hwlint.report.lines import cell_of, where

__all__ = ["comparison_json", "result_json"]


def result_json(
    job: Job,
    result: Result,
    lines: Sequence[Line],
    base: Path,
    findings: Sequence[Diagnostic] = (),
    host: Sequence[Line] = (),
) -> str:
    """Return one measurement, and what was found of it. `host`: what a compiler leaves there."""
    document = {
        "version": 1,
        **_one(job, result, lines, base),
        "host_lines": [_line(line, base) for line in host],
        **_findings(findings, base),
    }
    return json.dumps(document, indent=2) + "\n"


def comparison_json(
    first: Job,
    second: Job,
    compared: Comparison,
    base: Path,
    findings: Sequence[Diagnostic] = (),
) -> str:
    """Return a comparison: both measurements, how much time B takes for each second of A, and why
    nothing is said of it where nothing is."""
    document = {
        "version": 1,
        "a": _one(first, compared.first, (), base),
        "b": _one(second, compared.second, (), base),
        "ratio": None if compared.refused else compared.ratio,
        "refused": compared.refused or None,
        **_findings(findings, base),
    }
    return json.dumps(document, indent=2) + "\n"


def _findings(findings: Sequence[Diagnostic], base: Path) -> dict[str, object]:
    return {"findings": [finding(each, base) for each in findings]}


def _one(job: Job, result: Result, lines: Sequence[Line], base: Path) -> dict[str, object]:
    told = {"kind": job.claim, **json.loads(as_json(result))}
    del told["rival"]
    spec = json.loads(as_json(job))
    kept = ("place", "runner", "context", "inputs", "dtype", "device", "seed", "commit")
    return {
        **{name: spec[name] for name in kept},
        "build": spec["build"]["expression"] if spec["build"] else None,
        **told,
        "lines": [_line(line, base) for line in lines],
    }


def _line(line: Line, base: Path) -> dict[str, object]:
    found: dict[str, object] = {"file": None, "line": None}
    if line.place is not None:
        cell, inside = cell_of(line.place)
        found = {"file": where(line.place.path, base), "line": inside.line + 1}
        found |= {"cell": cell} if cell else {}
    return {
        **found,
        "seconds": line.seconds,
        "share": line.share,
        "operators": list(line.operators),
        "modules": line.modules,
    }
