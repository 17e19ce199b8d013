"""What a fix resizes is what torch-pruning's dependency graph says depends on each other.

Of each model one width misses the tile of 8. Widths stand in all the places where people write
them.
"""

import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch_pruning


class Padded(NamedTuple):
    """One model."""

    name: str
    text: str
    shape: tuple[int, ...]


IMAGE = (1, 3, 32, 32)


def _net(init: str, forward: str, signature: str = "", above: str = "") -> str:
    body = "\n".join(f"        {line}" for line in init.strip().splitlines())
    run = "\n".join(f"        {line}" for line in forward.strip().splitlines())
    return f"""\
import torch
import torch.nn as nn
import torch.nn.functional as F
{above}

class Net(nn.Module):
    def __init__(self{signature}):
        super().__init__()
{body}

    def forward(self, x):
{run}
"""


BLOCK = """
class Block(nn.Module):
    def __init__(self, wide, hidden):
        super().__init__()
        self.one = nn.Conv2d(wide, hidden, 1)
        self.norm = nn.BatchNorm2d(hidden)
        self.two = nn.Conv2d(hidden, wide, 1)

    def forward(self, x):
        return x + self.two(F.relu(self.norm(self.one(x))))
"""
CONFIG = """
from dataclasses import dataclass

@dataclass
class Config:
    width: int = 100
    depth: int = 2
"""
MODELS = (
    Padded(
        "literals in a chain",
        _net(
            "self.a = nn.Conv2d(3, 100, 3)\nself.n = nn.BatchNorm2d(100)\n"
            "self.b = nn.Conv2d(100, 64, 3)",
            "return self.b(self.n(self.a(x)))",
        ),
        IMAGE,
    ),
    Padded(
        "one default",
        _net(
            "self.a = nn.Conv2d(3, width, 3)\nself.n = nn.BatchNorm2d(width)\n"
            "self.b = nn.Conv2d(width, 64, 3)",
            "return self.b(self.n(self.a(x)))",
            ", width=100",
        ),
        IMAGE,
    ),
    Padded(
        "a constant of the file",
        _net(
            "self.a = nn.Conv2d(3, WIDTH, 3)\nself.b = nn.Conv2d(WIDTH, 64, 3)",
            "return self.b(self.a(x))",
            above="\nWIDTH = 100\n",
        ),
        IMAGE,
    ),
    Padded(
        "a field of a configuration",
        _net(
            "self.a = nn.Conv2d(3, config.width, 3)\nself.b = nn.Conv2d(config.width, 64, 3)",
            "return self.b(self.a(x))",
            ", config: Config = Config()",
            CONFIG,
        ),
        IMAGE,
    ),
    Padded(
        "an attribute of the class",
        _net(
            "self.a = nn.Conv2d(3, self.width, 3)\nself.b = nn.Conv2d(self.width, 64, 3)",
            "return self.b(self.a(x))",
        ).replace("    def __init__", "    width = 100\n\n    def __init__"),
        IMAGE,
    ),
    Padded(
        "a multiple of the literal",
        _net(
            "self.a = nn.Conv2d(3, width * 2, 3)\nself.b = nn.Conv2d(2 * width, 64, 3)",
            "return self.b(self.a(x))",
            ", width=50",
        ),
        IMAGE,
    ),
    Padded(
        "a residual connection",
        _net(
            "self.a = nn.Conv2d(3, 100, 3, padding=1)\nself.b = nn.Conv2d(100, 100, 3, padding=1)\n"
            "self.c = nn.Conv2d(100, 64, 1)",
            "x = self.a(x)\nreturn self.c(x + self.b(x))",
        ),
        IMAGE,
    ),
    Padded(
        "a residual connection through a projection",
        _net(
            "self.a = nn.Conv2d(3, 100, 3, padding=1)\nself.p = nn.Conv2d(3, 100, 1)\n"
            "self.n = nn.BatchNorm2d(100)\nself.c = nn.Conv2d(100, 64, 1)",
            "return self.c(F.relu(self.n(self.a(x)) + self.p(x)))",
        ),
        IMAGE,
    ),
    Padded(
        "a depthwise convolution of literals",
        _net(
            "self.a = nn.Conv2d(3, 100, 1)\n"
            "self.d = nn.Conv2d(100, 100, 3, padding=1, groups=100)\n"
            "self.n = nn.BatchNorm2d(100)\nself.c = nn.Conv2d(100, 64, 1)",
            "return self.c(self.n(self.d(self.a(x))))",
        ),
        IMAGE,
    ),
    Padded(
        "a depthwise convolution of a name",
        _net(
            "self.a = nn.Conv2d(3, w, 1)\nself.d = nn.Conv2d(w, w, 3, groups=w)\n"
            "self.c = nn.Conv2d(w, 64, 1)",
            "return self.c(self.d(self.a(x)))",
            ", w=100",
        ),
        IMAGE,
    ),
    Padded(
        "a concatenation",
        _net(
            "self.a = nn.Conv2d(3, 100, 1)\nself.b = nn.Conv2d(3, 64, 1)\n"
            "self.c = nn.Conv2d(164, 64, 1)",
            "return self.c(torch.cat((self.a(x), self.b(x)), 1))",
        ),
        IMAGE,
    ),
    Padded(
        "a concatenation of a name",
        _net(
            "self.a = nn.Conv2d(3, a, 1)\nself.b = nn.Conv2d(3, 64, 1)\n"
            "self.c = nn.Conv2d(a + 64, 64, 1)",
            "return self.c(torch.cat((self.a(x), self.b(x)), 1))",
            ", a=100",
        ),
        IMAGE,
    ),
    Padded(
        "a U with a skip",
        _net(
            "self.down = nn.Conv2d(3, 100, 3, stride=2, padding=1)\n"
            "self.mid = nn.Conv2d(100, 64, 3, padding=1)\n"
            "self.up = nn.Conv2d(164, 32, 3, padding=1)",
            "d = self.down(x)\nm = F.relu(self.mid(d))\nreturn self.up(torch.cat([m, d], dim=1))",
        ),
        IMAGE,
    ),
    Padded(
        "a flattened map",
        _net(
            "self.a = nn.Conv2d(3, 100, 3, padding=1)\nself.pool = nn.AdaptiveAvgPool2d(4)\n"
            "self.head = nn.Linear(1600, 16)",
            "return self.head(self.pool(self.a(x)).flatten(1))",
        ),
        IMAGE,
    ),
    Padded(
        "a flattened map of factors",
        _net(
            "self.a = nn.Conv2d(3, 100, 3, padding=1)\nself.pool = nn.AdaptiveAvgPool2d(4)\n"
            "self.head = nn.Linear(100 * 4 * 4, 16)",
            "return self.head(self.pool(self.a(x)).view(-1, 100 * 4 * 4))",
        ),
        IMAGE,
    ),
    Padded(
        "a pooled head",
        _net(
            "self.a = nn.Conv2d(3, 64, 3)\nself.b = nn.Conv2d(64, 100, 3)\n"
            "self.head = nn.Linear(100, 16)",
            "return self.head(self.b(self.a(x)).mean((2, 3)))",
        ),
        IMAGE,
    ),
    Padded(
        "a sequence",
        _net(
            "self.body = nn.Sequential(\n    nn.Conv2d(3, 100, 3), nn.BatchNorm2d(100),\n"
            "    nn.ReLU(), nn.Conv2d(100, 64, 3), nn.BatchNorm2d(64),\n)",
            "return self.body(x)",
        ),
        IMAGE,
    ),
    Padded(
        "two groups of equal literals",
        _net(
            "self.a = nn.Conv2d(3, 100, 1)\nself.b = nn.Conv2d(100, 64, 1)\n"
            "self.c = nn.Conv2d(64, 100, 1)\nself.d = nn.Conv2d(100, 64, 1)",
            "return self.d(self.c(self.b(self.a(x))))",
        ),
        IMAGE,
    ),
    Padded(
        "blocks of a class",
        _net(
            "self.stem = nn.Conv2d(3, 64, 1)\nself.one = Block(64, 100)\n"
            "self.two = Block(64, 100)\nself.head = nn.Conv2d(64, 16, 1)",
            "return self.head(self.two(self.one(self.stem(x))))",
            above=BLOCK,
        ),
        IMAGE,
    ),
    Padded(
        "blocks in a loop",
        _net(
            "self.stem = nn.Conv2d(3, width, 1)\n"
            "self.blocks = nn.ModuleList(Block(width, 64) for _ in range(3))\n"
            "self.head = nn.Conv2d(width, 16, 1)",
            "x = self.stem(x)\nfor block in self.blocks:\n    x = block(x)\nreturn self.head(x)",
            ", width=100",
            BLOCK,
        ),
        IMAGE,
    ),
    Padded(
        "a bottleneck of a ratio",
        _net(
            "self.stem = nn.Conv2d(3, dim, 1)\nself.block = Block(dim, dim * ratio)\n"
            "self.head = nn.Conv2d(dim, 16, 1)",
            "return self.head(self.block(self.stem(x)))",
            ", dim=100, ratio=2",
            BLOCK,
        ),
        IMAGE,
    ),
    Padded(
        "a multilayer perceptron",
        _net(
            "self.a = nn.Linear(64, 100)\nself.b = nn.Linear(100, 64)\nself.c = nn.Linear(64, 16)",
            "return self.c(F.relu(self.b(F.relu(self.a(x)))))",
        ),
        (4, 64),
    ),
    Padded(
        "a norm over features",
        _net(
            "self.a = nn.Linear(64, hidden)\nself.n = nn.LayerNorm(hidden)\n"
            "self.m = nn.Linear(hidden, hidden)\nself.b = nn.Linear(hidden, 64)",
            "return self.b(self.m(F.gelu(self.n(self.a(x)))))",
            ", hidden=100",
        ),
        (4, 64),
    ),
    Padded(
        "a norm over features, of literals",
        _net(
            "self.a = nn.Linear(64, 100)\nself.n = nn.LayerNorm(100)\nself.b = nn.Linear(100, 16)",
            "return self.b(F.gelu(self.n(self.a(x))))",
        ),
        (4, 64),
    ),
    Padded(
        "a batch norm of features",
        _net(
            "self.a = nn.Linear(64, 100)\nself.n = nn.BatchNorm1d(100)\n"
            "self.b = nn.Linear(100, 16)",
            "return self.b(self.n(self.a(x)))",
        ),
        (4, 64),
    ),
    Padded(
        "a gated unit",
        _net(
            "self.up = nn.Linear(64, hidden)\nself.gate = nn.Linear(64, hidden)\n"
            "self.down = nn.Linear(hidden, 64)",
            "return self.down(F.silu(self.gate(x)) * self.up(x))",
            ", hidden=100",
        ),
        (4, 64),
    ),
    Padded(
        "a gated unit of literals",
        _net(
            "self.up = nn.Linear(64, 100)\nself.gate = nn.Linear(64, 100)\n"
            "self.down = nn.Linear(100, 64)",
            "return self.down(F.silu(self.gate(x)) * self.up(x))",
        ),
        (4, 64),
    ),
    Padded(
        "a signal",
        _net(
            "self.a = nn.Conv1d(16, 100, 5)\nself.n = nn.BatchNorm1d(100)\n"
            "self.b = nn.Conv1d(100, 64, 5)",
            "return self.b(F.relu(self.n(self.a(x))))",
        ),
        (1, 16, 64),
    ),
    Padded(
        "a transposed convolution",
        _net(
            "self.a = nn.Conv2d(3, 64, 1)\nself.up = nn.ConvTranspose2d(64, 100, 2, stride=2)\n"
            "self.c = nn.Conv2d(100, 16, 1)",
            "return self.c(self.up(self.a(x)))",
        ),
        IMAGE,
    ),
    Padded(
        "three branches that are added",
        _net(
            "self.a = nn.Conv2d(3, 100, 1)\nself.b = nn.Conv2d(3, 100, 3, padding=1)\n"
            "self.c = nn.Conv2d(3, 100, 5, padding=2)\nself.n = nn.BatchNorm2d(100)\n"
            "self.d = nn.Conv2d(100, 64, 1)",
            "return self.d(self.n(self.a(x) + self.b(x) + self.c(x)))",
        ),
        IMAGE,
    ),
    Padded(
        "volumes",
        _net(
            "self.a = nn.Conv3d(16, 100, 3)\nself.b = nn.Conv3d(100, 16, 3)",
            "return self.b(F.relu(self.a(x)))",
        ),
        (1, 16, 8, 8, 8),
    ),
)


