"""What is a point and what is none, on small modules whose widths are written out."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from candidates import differ_in_torch, drawn, run_in_torch, text

from hwlint.engine.errors import UserError
from hwlint.engine.run import Options
from hwlint.reader import InputSpec
from hwlint.search.bounds import parse_budget, parse_keep, parse_only, violations
from hwlint.search.model import Candidate, Point, Refusal
from hwlint.search.space import SourceSpace, find_space

Project = Callable[[Mapping[str, str]], Path]

LITERAL = """
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, padding=1)
        self.norm = nn.BatchNorm2d(32)
        self.left = nn.Conv2d(32, 48, 5, padding=2)
        self.right = nn.Conv2d(32, 64, 1)
        self.act = nn.ReLU()
        self.hidden = nn.Linear((48 + 64) * 64, 96)
        self.fc = nn.Linear(96, 10)

    def forward(self, x):
        x = self.act(self.norm(self.stem(x)))
        x = torch.cat([self.left(x), self.right(x)], 1)
        return self.fc(self.act(self.hidden(x.flatten(1))))
"""
IMAGE = (InputSpec("", (1, 3, 8, 8)),)


def space_of(root: Path, place: str = "net.py:Net", **more: object) -> SourceSpace:
    return find_space(f"{root}/{place}", Options(), "x86-avx2", inputs=IMAGE, **more)  # pyright: ignore[reportArgumentType] - as written below


def by_name(space: SourceSpace) -> dict[str, Point]:
    return {point.name: point for point in space.points}


def test_literals_that_mean_the_same_are_one_point(project: Project):
    space = space_of(project({"net.py": LITERAL}), only=parse_only(["widths"]))
    assert [point.present for point in space.points] == [32, 48, 64, 96]
    stem = space.points[0]
    written = text(space.candidate({stem.name: 64}))
    assert "Conv2d(3, 64, 3" in written
    assert "BatchNorm2d(64)" in written
    assert "Conv2d(64, 48, 5" in written
    assert "Conv2d(64, 64, 1)" in written
    assert "(48 + 64) * 64" in written


def test_numbers_that_follow_from_two_points_follow_from_both(project: Project):
    source = LITERAL.replace("(48 + 64) * 64", "7168")
    space = space_of(project({"net.py": source}), only=parse_only(["width"]))
    names = {point.present: point.name for point in space.points}
    both = space.candidate({names[48]: 64, names[64]: 96})
    assert f"nn.Linear({(64 + 96) * 64}, 96)" in text(both)


def test_a_kernel_moves_its_padding(project: Project):
    source = LITERAL.replace("32, 64, 1", "32, 64, 3, padding=1").replace("(48 + 64) * 64", "7168")
    space = space_of(project({"net.py": source}), only=parse_only(["kernel"]))
    assert [point.present for point in space.points] == [3, 5, 3]
    first, second, _ = space.points
    written = text(space.candidate({first.name: 7, second.name: 3}))
    assert "Conv2d(3, 32, 7, padding=3)" in written
    assert "Conv2d(32, 48, 3, padding=1)" in written


def test_what_is_fixed_is_no_point(project: Project):
    source = LITERAL.replace("padding=2)", "padding=2)  # hwlint: fixed")
    space = space_of(project({"net.py": source}))
    assert not [point for point in space.points if point.place.line == 10]
    whole = LITERAL.replace("class Net", "# hwlint: fixed\nclass Net")
    with pytest.raises(UserError, match="nothing to choose from"):
        space_of(project({"net.py": whole}))


def test_a_comment_says_what_is_tried(project: Project):
    source = LITERAL.replace("(96, 10)", "(96, 10)  # hwlint: search(24, 40, 96)")
    source = source.replace("64, 96)", "64, 96)  # hwlint: search(24, 40, 96)")
    space = space_of(project({"net.py": source}), only=parse_only(["width"]))
    assert {96: (24, 40, 96)}.items() <= {p.present: p.values for p in space.points}.items()


def test_choices_that_do_not_fit_are_refused_with_the_reason(project: Project):
    source = LITERAL.replace("nn.BatchNorm2d(32)", "nn.GroupNorm(4, 32)")
    space = space_of(project({"net.py": source}), only=parse_only(["width"]))
    (stem,) = (p for p in space.points if p.present == 32)
    refused = space.candidate({stem.name: 18})
    assert isinstance(refused, Refusal)
    assert "divisible" in refused.reason
    with pytest.raises(ValueError, match="no point is called"):
        space.candidate({"net.py:1:1 width": 8})


def test_the_original_is_a_candidate_without_edits(project: Project):
    space = space_of(project({"net.py": LITERAL}), only=parse_only(["width"]))
    same = {point.name: point.present for point in space.points}
    assert space.candidate(same) is space.original
    assert not space.original.contents


def test_drawn_candidates_of_literals_run_in_torch(project: Project, tmp_path: Path):
    root = project({"net.py": LITERAL})
    space = space_of(root)
    accepted = [one for one in drawn(space, 24) if isinstance(one, Candidate)]
    assert len(accepted) >= 18
    assert not differ_in_torch(accepted, tmp_path, (1, 3, 8, 8), [[1, 10]])


def test_bounds_are_read_and_kept(project: Project):
    space = space_of(project({"net.py": LITERAL}), only=parse_only(["width"]))
    (hidden,) = (p for p in space.points if p.present == 96)
    wide = space.candidate({hidden.name: 192})
    assert isinstance(wide, Candidate)
    (params,) = violations(wide, space.original, parse_keep(["params=5%,macs=400%"]))
    assert params.startswith("params=5%: ")
    assert not violations(space.original, space.original, parse_keep(["params=0%"]))
    (flash,) = violations(wide, space.original, parse_budget(["flash_kb=8"]))
    assert flash.startswith("flash_kb=8: ")
    (slow,) = violations(wide, space.original, parse_budget(["latency_ms=5"]), measured_s=0.006)
    assert slow == "latency_ms=5: 6 is more"


@pytest.mark.parametrize(
    ("parse", "said"),
    [
        (parse_only, "--only colours: no such kind of point"),
        (parse_keep, "--keep colours: expected one of params=5%"),
        (parse_budget, "--budget colours: expected one of latency_ms=5"),
    ],
)
def test_bounds_that_are_not_understood_are_named(parse: Callable[..., object], said: str):
    with pytest.raises(UserError, match=said):
        parse(["colours"])


def test_what_cannot_be_searched_says_why(project: Project):
    broken = LITERAL.replace("48, 5", "50, 5")
    with pytest.raises(UserError, match="its forward fails: linear"):
        space_of(project({"net.py": broken}))


SWAPS = """
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, act=nn.ReLU):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16))
        self.act = act()
        self.conv = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.pair = nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.Conv2d(32, 24, 1)
        )
        self.last = nn.ReLU(inplace=True)
        self.norm = nn.LayerNorm(24, eps=1e-6)
        self.fc = nn.Linear(24, 10)

    def forward(self, x):
        x = self.pair(F.relu(self.conv(self.act(self.stem(x)))))
        return self.fc(self.norm(self.last(x).mean((2, 3))))
