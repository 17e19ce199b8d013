"""What a change brought: findings that an earlier commit does not have."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
NET = """\
    import torch.nn as nn
    from sizes import WIDTH


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(64, WIDTH - 28, 3)
            self.last = nn.Conv2d(WIDTH - 28, 64, 3)
    """
CONFIG = """\
    [tool.hwlint]
    devices = ["h100-sxm"]
    select = ["HW0", "HW101"]
    fail-on = "warning"
    python = "env"
    src = ["lib"]
    """


def git(root: Path, *arguments: str) -> None:
    own = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *own, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(project: Callable[[Mapping[str, str]], Path]) -> Path:
    """A workspace below the top of its repository, with an environment that git does not know."""
    root = project(
        {
            "work/pyproject.toml": CONFIG,
            "work/net.py": NET,
            "work/env/pyvenv.cfg": "",
            "work/env/lib/python3.12/site-packages/sizes.py": "WIDTH = 128\n",
            "work/lib/own.py": "WIDTH = 136\n",
            ".gitignore": "env\n",
        }
    )
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    return root / "work"


def told(done: subprocess.CompletedProcess[str]) -> list[tuple[str, int]]:
    return [(found["path"], found["line"]) for found in json.loads(done.stdout)["findings"]]


def test_only_what_came_since_is_reported(root: Path, hwlint: Run):
    asked = ("check", ".", "--baseline-commit", "HEAD")
    assert hwlint("check", ".", cwd=root).returncode == 1
    same = hwlint(*asked, cwd=root)
    assert (same.returncode, same.stderr) == (0, "")
    assert "2 findings known to the baseline." in same.stdout
    # It moves, another file comes, and another number is wrong in the same way.
    (root / "net.py").write_text("# one more line\n" + (root / "net.py").read_text())
    text = (root / "net.py").read_text().replace("from sizes", "from own").replace("Net", "Other")
    (root / "other.py").write_text(text)
    found = hwlint(*asked, "--output-format", "json", cwd=root)
    assert found.returncode == 1, found.stderr
    new = [("other.py", 9), ("other.py", 10)]
    assert told(found) == new
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "second")
    assert hwlint(*asked, cwd=root).returncode == 0
    assert told(hwlint(*asked[:-1], "HEAD^", "--output-format", "json", cwd=root)) == new


def test_a_commit_that_is_not_there_is_one_line(root: Path, hwlint: Run):
    done = hwlint("check", ".", "--baseline-commit", "nowhere", cwd=root)
    assert done.returncode == 2
    assert "--baseline-commit nowhere: git knows no such commit" in done.stderr
    assert done.stderr.count("\n") == 1
    done = hwlint("check", ".", "--baseline-commit", "--output=x", cwd=root)
    assert done.returncode == 2
    assert not (root / "x").exists()


def test_nothing_that_the_repository_configures_is_run(root: Path, hwlint: Run):
    (root.parent / ".gitattributes").write_text("*.py filter=bad diff=bad\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "attributes")
    bad = f"touch {root / 'ran'}"
    for key in ("filter.bad.smudge", "filter.bad.clean", "diff.bad.textconv", "core.fsmonitor"):
        git(root, "config", key, bad)
    git(root, "config", "core.hooksPath", str(root / "hooks"))
    assert hwlint("check", ".", "--baseline-commit", "HEAD", cwd=root).returncode == 0
    assert not (root / "ran").exists()
