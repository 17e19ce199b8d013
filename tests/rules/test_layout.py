"""HW307: what is copied into another order and back."""

import pytest
from attrs import evolve

from hwlint.api import Reading
from hwlint.reader import ForwardOptions, Reader, ReadOptions
from hwlint_rules.layout_thrash import LayoutThrash

NET = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 64, 64, 48)
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 3, padding=1)
        self.act = nn.ReLU()
        self.norm = nn.LayerNorm(64)
        self.mix = nn.Linear(64, 64)
        self.last = nn.Conv2d(64, 64, 3)

    def forward(self, x):
        x = self.conv(x)
        BODY
        return self.last(x)
"""


@pytest.fixture
def passes(tmp_path, devices):
    """Return a function that gives how many passes are said, with or without chains of one kernel;
    None where nothing is."""

    def look(body, chains):
        path = tmp_path / "net.py"
        path.write_text(NET.replace("BODY", body))
        reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
        h100 = devices["h100-sxm"]
        profile = evolve(h100, fusion=evolve(h100.fusion, pointwise_chains=chains))
        (graph,) = reader.read(str(path)).graphs
        found = list(LayoutThrash().check(Reading(profile, "bf16", graph)))
        return found[0].data["passes"] if found else None

    return look


THERE = "x = x.permute(0, 2, 3, 1).contiguous()"
BACK = "x.permute(0, 3, 1, 2).contiguous()"


@pytest.mark.parametrize(
    ("body", "apart", "chained"),
    [
        (f"{THERE}; x = {BACK}", 2, 1),
        (f"{THERE}; x = self.act(x); x = {BACK}", 2, None),
        (f"x = self.act(x); {THERE}; x = {BACK}", 2, None),
        ("x = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)", 1, 1),
        ("x = x.transpose(1, 3).contiguous().transpose(3, 1)", 1, 1),
        ("x = x.movedim(1, -1).contiguous().movedim(-1, 1).contiguous()", 2, 1),
        # Other orders, nothing copied, something that looks at the order, another reader.
        ("x = x.transpose(2, 3).contiguous().transpose(1, 3).transpose(1, 3)", None, None),
        ("x = x.permute(0, 2, 3, 1).permute(0, 3, 1, 2).contiguous()", None, None),
        (f"{THERE}; x = self.norm(x); x = {BACK}", None, None),
        (f"{THERE}; x = self.mix(x); x = {BACK}", None, None),
        (f"{THERE}; y = x; x = {BACK} + self.mix(y).movedim(3, 1)", None, None),
    ],
)
def test_what_comes_back_for_nothing(passes, body, apart, chained):
    assert passes(body, False) == apart
    assert passes(body, True) == chained


def test_a_runtime_that_is_not_known_to_keep_them(tmp_path, devices, told):
    text = NET.replace("BODY", f"{THERE}; x = {BACK}")
    assert told(LayoutThrash, text, "h100-sxm")
    assert not told(LayoutThrash, text, "stm32h743")