"""


def test_layers_are_exchanged_for_others(project: Project, tmp_path: Path):
    space = space_of(project({"net.py": SWAPS}))
    found = {(p.kind, p.present, p.values) for p in space.points}
    acts = ("GELU", "Hardswish", "ReLU", "ReLU6", "SiLU")
    assert ("activation", "ReLU", acts) in found
    assert ("activation", "ReLU", tuple(act for act in acts if act != "GELU")) in found
    assert ("activation", "relu", ("gelu", "hardswish", "relu", "relu6", "silu")) in found
    assert ("norm", "LayerNorm", ("LayerNorm", "RMSNorm")) in found
    assert ("norm", "BatchNorm2d", ("BatchNorm2d", "GroupNorm")) in found
    assert ("separable", "standard", ("separable", "standard")) in found
    assert ("separable", "separable", ("separable", "standard")) in found
    assert ("groups", 1, (1, 2, 4, 8)) in found
    accepted = [one for one in drawn(space, 40) if isinstance(one, Candidate)]
    assert len(accepted) >= 36
    jobs: list[tuple[Path, str, tuple[int, ...]]] = []
    for number, candidate in enumerate(accepted):
        file = tmp_path / f"candidate_{number}.py"
        file.write_text(text(candidate), encoding="utf-8")
        jobs.append((file, "Net()", (1, 3, 8, 8)))
    for candidate, one in zip(accepted, run_in_torch(jobs), strict=True):
        assert one == {"params": candidate.facts.params, "outputs": [[1, 10]]}, candidate.choices


def test_a_convolution_that_is_rewritten_has_the_numbers_that_were_chosen(project: Project):
    space = space_of(project({"net.py": SWAPS}))
    names = {(p.kind, p.place.line, p.present): p.name for p in space.points}
    choices = {names["separable", 10, "standard"]: "separable", names["width", 10, 32]: 64}
    written = text(space.candidate(choices))
    assert (
        "nn.Sequential(nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16, bias=False), "
        "nn.Conv2d(16, 64, 1))"
    ) in written
    assert "nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.Conv2d(64, 24, 1)" in written


def test_a_part_changes_without_the_rest(project: Project):
    whole = space_of(project({"net.py": SWAPS}))
    part = space_of(project({"net.py": SWAPS}), "net.py:Net#pair")
    lines = {point.place.line for point in part.points}
    assert lines <= {11, 12}
    assert {p.kind for p in part.points} >= {"kernel", "separable"}
    assert part.original.facts.params == 32 * 9 + 32 + 32 * 24 + 24
    assert part.key != whole.key
