"""einops' patterns: the shapes that its documentation and its arithmetic give."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hwlint.reader.library.einops_functions import shape_of

Project = Callable[[Mapping[str, str]], Path]
Shape = tuple[int | None, ...]

FITS: list[tuple[str, Shape, dict[str, int | None], Shape]] = [
    (
        "b c (h p) (w q) -> b (h w) (p q c)",
        (2, 3, 224, 96),
        {"p": 16, "q": 8},
        (2, 14 * 12, 16 * 8 * 3),
    ),
    ("b c h w -> b (c h w)", (2, 3, 4, 5), {}, (2, 60)),
    ("... d -> d ...", (2, 3, 4, 5), {}, (5, 2, 3, 4)),
    ("b ... d -> b (...) d", (2, 3, 4, 5), {}, (2, 12, 5)),
    ("b n (h d) -> b h n d", (1, 7, 96), {"h": 8}, (1, 8, 7, 12)),
    ("() n d -> b n d", (1, 1, 64), {"b": 5}, (5, 1, 64)),
    ("1 d -> b 1 d", (1, 64), {"b": 3}, (3, 1, 64)),
    ("b c h w -> b c", (2, 3, 4, 5), {}, (2, 3)),
    ("b c (h 2) (w 2) -> b c h w", (2, 3, 8, 6), {}, (2, 3, 4, 3)),
    ("b (h d) -> b h d", (None, 96), {"h": 4}, (None, 4, 24)),
    ("b (h d) -> b h d", (2, None), {"h": 4}, (2, 4, None)),
    ("b (h d) -> b h d", (2, 96), {"h": None}, (2, None, None)),
]
FAILS: list[tuple[str, Shape, dict[str, int | None]]] = [
    ("b c (h p) -> b c h", (2, 3, 7), {"p": 2}),
    ("b c h -> b c h", (2, 3), {}),
    ("1 d -> d", (2, 3), {}),
    ("b d -> b d e", (2, 3), {}),
    ("b d", (2, 3), {}),
    ("b (h d) -> b h d", (2, 96), {"h": 4, "d": 5}),
]


@pytest.mark.parametrize(("pattern", "shape", "axes", "made"), FITS)
def test_shapes(pattern: str, shape: Shape, axes: dict[str, int | None], made: Shape):
    assert shape_of(pattern, shape, axes) == made


@pytest.mark.parametrize(("pattern", "shape", "axes"), FAILS)
def test_what_does_not_fit_has_no_shape(pattern: str, shape: Shape, axes: dict[str, int | None]):
    assert shape_of(pattern, shape, axes) is None


NET = """
    import torch
    from einops import rearrange, reduce
    from einops.layers.torch import Rearrange, Reduce
    from torch import nn

    class Net(nn.Module):
        def __init__(self, dim=96, heads=4):
            super().__init__()
            self.heads = heads
            self.patches = nn.Sequential(
                Rearrange("b c (h p1) (w p2) -> b (h w) (p1 p2 c)", p1=16, p2=16),
                nn.Linear(16 * 16 * 3, dim),
            )
            self.qkv = nn.Linear(dim, dim * 3)
            self.pool = Reduce("b h n d -> b (h d)", reduction="mean")
            sizes = torch.zeros(1, 3, 64, 32)
            tokens = rearrange(sizes, "b c h w -> b (h w) c").shape[1]
            self.mix = nn.Conv1d(tokens, tokens, 1)

        def forward(self, x):
            x = self.qkv(self.patches(x))
            q, k, v = x.chunk(3, dim=-1)
            q, k, v = (rearrange(t, "b n (h d) -> b h n d", h=self.heads) for t in (q, k, v))
            return self.pool((q @ k.transpose(-1, -2)).softmax(-1) @ v)
"""


def test_layers_and_functions_are_followed(project: Project, hwlint: Any):
    root = project({"net.py": NET})
    done = hwlint(
        "inspect", "net.py", "--input", "1x3x224x224", "--output-format", "jsonl", cwd=root
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    mix = next(r for r in records if r.get("op") == "Conv1d" and "kind" not in r)
    assert mix["args"]["in_channels"] == 64 * 32
    total = next(r for r in records if r.get("kind") == "total")
    linears = 196 * (768 * 96 + 96 * 288)
    attention = 2 * 196 * 196 * 96
    assert total["macs"] == linears + attention, done.stderr
    assert total["params"] == 768 * 96 + 96 + 96 * 288 + 288 + 2048 * 2048 + 2048
