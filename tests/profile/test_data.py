"""The profiles that come with hwlint."""

import pickle
import re

import attrs
import pytest

from hwlint.ops import LAYERS
from hwlint.profile import Profile, ProfileIndex, discover_profiles

PROFILES = discover_profiles(("hwlint_profiles",))


@pytest.fixture(params=list(PROFILES))
def profile(request: pytest.FixtureRequest) -> Profile:
    return PROFILES[request.param]


def test_the_four_devices():
    assert {"h100-sxm", "ethos-u55-128", "raspberry-pi-5", "stm32h743"} <= set(PROFILES)


def test_names_and_aliases_are_distinct():
    aliases = [alias for key in PROFILES for alias in PROFILES[key].aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(PROFILES)
    assert PROFILES.aliases() == {a: key for key in PROFILES for a in PROFILES[key].aliases}


def test_operators_are_torch_s_own(profile: Profile):
    named = [op for operators in profile.operators.values() for op in operators.support]
    named += [op for limit in profile.limits for op in limit.operators]
    if profile.fusion is not None:
        named += profile.fusion.batch_norm_folds_into or ()
        named += [op for f in profile.fusion.activations for op in (*f.producers, *f.activations)]
    assert not set(named) - set(LAYERS)


def test_reasons_belong_to_operators_that_need_one(profile: Profile):
    for operators in profile.operators.values():
        assert not set(operators.why) - set(operators.support)
        costly = {op for op, s in operators.support.items() if s in {"none", "float"}}
        assert not costly - set(operators.why)


def groups(value: object):
    """Yield everything in a profile that carries a source."""
    if attrs.has(type(value)):
        if hasattr(value, "source"):
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


def test_a_tile_is_filled_by_what_is_recommended(profile: Profile):
    for tile in profile.tiles:
        assert tile.recommended is None or tile.recommended % tile.minimum == 0


def test_achievable_is_below_peak(profile: Profile):
    if profile.achievable is not None:
        assert profile.peak is not None
        for dtype, rate in profile.achievable.tops.items():
            assert rate < profile.peak.tops[dtype]


def test_a_profile_travels_to_another_process(profile: Profile):
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_an_index_is_a_mapping():
    assert isinstance(PROFILES, ProfileIndex)
    assert len(PROFILES) == len(list(PROFILES))
    assert "h100" not in PROFILES
    assert PROFILES.path("h100-sxm").name == "h100-sxm.toml"
