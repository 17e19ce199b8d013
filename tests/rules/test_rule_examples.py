"""Every rule's examples, through the reader and the rule, on the devices that it names."""

import inspect
import pkgutil
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

import hwlint_rules
from hwlint.api import Budget, Finding, Reading, Rule
from hwlint.engine.budgets import budgets_for
from hwlint.profile import Profile, ProfileIndex
from hwlint.reader import ForwardOptions, Reader, ReadOptions
from hwlint.source import file_facts, read_source


def rules() -> list[type[Rule]]:
    modules = [
        import_module(found.name)
        for found in pkgutil.iter_modules(hwlint_rules.__path__, "hwlint_rules.")
    ]
    members = [(module.__name__, member) for module in modules for member in vars(module).values()]
    return [
        member
        for name, member in members
        if inspect.isclass(member) and issubclass(member, Rule) and member.__module__ == name
    ]


def examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, text, device, id=f"{rule.code}-{number}-{device}")
        for rule in rules()
        for number, text in enumerate(getattr(rule, kind))
        for device in rule.example_devices
    ]


def look(rule: type[Rule], text: str, profile: Profile, dtype: str, folder: Path) -> list[Finding]:
    path = folder / "net.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    if rule.scope == "file":
        facts = file_facts(read_source(str(path)), rule.watches)
        words = frozenset(word for word in rule.words if word in text)
        return list(rule().check(Reading(profile, dtype, facts=facts, words=words)))
    options = ReadOptions(folder, import_roots=(folder,), forward=ForwardOptions())
    reader = Reader(options)
    graphs = reader.read(str(path)).graphs
    facts = file_facts(read_source(str(path)), rule.watches)
    budget = Budget("net:Net", profile.id, **dict(rule.example_budget))
    budgets = (budget,) if rule.example_budget else ()
    found: list[Finding] = []
    for graph in graphs:
        own = budgets_for(budgets, graph, profile.id, frozenset())
        found += rule().check(Reading(profile, dtype, graph, facts, budgets=own))
    return found


def target(device: str, devices: ProfileIndex) -> tuple[Profile, str]:
    """Return the profile and the data type: "rp2040 fp32"."""
    name, _, dtype = device.partition(" ")
    return devices[name], dtype or devices[name].default_dtype


@pytest.mark.parametrize(("rule", "text", "device"), examples("INVALID"))
def test_invalid(rule: type[Rule], text: str, device: str, devices: ProfileIndex, tmp_path: Path):
    found = look(rule, text, *target(device, devices), tmp_path)
    assert found
    for finding in found:
        assert finding.anchor.path == str(tmp_path / "net.py")
        assert finding.message
        assert finding.anchor.line < len(textwrap.dedent(text).splitlines())


@pytest.mark.parametrize(("rule", "text", "device"), examples("VALID"))
def test_valid(rule: type[Rule], text: str, device: str, devices: ProfileIndex, tmp_path: Path):
    assert look(rule, text, *target(device, devices), tmp_path) == []
