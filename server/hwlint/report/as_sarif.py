"""SARIF 2.1.0, as GitHub's code scanning and other viewers take it.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from hwlint import __version__
from hwlint.api import Edit, Fix
from hwlint.engine.findings import Diagnostic
from hwlint.engine.fingerprint import fingerprints
from hwlint.engine.registry import Page, pages
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, in_file, quoted, where
from hwlint.source.spans import Place

__all__ = ["render"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def render(result: CheckResult, base: Path) -> str:
    """Return the JSON text: one run, its rules, its findings. Columns count code points."""
    known = pages()
    codes = sorted({found.code for found in result.findings})
    driver = {
        "name": "hwlint",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(known[code]) for code in codes if code in known],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": f"{base.as_uri()}/"}},
        "results": [
            _result(found, fingerprint, codes.index(found.code), base)
            for found, fingerprint in fingerprints(result.findings, str(base))
        ],
        "invocations": [{"executionSuccessful": not result.incomplete, **_notes(result, base)}],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(page: Page) -> dict[str, object]:
    first = page.text.strip().partition("\n\n")[0].replace("\n", " ")
    return {
        "id": page.code,
        "name": page.name,
        "shortDescription": {"text": first},
        "fullDescription": {"text": first},
        "help": {"text": page.text},
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
    }


def _result(found: Diagnostic, fingerprint: str, rule: int, base: Path) -> dict[str, object]:
    rows = [f"{row.device} {row.dtype}: {row.why}" for row in found.rows if row.why]
    text = "\n".join(clean(line) for line in (found.message, *rows, found.advice) if line)
    item: dict[str, object] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": text},
        "locations": [_location(found.anchor, base)],
        "partialFingerprints": {"hwlint/v1": fingerprint},
        "properties": {"devices": [row.device for row in found.rows], "cost": found.cost},
    }
    if found.fix is not None:
        item["fixes"] = [_fix(found.fix, base)]
    related = [
        {"id": number, **_location(each.place, base), "message": {"text": clean(each.message)}}
        for number, each in enumerate(found.related)
    ]
    return {**item, "relatedLocations": related} if related else item


def _fix(fix: Fix, base: Path) -> dict[str, object]:
    """Return a fix: for each file what stands where, in place of what."""
    files: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        files.setdefault(edit.place.path, []).append(edit)
    changes = [
        {
            "artifactLocation": _artifact(edits[0].place, base),
            "replacements": [
                {"deletedRegion": _region(e.place), "insertedContent": {"text": quoted(e)}}
                for e in edits
            ],
        }
        for edits in files.values()
    ]
    return {"description": {"text": clean(fix.title)}, "artifactChanges": changes}


def _location(place: Place, base: Path) -> dict[str, object]:
    location = {"artifactLocation": _artifact(place, base), "region": _region(place)}
    return {"physicalLocation": location}


def _region(within: Place) -> dict[str, int]:
    place = in_file(within)
    return {
        "startLine": place.line + 1,
        "startColumn": place.col + 1,
        "endLine": place.end_line + 1,
        "endColumn": place.end_col + 1,
    }


def _artifact(place: Place, base: Path) -> dict[str, str]:
    if Path(place.path).is_relative_to(base):
        return {"uri": quote(where(place.path, base)), "uriBaseId": "SRCROOT"}
    return {"uri": Path(place.path).as_uri()}


def _notes(result: CheckResult, base: Path) -> dict[str, object]:
    """What was not read: silence about it must not look like a clean bill."""
    coverage = result.coverage
    texts: Iterable[str] = (
        f"Read {coverage.full} of {coverage.total} entry points fully.",
        *(f"{where(i.path, base)}: {i.reason}" for i in result.incomplete),
    )
    notes = [{"message": {"text": clean(text)}, "level": "note"} for text in texts]
    return {"toolExecutionNotifications": notes}
