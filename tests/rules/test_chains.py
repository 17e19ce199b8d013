"""HW311 on activations that are written out: which of them are one operator."""

from pathlib import Path

import pytest

from hwlint.api import Reading
from hwlint.profile import discover_profiles
from hwlint.reader import Reader, ReadOptions
from hwlint.reader.forward.inputs import ForwardOptions
from hwlint_rules.elementwise_chain import ElementwiseChain

NET = """
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    # hwlint: input(1, 3, 66, 66)
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.last = nn.Conv2d(32, 32, 3)

    def forward(self, x):
        x = self.conv(x)
        return self.last(FORM)
"""
ROW = "torch.abs(torch.sqrt(torch.exp(x * 0.5) + 1) - 1)"
GELU = "0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))"


@pytest.mark.parametrize(
    ("form", "advice"),
    [
        (GELU, 'GELU(approximate="tanh") is one operator here (same result)'),
        ("x * 0.5 * (1 + torch.erf(x / 1.41421))", "GELU is one operator here (same result)"),
        ("x * F.relu6(x + 3) / 6", "Hardswish is one operator here (same result)"),
        ("0.5 * x * (x + 2).clamp(0, 2)", ""),  # a hard Mish
        ("F.relu6(x + 3) / 6", "Hardsigmoid is one operator here (same result)"),
        ("2 * torch.tanh(0.5 * x) + 1", None),  # three passes: the table is no pass
        ("3 * (2 * torch.tanh(0.5 * x) + 1)", ""),
        ("((2 * x + 1) * 3 - 1).relu()", ""),
    ],
)
def test_which_activation_is_written_out(form: str, advice: str | None, tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("FORM", form))
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    profile = discover_profiles(("hwlint_profiles",))["ethos-u55-128"]
    (graph,) = reader.read(str(path)).graphs
    found = list(ElementwiseChain().check(Reading(profile, "int8", graph)))
    assert [finding.advice for finding in found] == ([] if advice is None else [advice])


def test_what_is_computed_from_constants_is_left_alone(tmp_path: Path):
    mask = "x + torch.zeros(1, 32, 64, 64).add(1).mul(2).sub(3).abs().sqrt()"
    path = tmp_path / "net.py"
    path.write_text(NET.replace("FORM", mask))
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    profile = discover_profiles(("hwlint_profiles",))["ethos-u55-128"]
    (graph,) = reader.read(str(path)).graphs
    assert not list(ElementwiseChain().check(Reading(profile, "int8", graph)))


@pytest.mark.parametrize(("form", "number"), [(GELU, 0), (ROW, 1)])
@pytest.mark.parametrize("device", ["raspberry-pi-5", "stm32h743", "coral-edge-tpu"])
def test_what_the_converter_knows_written_out_is_no_row(
    form: str, number: int, device: str, tmp_path: Path
):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("FORM", form))
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    profile = discover_profiles(("hwlint_profiles",))[device]
    (graph,) = reader.read(str(path)).graphs
    assert len(list(ElementwiseChain().check(Reading(profile, "int8", graph)))) == number


SKIPPED = """
import torch.nn as nn

class Affine(nn.Module):
    def forward(self, x):
        return x * 2 + 1

class Block(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.conv = nn.Conv2d(32, 32, 3, stride, 1)
        self.stride = stride
        self.first, self.act, self.last = Affine(), nn.Hardswish(), Affine()

    def forward(self, x):
        x = self.first(self.conv(x))
        if self.stride != 2:
            x = self.last(self.act(x))
        return x

class Net(nn.Module):
    # hwlint: input(1, 32, 64, 64)
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Block(stride) for stride in (1, 2, 1, 2, 1)])

    def forward(self, x):
        return self.body(x)
"""


@pytest.mark.parametrize("strides", ["1, 2, 1, 2, 1", "2, 1, 2, 1, 2, 2, 1"])
def test_shorter_rows_of_the_same_line_do_not_count(told, strides: str):
    source = SKIPPED.replace("1, 2, 1, 2, 1", strides)
    (found,) = told(ElementwiseChain, source, "stm32h743")
    assert found.message.startswith("5 element-wise operators in a row pass over")
    assert "in 3 places of the model" in found.message
    (alone,) = told(ElementwiseChain, SKIPPED.replace("1, 2, 1, 2, 1", "1,"), "stm32h743")
    assert "places" not in alone.message
    assert not told(ElementwiseChain, SKIPPED.replace("1, 2, 1, 2, 1", "2, 2"), "stm32h743")


def test_longer_rows_of_the_same_line_are_told_with_the_others(told):
    source = SKIPPED.replace("self.last(self.act(x))", "self.act(x).exp()")
    source = source.replace("x = self.first(self.conv(x))", "x = self.first(self.conv(x)).exp()")
    source = source.replace("return x\n\nclass Net", "return self.last(x)\n\nclass Net")
    (found,) = told(ElementwiseChain, source, "stm32h743")
    assert found.message.startswith("5 or 7 element-wise operators in a row pass over")
    assert "in 5 places of the model" in found.message
    assert found.data["operators"] == ["mul", "add", "exp", "hardswish", "exp", "mul", "add"]
