"""Where findings stand when a helper in another file builds the layer."""

from pathlib import Path

import pytest

from hwlint.engine.run import Options, check
from hwlint_rules.float_only_activation import FloatOnlyActivation
from hwlint_rules.redundant_bias import RedundantBias
from hwlint_rules.shared_producer import SharedProducer
from hwlint_rules.unfusable_activation import UnfusableActivation
from hwlint_rules.unremoved_reparametrization import UnremovedReparametrization

HELPER = """
import torch.nn as nn

class ConvNormAct(nn.Module):
    def __init__(self, wide, out, kernel=3, groups=1, bias=True, act=nn.SiLU, norm=nn.BatchNorm2d):
        super().__init__()
        self.conv = nn.Conv2d(wide, out, kernel, padding=kernel // 2, groups=groups, bias=bias)
        self.norm = norm(out)
        self.act = act()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))

def conv3d(wide, depth):
    return nn.Conv3d(wide, wide, (depth, 3, 3), padding=(depth // 2, 1, 1))
"""
NORM = """
import torch.nn as nn

class OwnNorm(nn.LayerNorm):
    def __init__(self, wide):
        super().__init__(wide, eps=1e-6)
"""
DERIVED = """
import torch.nn as nn
from norm import OwnNorm

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = OwnNorm(64)
        self.mix = nn.Linear(64, 64)
        self.last = OwnNorm(64)

    def forward(self, x):
        return self.last(self.mix(self.first(x)))
"""
MODEL = """
import torch.nn as nn
from helper import ConvNormAct, conv3d

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNormAct(3, 32, act=nn.ReLU, bias=False)
        self.one = ConvNormAct(32, 32, bias=False)
        self.two = ConvNormAct(32, 32, act=nn.ReLU)
        self.three = ConvNormAct(32, 32, act=nn.ReLU, norm=nn.InstanceNorm2d)

    def forward(self, x):
        return self.three(self.two(self.one(self.stem(x))))

class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[conv3d(32, depth) for depth in (3, 3, 7)])
"""


@pytest.fixture
def said(tmp_path: Path):
    """Return a function that gives (line, message) of what a rule says."""
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "net.py").write_text(MODEL)

    def look(code: str, device: str) -> list[tuple[str, str]]:
        options = Options(devices=(device,), select=(code,), jobs=1, cache=False)
        lines = {p.name: p.read_text().splitlines() for p in tmp_path.glob("*.py")}
        found = check((tmp_path,), options).findings
        return [
            (lines[Path(one.anchor.path).name][one.anchor.line].strip(), one.message)
            for one in found
        ]

    return look


def test_the_line_that_asks_the_helper_is_named(said):
    ((line, message),) = said("HW201", "stm32h743")
    assert line == "self.one = ConvNormAct(32, 32, bias=False)"
    assert "this layer becomes several operators" in message


@pytest.mark.parametrize("given", ["", "  # hwlint: input(1x16x64)"])
def test_layers_of_a_derived_class_stand_where_they_are_built(tmp_path: Path, given: str):
    (tmp_path / "norm.py").write_text(NORM)
    (tmp_path / "net.py").write_text(DERIVED.replace("Module):", f"Module):{given}"))
    options = Options(devices=("raspberry-pi-5",), select=("HW202",), jobs=1, cache=False)
    found = check((tmp_path,), options).findings
    lines = DERIVED.splitlines()
    places = sorted(
        f"{Path(one.anchor.path).name}: {lines[one.anchor.line].strip()}" for one in found
    )
    assert places == ["net.py: self.first = OwnNorm(64)", "net.py: self.last = OwnNorm(64)"]


def test_each_norm_that_cancels_is_named_where_its_layer_is_asked_for(said):
    found = sorted(said("HW302", "h100-sxm"))
    assert [line.split(" ")[0] for line, _ in found] == ["self.three", "self.two"]
    assert [message.split(" ")[0] for _, message in found] == ["InstanceNorm2d", "BatchNorm2d"]


def test_values_that_differ_are_said_apart(said):
    ((_, message),) = said("HW204", "ethos-u55-128")
    assert "kernel depth 3 (2 layers) or 7 (1 layer) of Conv3d: at most 1" in message


