"""JUnit's XML: a test suite for each file that has findings, a failed test case for each finding.

Source: https://github.com/testmoapp/junitxml (there is no official schema)
"""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, in_file, where

__all__ = ["render"]


def render(result: CheckResult, base: Path) -> str:
    """Return the XML text. A run without findings has one test case that passed."""
    files: dict[str, list[Diagnostic]] = {}
    for found in result.findings:
        files.setdefault(where(found.anchor.path, base), []).append(found)
    count = str(len(result.findings))
    top = ET.Element("testsuites", name="hwlint", tests=str(max(1, int(count))), failures=count)
    for path, findings in sorted(files.items()):
        top.append(_suite(path, findings))
    if not files:
        suite = ET.SubElement(top, "testsuite", name="hwlint", tests="1", failures="0")
        ET.SubElement(suite, "testcase", name="no findings", classname="hwlint")
    ET.indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(top, encoding="unicode")}\n'


def _suite(path: str, findings: Iterable[Diagnostic]) -> ET.Element:
    cases = [_case(path, found) for found in findings]
    number = str(len(cases))
    suite = ET.Element("testsuite", name=clean(path), tests=number, failures=number)
    suite.extend(cases)
    return suite


def _case(path: str, found: Diagnostic) -> ET.Element:
    place = in_file(found.anchor)
    line, column = place.line + 1, place.col + 1
    case = ET.Element(
        "testcase",
        name=f"{found.code} {found.name} ({line}:{column})",
        classname=clean(path),
        file=clean(path),
        line=str(line),
    )
    failure = ET.SubElement(case, "failure", message=clean(found.message), type=found.severity)
    rows = [f"{row.device} {row.dtype}: {row.why}" for row in found.rows if row.why]
    failure.text = "\n".join(
        clean(text) for text in (f"{path}:{line}:{column}", *rows, found.advice) if text
    )
    return case
