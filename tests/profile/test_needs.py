"""What rules need of a profile, and the page in docs/ that is made of it."""

import re
import runpy
import textwrap
from pathlib import Path

import pytest

from hwlint.api import Reading, Rule
from hwlint.engine.registry import discover_rules
from hwlint.profile import Need, Profile, discover_profiles, load_profile, missing, needs_in
from hwlint.reader import Reader, ReadOptions
from hwlint.source import file_facts, read_source

PROFILES = discover_profiles(("hwlint_profiles",))
RULES = sorted(discover_rules(), key=lambda rule: rule.code)
ROOT = Path(__file__).resolve().parents[2]
PAGE = runpy.run_path(str(ROOT / "docs" / "devices.py"))


def profile_of(tmp_path: Path, more: str = "") -> Profile:
    path = tmp_path / "x.toml"
    path.write_text(f'name = "X"\nkind = "npu"\ndefault_dtype = "int8"\n{more}')
    return load_profile(path)


TOLD = 'source = "s"\nevidence = "estimate"\n'


def test_fields_are_read_from_prose():
    text = """`tiles` (layers "conv",\n    "grouped"; operands "in"), `fusion.pointwise_chains`,
    `operators.<dtype>.support`."""
    assert needs_in(text) == (
        Need(("tiles",), {"layers": frozenset({"conv", "grouped"}), "operands": frozenset({"in"})}),
        Need(("fusion", "pointwise_chains"), {}),
        Need(("operators", "<dtype>", "support"), {}),
    )


def test_what_is_lacking_is_named_as_far_down_as_it_lacks(tmp_path: Path):
    needs = needs_in("`fusion.pointwise_chains`, `operators.<dtype>.support`, `power.tdp_w`")
    profile = profile_of(tmp_path, f"[fusion]\n{TOLD}")
    assert missing(profile, "int8", needs) == (
        "fusion.pointwise_chains",
        "operators.int8",
        "power",
    )
    full = f"[fusion]\npointwise_chains = false\n{TOLD}[operators.int8]\nsupport = {{}}\n{TOLD}"
    profile = profile_of(tmp_path, full)
    assert missing(profile, "int8", needs) == ("power",)
    assert missing(profile, "fp32", needs) == ("operators.fp32", "power")


def test_a_field_with_a_default_is_never_lacking(tmp_path: Path):
    needs = needs_in("`sparsity.condition`, `sparsity.unstructured_dtypes`")
    assert missing(profile_of(tmp_path, f"[sparsity]\n{TOLD}"), "int8", needs) == ()
    assert missing(profile_of(tmp_path), "int8", needs) == ("sparsity",)


def test_a_list_has_to_hold_an_item_that_fits(tmp_path: Path):
    tile = '[[tiles]]\ndtypes = ["int8"]\nlayers = ["linear"]\noperands = ["out"]\nminimum = 8\n'
    profile = profile_of(tmp_path, tile + TOLD)
    assert missing(profile, "int8", needs_in("`tiles`")) == ()
    assert missing(profile, "int8", needs_in('`tiles` (layers "linear", "conv")')) == ()
    assert missing(profile, "fp32", needs_in("`tiles`")) == ("tiles",)
    assert missing(profile, "int8", needs_in('`tiles` (layers "conv")')) == ("tiles (layers conv)",)
    assert missing(profile, "int8", needs_in("`limits`")) == ("limits",)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_names_fields_that_there_are(rule: type[Rule], tmp_path: Path):
    needs = needs_in(PAGE["needs_of"](rule))
    if PAGE["needs_of"](rule).partition("\n")[2].startswith("None"):
        return  # holds on every device
    assert needs
    for need in needs:
        assert hasattr(PROFILES["h100-sxm"], need.path[0])
    # Every rule needs something that a bare profile does not have.
    assert missing(profile_of(tmp_path), "int8", needs)


def findings(rule: type[Rule], text: str, profile: Profile, folder: Path) -> int:
    path = folder / "net.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    dtype = profile.default_dtype
    if rule.scope == "file":
        facts = file_facts(read_source(str(path)), rule.watches)
        return len(list(rule().check(Reading(profile, dtype, facts=facts))))
    reader = Reader(ReadOptions(root=folder, import_roots=(folder,), site_packages=()))
    graphs = reader.read(str(path)).graphs
    return sum(len(list(rule().check(Reading(profile, dtype, graph=g)))) for g in graphs)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_that_lacks_a_field_really_is_silent(rule: type[Rule], tmp_path: Path):
    needs = needs_in(PAGE["needs_of"](rule))
    silent = [p for p in PROFILES.values() if missing(p, p.default_dtype, needs)]
    silent.append(profile_of(tmp_path))
    for text in rule.INVALID:
        for profile in silent:
            assert findings(rule, text, profile, tmp_path) == 0, profile.id


def test_the_page_is_up_to_date():
    written = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
    assert written == PAGE["page"](), "run: python docs/devices.py"


def test_the_page_has_every_device_and_every_rule():
    text = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
    first, _, second = text.partition("## Which rules look at which device")
    for key in PROFILES:
        assert f"| `{key}`" in first
        assert f"`{key}`" in second
    assert re.findall(r"HW\d{3}", second.partition("\n| ---")[0]) == [r.code for r in RULES]


def test_the_example_in_the_documentation_is_a_profile(tmp_path: Path):
    text = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    path = tmp_path / "board.toml"
    path.write_text(example[1], encoding="utf-8")
    profile = load_profile(path, lambda name, _: PROFILES.find(name))
    assert profile.core is not None
    assert profile.memory is not None
    assert (profile.core.clock_mhz, profile.core.architecture) == (400, "cortex-m7")
    assert (profile.memory.sram_kib, profile.memory.flash_kib) == (512, 2048)


def test_shared_parts_that_the_documentation_names_exist():
    text = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(_[a-z0-9-]+)`", text))
    assert "_xnnpack" in named
    assert named <= set(PROFILES.files())
