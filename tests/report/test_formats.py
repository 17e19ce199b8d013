"""Each format of `check` on one made-up result; the expected texts stand beside this file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hwlint.api import Related
from hwlint.engine.config import Config
from hwlint.engine.coverage import Coverage, Gap
from hwlint.engine.findings import Diagnostic, Row
from hwlint.engine.run import CheckResult, Incomplete
from hwlint.graph import Missing
from hwlint.report import as_json, concise, full
from hwlint.report.paint import Coloured
from hwlint.source.spans import Place

SOURCE = """import torch.nn as nn


class Net(nn.Module):
    def __init__(self, num_classes=10):
        width = 100
        self.stem = nn.Conv2d(3, width, 3)
        self.head = nn.Linear(width, num_classes)
\tself.odd = "日本", nn.SiLU()
"""
EXPECTED = Path(__file__).parent / "expected"


@pytest.fixture
def result(tmp_path: Path) -> CheckResult:
    net = tmp_path / "models" / "net.py"
    net.parent.mkdir()
    net.write_text(SOURCE, encoding="utf-8")
    path = str(net)
    tile, step = "tile 8 [vendor guide]", "step 16 [vendor compiler]"
    h100 = Row("h100-sxm", "bf16", "100 -> 104", tile, "use 104", 0.038, 0.02, "net_large")
    ethos = Row("ethos-u55", "int8", "100 -> 112", step, "use 112", 0.1, 0.01, "net_small")
    channels = Diagnostic(
        "HW101",
        "misaligned-channels",
        "warning",
        Place(path, 5, 16, 5, 19),
        "100 -> 104",
        "use 104",
        (h100, ethos),
        (
            Related(Place(path, 6, 20, 6, 42), "the convolution"),
            Related(Place(str(tmp_path / "train.py"), 1, 0, 1, 3), "built here"),
        ),
        3,
        4,
        "net_large",
        0.02,
        {"value": 100, "padded": 104},
    )
    activation = Diagnostic(
        "HW201",
        "float-only-activation",
        "error",
        Place(path, 8, 18, 8, 27),
        "SiLU has no int8 kernel",
        rows=(Row("ethos-u55", "int8", "SiLU has no int8 kernel", "", "", None, None),),
        contexts=1,
        of=1,
        worst="Net",
    )
    gap = Gap("cfg is not known", 2, "build", Place(str(tmp_path / "train.py"), 4, 0, 4, 3))
    return CheckResult(
        (channels, activation),
        Coverage(2, 4, (gap,)),
        (("h100-sxm", "bf16"), ("ethos-u55", "int8")),
        (Config(given=frozenset({"devices"})),),
        3,
        1,
        (Incomplete(str(tmp_path / "big.py"), "stopped after 60 s"),),
        (Missing(Place(path, 1, 2, 1, 9), "not understood: # hwlint: ignore"),),
        failing=True,
    )


def test_full(result: CheckResult, tmp_path: Path):
    expected = (EXPECTED / "full.txt").read_text(encoding="utf-8")
    assert full.render(result, tmp_path) == expected


def test_concise(result: CheckResult, tmp_path: Path):
    expected = (EXPECTED / "concise.txt").read_text(encoding="utf-8")
    assert concise.render(result, tmp_path) == expected


def test_json(result: CheckResult, tmp_path: Path):
    expected = (EXPECTED / "check.json").read_text(encoding="utf-8")
    assert as_json.render(result, tmp_path) == expected
    assert json.loads(expected)["version"] == 1


def test_colours_change_no_text(result: CheckResult, tmp_path: Path):
    from rich.text import Text

    coloured = full.render(result, tmp_path, Coloured())
    assert "\x1b[1;31m" in coloured
    assert "]8;id=" in coloured
    assert Text.from_ansi(coloured).plain == full.render(result, tmp_path)


def test_no_findings_still_say_what_was_read(result: CheckResult, tmp_path: Path):
    empty = replace(result, findings=(), incomplete=(), suppressed=0)
    assert full.render(empty, tmp_path).startswith("No findings in 3 files · h100-sxm (bf16)")
    assert "Read 2 of 4 entry points fully; 2 not:" in full.render(empty, tmp_path)


def test_nothing_to_read_does_not_look_clean(result: CheckResult, tmp_path: Path):
    nothing = replace(result, findings=(), incomplete=(), coverage=Coverage(0, 0))
    assert "No entry point found" in full.render(nothing, tmp_path)
    assert "\x1b[1;32m" not in full.render(nothing, tmp_path, Coloured())


def test_an_assumed_device_is_said(result: CheckResult, tmp_path: Path):
    assumed = replace(result, configs=(Config(),), targets=(("h100-sxm", "bf16"),))
    said = "assumed h100-sxm in bf16, batch 1, inference"
    assert said in full.render(assumed, tmp_path)
    assert said not in full.render(result, tmp_path)


def test_a_long_line_is_cut_around_the_anchor(result: CheckResult, tmp_path: Path):
    text = "x = [" + "1, " * 200 + "100]"
    path = tmp_path / "models" / "long.py"
    path.write_text(text)
    start = text.index("100]")
    moved = replace(result.findings[0], anchor=Place(str(path), 0, start, 0, start + 3))
    lines = full.render(replace(result, findings=(moved,)), tmp_path, width=80).splitlines()
    assert max(len(line) for line in lines[:4]) <= 100
    caret = next(line for line in lines if "^^^" in line)
    excerpt = lines[lines.index(caret) - 1]
    assert excerpt[caret.index("^") :].startswith("100]")


def test_a_source_cannot_command_the_terminal(result: CheckResult, tmp_path: Path):
    path = tmp_path / "models" / "evil.py"
    path.write_text("a = '\x1b[2J\x07' + nn.SiLU()")
    bad = replace(result.findings[1], anchor=Place(str(path), 0, 14, 0, 20), message="\x1b[2J")
    for text in (
        full.render(replace(result, findings=(bad,)), tmp_path),
        concise.render(replace(result, findings=(bad,)), tmp_path),
    ):
        assert "\x1b" not in text
        assert "\x07" not in text


def test_a_file_that_is_gone_is_reported_without_its_source(result: CheckResult, tmp_path: Path):
    gone = replace(result.findings[1], anchor=Place(str(tmp_path / "gone.py"), 3, 0, 3, 1))
    text = full.render(replace(result, findings=(gone,)), tmp_path)
    assert text.startswith("gone.py:4:1  HW201 float-only-activation  error\n  = SiLU")


def test_statistics_count_by_rule(result: CheckResult):
    doubled = replace(result, findings=(*result.findings, result.findings[1]))
    assert full.statistics(doubled) == (
        "     2  HW201 float-only-activation\n     1  HW101 misaligned-channels\n"
    )


def test_long_notes_are_wrapped_and_devices_that_say_the_same_stand_together(
    result: CheckResult, tmp_path: Path
):
    rows = tuple(
        Row(device, "int8", "same", "a reason that goes on " * 8, "", None, None)
        for device in ("ethos-u55", "stm32h743")
    )
    finding = replace(result.findings[0], message="same", rows=rows, advice="do this " * 20)
    text = full.render(replace(result, findings=(finding,)), tmp_path, width=80)
    block = text.partition("\n\n")[0].splitlines()
    assert max(map(len, block)) <= 80
    notes = [line for line in block if line.startswith("  = ")]
    assert [note[4:20] for note in notes] == [
        "ethos-u55, stm32",
        "do this do this ",
        "also at 7, train",
    ]
