"""What the README says holds."""

import re
import tomllib
from pathlib import Path

from hwlint.engine.config import load_config
from hwlint.engine.registry import ENGINE_RULES, discover_rules
from hwlint.profile import discover_profiles

TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def table(text: str, first: str) -> list[tuple[str, ...]]:
    """Return the rows whose first cell looks like that."""
    rows = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    cells = (tuple(cell.strip("` ") for cell in row.split(" | ")) for row in rows)
    return [row for row in cells if re.fullmatch(first, row[0])]


def test_the_table_of_rules(repository: Path):
    text = (repository / "README.md").read_text()
    known = [(rule.code, rule.name) for rule in (*discover_rules(), *ENGINE_RULES)]
    assert [row[:2] for row in table(text, r"HW\d+")] == sorted(known)


def test_the_number_of_devices(repository: Path):
    text = (repository / "README.md").read_text()
    assert f"\n{len(discover_profiles())} devices are known" in text


def test_the_configuration_is_valid(repository: Path, tmp_path: Path):
    text = (repository / "README.md").read_text()
    block = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    (tmp_path / "pyproject.toml").write_text(block[1])
    keys = set(tomllib.loads(block[1])["tool"]["hwlint"])
    config = load_config(tmp_path)
    assert {name.replace("_", "-") for name in config.origins} == keys


def test_ci_runs_the_readmes_test_command(repository: Path):
    assert TEST_COMMAND in (repository / "README.md").read_text()
    assert TEST_COMMAND in (repository / ".ci" / "run").read_text()
