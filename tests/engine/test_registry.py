import sys
from pathlib import Path

import pytest

from hwlint.engine.errors import UserError
from hwlint.engine.registry import ENGINE_RULES, discover_rules, select_rules

MODULE = '''
from hwlint.api import Rule
class {name}(Rule):
    """A rule."""
    code = "{code}"
    name = "{rule}"
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "some_rules"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "wide.py").write_text(MODULE.format(name="Wide", code="HW901", rule="too-wide"))
    (folder / "deep.py").write_text(
        "from some_rules.wide import Wide\n"
        + MODULE.format(name="Deep", code="HW902", rule="too-deep")
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("some_rules")]:
        del sys.modules[name]


def test_rules_are_found_in_a_packages_modules(package: Path):
    assert [rule.code for rule in discover_rules(["some_rules"])] == ["HW901", "HW902"]


def test_two_rules_of_one_code_are_an_error(package: Path):
    (package / "other.py").write_text(MODULE.format(name="Other", code="HW901", rule="other"))
    with pytest.raises(UserError, match="HW901 is both"):
        discover_rules(["some_rules"])


def test_a_package_that_cannot_be_imported_is_an_error():
    with pytest.raises(UserError, match="no_such_rules cannot be imported"):
        discover_rules(["no_such_rules"])


def test_installed_rules_are_found_by_entry_point():
    assert {"HW101", "HW401"} <= {rule.code for rule in discover_rules()}


ENGINE = {rule.code for rule in ENGINE_RULES}


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ((), (), {"HW901", "HW902", *ENGINE}),
        (("HW901",), (), {"HW901"}),
        (("hw9",), (), {"HW901", "HW902"}),
        (("too-deep",), (), {"HW902"}),
        ((), ("HW9",), ENGINE),
        (("HW901",), ("HW9",), {"HW901"}),
        (("HW9",), ("too-wide",), {"HW902"}),
        (("ALL",), ("HW902",), {"HW901", *ENGINE}),
        (("HW901",), ("HW901",), set[str]()),
    ],
)
def test_selection(
    package: Path, select: tuple[str, ...], ignore: tuple[str, ...], expected: set[str]
):
    assert select_rules(discover_rules(["some_rules"]), select, ignore) == expected


def test_an_unknown_selector_is_an_error_with_the_nearest(package: Path):
    with pytest.raises(UserError, match='no rule "too-wyde"; did you mean "too-wide"'):
        select_rules(discover_rules(["some_rules"]), ("too-wyde",), ())
