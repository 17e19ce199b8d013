"""HW201 and HW202 on models built by hand."""

import pytest
from attrs import evolve

from hwlint_rules.decomposed_operator import DecomposedOperator
from hwlint_rules.float_island import FloatIsland
from hwlint_rules.float_only_activation import FloatOnlyActivation
from hwlint_rules.float_only_normalization import FloatOnlyNormalization
from hwlint_rules.unsupported_operator import UnsupportedOperator


def test_decomposed(net, findings):
    net.add("SiLU", "act", 5)
    (found,) = findings(FloatOnlyActivation, net.graph(), "stm32h743")
    assert found.anchor.line == 5
    assert "no int8 kernel of its own" in found.message
    assert "sigmoid and multiply" in found.why
    assert found.advice.startswith("Hardswish or ReLU6 (fused) would run in int8 here")


def test_not_supported(net, findings):
    net.add("GELU", "act", 5)
    (found,) = findings(FloatOnlyActivation, net.graph(), "stm32h743")
    assert found.message.startswith("GELU is not supported in int8")
    assert "[runtime source code]" in found.why


def test_float(net, findings, devices):
    pi = devices["raspberry-pi-5"]
    known = pi.operators["int8"]
    operators = {"int8": evolve(known, support={**known.support, "PReLU": "float"})}
    net.add("PReLU", "act", 5)
    (found,) = findings(FloatOnlyActivation, net.graph(), evolve(pi, operators=operators))
    assert found.message.startswith("PReLU has no int8 kernel: ")


@pytest.mark.parametrize("op", ["Softmax", "PReLU"])
def test_the_interpreter_has_kernels_that_the_delegate_lacks(net, findings, op):
    net.add(op, "act", 5)
    assert not findings(FloatOnlyActivation, net.graph(), "raspberry-pi-5")


def test_one_finding_for_each_call(net, findings):
    for number in range(3):
        net.add("SiLU", f"a{number}", 5)
    net.add("SiLU", "other", 9)
    first, second = findings(FloatOnlyActivation, net.graph(), "stm32h743")
    assert "3 layers of this call" in first.message
    assert [r.place.line for r in first.related] == [9]
    assert second.anchor.line == 9


@pytest.mark.parametrize("op", ["ReLU", "Hardswish", "Softplus"])
def test_silent_about_what_runs_and_what_is_not_known(net, findings, op):
    net.add(op, "act", 5)
    assert not findings(FloatOnlyActivation, net.graph(), "stm32h743")


def test_silent_in_a_float_dtype_and_on_maybe(net, findings):
    net.add("SiLU", "act", 5)
    assert not findings(FloatOnlyActivation, net.graph(), "h100-sxm")
    net.layers.clear()
    net.add("SiLU", "act", 5, maybe=True)
    assert not findings(FloatOnlyActivation, net.graph(), "stm32h743")


DIVIDED = """
import torch
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 8, 64)
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(64, 64)

    def forward(self, x):
        return self.proj(x) / BY
"""


@pytest.mark.parametrize(
    ("by", "several"),
    [("x.mean()", True), ("8.0", False), ("torch.sqrt(torch.tensor(64.0) * 3)", False)],
)
def test_a_division_by_what_is_known_is_a_multiplication(told, by, several):
    assert bool(told(DecomposedOperator, DIVIDED, "ethos-u55-128", BY=by)) is several


TABLES = """
import torch
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 8, int64)
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(1000, 64)
        self.places = nn.Embedding(16, 64)
        self.register_buffer("numbers", torch.arange(16))

    def forward(self, x):
        made = self.words(x) + self.places(self.numbers[: x.shape[1]])
        END
"""


@pytest.mark.parametrize("end", ["return made", "return unknown(made)"])
def test_a_table_that_is_asked_for_the_same_rows_is_a_constant(told, end):
    found = told(UnsupportedOperator, TABLES, "ethos-u55-128", END=end)
    assert [f.anchor.line for f in found] == [TABLES.splitlines().index(WORDS)]


WORDS = "        self.words = nn.Embedding(1000, 64)"


def test_norms(net, findings):
    net.add("GroupNorm", "gn", 5, num_groups=8, num_channels=64)
    net.add("BatchNorm2d", "bn", 6, num_features=64)
    (found,) = findings(FloatOnlyNormalization, net.graph(), "ethos-u55-128")
    assert found.anchor.line == 5
    assert found.advice.startswith("BatchNorm2d (a scale and a shift)")


GROUPS = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 64, 16, 16)
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 3, padding=1)
        self.norm = nn.GroupNorm(1, 64)
        self.last = nn.Conv2d(64, 64, 1)

    def forward(self, x):
        return self.last(self.norm(MADE))
"""


@pytest.mark.parametrize(
    ("made", "how"), [("self.conv(x)", "fused"), ("x + self.conv(x)", "a scale and a shift")]
)
def test_a_batch_norm_is_fused_where_a_convolution_is_before_it(told, made, how):
    (found,) = told(FloatOnlyNormalization, GROUPS, "ethos-u55-128", MADE=made)
    assert found.advice == (
        f"BatchNorm2d ({how}) would run in int8 here (changes results: train again)"
    )


def test_a_layer_norm_has_no_stand_in(net, findings):
    net.add("LayerNorm", "ln", 5, normalized_shape=64)
    (found,) = findings(FloatOnlyNormalization, net.graph(), "raspberry-pi-5")
    assert not found.advice


ISLANDS = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 64, 16, 16)
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 3, padding=1)
        self.last = nn.Conv2d(64, 64, 1)

    def forward(self, x):
        x = self.conv(x)
        one = self.last(x.exp())
        CHANGE
        return one + self.last(x.exp())
"""


@pytest.mark.parametrize(
    ("change", "lines"),
    [("y = x + 1", [12]), ("x.add_(1)", [12, 14]), ("x.view(-1).add_(1)", [12, 14])],
)
def test_what_is_computed_twice_is_told_once(told, change, lines):
    found = told(FloatIsland, ISLANDS, "stm32h743", CHANGE=change)
    assert [one.anchor.line for one in found] == lines
