"""The hook as pre-commit installs and runs it, in the repository of a project."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

SHIPPED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
PACKAGES = ("server", "rules", "profiles")
NET = """\
    import torch.nn as nn
    from onlyhere.sizes import WIDTH


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, WIDTH, 3)
            self.norm = nn.BatchNorm2d(WIDTH)

        def forward(self, x):
            return self.norm(self.conv(x))
    """
CONFIG = """\
    [tool.hwlint]
    devices = ["h100-sxm"]
    select = ["HW0", "HW302"]
    fail-on = "info"
    exclude = ["old"]
    """
HOOKS = """\
    repos:
      - repo: {repository}
        rev: {revision}
        hooks:
          - id: hwlint
          - id: hwlint
            alias: fix
            args: [--fix, --unsafe-fixes]
            stages: [manual]
    """


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def git(*arguments: str | Path, cwd: Path) -> str:
    own = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = run("git", *own, *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path) -> str:
    git("add", "-A", cwd=folder)
    git("commit", "-q", "--no-verify", "-m", "all", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[tuple[Path, str]]:
    """What this checkout ships, as a repository of its own, and its revision."""
    folder = tmp_path_factory.mktemp("hook")
    leave = shutil.ignore_patterns("__pycache__")
    for name in SHIPPED:
        shutil.copy(repository / name, folder / name)
    for name in PACKAGES:
        shutil.copytree(repository / name, folder / name, ignore=leave)
    git("init", "-q", cwd=folder)
    return folder, commit(folder)


def _project(folder: Path, hook: tuple[Path, str]) -> None:
    """A repository with a model, and an environment that alone has what the model imports."""
    folder.mkdir()
    where, revision = hook
    for name, text in {
        "net.py": NET,
        "old/bad.py": NET,
        "notes.txt": "nothing\n",
        "pyproject.toml": CONFIG,
        ".gitignore": ".venv\n",
        ".pre-commit-config.yaml": HOOKS.format(repository=where, revision=revision),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    made = run(sys.executable, "-m", "venv", "--without-pip", ".venv", cwd=folder)
    assert made.returncode == 0, made.stderr
    (site,) = (folder / ".venv" / "lib").glob("python3*/site-packages")
    (site / "onlyhere").mkdir()
    (site / "onlyhere" / "__init__.py").write_text("")
    (site / "onlyhere" / "sizes.py").write_text("WIDTH = 128\n")
    git("init", "-q", cwd=folder)


def test_the_hook(tmp_path: Path, hook: tuple[Path, str]):
    root = tmp_path / "project"
    _project(root, hook)
    home = str(tmp_path / "home")

    def hooks(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "pre_commit", "run", "--color", "never", *arguments)
        return run(*command, cwd=root, PRE_COMMIT_HOME=home, PIP_DISABLE_PIP_VERSION_CHECK="1")

    # No Python file is staged.
    git("add", "notes.txt", ".pre-commit-config.yaml", cwd=root)
    none = hooks()
    assert none.returncode == 0, none.stdout + none.stderr
    assert "(no files to check)Skipped" in none.stdout
    # A model whose width stands in a package that only the project's environment has.
    git("add", "-A", cwd=root)
    bad = hooks("--verbose")
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "net.py:8:21: HW302 [redundant-bias]" in bad.stdout
    assert "Read 1 of 1 entry point fully." in bad.stdout
    assert "bad.py" not in bad.stdout
    # Its fix changes the file, which pre-commit tells of once.
    fixed = hooks("fix", "--hook-stage", "manual")
    assert "files were modified by this hook" in fixed.stdout, fixed.stdout + fixed.stderr
    assert "nn.Conv2d(3, WIDTH, 3, bias=False)" in (root / "net.py").read_text()
    git("add", "-A", cwd=root)
    fine = hooks("--verbose")
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "Read 1 of 1 entry point fully." in fine.stdout

    # The environment may lie anywhere, as long as it is the active one.
    elsewhere = tmp_path / "elsewhere"
    (root / ".venv").rename(elsewhere)
    (root / "net.py").write_text(textwrap.dedent(NET))
    git("add", "-A", cwd=root)
    lost = hooks("--verbose")
    assert "Read 0 of 1 entry point fully" in lost.stdout, lost.stdout
    active = run(
        *(sys.executable, "-m", "pre_commit", "run"),
        cwd=root,
        PRE_COMMIT_HOME=home,
        VIRTUAL_ENV=str(elsewhere),
        PATH=f"{elsewhere / 'bin'}{os.pathsep}{os.environ['PATH']}",
    )
    assert active.returncode == 1
    assert "HW302" in active.stdout
