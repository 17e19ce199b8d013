"""What every rule has to have: a code, a name, its headings, examples of both kinds."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap

import pytest

import hwlint_rules
from hwlint.api import Rule

HEADINGS = (
    "What it checks",
    "Why it costs",
    "Example",
    "Use instead",
    "Fix safety",
    "Profile fields",
    "References",
)


def rules() -> list[type[Rule]]:
    found: list[type[Rule]] = []
    for module in pkgutil.iter_modules(hwlint_rules.__path__, "hwlint_rules."):
        members = vars(importlib.import_module(module.name)).values()
        found += [m for m in members if inspect.isclass(m) and m.__module__ == module.name]
    return sorted((r for r in found if issubclass(r, Rule)), key=lambda rule: rule.code)


RULES = rules()
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_the_first_rules_are_there():
    codes = {"HW002", "HW101", "HW102", "HW201", "HW202", "HW301", "HW302", "HW401"}
    assert codes <= {rule.code for rule in RULES}


def test_codes_and_names_are_distinct():
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


@each_rule
def test_the_file_the_class_and_the_name_agree(rule: type[Rule]):
    assert re.fullmatch(r"HW\d{3}", rule.code)
    assert rule.__module__ == f"hwlint_rules.{rule.name.replace('-', '_')}"
    assert rule.__name__ == rule.name.title().replace("-", "")


@each_rule
def test_the_docstring_has_every_heading_in_order(rule: type[Rule]):
    text = inspect.cleandoc(rule.__doc__ or "")
    found = re.findall(r"^(.+)\n-+$", text, re.MULTILINE)
    assert tuple(found) == HEADINGS
    sections = re.split(r"^.+\n-+$", text, flags=re.MULTILINE)
    assert all(section.strip() for section in sections)


@each_rule
def test_there_are_examples_of_both_kinds(rule: type[Rule]):
    assert rule.VALID
    assert rule.INVALID
    assert rule.example_devices
    for example in (*rule.VALID, *rule.INVALID):
        ast.parse(textwrap.dedent(example))


@each_rule
def test_profile_fields_exist(rule: type[Rule]):
    from hwlint.profile import Profile

    text = inspect.cleandoc(rule.__doc__ or "")
    section = text.partition("Profile fields\n")[2].partition("References\n")[0]
    named = re.findall(r"`([a-z_]+)[.`]", section)
    assert named or section.partition("\n")[2].strip().startswith("None: ")
    assert not [name for name in named if not hasattr(Profile, name)]


@each_rule
def test_no_device_is_named_in_code(rule: type[Rule]):
    devices = ("h100", "ethos", "raspberry", "stm32", "cortex")
    tree = ast.parse(inspect.getsource(inspect.getmodule(rule)))
    said = [
        node.value.lower()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in said if any(device in text for device in devices)]
