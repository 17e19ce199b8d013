"""Who makes and who reads each value of a run: identities, values written in place, what is
returned."""

import textwrap

import pytest

from hwlint.graph import EntryPoint, Links, ModelGraph
from hwlint.reader import ForwardOptions, Reader, ReadOptions
from hwlint.source.spans import Place

SOURCE = """
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.drop = nn.Dropout(0.1)
        self.act = nn.ReLU(inplace=True)
        self.twice = nn.Sigmoid()

    def forward(self, x):
        y = self.conv(x)
        n = y.size(0)
        z = self.act(self.drop(y))
        y = self.twice(y)
        return self.twice(z.flatten(1)), y
"""


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Links:
    folder = tmp_path_factory.mktemp("links")
    path = folder / "net.py"
    path.write_text(textwrap.dedent(SOURCE))
    options = ReadOptions(folder, (folder,), (), forward=ForwardOptions())
    (graph,) = Reader(options).read(str(path)).graphs
    assert graph.links is not None
    return graph.links


def test_what_passes_its_input_on_or_asks_for_a_size_is_no_step(links: Links):
    names = [step.name for step in links.by_number.values()]
    assert names == ["conv2d", "relu", "sigmoid", "flatten", "sigmoid"]


def test_what_is_written_in_place_is_another_value(links: Links):
    conv, relu, after, flat, _ = links.by_number.values()
    assert conv.next is relu
    assert [step.number for step in relu.readers] == [after.number, flat.number]
    assert relu.next is None
    assert after.maker() is relu


def test_what_is_returned_has_a_reader_at_the_end(links: Links):
    conv, _, after, flat, last = links.by_number.values()
    assert (after.is_returned, last.is_returned, conv.is_returned) == (True, True, False)
    assert last.next is None
    assert flat.next is last


def test_a_layer_that_runs_twice_stands_at_its_calls(links: Links):
    conv, relu, after, _, last = links.by_number.values()
    assert (conv.op, relu.op, after.op) == ("Conv2d", "ReLU", "Sigmoid")
    lines = SOURCE.splitlines()
    anchors = [step.anchor for step in (conv, after, last)]
    assert [lines[place.line].strip() for place in anchors if place is not None] == [
        "self.conv = nn.Conv2d(3, 8, 3)",
        "y = self.twice(y)",
        "return self.twice(z.flatten(1)), y",
    ]


def test_what_is_made_of_a_graph_is_made_once_and_released():
    entry = EntryPoint("net", "class", Place("net.py", 0, 0, 0, 0), "net.py", "net")
    graph = ModelGraph(entry, None)
    calls: list[ModelGraph] = []

    def make(given: ModelGraph) -> list[str]:
        calls.append(given)
        return [given.entry.name]

    assert graph.derived(make) is graph.derived(make)
    assert calls == [graph]
    graph.release()
    assert graph.derived(make) == ["net"]
    assert calls == [graph, graph]
