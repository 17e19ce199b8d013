"""Attention that is written out becomes one call with the same result, or stays as it is."""

import importlib.util
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

NET = """\
import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    # hwlint: input(2, 64, 256)
    def __init__(self, dim=256, heads=8):
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, 3 * dim)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.heads, C // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
{body}
        return x.transpose(1, 2).reshape(B, N, C)
"""
CALLED = "F.scaled_dot_product_attention("
FUSED = {
    "names": """
        attn = (q * self.scale) @ k.transpose(-2, -1)
        attn = attn.softmax(dim=-1)  # weights
        attn = self.drop(attn)
        x = attn @ v
    """,
    "one expression": "x = ((q @ k.transpose(-2, -1)) * self.scale).softmax(-1) @ v",
    "functions": """
        scores = torch.matmul(q, k.transpose(-1, -2)) / (C // self.heads) ** 0.5
        weights = F.softmax(scores, dim=-1)
        x = torch.matmul(weights, v)
    """,
    "dropout inside": "x = self.drop((q @ k.transpose(-2, -1) * 0.2).softmax(dim=-1)) @ v",
    "other names between": """
        q = q * self.scale
        attn = q @ k.transpose(-2, -1)
        attn = attn.softmax(dim=-1)
        heads = self.heads
        x = attn @ v
    """,
}
LEFT = {
    "a value that is another by then": """
        attn = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
        v = v + 1
        q = q + 1
        x = attn @ v + q * 0
    """,
    "weights that are read twice": """
        attn = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
        x = attn @ v + attn.mean() * v
    """,
    "a mask": """
        attn = (q * self.scale) @ k.transpose(-2, -1)
        attn = attn + torch.ones(N, N).tril()
        x = attn.softmax(dim=-1) @ v
    """,
}


def text(body: str) -> str:
    lines = textwrap.dedent(body).strip()
    return NET.format(body=textwrap.indent(lines, " " * 8))


def files(body: str) -> dict[str, str]:
    """Return a project whose device runs operators one by one: no form is put together."""
    profile = 'extends = ["h100-sxm", "_eager"]\nname = "H100 without a compiler"\n'
    return {"net.py": text(body), ".hwlint/profiles/eager-h100.toml": profile}


def output(file: Path) -> torch.Tensor:
    spec = importlib.util.spec_from_file_location("attention_net", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    net = module.Attention().eval()
    with torch.no_grad():
        return net(torch.randn(2, 64, 256))


@pytest.mark.parametrize("form", FUSED)
def test_the_result_is_the_same(form: str, fixing: Callable[..., object]):
    project = fixing(files(FUSED[form]), select=("HW303", "HW002"), device="eager-h100")
    before = output(project.root / "net.py")
    mended = project.mend()
    assert len(mended.made) == 1
    project.apply(mended)
    assert CALLED in project.text()
    assert "softmax" not in project.text()
    (project.root / "net.py").rename(project.root / "fixed.py")
    torch.testing.assert_close(output(project.root / "fixed.py"), before)


@pytest.mark.parametrize("form", LEFT)
def test_anything_else_stays(form: str, fixing: Callable[..., object]):
    project = fixing(files(LEFT[form]), select=("HW303", "HW002"), device="eager-h100")
    assert bool(project.check().findings) == (form != "weights that are read twice")
    mended = project.mend()
    assert (mended.made, mended.after) == ([], {})
