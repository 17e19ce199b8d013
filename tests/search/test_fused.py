"""Layers that may be one: projections of one input, and the inverted bottleneck."""

from collections.abc import Callable, Mapping
from pathlib import Path

from candidates import differ_in_torch, drawn, text

from hwlint.engine.run import Options
from hwlint.reader import InputSpec
from hwlint.search.bounds import parse_only
from hwlint.search.model import Candidate
from hwlint.search.space import SourceSpace, find_space

Project = Callable[[Mapping[str, str]], Path]

NET = """
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, dim, heads=4):
        super().__init__()
        self.head_dim = dim // heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, 2 * self.head_dim)  # two heads
        self.value = nn.Linear(dim, 2 * self.head_dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        shape = (*x.shape[:-1], -1, self.head_dim)
        q = self.query(x).view(shape).transpose(1, 2)
        k = self.key(x).view(shape).transpose(1, 2)
        v = self.value(x).view(shape).transpose(1, 2)
        x = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        return self.out(x.transpose(1, 2).flatten(-2))


class Gated(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.w1 = nn.Linear(dim, 96, bias=False)
        self.w3 = nn.Linear(dim, 96, bias=False)
        self.w2 = nn.Linear(96, dim, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class Net(nn.Module):
    def __init__(self, dim=64):
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(3, 48, 1, bias=False),  # widens
            nn.BatchNorm2d(48),
            nn.SiLU(),
            nn.Conv2d(48, 48, 3, stride=2, padding=1, groups=48, bias=False),
            nn.BatchNorm2d(48),  # stays
            nn.SiLU(),
            nn.Conv2d(48, 16, 1, bias=False),
        )
        layers = [nn.Conv2d(16, 32, 1), nn.Conv2d(32, 32, 5, 1, 2, groups=32), nn.ReLU()]
        layers.append(nn.Conv2d(32, dim, 1))
        self.second = nn.Sequential(*layers)
        self.attention = nn.ModuleList([Attention(dim) for _ in range(2)])
        self.mlp = Gated(dim)

    def forward(self, x):
        x = self.second(self.first(x)).flatten(2).transpose(1, 2)
        for attention in self.attention:
            x = x + attention(x)
        return self.mlp(x).mean(1)
"""
IMAGE = (InputSpec("", (1, 3, 8, 8)),)
WRITTEN = (
    "self.query_key_value_widths = (dim, 2 * self.head_dim, 2 * self.head_dim)",
    "self.query_key_value = nn.Linear(dim, sum(self.query_key_value_widths))\n",
    "\n        # two heads\n",
    "query, key, value = self.query_key_value(x).split(self.query_key_value_widths, dim=-1)",
    "self.w1_w3 = nn.Linear(dim, 2 * 96, bias=False)",
    "w1, w3 = self.w1_w3(x).chunk(2, dim=-1)",
    "self.w2(F.silu(w1) * w3)",
    "\n            nn.Conv2d(3, 48, 3, stride=2, padding=1, bias=False),\n",
    "nn.BatchNorm2d(48),  # stays",
    "layers = [nn.Conv2d(16, 32, 5, stride=1, padding=2), nn.ReLU()]",
)


def space_of(root: Path, place: str = "net.py:Net", only: str = "fused") -> SourceSpace:
    kinds = parse_only([only])
    return find_space(f"{root}/{place}", Options(), "x86-avx2", only=kinds, inputs=IMAGE)


def test_layers_become_one(project: Project):
    space = space_of(project({"net.py": NET}))
    found = [(p.place.line, p.values) for p in space.points]
    linear, convolution = ("joined", "separate"), ("fused", "inverted")
    assert found == [(9, linear), (26, linear), (37, convolution), (46, convolution)]
    every = {p.name: p.values[0] for p in space.points}
    made = space.candidate(every)
    assert [said for said in WRITTEN if said not in text(made)] == [], text(made)
    for point in space.points[:2]:
        alone = space.candidate({point.name: "joined"})
        assert isinstance(alone, Candidate)
        facts, was = alone.facts, space.original.facts
        assert (facts.params, facts.macs) == (was.params, was.macs)
    assert isinstance(made, Candidate)
    assert made.facts.params == (
        (space.original.facts.params or 0)
        + (3 * 48 * 9 - 3 * 48 - 48 * 9 - 2 * 48)
        + (16 * 32 * 25 + 32 - (16 * 32 + 32) - (32 * 25 + 32))
    )


def test_drawn_candidates_run_in_torch(project: Project, tmp_path: Path):
    space = space_of(project({"net.py": NET}), only="fused,widths,kernels,norms,activations,heads")
    accepted = [one for one in drawn(space, 20, seed=3) if isinstance(one, Candidate)]
    assert len(accepted) >= 14
    kinds = {name.rpartition(" ")[2] for one in accepted for name in one.choices}
    assert kinds >= {"fused", "width", "kernel"}
    assert not differ_in_torch(accepted, tmp_path, (1, 3, 8, 8), [[1, 64]])


def test_numbers_that_were_chosen_are_in_the_one_layer(project: Project):
    space = space_of(project({"net.py": NET}), only="fused,widths,kernels")
    names = {(p.kind, p.place.line, p.present): p.name for p in space.points}
    gated = names["fused", 26, "separate"]
    choices = {
        gated: "joined",
        names["width", 26, 96]: 128,
        names["fused", 37, "inverted"]: "fused",
        names["kernel", 41, 3]: 5,
    }
    written = text(space.candidate(choices))
    assert "self.w1_w3 = nn.Linear(dim, 2 * 128, bias=False)" in written
    assert "self.w2 = nn.Linear(128, dim, bias=False)" in written
    assert "nn.Conv2d(3, 48, 5, stride=2, padding=2, bias=False)" in written


def test_what_is_fixed_or_named_elsewhere_is_no_point(project: Project):
    source = NET.replace("# two heads", "# hwlint: fixed")
    source = source.replace("# widens", "# hwlint: fixed")
    source += "\n\ndef freeze(net):\n    net.mlp.w1.weight.requires_grad = False\n"
    space = space_of(project({"net.py": source}))
    assert [p.place.line for p in space.points] == [46]
