"""The estimate: a roofline for each kernel, from what was read and what the profile says."""

from pathlib import Path
from typing import cast

import pytest
from attrs import evolve

from hwlint.api import Reading
from hwlint.cost import Coefficients, Estimate, Sample, amounts, estimate, silent_for
from hwlint.engine.inputs import parse_input
from hwlint.graph import ModelGraph
from hwlint.profile import Dispatch, Energy, Fit, Profile, available_profiles
from hwlint.reader import ForwardOptions, Reader, ReadOptions

PROFILES = available_profiles()
H100 = PROFILES["h100-sxm"]


def read(folder: Path, text: str, *inputs: str) -> ModelGraph:
    path = folder / "net.py"
    path.write_text("import torch\nimport torch.nn as nn\n" + text)
    given = ForwardOptions(tuple(parse_input(text) for text in inputs))
    options = ReadOptions(folder, (folder,), forward=given)
    return cast(ModelGraph, Reader(options).read_place(str(path), "Net").graphs[0])


CONV = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 100, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(100)
        self.act = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(100, 10)

    def forward(self, x):
        x = self.act(self.norm(self.conv(x)))
        return self.head(self.pool(x).flatten(1))
"""


@pytest.fixture(scope="module")
def conv(tmp_path_factory: pytest.TempPathFactory) -> ModelGraph:
    return read(tmp_path_factory.mktemp("conv"), CONV, "8x64x56x56")


def made(graph: ModelGraph, profile: Profile, dtype: str | None = None) -> Estimate:
    found = estimate(graph, profile, dtype or profile.default_dtype)
    assert found is not None
    return found


def test_operations_add_up_to_the_total(conv: ModelGraph):
    found = made(conv, H100)
    assert conv.flow is not None
    assert len(found.operations) == len(conv.flow.operations)
    assert sum(o.seconds for o in found.operations) == pytest.approx(found.seconds)
    assert sum(k.seconds for k in found.kernels) == pytest.approx(found.seconds)
    assert found.share_of_module("") == pytest.approx(1)
    assert found.share_of_layers(conv.layers) + found.share_of_operations(
        found.of_module("x")
    ) == pytest.approx(1)


def test_time_is_the_longer_of_computing_and_moving_and_the_start(conv: ModelGraph):
    found = made(conv, H100)
    first = found.operations[0]
    macs = 8 * 56 * 56 * 64 * 9 * 104  # 100 columns are computed in tiles of 8
    assert first.padding == pytest.approx(4 / 104)
    assert first.compute == pytest.approx(2 * macs / 794.5e12)
    assert first.overhead == pytest.approx(3.3e-6)
    assert first.seconds == pytest.approx(max(first.compute, first.memory) + first.overhead)


def test_batch_norm_goes_into_the_convolution_where_the_runtime_folds_it(conv: ModelGraph):
    found = made(conv, H100)
    assert found.operations[1].kernel == found.operations[0].kernel
    assert found.operations[1].seconds == 0
    alone = made(conv, evolve(H100, fusion=None))
    assert alone.operations[1].kernel != alone.operations[0].kernel
    assert alone.operations[1].seconds > 0


def test_an_activation_is_fused_where_the_runtime_does_it(conv: ModelGraph):
    pi = made(conv, PROFILES["raspberry-pi-4"])
    assert pi.operations[2].kernel == pi.operations[0].kernel
    assert made(conv, H100).operations[2].kernel != made(conv, H100).operations[0].kernel


def test_views_cost_nothing(conv: ModelGraph):
    found = made(conv, H100)
    assert conv.flow is not None
    views = [n for n, o in enumerate(conv.flow.operations) if o.effect == "view"]
    assert views
    assert all(found.operations[n].seconds == 0 for n in views)
    assert all(found.operations[n].kernel is None for n in views)


def test_bytes_come_from_dram_unless_they_are_on_the_chip(conv: ModelGraph):
    cached = made(conv, H100)
    assert H100.memory is not None
    bare = made(conv, evolve(H100, memory=evolve(H100.memory, l2_mib=None)))
    weights, image, map_ = 64 * 9 * 100, 8 * 64 * 56 * 56, 8 * 100 * 56 * 56
    assert bare.operations[0].moved == 2 * (weights + image + map_)
    assert cached.operations[0].moved == 2 * image  # all that no earlier run can have left


def test_what_bounds_it_is_said(conv: ModelGraph):
    found = made(conv, H100)
    assert found.operations[0].bound == "compute"
    assert found.operations[-1].bound == "dispatch"
    assert made(conv, evolve(H100, dispatch=dispatched(1000.0))).operations[0].bound == "dispatch"


def dispatched(kernel_us: float) -> Dispatch:
    return Dispatch(kernel_us=kernel_us, source=("here",), evidence="measured")


def test_without_the_fields_there_is_silence_that_says_why(conv: ModelGraph):
    profile = evolve(H100, dispatch=None)
    assert estimate(conv, profile, "bf16") is None
    assert silent_for(conv, profile, "bf16") == "the profile has no dispatch.kernel_us"
    assert silent_for(conv, evolve(H100, memory=None), "bf16") == "the profile has no memory"
    assert silent_for(conv, H100, "bf16") is None


def test_without_a_whole_forward_there_is_silence(tmp_path: Path):
    graph = read(tmp_path, CONV.replace("self.pool(x)", "unknown(x)"), "8x64x56x56")
    assert estimate(graph, H100, "bf16") is None
    assert silent_for(graph, H100, "bf16")


def test_a_reading_falls_back_to_parameters(conv: ModelGraph):
    layers = {layer.op: layer for layer in conv.layers}
    timed = Reading(H100, "bf16", graph=conv)
    assert timed.share_of == "the estimated time"
    assert timed.share([layers["Conv2d"]]) == pytest.approx(
        made(conv, H100).share_of_layers([layers["Conv2d"]])
    )
    blind = Reading(evolve(H100, memory=None), "bf16", graph=conv)
    assert blind.share_of == "the parameters"
    assert blind.share([layers["Conv2d"]]) == pytest.approx(57600 / (57600 + 200 + 1010))


def test_weights_are_counted_in_the_format_of_the_target(conv: ModelGraph):
    assert made(conv, H100).weight_bytes == 2 * (conv.params or 0)
    assert made(conv, PROFILES["raspberry-pi-4"]).weight_bytes == conv.params


ATTENTION = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(256)
        self.qkv = nn.Linear(256, 768)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).view(2, 64, 3, 4, 64).permute(2, 0, 3, 1, 4)
        scores = {scores}
        x = scores.softmax(-1) @ v
        return torch.relu(torch.tanh(x).sum(-1))
"""


