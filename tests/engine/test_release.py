"""A model that the rules have looked at goes at once: thousands of them would fill the memory."""

import gc
import weakref
from pathlib import Path

from hwlint.engine.analysis import Analyst
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import Options, prepare
from hwlint.graph import Links, ModelGraph

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.last = nn.Conv2d(width, 8, 3)

    def forward(self, x):
        return self.last(self.norm(self.stem(x)).relu())

def net():
    return Net()
"""


def test_a_run_goes_without_the_garbage_collector(tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(NET)
    options = Options(devices=("h100-sxm",), cache=False)
    _, _, job = prepare(tmp_path, (), options, discover_rules())
    seen: list[weakref.ref[Links]] = []

    def watch(graph: ModelGraph, _: object) -> None:
        assert graph.links is not None
        assert len(graph.links.by_number) == 4
        seen.append(weakref.ref(graph.links))

    analyst = Analyst(job, watch)
    gc.collect()
    gc.disable()
    try:
        result = analyst.visit("factories", str(path), frozenset())
        alive = [links() for links in seen]
    finally:
        gc.enable()
    assert [entry.entry.name for entry in result.entries] == ["net"]
    assert alive == [None]
