"""Sequences of layers that are written with a convolution less, and those that stay."""

import pytest

from hwlint.source.rewriting import rewritten

CLASSIC = """nn.Sequential(
    # pw
    nn.Conv2d(inp, hidden, 1, 1, 0, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
    # dw
    nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
    nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
    nn.Conv2d(hidden, oup, 1, 1, 0, bias=False), nn.BatchNorm2d(oup),  # Größe
)"""
FUSED = """nn.Sequential(
    # pw
    nn.Conv2d(inp, hidden, 3, stride=stride, padding=1, bias=False),
    nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
    nn.Conv2d(hidden, oup, 1, 1, 0, bias=False), nn.BatchNorm2d(oup),  # Größe
)"""


def test_the_classic_inverted_bottleneck():
    assert rewritten("fused", CLASSIC) == FUSED
    assert rewritten("fused", FUSED) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "[Block(), nn.Conv2d(8, 16, (1, 1)), nn.Conv2d(16, 16, k, padding=k // 2, groups=16)]",
            "[Block(), nn.Conv2d(8, 16, k, padding=k // 2)]",
        ),
        (
            "nn.Sequential(nn.Conv2d(a, b, 1), nn.GroupNorm(8, b), nn.Conv2d(b, b, 3, groups=b))",
            "nn.Sequential(nn.Conv2d(a, b, 3))",
        ),
    ],
)
def test_other_forms(text: str, written: str):
    assert rewritten("fused", text) == written


@pytest.mark.parametrize(
    "text",
    [
        "nn.Sequential(nn.Conv2d(a, b, 1, stride=2), nn.Conv2d(b, b, 3, groups=b))",
        "nn.Sequential(nn.Conv2d(a, b, 1, groups=2), nn.Conv2d(b, b, 3, groups=b))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.Conv2d(b, b, 3))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.Conv2d(b, 2 * b, 3, groups=b))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.Conv2d(b, b, 1, groups=b))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.MaxPool2d(2), nn.Conv2d(b, b, 3, groups=b))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.ReLU(), nn.ReLU(), nn.Conv2d(b, b, 3, groups=b))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.BatchNorm2d(c), nn.Conv2d(b, b, 3, groups=b))",
        "nn.Sequential(nn.Conv2d(a, f(), 1), nn.Conv2d(f(), f(), 3, groups=f()))",
        "nn.Sequential(nn.Conv2d(a, b, 1), nn.Conv2d(b, b, 3, groups=b, padding_mode='circular'))",
        "nn.ModuleList(nn.Conv2d(a, b, 1), nn.Conv2d(b, b, 3, groups=b))",
        "nn.Sequential(*layers)",
        "[]",
    ],
)
def test_what_is_no_such_pair_stays(text: str):
    assert rewritten("fused", text) is None
