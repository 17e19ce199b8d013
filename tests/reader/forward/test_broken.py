"""Shapes that do not fit together are said where torch refuses them, and nowhere else."""

from pathlib import Path

import pytest
import torch

from hwlint.engine.inputs import parse_input


@pytest.fixture(scope="module")
def cases(load):
    return load(Path(__file__).with_name("broken.py")).CASES


def here(source):
    return next((i for i, line in enumerate(source.splitlines()) if "# here" in line), None)


def torch_refuses(path, inputs, load):
    spec = parse_input(inputs[0])
    whole = spec.dtype == "int64"
    value = torch.zeros(spec.shape, dtype=torch.int64) if whole else torch.rand(spec.shape)
    try:
        load(path).Net()(value)
    except (RuntimeError, ValueError, IndexError):
        return True
    return False


@pytest.mark.parametrize("number", range(34))
def test_broken_models(number, cases, tmp_path, load, read_flow):
    inputs, source = cases[number]
    path = tmp_path / f"net{number}.py"
    path.write_text(source)
    flow = read_flow(path, "Net", inputs).flow
    assert torch_refuses(path, inputs, load) == (here(source) is not None)
    if here(source) is None:
        assert flow.mismatch is None
        return
    assert flow.macs is None
    assert flow.mismatch is not None
    assert flow.mismatch.place.line == here(source)


SIZE = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Linear(8 * 40 * 40, 10)

    def forward(self, x):
        return self.head(self.conv(x).flatten(1))
"""


def test_a_size_that_hwlint_chose_is_no_fault_of_the_model(tmp_path, read_flow):
    path = tmp_path / "net.py"
    path.write_text(SIZE)
    assert read_flow(path, "Net").flow.mismatch is None  # no size that is tried fits


def test_a_fault_at_every_size_is_proved(tmp_path, read_flow):
    path = tmp_path / "net.py"
    path.write_text(
        """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1)
        self.two = nn.Conv2d(9, 8, 3, padding=1)

    def forward(self, x):
        return self.two(self.one(x))
"""
    )
    flow = read_flow(path, "Net").flow
    assert flow.assumed
    assert flow.mismatch.place.line == 10
    assert flow.mismatch.layer.line == 7


def test_a_model_that_catches_the_error_is_whole(tmp_path, read_flow):
    path = tmp_path / "net.py"
    path.write_text(
        """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(8, 8)

    def forward(self, x):
        try:
            return self.one(x)
        except RuntimeError:
            return self.one(x[:, :8])
"""
    )
    flow = read_flow(path, "Net", ["2x9"]).flow
    assert flow.mismatch is None
    assert flow.macs == 2 * 8 * 8


@pytest.mark.parametrize("name", ["input_ids", "x"])
def test_what_takes_indices_is_not_given_numbers(tmp_path, read_flow, name):
    """Also where another layer is built before the table that is asked first."""
    path = tmp_path / "net.py"
    path.write_text(
        f"""
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(64, 100)
        self.table = nn.Embedding(100, 64)

    def forward(self, {name}):
        return self.head(self.table({name}))
"""
    )
    flow = read_flow(path, "Net").flow
    assert flow.assumed
    assert flow.complete
    assert flow.inputs[0][2] == "int64"


@pytest.mark.parametrize(
    ("layers", "returned"),
    [
        # a spectrogram, of which the model makes an image itself
        ("self.conv = nn.Conv2d(1, 8, 3)", "self.conv(x.unsqueeze(1))"),
        # text first, and an image that is not asked for
        (
            "self.conv = nn.Conv2d(3, 8, 3); self.table = nn.Embedding(9, 8)",
            "self.conv(image) if image is not None else self.table(x)[:, :, :4] @ self.conv.bias",
        ),
    ],
)
def test_a_guess_that_never_fits_proves_nothing(tmp_path, read_flow, layers, returned):
    path = tmp_path / "net.py"
    path.write_text(
        f"""
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {layers}

    def forward(self, x, image=None):
        return {returned}
"""
    )
    flow = read_flow(path, "Net").flow
    assert flow is None or flow.mismatch is None


RANK = '''
import torch
import torch.nn as nn

class Codebooks(nn.Module):
    """Takes ids of several codebooks for each step, and adds up what they mean."""
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.weight = nn.Parameter(torch.ones(64))

    def forward(self, input_ids):
        return self.embedding(input_ids).sum(2) * self.weight


class Heads(nn.Module):
    """Takes what is apart by heads already."""
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(64, 64)

    def forward(self, x):
        return self.proj(x).permute(0, 2, 1, 3)


class Wrong(nn.Module):
    """Does not fit, however many dimensions there are."""
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.proj = nn.Linear(32, 32)

    def forward(self, input_ids):
        return self.proj(self.embedding(input_ids))
'''


@pytest.mark.parametrize(
    ("name", "wrong"), [("Codebooks", False), ("Heads", False), ("Wrong", True)]
)
def test_how_many_dimensions_there_are_is_guessed_too(tmp_path, read_flow, name, wrong):
    path = tmp_path / "net.py"
    path.write_text(RANK)
    assert (read_flow(path, name).flow.mismatch is not None) == wrong


OPEN = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def forward(self, x):
        parts, sizes = [x], [1, 1]
        if x.sum() > 0:
            parts.append(x)
            sizes.append(2)
        return RESULT
"""


@pytest.mark.parametrize(
    "result",
    [
        "torch.cat(parts, 1)", "torch.stack(parts)", "torch.cat([p * 2 for p in parts], 1)",
        "torch.cat(tuple(parts), 1)", "torch.cat([*parts, x], 1)", "F.pad(x, sizes)",
        "x.reshape(sizes)", "sum(parts)", "torch.hstack(parts)",
    ],
)  # fmt: skip
def test_a_list_that_may_hold_more_is_not_known(tmp_path, read_flow, result):
    path = tmp_path / "net.py"
    path.write_text(OPEN.replace("RESULT", result))
    flow = read_flow(path, "Net", ("2x3x8x8",)).flow
    assert not flow.complete
    assert flow.mismatch is None


EMPTY = """\
import torch
import torch.nn as nn

class Net(nn.Module):
    def forward(self, x, states=None):
        parts = [state for state in states or ()]
        shapes = [part.shape for part in parts]
        parts = torch.JOIN(parts)
        return torch.tensor(shapes).prod(1), parts
"""


@pytest.mark.parametrize("join", ["cat", "stack", "hstack", "vstack"])
def test_nothing_is_put_together_of_nothing(tmp_path, read_flow, load, join):
    """The call ends there, and it may be for want of what the model can also take."""
    path = tmp_path / "net.py"
    path.write_text(EMPTY.replace("JOIN", join))
    with pytest.raises((RuntimeError, ValueError), match="non-empty"):
        load(path).Net()(torch.zeros(2, 3))
    flow = read_flow(path, "Net", ("2x3",)).flow
    assert flow.mismatch is None
    assert ["non-empty" in unread.reason for unread in flow.missing] == [True]
