"""The profiles that come with hwlint."""

import pickle
import re
import tomllib
from pathlib import Path

import attrs
import pytest

from hwlint.cost import estimate, wanting
from hwlint.ops import LAYERS
from hwlint.profile import KINDS, Profile, ProfileIndex, Sourced, discover_profiles
from hwlint.reader import ForwardOptions, InputSpec, Reader, ReadOptions

PROFILES = discover_profiles(("hwlint_profiles",))
FILES = PROFILES.files()

TINY_BOARDS = {"stm32l4r5", "stm32u575", "stm32h7a3", "ra8d1", "stm32g0b1"}


@pytest.fixture(params=list(PROFILES))
def profile(request: pytest.FixtureRequest) -> Profile:
    return PROFILES[request.param]


def test_there_are_47_devices_of_every_kind():
    assert len(PROFILES) == 47
    assert set(PROFILES) >= TINY_BOARDS | {"h100-sxm", "ethos-u55-128", "raspberry-pi-5"}
    assert {PROFILES[key].kind for key in PROFILES} == set(KINDS)


def test_names_and_aliases_are_distinct():
    aliases = [alias for key in PROFILES for alias in PROFILES[key].aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(PROFILES)
    assert PROFILES.aliases() == {a: key for key in PROFILES for a in PROFILES[key].aliases}
    assert len({PROFILES[key].name for key in PROFILES}) == len(PROFILES)


def test_shared_parts_are_no_devices_and_each_is_used():
    shared = {name for name in FILES if name.startswith("_")}
    assert shared
    assert not shared & set(PROFILES)
    used: set[str] = set()
    for path in FILES.values():
        extends = tomllib.loads(path.read_text(encoding="utf-8")).get("extends", [])
        used |= {extends} if isinstance(extends, str) else set(extends)
    assert shared - {"_eager"} == used & shared  # that one is for profiles of projects


def test_operators_are_torch_s_own(profile: Profile):
    named = [op for operators in profile.operators.values() for op in operators.support]
    named += [op for operators in profile.operators.values() for op in operators.int4_weights]
    if profile.fusion is not None:
        named += profile.fusion.batch_norm_folds_into or ()
        named += [op for f in profile.fusion.activations for op in (*f.producers, *f.activations)]
    assert not set(named) - LAYERS.keys()


def test_functions_are_torch_s_own():
    import torch

    named = {f for key in PROFILES for o in PROFILES[key].operators.values() for f in o.functions}
    named |= {op for key in PROFILES for limit in PROFILES[key].limits for op in limit.operators}
    places = (torch, torch.Tensor, torch.nn.functional)
    assert "bmm" in named
    assert not {n for n in named - LAYERS.keys() if not any(hasattr(p, n) for p in places)}


def test_a_limit_bounds_something(profile: Profile):
    for limit in profile.limits:
        bounds = (limit.minimum, limit.maximum, limit.multiple, *limit.allowed)
        assert any(bound is not None for bound in bounds), limit


def test_reasons_belong_to_operators_that_need_one(profile: Profile):
    for operators in profile.operators.values():
        assert not set(operators.why) - set(operators.support)
        costly = {op for op, s in operators.support.items() if s in {"none", "float"}}
        assert not costly - set(operators.why)


def groups(value: object):
    """Yield everything in a profile that carries a source."""
    if attrs.has(type(value)):
        if isinstance(value, Sourced):
            yield value
        for name in attrs.fields_dict(type(value)):
            yield from groups(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from groups(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from groups(item)


def test_every_group_says_where_it_comes_from(profile: Profile):
    found = list(groups(profile))
    assert len(found) >= 5
    for group in found:
        assert all(len(source) > 10 for source in group.source)
        if group.evidence.startswith("vendor") or group.evidence == "third-party":
            # A page, a repository or a package that can be opened.
            assert all(re.search(r"https?://|github |PyPI |executorch", s) for s in group.source)


def test_all_values_stand_in_a_group_with_a_source():
    """Only what identifies a profile needs none."""
    plain = {"id", "name", "kind", "default_dtype", "aliases", "extends", "fingerprint"}
    for key in PROFILES:
        for name in attrs.fields_dict(Profile):
            value = getattr(PROFILES[key], name)
            if name in plain or value is None:
                continue
            items = value.values() if isinstance(value, dict) else value
            items = items if not isinstance(value, Sourced) else [value]
            assert all(isinstance(item, Sourced) for item in items), name


def test_no_source_is_a_place_that_nobody_else_can_open():
    for path in FILES.values():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"look-up|/tmp/|/work/|file id", text), path.name


def test_a_tile_is_filled_by_what_is_recommended(profile: Profile):
    for tile in profile.tiles:
        assert tile.recommended is None or tile.recommended % tile.minimum == 0
    for cliff in profile.cliffs:
        assert list(cliff.at) == sorted(cliff.at)
        assert len(cliff.extra) in {0, len(cliff.at)}


def test_no_two_tiles_answer_the_same_question(profile: Profile):
    asked = [
        (dtype, layer, operand, tile.kernel)
        for tile in profile.tiles
        for dtype in tile.dtypes
        for layer in tile.layers
        for operand in tile.operands
    ]
    assert len(set(asked)) == len(asked)


def test_achievable_is_below_peak(profile: Profile):
    known = profile.achievable.tops if profile.achievable is not None else {}
    for dtype in known:
        reached, peak = profile.achievable_ops(dtype), profile.peak_ops(dtype)
        assert reached is not None
        assert peak is None or reached < peak


def test_sparse_rates_are_twice_the_dense_ones(profile: Profile):
    peak = profile.peak
    for dtype, rate in (peak.two_four_tops if peak is not None else {}).items():
        assert peak is not None
        assert rate == 2 * peak.tops[dtype]


def test_rates_follow_from_multipliers_and_clock():
    for key in (k for k in PROFILES if k.startswith("ethos-")):
        profile = PROFILES[key]
        assert profile.peak is not None
        assert profile.core is not None
        assert profile.peak.macs_per_cycle is not None
        assert profile.core.clock_mhz is not None
        by_clock = 2 * profile.peak.macs_per_cycle * profile.core.clock_mhz * 1e6
        assert profile.peak_ops("int8") == pytest.approx(by_clock)


@pytest.mark.parametrize("key", sorted(TINY_BOARDS))
def test_tiny_boards_have_all_four_models(key: str):
    profile = PROFILES[key]
    assert profile.achievable is not None
    assert profile.core is not None
    assert profile.core.clock_mhz is not None
    by_runtime: dict[str, set[str]] = {}
    for row in profile.measurements:
        by_runtime.setdefault(row.runtime, set()).add(row.model.removeprefix("MLPerf Tiny "))
    tasks = {"image classification", "visual wake words", "keyword spotting", "anomaly detection"}
    assert by_runtime
    assert all(models == tasks for models in by_runtime.values())


def test_rates_of_tiny_boards_follow_from_what_was_measured():
    """They are set so that the estimate of keyword spotting is what somebody timed."""
    path = Path(__file__).parents[2] / "examples" / "tiny" / "keyword_spotting.py"
    given = ForwardOptions((InputSpec("", (1, 1, 49, 10)),))
    reader = Reader(ReadOptions(path.parent, (path.parent,), forward=given))
    graph = reader.read_place(str(path), "DSCNN").graphs[0]
    for key in sorted(TINY_BOARDS):
        known = estimate(graph, PROFILES[key], "int8")
        assert known is not None
        timed = [
            row.seconds()
            for row in PROFILES[key].measurements
            if row.model == "MLPerf Tiny keyword spotting"
        ]
        assert any(known.seconds == pytest.approx(seconds, rel=0.01) for seconds in timed), key


def test_every_measurement_has_a_time(profile: Profile):
    for row in profile.measurements:
        known = [row.latency_ms, row.per_second, row.cycles]
        assert sum(value is not None for value in known) == 1, row


def test_rates_by_core_and_clock():
    profile = PROFILES["raspberry-pi-5"]
    assert profile.peak_ops("fp32") == 16 * 4 * 2.4e9
    assert profile.peak_ops("bf16") is None
    assert PROFILES["x86-avx2"].peak_ops("fp32") is None  # cores and clock differ by model
    slow = PROFILES["stm32g0b1"].achievable_ops("int8")
    assert slow == pytest.approx(2 * 64e6 / 9.0)
    assert PROFILES["h100-sxm"].achievable_ops("bf16") == 794.5e12
    assert PROFILES["h100-sxm"].achievable_ops("int8") is None


def test_tiles_differ_by_number_format_operand_and_kernel():
    def least(key: str, *asked: str) -> int | None:
        tile = PROFILES[key].tile(*asked)
        return tile.minimum if tile is not None else None

    assert least("h100-sxm", "bf16", "linear", "rows") == 8
    assert least("t4", "bf16", "linear", "in") is None
    assert least("tpu-v5e", "bf16", "matmul", "out") == 128
    assert least("tpu-v5e", "int8", "linear", "rows") == 32
    assert least("x86-amx", "int8", "linear", "out") == 64
    assert least("x86-avx512-vnni", "fp32", "conv", "out") == 32
    assert least("raspberry-pi-4", "int8", "conv", "out") == 8
    assert least("raspberry-pi-5", "int8", "conv", "out") == 16
    assert least("ethos-u55-32", "int8", "conv", "out") == 4
    assert least("ethos-u65-512", "int8", "conv", "out") == 8
    assert least("ethos-u55-128", "int8", "conv", "in", "kxk") == 16
    assert least("ethos-u55-128", "int8", "conv", "in", "1x1") == 16
    assert least("ethos-u85-256", "int8", "conv", "out", "1x1") == 8
    assert least("ethos-u85-512", "int8", "conv", "out", "kxk") == 16
    assert least("ethos-u85-2048", "int8", "depthwise", "out") == 16
    assert least("esp32-s3", "int8", "conv", "in", "1x1") == 8
    assert least("esp32-s3", "int8", "conv", "in", "kxk") is None
    assert least("jetson-agx-orin-dla", "int8", "conv", "out") == 32
    assert least("jetson-agx-orin-dla", "fp16", "conv", "out") == 16


def test_cliffs_are_asked_for_like_tiles():
    profile = PROFILES["ethos-u55-128"]
    (cliff,) = profile.cliffs_of("int8", "conv", "out", "kxk")
    assert (cliff.at, cliff.extra) == ((32, 64), (0.84, 0.72))
    assert {c.at for c in profile.cliffs_of("int8", "conv", "in", "1x1")} == {(64,)}
    assert not list(profile.cliffs_of("fp16", "conv", "in", "1x1"))


def test_limits_are_asked_for_by_operator_and_number_format():
    profile = PROFILES["jetson-agx-orin-dla"]
    bounds = {limit.property: limit.maximum for limit in profile.limits_of("int8", "Conv2d")}
    assert bounds["kernel_size"] == 32
    assert bounds["stride"] == 8
    grouped = [limit.multiple for limit in PROFILES["jetson-orin-nano-8gb"].limits]
    assert grouped == [4]
    assert not list(PROFILES["jetson-orin-nano-8gb"].limits_of("fp16", "Conv2d"))


def test_functions_have_support_of_their_own():
    assert PROFILES["ethos-u55-128"].supports_function("int8", "gather") == "none"
    assert PROFILES["ethos-u85-128"].supports_function("int8", "gather") == "native"
    assert PROFILES["ethos-u85-128"].supports_function("int8", "fft") is None
    assert PROFILES["h100-sxm"].supports_function("bf16", "gather") is None


def test_a_profile_travels_to_another_process(profile: Profile):
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_an_index_is_a_mapping():
    assert isinstance(PROFILES, ProfileIndex)
    assert len(PROFILES) == len(list(PROFILES))
    assert "h100" not in PROFILES
    assert PROFILES.path("h100-sxm").name == "h100-sxm.toml"


def test_profiles_read_as_text():
    """Comments stand where prose matters: every file says at its head what it is about."""
    for path in FILES.values():
        assert isinstance(path, Path)
        assert path.read_text(encoding="utf-8").startswith("# "), path.name


def test_latency_is_estimated_on_thirty_devices():
    """What the table of devices says, and what an estimate of a real model needs."""
    active = [
        key for key in PROFILES if wanting(PROFILES[key], PROFILES[key].default_dtype) is None
    ]
    assert len(active) >= 30
    assert {PROFILES[key].kind for key in active} == set(KINDS)
