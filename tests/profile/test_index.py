"""Finding profiles: installed ones, a project's own, by name and by alias."""

import importlib
import sys
from pathlib import Path

import pytest

from hwlint.profile import (
    ProfileError,
    UnknownDevice,
    discover_profiles,
    find_profile,
    load_project_profiles,
)

PLAIN = 'name = "Mine"\nkind = "mcu"\ndefault_dtype = "int8"\naliases = ["mine", \'other\']\n'


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution that brings a package of profiles, as pip would."""
    site = tmp_path / "site"
    data = site / "some_profiles" / "data"
    data.mkdir(parents=True)
    # Loading profiles must not run the package.
    (site / "some_profiles" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (data / "board-1.toml").write_text(PLAIN)
    info = site / "some_profiles-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-profiles\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hwlint.profiles]\nsome = some_profiles\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return data


def test_entry_points_are_found_without_importing(installed: Path):
    profiles = discover_profiles()
    assert "board-1" in profiles
    assert find_profile("other", profiles).name == "Mine"
    assert "some_profiles" not in sys.modules


def test_only_what_is_asked_for_is_read(installed: Path):
    (installed / "broken.toml").write_text("name =\n")
    profiles = discover_profiles(("some_profiles",))
    assert list(profiles) == ["board-1", "broken"]
    assert find_profile("board-1", profiles) is profiles["board-1"]
    with pytest.raises(ProfileError):
        find_profile("broken", profiles)


def test_an_unknown_device_names_the_nearest():
    profiles = discover_profiles(("hwlint_profiles",))
    with pytest.raises(UnknownDevice) as caught:
        find_profile("h100-smx", profiles)
    assert str(caught.value) == 'unknown device "h100-smx"; did you mean "h100-sxm"?'
    with pytest.raises(UnknownDevice) as caught:
        find_profile("zzzzzz", profiles)
    assert str(caught.value) == 'unknown device "zzzzzz"'


def test_a_package_that_is_not_there():
    assert not discover_profiles(("no_such_package", "no.such.package"))


def test_a_project_s_own(tmp_path: Path):
    base = discover_profiles(("hwlint_profiles",))
    folder = tmp_path / ".hwlint" / "profiles"
    folder.mkdir(parents=True)
    (folder / "h100-sxm.toml").write_text('extends = "h100-sxm"\nname = "Ours"\n')
    half = '[core]\ncount = 66\nsource = "our own"\nevidence = "measured"\n'
    (folder / "slow.toml").write_text('extends = "h100-sxm"\n' + half)
    own = load_project_profiles(tmp_path, base)
    assert list(own) == ["h100-sxm", "slow"]
    both = own.over(base)
    assert both["h100-sxm"].name == "Ours"
    assert both["h100-sxm"].tiles == base["h100-sxm"].tiles
    core = both["slow"].core
    assert core is not None
    assert (core.count, core.architecture) == (66, "hopper, compute capability 9.0")
    # What a project calls h100-sxm is what its own profiles extend.
    assert both["slow"].name == "Ours"
    assert not both["slow"].aliases
    assert both["stm32h743"].kind == "mcu"


def test_what_devices_share_is_extended_and_not_listed(tmp_path: Path):
    base = discover_profiles(("hwlint_profiles",))
    folder = tmp_path / ".hwlint" / "profiles"
    folder.mkdir(parents=True)
    (folder / "_ours.toml").write_text('extends = "_xnnpack"\n')
    (folder / "board.toml").write_text('extends = "_ours"\nname = "Board"\n')
    both = load_project_profiles(tmp_path, base).over(base)
    assert both["board"].deploy == base["raspberry-pi-5"].deploy
    assert not [key for key in both if key.startswith("_")]
    assert "_xnnpack" not in both
    assert len(both) == len(base) + 1
    with pytest.raises(UnknownDevice):
        find_profile("_xnnpack", both)


def test_no_project_profiles(tmp_path: Path):
    assert not load_project_profiles(tmp_path, discover_profiles(()))


def test_an_alias_in_a_plain_mapping():
    base = discover_profiles(("hwlint_profiles",))
    assert find_profile("h100", dict(base)).id == "h100-sxm"
