"""What stands in the repository and in docs/ci.md for CI systems is what they take."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


def run(*command: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def follows(schema: str, file: Path) -> None:
    """Check a file against a schema that check-jsonschema carries."""
    run("check_jsonschema", "--builtin-schema", f"vendor.{schema}", file)


def test_the_hook_and_the_action(repository: Path):
    run("pre_commit", "validate-manifest", repository / ".pre-commit-hooks.yaml")
    follows("github-actions", repository / "action.yml")


@pytest.mark.parametrize("heading", ["pre-commit", "GitHub", "GitLab"])
def test_the_recipes(repository: Path, tmp_path: Path, heading: str):
    text = (repository / "docs" / "ci.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(rf"^## {heading}\n\n```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    file = tmp_path / "recipe.yaml"
    file.write_text(f"on: push\n{recipe}" if heading == "GitHub" else recipe)
    if heading == "pre-commit":
        run("pre_commit", "validate-config", file)
    else:
        follows("github-workflows" if heading == "GitHub" else "gitlab-ci", file)
