from collections.abc import Mapping

import pytest

from hwlint.api import Finding, Related, Rule
from hwlint.engine.analysis import Crash, EntryResult, FileResult, Raised
from hwlint.engine.config import Config
from hwlint.engine.findings import Diagnostic, collect
from hwlint.graph import EntryPoint, Missing
from hwlint.source.spans import Place

NET, TRAIN, LIBRARY = "/w/net.py", "/w/train.py", "/site/lib/block.py"
OWNED = frozenset({NET, TRAIN})


class Wide(Rule):
    """Reports."""

    code = "HW901"
    name = "too-wide"


def place(path: str, line: int) -> Place:
    return Place(path, line, 4, line, 7)


def entry(name: str, *places: Place, path: str = NET) -> EntryResult:
    point = EntryPoint(name, "factory", place(path, len(name)), path, "net")
    return EntryResult(point, True, (), frozenset(places))


def raised(number: int | None, finding: Finding, device: str = "a") -> Raised:
    return Raised("HW901", device, "int8", number, finding)


def merged(*results: FileResult, severity: Mapping[str, str] | None = None):
    return collect(results, [Wide], Config(severity=severity or {}), OWNED)


def only(found: tuple[Diagnostic, ...]) -> Diagnostic:
    assert len(found) == 1
    return found[0]


def test_contexts_and_devices_become_one_finding():
    at = place(NET, 3)
    entries = (entry("small", at), entry("large", at), entry("tiny", at), entry("other"))
    result = FileResult(
        NET,
        entries,
        (
            raised(0, Finding(at, "small", share=0.1, model_share=0.01)),
            raised(1, Finding(at, "large", share=0.2, model_share=0.05)),
            raised(1, Finding(at, "large on b", share=0.4, model_share=0.20), "b"),
        ),
    )
    found = only(merged(result))
    assert found.message == "large on b"
    assert (found.contexts, found.of, found.worst) == (2, 3, "large")
    assert [(row.device, row.message) for row in found.rows] == [
        ("b", "large on b"),
        ("a", "large"),
    ]
    assert found.cost == pytest.approx(0.2)


def test_contexts_of_several_files_are_counted_together():
    at = place(NET, 3)
    first = FileResult(NET, (entry("Net", at),), (raised(0, Finding(at, "m")),))
    second = FileResult(TRAIN, (entry("build", at, path=TRAIN),), (raised(0, Finding(at, "m")),))
    assert (only(merged(first, second)).contexts, only(merged(first, second)).of) == (2, 2)


def test_the_order_of_results_does_not_matter():
    at = place(NET, 3)
    results = [
        FileResult(NET, (entry(name, at),), (raised(0, Finding(at, f"by {name}")),))
        for name in ("ab", "c", "d")
    ]
    assert merged(*results) == merged(*reversed(results))


def test_a_related_place_reaches_contexts_too():
    literal, call = place(NET, 3), place(NET, 9)
    entries = (entry("ab", call), entry("b", call), entry("c"))
    finding = Finding(literal, "m", related=(Related(call, "here"),))
    found = only(merged(FileResult(NET, entries, (raised(0, finding),))))
    assert (found.contexts, found.of) == (1, 2)


def test_a_finding_in_a_library_moves_to_the_users_literal():
    finding = Finding(
        place(LIBRARY, 50), "m", alternatives=(place(LIBRARY, 3), place(TRAIN, 7), place(NET, 1))
    )
    found = only(merged(FileResult(TRAIN, (entry("build"),), (raised(0, finding),))))
    assert found.anchor == place(TRAIN, 7)
    assert not found.related


def test_a_finding_without_a_place_of_the_users_is_not_shown():
    finding = Finding(place(LIBRARY, 50), "m", alternatives=(place(LIBRARY, 3),))
    assert merged(FileResult(TRAIN, (entry("build"),), (raised(0, finding),))) == ()


def test_the_costliest_comes_first_then_the_place():
    findings = [
        Finding(place(NET, 9), "c", model_share=0.1),
        Finding(place(NET, 3), "b", model_share=0.1),
        Finding(place(NET, 30), "a", model_share=0.5),
    ]
    result = FileResult(NET, (entry("Net"),), tuple(raised(0, f) for f in findings))
    assert [d.message for d in merged(result)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ({}, "warning"),
        ({"HW901": "error"}, "error"),
        ({"too-wide": "info", "HW901": "error"}, "info"),
        ({"HW9": "info"}, "info"),
        ({"HW9": "info", "HW901": "error"}, "error"),
        ({"ALL": "info", "HW8": "error"}, "info"),
    ],
)
def test_configured_severities(severity: Mapping[str, str], expected: str):
    result = FileResult(NET, (entry("Net"),), (raised(0, Finding(place(NET, 3), "m")),))
    assert only(merged(result, severity=severity)).severity == expected


def test_off_means_not_reported():
    result = FileResult(NET, (entry("Net"),), (raised(0, Finding(place(NET, 3), "m")),))
    assert merged(result, severity={"HW901": "off"}) == ()


def test_a_finding_about_a_file_has_no_contexts():
    found = only(merged(FileResult(NET, (), (raised(None, Finding(place(NET, 3), "m")),))))
    assert (found.contexts, found.of, found.worst) == (0, 0, "")


def test_syntax_problems_and_crashes_are_findings_of_the_engine():
    result = FileResult(
        NET,
        crashes=(
            Crash("HW901", place(NET, 3), "Net", "ZeroDivisionError: x"),
            Crash("HW901", place(NET, 3), "Net", "ZeroDivisionError: x"),
        ),
        problems=(Missing(place(NET, 8), "bracket is never closed"),),
    )
    found = merged(result)
    assert [(d.code, d.severity, d.anchor.line) for d in found] == [
        ("HW004", "error", 3),
        ("HW001", "error", 8),
    ]
    assert found[0].message == "HW901 failed on Net: ZeroDivisionError: x"
