"""Training-free scores: against numbers that can be worked out by hand, and when they abstain."""

import math
from pathlib import Path

from attrs import evolve

from hwlint.measure.interpreters import own
from hwlint.measure.job import Build, Input, Job
from hwlint.search.scores import compared_scores, said_of, scores_of

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.up = nn.Linear(2, width, bias=False)
        self.act = nn.ReLU()
        self.down = nn.Linear(width, 1, bias=False)
        with torch.no_grad():
            self.up.weight.fill_(-0.5)
            self.down.weight.fill_(3.0)

    def forward(self, x):
        return self.down(self.act(self.up(x)))
"""


def test_scores_are_what_their_papers_say(tmp_path: Path):
    file = tmp_path / "net.py"
    file.write_text(NET)
    build = Build(str(file), "net", (str(tmp_path),), "Net()")
    job = Job("torch", "net.py:Net", "k", (Input("", (1, 2), "float32"),), build=build)

    def scores(expression: str):
        return scores_of(
            evolve(job, build=evolve(build, expression=expression)),
            own(),
            cancelled=lambda: False,
            progress=lambda _: None,
        )

    small, large = scores("Net()"), scores("Net(8)")
    assert not isinstance(small, str)
    assert not isinstance(large, str)
    # The flow through each of two layers is the output: 4 units x 2 inputs x 0.5 x 3 = 12.
    assert small["synflow"] is not None
    assert math.isclose(small["synflow"], math.log(2 * 12), rel_tol=1e-6)
    found = compared_scores(small, large)
    assert math.isclose(found["synflow"], math.log(2), rel_tol=1e-6)


def test_where_scores_disagree_nothing_follows():
    assert said_of({"synflow": 0.4, "naswot": 0.1}).startswith("training-free scores: more than")
    assert said_of({"synflow": -0.4, "naswot": -0.1}).startswith("training-free scores: less than")
    assert "disagree" in said_of({"synflow": 0.4, "naswot": -0.1})
    assert said_of({"synflow": 0.4}) == ""
