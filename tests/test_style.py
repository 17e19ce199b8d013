"""The sources are clean by the checkers that pyproject.toml sets up."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "ruff check": ("ruff", "check", "--no-cache", "."),
    "ruff format": ("ruff", "format", "--check", "--diff", "--quiet", "--no-cache", "."),
    "pyright": ("pyright", "--pythonpath", sys.executable),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_clean(name: str, repository: Path):
    done = subprocess.run(
        [sys.executable, "-m", *COMMANDS[name]],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