MIXED = """
import torch.nn as nn

class Block(nn.Module):
    def __init__(self, kernels, norm):
        super().__init__()
        self.branches = nn.ModuleList(
            [nn.Conv2d(64, 64, k, padding=k // 2, bias=False) for k in kernels]
        )
        self.last = nn.Conv2d(64, 64, 3, padding=1)
        self.norm = norm(64)

    def forward(self, x):
        total = self.branches[0](x)
        for branch in self.branches[1:]:
            total = total + branch(x)
        return self.norm(self.last(total))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, bias=False)
        self.body = nn.Sequential(
            Block((3, 1), nn.BatchNorm2d), Block((5, 3, 1), nn.BatchNorm2d),
            Block((3, 1, 1), nn.InstanceNorm2d),
        )

    def forward(self, x):
        return self.body(self.stem(x))
"""


def test_a_mixed_group_is_not_called_by_its_first_member(told):
    (norms,) = told(RedundantBias, MIXED, "h100-sxm")
    assert norms.message.startswith("BatchNorm2d (2) and InstanceNorm2d (1) cancel this bias")
    found = told(UnremovedReparametrization, MIXED, "h100-sxm")
    said = [one.message.partition(" of one input")[0] for one in found]
    assert said == ["3 branches (in 2 places) and 2 (in 1)"]


def test_branches_inside_of_a_shortcut_are_counted(told):
    text = MIXED.replace("return self.norm(self.last(total))", "return x.sigmoid() + total")
    found = told(UnremovedReparametrization, text, "h100-sxm")
    said = [one.message.partition(" of one input")[0] for one in found]
    assert said == ["3 branches (in 2 places) and 2 (in 1)"]


def test_a_whole_model_is_no_helper(tmp_path: Path):
    """What another model of the project has in it is placed in that model."""
    (tmp_path / "text.py").write_text(
        """
import torch.nn as nn

class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(2)])
        self.norm = nn.LayerNorm(64)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)
"""
    )
    both = tmp_path / "both"
    both.mkdir()
    (both / "net.py").write_text(
        """
import torch.nn as nn
from text import Text

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(64, 64)
        self.text = Text()

    def forward(self, x):
        return self.text(self.head(x))
"""
    )
    options = Options(devices=("raspberry-pi-5",), select=("HW202",), jobs=1, cache=False)
    (found,) = check((tmp_path,), options).findings
    assert Path(found.anchor.path).name == "text.py"


SHARED = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.one, self.two = nn.ReLU(), nn.OTHER()
        self.a, self.b = nn.Conv2d(64, 64, 3), nn.Conv2d(64, 64, 3)

    def forward(self, x):
        x = self.conv(x)
        return self.a(self.one(x)), self.b(self.two(x))
"""


def test_what_is_worked_out_twice_counts_once(told):
    """Exporters keep one of two operators that are alike."""
    assert told(SharedProducer, SHARED.replace("OTHER", "Tanh"), "raspberry-pi-5")
    assert not told(SharedProducer, SHARED.replace("OTHER", "ReLU"), "raspberry-pi-5")


def test_a_norm_that_folds_whoever_else_reads_is_no_pass(told):
    source = SHARED_NORM
    assert told(SharedProducer, source, "raspberry-pi-5")
    assert not told(SharedProducer, source, "ethos-u55-128")


SHARED_NORM = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 3, 64, 64)
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3, padding=1)
        self.norm = nn.BatchNorm2d(32)
        self.pool = nn.MaxPool2d(2)
        self.more = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.conv(x)
        return self.pool(x) + self.more(self.norm(x))
"""


def test_the_other_reader_is_named_and_alike_ones_count_once(told):
    source = SHARED.replace("OTHER", "ReLU").replace("return ", "return x.abs(), ")
    (found,) = told(SharedProducer, source, "raspberry-pi-5")
    assert "(abs)" in found.message
    assert found.data["layers"] == 1


TABLE = """
import torch.nn as nn

class Table(dict):
    def __getitem__(self, name):
        return super().__getitem__(name)()

ACTIVATIONS = Table(prelu=nn.PReLU)
"""
TABLED = """
import torch.nn as nn
from table import ACTIVATIONS

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 64, 3)
        self.two = nn.Conv2d(64, 64, 3)
        self.act = ACTIVATIONS["prelu"]

    def forward(self, x):
        return self.two(self.act(self.one(x)))
"""


