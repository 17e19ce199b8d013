"""What of a run has no part in what it returns."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hwlint.graph import ModelGraph
from hwlint.reader import ForwardOptions, Reader, ReadOptions

SOURCE = """
import torch
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(2, 8)
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
        self.register_buffer("seen", torch.zeros(8))

    def forward(self, x):
        BODY
"""
LOOP = """
mask = x < 0.5
for part in self.parts:
    x = part(x).masked_fill(mask, 0.0)
    mask = x < 0.5
return x
"""
CHECK = """
if torch.unique_consecutive(x.sum(1)).numel() != 1:
    raise ValueError("as many as in the other rows")
return self.parts[0](x)
"""
KEPT = """
self.seen.add_(x.sum(0))
y = self.parts[0](x)
y[:, 0] = x.exp()[:, 0]
return y
"""
NOTHING = """
self.parts[0](x)
"""


@pytest.fixture
def graph(tmp_path: Path) -> Callable[[str], ModelGraph]:
    def read(body: str) -> ModelGraph:
        path = tmp_path / "net.py"
        body = textwrap.indent(body.strip(), " " * 8).strip()
        path.write_text(SOURCE.replace("BODY", body))
        options = ReadOptions(tmp_path, (tmp_path,), (), forward=ForwardOptions())
        (made,) = Reader(options).read(str(path)).graphs
        return made

    return read


def unused(made: ModelGraph) -> list[str]:
    assert made.flow is not None
    operations = enumerate(made.flow.operations)
    return [o.name for number, o in operations if number not in made.used and o.outputs]


def test_a_mask_for_a_layer_that_is_not_there(graph: Callable[[str], ModelGraph]):
    made = graph(LOOP)
    assert unused(made) == ["lt"]
    assert made.flow is not None
    names = [made.flow.operations[number].name for number in made.driven]
    assert names.count("lt") == 3


def test_what_only_a_check_looks_at(graph: Callable[[str], ModelGraph]):
    assert "unique_consecutive" in unused(graph(CHECK))


def test_what_is_written_in_place_counts(graph: Callable[[str], ModelGraph]):
    assert unused(graph(KEPT)) == []


def test_all_counts_where_nothing_is_returned(graph: Callable[[str], ModelGraph]):
    assert unused(graph(NOTHING)) == []


SHAPES = """
table = torch.arange(8).float()
row = torch.log(table + 1).expand_as(x)
other = (row * 2).view_as(x).type_as(x).reshape_as(x)
return x + other
"""


def test_what_gives_a_shape_gives_no_values(graph: Callable[[str], ModelGraph]):
    made = graph(SHAPES)
    assert made.flow is not None
    names = [made.flow.operations[number].name for number in made.driven]
    assert names == ["add"]
    assert "log" not in unused(made)
