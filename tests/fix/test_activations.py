"""Activations that come by another name are exchanged where they are named."""

import ast
from collections.abc import Callable

NET = """\
import torch.nn as nn


class Mlp(nn.Module):
    def __init__(self, dim, act=nn.GELU):
        super().__init__()
        self.fc1 = nn.Conv2d(dim, dim, 1)
        self.act = act()
        self.fc2 = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Net(nn.Module):
    def __init__(self, dim=64, act=nn.GELU):
        super().__init__()
        self.stem = nn.Conv2d(3, dim, 3)
        self.act = act()
        self.mlp = Mlp(dim, act=act)

    def forward(self, x):
        return self.mlp(self.act(self.stem(x)))
"""


def test_a_default_that_is_handed_on_changes_with_those_that_it_replaces(
    fixing: Callable[..., object],
):
    project = fixing(NET, device="stm32h743", select=("HW201", "HW002"))
    assert {found.anchor.line for found in project.check().findings} == {7, 18}
    mended = project.mend()
    project.apply(mended)
    assert project.text() == NET.replace("nn.GELU", "nn.Hardswish")
    assert not project.check().findings
    assert len(mended.made[0].fix.edits) == 2


def test_what_runs_by_itself_stays(fixing: Callable[..., object]):
    text = NET.replace("self.mlp = Mlp(dim, act=act)", "self.mlp = Mlp(dim, act=nn.ReLU)")
    project = fixing(text, device="stm32h743", select=("HW201", "HW002"))
    mended = project.mend()
    project.apply(mended)
    after = ast.parse(project.text())
    named = [n.attr for n in ast.walk(after) if isinstance(n, ast.Attribute)]
    # The default of the other class is used by nobody, and stays.
    assert named.count("GELU") == 1
    assert "def __init__(self, dim, act=nn.GELU)" in project.text()
    assert not project.check().findings
