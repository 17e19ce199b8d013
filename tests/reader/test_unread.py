"""Loops that only compute the values of a tensor need not run."""

import ast
from typing import Any

import pytest

from hwlint.reader.unread import unread_loops

TABLE = """
import torch
from itertools import product
from torch import nn
class Attention(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.side = side
        self.register_buffer("places", torch.empty((side**2, side**2), dtype=torch.long))
        self.fill()
    def fill(self):
        points = list(product(range(self.side), range(self.side)))
        offsets = {}
        found = []
        for one in points:
            for other in points:
                offset = (abs(one[0] - other[0]), abs(one[1] - other[1]))
                if offset not in offsets:
                    offsets[offset] = len(offsets)
                found.append(offsets[offset])
        self.places.copy_(torch.tensor(found, dtype=torch.long).view(len(points), len(points)))
        self.layer = nn.Linear(len(points), self.places.shape[0])
def build():
    return Attention(60)
"""


def test_a_table_of_thirteen_million_pairs(lab: Any) -> None:
    """Running the loop would take more steps than an entry point has."""
    lab.write(TABLE)
    graph = lab.graph()
    (layer,) = graph.layers
    assert (layer.args["in_features"].value, layer.args["out_features"].value) == (3600, 3600)
    assert graph.complete


LOOP = """
found = []
for one in points:
    found.append(one)
"""
AFTER = "t.copy_(torch.tensor(found))"


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        (LOOP + AFTER, True),
        (LOOP, True),
        (LOOP + AFTER + "\nreturn len(found)", False),
        (LOOP + AFTER + "\nself.last = one", False),
        (LOOP + "t.copy_(make(found))", False),
        (LOOP + "t.index_copy_(0, torch.tensor(found))", False),
        (LOOP + AFTER + "\nf = lambda: found", False),
        (LOOP + AFTER + "\nuse(locals())", False),
        (LOOP.replace("found = []", "found = others") + AFTER, False),
        (LOOP.replace("found = []", "found = []\nself.found = found") + AFTER, False),
        (LOOP.replace("append(one)", "append(make(one))") + AFTER, False),
        (LOOP.replace("append(one)", "append(one.size)") + AFTER, False),
        (LOOP + "    self.n = one\n" + AFTER, False),
        (LOOP + "    return one\n" + AFTER, False),
        (LOOP + "    if one: break\n" + AFTER, False),
    ],
)
def test_what_counts_as_unread(text: str, unread: bool) -> None:
    body = ast.parse("def f(self, t, points):\n" + text.replace("\n", "\n    ")).body[0].body  # type: ignore[attr-defined]
    assert bool(unread_loops(body)) is unread
