"""Every rule that proposes changes, on its own examples."""

import ast
import textwrap
from collections.abc import Callable

import pytest

from hwlint.api import Rule
from hwlint.engine.registry import discover_rules
from hwlint.source import decode_source
from hwlint.source.changes import written_number
from hwlint.source.edits import Positions

NUMBERS_ONLY = {"HW101", "HW102", "HW103", "HW104", "HW105"}
FIXED = {*NUMBERS_ONLY, "HW201", "HW301", "HW302", "HW303", "HW304", "HW306", "HW308", "HW401"}
"""Rules that propose changes."""
LEFT_ALONE = {
    ("HW103", 1),  # heads that forward cuts by itself
    ("HW103", 2),
    ("HW306", 1),  # a value that the model returns
    ("HW401", 1),  # has no counterpart for channels
}
"""Examples without a fix."""


def examples() -> list[object]:
    return [
        pytest.param(rule, number, device, id=f"{rule.code}-{number}-{device}")
        for rule in discover_rules(["hwlint_rules"])
        if rule.code in FIXED
        for number in range(len(rule.INVALID))
        for device in rule.example_devices
    ]


def test_no_other_rule_proposes_a_change(fixing: Callable[..., object]):
    others = [r for r in discover_rules(["hwlint_rules"]) if r.code not in FIXED and r.INVALID]
    files = {
        f"{rule.code.lower()}_{number}.py": textwrap.dedent(text)
        for rule in others
        for number, text in enumerate(rule.INVALID)
    }
    devices = sorted({d.partition(" ")[0] for rule in others for d in rule.example_devices})
    codes = tuple(rule.code for rule in others)
    found = fixing(files, device=",".join(devices), select=codes).check().findings
    assert len({d.code for d in found}) > 20
    assert not [(d.code, d.message) for d in found if d.changes]


@pytest.mark.parametrize(("rule", "number", "device"), examples())
def test_after_the_fix(rule: type[Rule], number: int, device: str, fixing: Callable[..., object]):
    name, _, dtype = device.partition(" ")
    text = textwrap.dedent(rule.INVALID[number])
    project = fixing(text, device=name, dtype=dtype or None, select=(rule.code, "HW001", "HW002"))
    before = project.check().findings
    mended = project.mend()
    assert bool(mended.made) == ((rule.code, number) not in LEFT_ALONE)
    if not mended.made:
        return
    for made in mended.made:
        assert made.found.code == rule.code
        assert made.fix.safe == ("(changes" not in made.fix.title)
        if rule.code in NUMBERS_ONLY:
            source = decode_source("net.py", text.encode())
            for edit in made.fix.edits:
                assert written_number(Positions(source.text).read(edit.place)) is not None
                assert written_number(edit.text) is not None
    project.apply(mended)
    ast.parse(project.text())
    after = project.check().findings
    assert len(after) < len(before)
    assert {d.code for d in after} <= {rule.code}
    again = project.mend()
    assert (again.made, again.after) == ([], {})