Axes = set[tuple[str, str]]
_OUT = ("out_channels", "out_features", "num_features", "normalized_shape")
_IN = ("in_channels", "in_features")


def built(file: Path) -> torch.nn.Module:
    """Import a file and build its model in evaluation mode, as it stands now."""
    spec = importlib.util.spec_from_file_location("padded_net", file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["padded_net"] = importlib.util.module_from_spec(spec)
    code = spec.loader.source_to_code(file.read_bytes(), str(file))  # never what is cached
    exec(code, vars(module))  # noqa: S102 - our own models
    return module.Net().eval()


def resized(before: torch.nn.Module, after: torch.nn.Module) -> Axes:
    """Return the axes of layers that are of another size, as torch has them."""
    found: Axes = set()
    modules = dict(after.named_modules())
    assert list(modules) == [name for name, _ in before.named_modules()]
    for name, module in before.named_modules():
        depthwise = getattr(module, "groups", 1) > 1
        for axis, attributes in (("out", _OUT), ("in", () if depthwise else _IN)):
            for attribute in attributes:
                old, new = (getattr(m, attribute, None) for m in (module, modules[name]))
                if old != new:
                    found.add((name, axis))
    return found


def group_of(model: torch.nn.Module, name: str, example: torch.Tensor) -> Axes:
    """Return all axes that have to be as long as what a layer gives, as torch-pruning says."""
    graph = torch_pruning.DependencyGraph().build_dependency(model, example_inputs=example)
    module = model.get_submodule(name)
    prune = graph.get_pruner_of_module(module).prune_out_channels
    names = {id(m): n for n, m in model.named_modules()}
    found: Axes = set()
    for item in graph.get_pruning_group(module, prune, idxs=[0]):
        target = item.dep.target.module
        if id(target) in names:
            alone = graph.is_out_channel_pruning_fn(item.dep.handler)
            found.add((names[id(target)], "out" if alone else "in"))
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_whole_groups_no_more_and_no_less(model: Padded, fixing: Callable[..., object]):
    hint = f"# hwlint: input{model.shape}\nclass Net"
    text = model.text.replace("class Net", hint)
    project = fixing(text, select=("HW101", "HW102", "HW002"))
    assert project.check().findings
    mended = project.mend()
    assert mended.made
    before = built(project.root / "net.py")
    project.apply(mended)
    after = built(project.root / "net.py")
    changed = resized(before, after)
    example = torch.zeros(model.shape)
    groups: Axes = set()
    for name, axis in changed:
        if axis == "out":
            groups |= group_of(before, name, example)
    assert changed == groups
    with torch.device("meta"):
        meta = built(project.root / "net.py")
        given = meta(torch.empty(model.shape))
    assert given.is_meta
    assert given.shape == before(example).shape
    assert not project.check().findings


def test_there_are_thirty():
    assert len({model.name for model in MODELS}) >= 30
