"""Slices of one map that are put together again, as shifted windows do it."""

from pathlib import Path

from hwlint.cost import estimate
from hwlint.profile import discover_profiles
from hwlint.reader import ForwardOptions, Reader, ReadOptions

NET = """
import torch
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 16, 8, 8)
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(16, 16, 1)
        self.last = nn.Conv2d(32, 16, 1)

    def forward(self, x):
        x = self.first(x)
        return self.last(torch.cat([x[:, :, 0::2], x[:, :, 1::2]], dim=1))
"""


def test_slices_of_one_map_are_one_piece_of_memory(tmp_path: Path):
    (tmp_path / "net.py").write_text(NET)
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    (graph,) = reader.read(str(tmp_path / "net.py")).graphs
    profile = discover_profiles(("hwlint_profiles",))["ethos-u55-128"]
    known = estimate(graph, profile, profile.default_dtype)
    assert known is not None
    assert known.peak_bytes is not None
    assert known.peak_bytes >= 2 * 16 * 8 * 8
