"""What HW101 and HW102 say can be changed, on models that are read."""

import pytest

from hwlint_rules.misaligned_channels import MisalignedChannels
from hwlint_rules.misaligned_features import MisalignedFeatures

HEAD = """
import torch
import torch.nn as nn
"""

CHAIN = """
class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.left = nn.Conv2d(width, width, 3, padding=1)
        self.mix = nn.Conv2d(2 * width, 64, 1)
        self.fc = nn.Linear(64 + width, 64)

    def forward(self, x):
        x = self.norm(self.stem(x)).relu()
        y = self.mix(torch.cat([x, x + self.left(x)], 1))
        return self.fc(torch.cat([y.mean((2, 3)), x.mean((2, 3))], -1))
"""

RAISES = """
class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.conv = nn.Conv2d(100, 64, 3)

    def forward(self, x):
        return self.conv(self.stem(x))
"""

RESIDUAL = """
class Block(nn.Module):
    def __init__(self, given, made):
        super().__init__()
        self.conv = nn.Conv2d(given, made, 3, padding=1)
        self.adds = given == made

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)

class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.body = nn.Sequential(Block(width, 100), Block(100, 64))

    def forward(self, x):
        return self.body(self.stem(x))
"""

GROUPED = """
class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.norm = nn.GroupNorm(25, width)
        self.conv = nn.Conv2d(width, 64, 3)

    def forward(self, x):
        return self.conv(self.norm(self.stem(x)))
"""

SCALED = """
class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.scale = nn.Parameter(torch.ones(100, 1, 1))
        self.conv = nn.Conv2d(width, 64, 3)

    def forward(self, x):
        return self.conv(self.stem(x) * self.scale)
"""


def test_what_fits_together_is_said(told):
    (found,) = told(MisalignedChannels, HEAD + CHAIN, "h100-sxm")
    assert found.message.startswith("100 -> 104 would align 2 convolutions and 1 norm: ")


@pytest.mark.parametrize("text", [RAISES, RESIDUAL, GROUPED, SCALED])
def test_a_number_is_not_said_with_which_the_model_is_another(told, text):
    found = told(MisalignedChannels, HEAD + text, "h100-sxm")
    assert found
    assert all("misses the tile" in one.message for one in found)
    assert all("parameters in" not in one.advice for one in found)


BOXES = """
class Net(nn.Module):
    def __init__(self, boxes=6):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3)
        self.scores = nn.Conv2d(64, 21 * boxes, 3, padding=1)
        self.places = nn.Conv2d(64, 4 * boxes, 3, padding=1)

    def forward(self, x):
        x = self.stem(x)
        return self.scores(x).flatten(2), self.places(x).permute(0, 2, 3, 1)
"""


def test_what_nothing_takes_is_no_width(told):
    """Scores and coordinates of boxes."""
    assert not told(MisalignedChannels, HEAD + BOXES, "raspberry-pi-5")


def test_boxes_are_no_width_where_the_run_is_not_known(told):
    text = HEAD + BOXES.partition("    def forward")[0].replace("21 * boxes", "64")
    assert not told(MisalignedChannels, text, "raspberry-pi-5")


BLOCKS = """
class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, 64)
        self.fc2 = nn.Linear(64, dim)

    def forward(self, x):
        return x + self.fc2(self.fc1(x))

class Net(nn.Module):
    def __init__(self, dim=100):
        super().__init__()
        self.embed = nn.Linear(64, dim)
        self.body = nn.Sequential(Block(dim), Block(dim))
        self.head = nn.Linear(dim, 64)

    def forward(self, x):
        x = self.embed(x)
        return self.head(self.body(x))
"""


@pytest.mark.parametrize(("last", "number"), [("self.head(self.body(x))", 6), ("self.body(x)", 5)])
def test_each_layer_with_the_width_counts(told, last, number):
    """Also the one that happens to be built last."""
    text = HEAD + BLOCKS.replace("self.head(self.body(x))", last)
    if number == 5:
        text = text.replace("        self.head = nn.Linear(dim, 64)\n", "")
    (found,) = told(MisalignedFeatures, text, "h100-sxm")
    assert f"would align {number} linear layers" in found.message
