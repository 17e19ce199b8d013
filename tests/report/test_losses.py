"""The line that says what findings cost together."""

import re
from pathlib import Path

import pytest

from hwlint.engine.run import Options, check
from hwlint.report.words import loss_lines

NET = """\
import torch.nn as nn


class Net(nn.Module):
    # hwlint: input(1, 64, 20, 20)
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(64, WIDTH, 3)
        self.second = nn.Conv2d(WIDTH, 64, 3)

    def forward(self, x):
        return self.second(self.first(x))
"""


@pytest.fixture
def lines(tmp_path: Path):
    """Return a function that gives the lines for Net with a width."""

    def told(width: int, *devices: str) -> list[str]:
        (tmp_path / "net.py").write_text(NET.replace("WIDTH", str(width)))
        options = Options(devices=devices, select=("HW1",), jobs=1, cache=False)
        return loss_lines(check([tmp_path / "net.py"], options))

    return told


def test_what_findings_cost_is_added_up_by_device(lines):
    told = lines(33, "ethos-u55-128", "stm32h743")
    (line,) = told
    found = re.fullmatch(
        r"2 findings cost an estimated (\d+) % of latency on ethos-u55-128\.", line
    )
    assert found
    assert 20 < int(found[1]) < 60


def test_nothing_is_said_where_nothing_is_lost(lines):
    assert lines(64, "ethos-u55-128") == []