@pytest.mark.parametrize(
    ("scores", "kernels"),
    [
        # product, scaling, softmax, product: one kernel. Norm, linear, and tanh with sum and relu.
        ("(q @ k.transpose(-2, -1)) * 0.125", 4),
        # A form that Inductor leaves apart: scaling, product, softmax, product.
        ("(q * 0.125) @ k.transpose(-2, -1)", 7),
    ],
)
def test_attention_that_is_written_out(tmp_path: Path, scores: str, kernels: int):
    graph = read(tmp_path, ATTENTION.replace("{scores}", scores), "2x64x256")
    assert H100.fusion is not None
    assert len(made(graph, H100).kernels) == kernels
    apart = evolve(H100, fusion=evolve(H100.fusion, attention=False, reductions=False))
    assert len(made(graph, apart).kernels) == 9


def test_what_nobody_uses_does_not_run(tmp_path: Path):
    text = CONV.replace(
        "return self.head(",
        "unused = self.head(self.pool(x).flatten(1))\n        return self.head(",
    )
    graph = read(tmp_path, text, "8x64x56x56")
    dropped = made(graph, H100)
    assert H100.fusion is not None
    kept = made(graph, evolve(H100, fusion=evolve(H100.fusion, drops_unused=False)))
    assert len(kept.kernels) == len(dropped.kernels) + 2


def test_energy_is_power_times_time_or_what_work_costs(conv: ModelGraph):
    board = made(conv, PROFILES["stm32l4r5"])
    assert board.joules == pytest.approx(0.042 * board.seconds)
    assert made(conv, H100).joules is None
    costs = Energy(
        pj_per_op={"bf16": 0.5}, pj_per_byte={"dram": 10}, source=("here",), evidence="measured"
    )
    found = made(conv, evolve(H100, energy=costs))
    first = found.operations[0]
    operations = 2 * 8 * 56 * 56 * 64 * 9 * 104
    assert first.joules == pytest.approx((0.5 * operations + 10 * first.moved) * 1e-12)
    assert found.joules == pytest.approx(sum(o.joules or 0 for o in found.operations))


def test_what_a_deploy_path_does_not_run_is_named(tmp_path: Path):
    text = CONV.replace("nn.BatchNorm2d(100)", "nn.InstanceNorm2d(100)")
    found = made(read(tmp_path, text, "1x64x56x56"), PROFILES["ethos-u55-128"])
    assert found.unsupported == (1,)


def test_a_fit_goes_before_all_rates(conv: ModelGraph):
    fitted = Fit(
        ms_per_gop=0.5, ms_per_mb=0.1, ms_per_kernel=0.02, ms=1, samples=9, source=("here",),
        evidence="measured",
    )  # fmt: skip
    profile = evolve(H100, fits={"bf16": fitted}, peak=None, achievable=None, memory=None)
    found, did = made(conv, profile), amounts(conv, profile, "bf16")
    assert did is not None
    parts = Coefficients(0.5, 0.1, 0.02, 1)
    assert found.seconds == pytest.approx(parts.predict(Sample(did, 0, 1)) / 1000)
    assert found.constant == 0.001
    assert len(found.kernels) == did.kernels


def test_a_pooling_loads_its_window_for_each_output(tmp_path: Path):
    text = CONV.replace("nn.AdaptiveAvgPool2d(1)", "nn.AvgPool2d((4, 2), 1)").replace(
        "nn.Linear(100, 10)", "nn.Linear(53 * 55 * 100, 10)"
    )
    graph = read(tmp_path, text, "1x64x56x56")
    assert graph.flow is not None
    assert [o.window for o in graph.flow.operations if o.name == "avg_pool2d"] == [8]
    pooled, made_ = 56 * 56 * 100, 53 * 55 * 100
    did, plain = amounts(graph, H100, "bf16"), amounts(graph, H100, "bf16", "pool")
    assert did is not None
    assert plain is not None
    assert plain.bytes == 2 * (8 * made_ + made_)
    assert plain.bytes > 2 * (pooled + made_)
    assert plain.kernels == 1
