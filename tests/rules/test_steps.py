"""What HW101 says where the estimate knows how a layer's time steps with its channels."""

from pathlib import Path

import pytest

from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import Options, check

MODEL = """\
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(64, WIDTH, KERNEL)
        self.layer = nn.Conv2d(WIDTH, 64, KERNEL)
        self.last = nn.Conv2d(64, 64, 1)

    def forward(self, x):
        return self.last(self.layer(self.first(x)))
"""
SETTINGS = """\
[tool.hwlint.models."net:Net"]
inputs = ["1x64x20x20"]
"""
FIRST, LAYER = 5, 6  # lines, 0-based


def checked(folder: Path, width: int, kernel: int, device: str) -> tuple[Diagnostic, ...]:
    text = MODEL.replace("WIDTH", str(width)).replace("KERNEL", str(kernel))
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "net.py").write_text(text)
    return check([folder], Options(devices=(device,), select=("HW101",), jobs=1)).findings


@pytest.fixture
def steps(tmp_path: Path):
    """Return (channels, channels before the step): times as long, of each line."""

    def told(width: int, kernel: int, device: str) -> dict[int, dict[tuple[int, int], float]]:
        found: dict[int, dict[tuple[int, int], float]] = {}
        for one in checked(tmp_path, width, kernel, device):
            told = {(value, before): times for value, before, times in one.data["steps"]}
            found[one.anchor.line] = told
        return found

    return told


def test_a_channel_beyond_a_step_is_told_with_its_price(steps):
    found = steps(33, 3, "ethos-u55-128")
    assert found[LAYER][33, 32] > 1.8
    assert 1.15 < found[FIRST][33, 32] < 1.3


def test_what_takes_no_longer_than_a_full_tile_is_not_told(steps):
    """Of 50 inputs the time is that of 64 and of 33; as outputs they are beyond 48."""
    found = steps(50, 3, "ethos-u55-128")
    assert (50, 48) in found[FIRST]
    assert (50, 48) not in found[LAYER]
    assert found[LAYER][50, 32] > 1.8


def test_pointwise_inputs_cost_a_step_on_the_u85_only(steps):
    assert steps(65, 1, "ethos-u85-256")[LAYER][65, 64] > 1.5
    assert (65, 64) not in steps(65, 1, "ethos-u55-256").get(LAYER, {})


def test_the_next_number_is_where_the_step_ends(tmp_path: Path):
    """232 inputs of a 1x1 convolution take as long as 240 and 256 (ethos-u-vela 5.2.0, a map of
    28x28 and 232 outputs: 370,304, 370,432 and 370,192 cycles)."""
    (found,) = [x for x in checked(tmp_path, 232, 1, "ethos-u55-128") if x.anchor.line == LAYER]
    assert found.data["dimensions"] == [[232, 256]]
    assert "use multiples of 32" in found.rows[0].advice
    assert "232 inputs of a 1x1 kernel take 1." in found.rows[0].why
    assert ": the time steps every 32, tiles are of 16" in found.rows[0].why


def test_the_tile_that_is_meant_is_named(tmp_path: Path):
    first, layer = sorted(
        checked(tmp_path, 33, 3, "ethos-u55-128"), key=lambda found: found.anchor.line
    )
    assert "33 outputs take 1." in first.rows[0].why
    assert "(tile of 8)" in first.rows[0].why
    assert "33 inputs of a kxk kernel take 1." in layer.rows[0].why
    assert "(tile of 16)" in layer.rows[0].why


def test_the_next_number_is_where_a_channel_costs_no_more(tmp_path: Path):
    """72 inputs of a 1x1 convolution with 432 outputs on a map of 7x7 take 40,496 cycles, 64 take
    31,984; 80 and 88 take 43,952 and 47,392, 96 take 45,808 (ethos-u-vela 5.2.0)."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS.replace("1x64x20x20", "1x240x7x7"))
    text = MODEL.replace("KERNEL", "1").replace("64", "432").replace("WIDTH", "72")
    (tmp_path / "net.py").write_text(text.replace("432, 72", "240, 72"))
    options = Options(devices=("ethos-u55-128",), select=("HW101",), jobs=1)
    found = check([tmp_path], options).findings
    (one,) = [x for x in found if x.anchor.line == LAYER]
    assert ": the time steps every 32, tiles are of 16" in one.rows[0].why
    assert one.data["dimensions"] == [[72, 96]]


def test_a_few_zeros_among_the_weights_are_no_step(tmp_path: Path):
    """Of a 3x3 convolution with 1024 outputs on a map of 7x7 ethos-u-vela 5.2.0 says that 756
    inputs take 1.04 to 1.06 times as long as 736, after how the weights are distributed."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS.replace("1x64x20x20", "1x64x9x9"))
    text = MODEL.replace("KERNEL", "3", 1).replace("KERNEL", "3, padding=1").replace("WIDTH", "756")
    (tmp_path / "net.py").write_text(
        text.replace("(756, 64", "(756, 1024").replace("(64, 64", "(1024, 64")
    )
    options = Options(devices=("ethos-u55-128",), select=("HW101",), jobs=1)
    found = check([tmp_path], options).findings
    assert [x.anchor.line for x in found if x.anchor.line == LAYER] == []
