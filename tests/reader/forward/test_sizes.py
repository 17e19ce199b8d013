"""What size of image a model is called with where nobody says: the one that it is made for."""

from pathlib import Path

import pytest

from hwlint.reader import ForwardOptions, Reader, ReadOptions

NET = """
from types import SimpleNamespace
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        KEEPS
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.conv(x)
"""


@pytest.mark.parametrize(
    ("keeps", "size"),
    [
        ("pass", (224, 224)),
        ("self.img_size = 96", (96, 96)),
        ("self.img_size = (96, 64)", (96, 96)),
        ("self.config = SimpleNamespace(image_size=64)", (64, 64)),
        ("self.pretrained_cfg = dict(input_size=(3, 256, 256))", (256, 256)),
        ("self.config = SimpleNamespace(image_size=True, width=64)", (224, 224)),
        ("self.config = dict(image_size=(3,))", (224, 224)),
    ],
)
def test_what_a_model_or_its_settings_keep(keeps: str, size: tuple[int, int], tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("KEEPS", keeps), encoding="utf-8")
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    (graph,) = reader.read(str(path)).graphs
    assert graph.flow is not None
    assert graph.flow.inputs == (("", (1, 3, *size), "float32"),)
