"""What the budget rules say: numbers, lines that cost most, and what the device has itself."""

from pathlib import Path
from textwrap import dedent

import pytest

from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import Options, check

NET = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3)
        self.last = nn.Conv2d(width, 8, 1)

    def forward(self, x):
        return self.last(self.first(x))
"""
CONFIG = """\
devices = ["stm32h743"]

[models."net:Net"]
inputs = ["1x3x66x66"]
"""


@pytest.fixture
def found(tmp_path: Path):
    """Return a function that checks Net and gives the findings by code."""

    def run(width: int, budget: str = "") -> dict[str, Diagnostic]:
        (tmp_path / "net.py").write_text(NET.replace("WIDTH", str(width)))
        own = (
            f'\n[[budgets]]\nmodel = "net:Net"\ndevice = "stm32h743"\n{budget}\n' if budget else ""
        )
        (tmp_path / "hwlint.toml").write_text(CONFIG + own)
        options = Options(select=("HW503", "HW6"), jobs=1, cache=False)
        return {d.code: d for d in check([tmp_path], options).findings}

    return run


def test_a_budget_names_the_lines_that_cost_most(found):
    told = found(64, "flash_kb = 2\nsram_kb = 200\nlatency_ms = 1")
    assert set(told) == {"HW601", "HW602", "HW603"}
    assert {d.severity for d in told.values()} == {"error"}
    assert {d.anchor.line for d in told.values()} == {3}
    # 64 * (3 * 9 + 1) weights, 8 * (64 + 1) more: 2312 bytes.
    assert told["HW602"].message.startswith(
        "the weights take 2.26 KiB, 13 % more than its budget of 2 KiB"
    )
    assert told["HW602"].advice == "most of it: line 7 78 %, line 8 22 %"
    # 64 maps of 64 x 64 and 8 more, in int8: 288 KiB.
    assert told["HW603"].message.startswith("activations take 288 KiB at their peak")
    assert "line 7" in told["HW601"].advice


def test_what_is_within_its_budget(found):
    assert not found(64, "flash_kb = 3\nsram_kb = 300\nlatency_ms = 1000")


def test_the_device_itself_is_too_small(found):
    told = found(256)
    assert set(told) == {"HW503"}
    assert told["HW503"].message == (
        "1,056 KiB of activations are alive here; the device has 1,024 KiB"
    )
    assert told["HW503"].severity == "warning"


def test_a_budget_goes_before_the_size_of_the_device(found):
    assert set(found(256, "flash_kb = 5")) == {"HW503", "HW602"}


BUDGET = """
[[budgets]]
model = "net:Net"
device = "stm32h743"
flash_kb = 1
"""


def test_shares_are_of_all_weights_and_not_of_those_in_layers(tmp_path: Path):
    text = """
    import torch
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.own = nn.Parameter(torch.zeros(3, 1000))
            self.fc = nn.Linear(1000, 1, bias=False)
    """
    (tmp_path / "net.py").write_text(dedent(text))
    (tmp_path / "hwlint.toml").write_text(CONFIG + BUDGET)
    (found,) = check([tmp_path], Options(select=("HW602",), jobs=1, cache=False)).findings
    assert found.advice == "most of it: parameters in no layer 75 %, line 9 25 %"
