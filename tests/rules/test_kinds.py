"""What is said of what one line makes, where it makes several kinds of it."""

import pytest

from hwlint_rules.unfusable_activation import UnfusableActivation
from hwlint_rules.unfusable_sequence import UnfusableSequence
from hwlint_rules.unfused_attention import UnfusedAttention

ACTIVATIONS = """
import torch.nn as nn

class Block(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 3)
        self.act = act()

    def forward(self, x):
        return self.act(self.conv(x))

class Net(nn.Module):
    # hwlint: input(1, 64, 64, 64)
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            Block(nn.Tanh), Block(nn.PReLU), Block(nn.Hardswish), Block(nn.Hardswish),
        )

    def forward(self, x):
        return self.body(x)
"""
SEQUENCES = """
import torch.nn as nn

class Block(nn.Module):
    def __init__(self, between):
        super().__init__()
        self.conv = nn.Conv2d(32, 32, 3, padding=1)
        self.between = between
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.between(self.conv(x)))

class Net(nn.Module):
    # hwlint: input(1, 32, 64, 64)
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            Block(nn.Upsample(scale_factor=2)), Block(nn.MaxPool2d(2)), Block(nn.MaxPool2d(2)),
        )

    def forward(self, x):
        return self.body(x)
"""
ATTENTION = """
import torch
import torch.nn as nn

class Attention(nn.Module):
    def __init__(self, masked):
        super().__init__()
        self.qkv = nn.Linear(256, 3 * 256)
        self.register_buffer("mask", torch.zeros(64, 64) if masked else None)

    def forward(self, x):
        q, k, v = self.qkv(x).view(4, 64, 3, 8, 32).permute(2, 0, 3, 1, 4).unbind(0)
        scores = q * 32**-0.5 @ k.transpose(-2, -1)
        if self.mask is not None:
            scores = scores + self.mask
        x = scores.softmax(dim=-1) @ v
        return x.transpose(1, 2).reshape(4, 64, 256)

class Net(nn.Module):
    # hwlint: input(4, 64, 256)
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Attention(masked) for masked in (True, False, False)])

    def forward(self, x):
        return self.body(x)
"""


def test_an_activation_of_several_that_one_line_builds(told):
    (found,) = told(UnfusableActivation, ACTIVATIONS, "stm32h743")
    assert found.message.startswith("Hardswish does not fuse into Conv2d")
    assert found.data["layers"] == 2


def test_what_stands_between(told):
    (found,) = told(UnfusableSequence, SEQUENCES, "raspberry-pi-5")
    assert "MaxPool2d stands between, in 2 places of the model" in found.message
    assert found.data["layers"] == 2


@pytest.mark.parametrize(
    ("mask", "number"),
    [
        ("(1.0 - torch.ones(64, 64)) * -10000.0", 0),
        ("torch.zeros_like(scores)", 0),
        ("(1.0 - x.mean(-1)[:, None, None]) * -10000.0", 1),
    ],
)
def test_a_mask_of_what_the_code_says_may_be_no_mask(told, mask, number):
    text = ATTENTION.replace("self.mask is not None", "True")
    text = text.replace("scores + self.mask", f"scores + {mask}")
    text = text.replace("import torch.nn", "import torch\nimport torch.nn", 1)
    assert len(told(UnfusedAttention, text, "h100-sxm")) == number


def test_attention_of_five_dimensions_has_no_fused_kernel(told):
    text = ATTENTION.replace("permute(2, 0, 3, 1, 4)", "permute(2, 0, 3, 1, 4).unsqueeze(1)")
    text = text.replace("return x.transpose(1, 2).reshape", "return x[0].transpose(1, 2).reshape")
    (flat,) = told(UnfusedAttention, ATTENTION, "h100-sxm")
    (found,) = told(UnfusedAttention, text, "h100-sxm")
    assert "four dimensions" in found.advice
    assert not found.changes
    assert "four dimensions" not in flat.advice
    assert flat.changes


@pytest.mark.parametrize(("masked", "wide", "fills"), [(1, 30, 0), (1, 32, 1), (0, 30, 1)])
def test_narrow_heads_have_no_fused_kernel_beside_a_mask(told, masked, wide, fills):
    text = ATTENTION.replace("(True, False, False)", f"({bool(masked)}, {bool(masked)})")
    text = text.replace("256", str(8 * wide)).replace("32", str(wide))
    (found,) = told(UnfusedAttention, text, "h100-sxm")
    assert ("filled up to a multiple of 8" in found.advice) is not bool(fills)
    assert bool(found.changes) is bool(fills)


def test_forms_of_attention(told):
    (found,) = told(UnfusedAttention, ATTENTION, "h100-sxm")
    assert "not fused: 4 or 5 operators on scores of 4x8x64x64, in 3 places" in found.message
    assert "'mul matmul softmax matmul'" in found.why