def test_a_table_that_builds_stands_where_it_is_asked(told, tmp_path: Path):
    (tmp_path / "table.py").write_text(TABLE)
    (found,) = told(UnfusableActivation, TABLED, "stm32h743")
    assert TABLED.splitlines()[found.anchor.line].strip() == 'self.act = ACTIVATIONS["prelu"]'
    assert [Path(related.place.path).name for related in found.related] == ["net.py", "table.py"]


PADS = """
import torch.nn as nn
import torch.nn.functional as F

def pad_same(x):
    return F.pad(x, (1, 1, 1, 1))

class PoolSame(nn.MaxPool2d):
    def forward(self, x):
        x = F.pad(x, (1, 1, 1, 1))
        return F.max_pool2d(x, 3, 1)
"""
CELLS = """
import torch.nn as nn
from pads import PoolSame, pad_same

class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 3, padding=1)
        self.act = nn.ReLU()
        self.next = nn.Conv2d(64, 64, 3, padding=1)
        self.pool = PoolSame(3)

    def pooled(self, x):
        OTHER

    def forward(self, x):
        x = self.conv(x)
        left = self.next(self.act(x))
        return left, self.pooled(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3)
        self.one, self.two = Cell(), Cell()

    def forward(self, x):
        a, b = self.one(self.stem(x))
        c, d = self.two(a)
        return b, c, d
"""


@pytest.mark.parametrize("other", ["return self.pool(x)", "return pad_same(x)", "return x"])
def test_what_is_shared_stands_where_the_model_shares_it(told, tmp_path: Path, other: str):
    (tmp_path / "pads.py").write_text(PADS)
    source = CELLS.replace("OTHER", other)
    found = told(SharedProducer, source, "raspberry-pi-5")
    lines = {source.splitlines()[one.anchor.line].strip() for one in found}
    returned = other == "return x"
    assert lines == {"x = self.conv(x)" if returned else "return left, self.pooled(x)"}
    assert found[0].data["layers"] == 2


BOTH = """
import torch.nn as nn
from pads import pad_same

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.act = nn.ReLU()

    def both(self, x):
        wide = pad_same(x)
        return self.act(x) + wide[..., 2:, 2:]

    def forward(self, x):
        return self.both(self.conv(x))
"""


def test_a_method_that_shares_is_named_and_not_its_caller(told, tmp_path: Path):
    (tmp_path / "pads.py").write_text(PADS)
    (found,) = told(SharedProducer, BOTH, "raspberry-pi-5")
    assert BOTH.splitlines()[found.anchor.line].strip() == "wide = pad_same(x)"


MADE = """
import torch.nn as nn

class Squeeze(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.down = nn.Conv2d(width, 16, 1)
        self.act = nn.SiLU()
        self.up = nn.Conv2d(16, width, 1)

    def forward(self, x):
        return x * self.up(self.act(self.down(x)))

def create(width):
    return Squeeze(width)
"""
BLOCKS = """
import torch.nn as nn
from parts.made import create

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3)
        self.act = nn.SiLU()
        self.squeeze = create(width)

    def forward(self, x):
        return self.squeeze(self.act(self.conv(x)))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Block(64), Block(64)

    def forward(self, x):
        return self.two(self.one(x))
"""


def test_a_module_that_a_function_builds_stands_where_that_is_called(told, tmp_path: Path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "made.py").write_text(MADE)
    found = told(FloatOnlyActivation, BLOCKS, "stm32h743")
    lines = sorted(BLOCKS.splitlines()[one.anchor.line].strip() for one in found)
    assert lines == ["self.act = nn.SiLU()", "self.squeeze = create(width)"]


WITH_AND_WITHOUT = """
import torch.nn as nn

class Block(nn.Sequential):
    def __init__(self, width, norm):
        layers = [nn.Conv2d(width, width, 3, bias=True)]
        if norm is not None:
            layers.append(norm(width))
        super().__init__(*layers)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = Block(64, nn.BatchNorm2d)
        self.two = Block(64, OTHER)
"""


@pytest.mark.parametrize(("other", "number"), [("nn.BatchNorm2d", 1), ("None", 0)])
def test_a_bias_that_the_same_call_gives_where_it_counts(told, other, number):
    """Known by construction alone: there is no forward."""
    assert len(told(RedundantBias, WITH_AND_WITHOUT, "ethos-u55-128", OTHER=other)) == number
