"""GitLab's code quality report.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

import json
from pathlib import Path

from hwlint.engine.fingerprint import fingerprints
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, in_file, where

__all__ = ["render"]

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def render(result: CheckResult, base: Path) -> str:
    """Return the JSON text: a list with one object a finding."""
    items = [
        {
            "description": clean(f"{found.code} {found.name}: {found.message}"),
            "check_name": found.name,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[found.severity],
            "location": {
                "path": where(found.anchor.path, base),
                "lines": {"begin": place.line + 1, "end": place.end_line + 1},
            },
        }
        for found, fingerprint in fingerprints(result.findings, str(base))
        for place in (in_file(found.anchor),)
    ]
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"
