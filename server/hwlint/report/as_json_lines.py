"""One JSON object a line and a finding, with the fields that `as_json` gives it."""

import json
from pathlib import Path

from hwlint.engine.run import CheckResult
from hwlint.report.as_json import finding

__all__ = ["render"]


def render(result: CheckResult, base: Path) -> str:
    """Return the lines."""
    objects = (finding(diagnostic, base) for diagnostic in result.findings)
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in objects)
