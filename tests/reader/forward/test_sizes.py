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


TRANSLATOR = """
import functools
import torch.nn as nn

def told(function):
    @functools.wraps(function)
    def inner(self, *args, **kwargs):
        return function(self, *args, **kwargs)
    return inner

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Embedding(100, 16)
        self.out = nn.Linear(16, 100)

    DECORATOR
    def forward(self, input_ids=None, decoder_input_ids=None):
        if decoder_input_ids is None:
            raise ValueError("what has been said so far?")
        return self.out(self.shared(input_ids) + self.shared(decoder_input_ids))
"""


@pytest.mark.parametrize("decorator", ["", "@told"])
def test_what_has_a_decoder_is_given_what_it_has_said(decorator: str, tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(TRANSLATOR.replace("DECORATOR", decorator), encoding="utf-8")
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    (graph,) = reader.read(str(path)).graphs
    assert graph.flow is not None
    assert graph.flow.complete
    ids = (1, 128), "int64"
    assert graph.flow.inputs == (("", *ids), ("decoder_input_ids", *ids))


STAGES = """
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 16, 16)
        self.few = nn.Parameter(torch.zeros(1, 4, 24))
        self.many = nn.Parameter(torch.zeros(1, 9, 24))
        self.norm = nn.LayerNorm(24)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        more = self.few if x.shape[1] <= 144 else self.many
        x = JOINED
        return self.norm(x)
"""


@pytest.mark.parametrize(
    ("joined", "found"), [("torch.cat([x, more], dim=1)", False), ("x * 2", True)]
)
def test_an_error_is_told_where_it_comes_first(joined: str, found: bool, tmp_path: Path):
    """Without a size nobody knows what is put beside it, and the next layer would refuse it."""
    path = tmp_path / "net.py"
    path.write_text(STAGES.replace("JOINED", joined), encoding="utf-8")
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    (graph,) = reader.read(str(path)).graphs
    assert graph.flow is not None
    assert (graph.flow.mismatch is not None) == found


@pytest.mark.parametrize("method", ["forward", "__init__"])
def test_what_says_that_it_wraps_itself(method: str, tmp_path: Path):
    path = tmp_path / "net.py"
    text = TRANSLATOR.replace("DECORATOR", "")
    path.write_text(f"{text}\nNet.{method}.__wrapped__ = Net.{method}\n", encoding="utf-8")
    reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
    assert len(reader.read(str(path)).graphs) <= 1
