"""A run that uses what earlier runs left must say what a run from nothing says."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

FILES = {
    "pyproject.toml": '[tool.hwlint]\ndevices = ["h100-sxm"]\n',
    "pkg/__init__.py": "",
    "pkg/widths.py": "WIDTH = 100\n",
    "pkg/net.py": """
        import torch.nn as nn

        from pkg.widths import WIDTH


        class Net(nn.Module):
            def __init__(self, width=WIDTH):
                super().__init__()
                self.one = nn.Conv2d(16, width, 3)
                self.two = nn.Conv2d(width, 64, 3)
                self.three = nn.Conv2d(64, 64, 3)
    """,
    "lib/pkg/__init__.py": "",
}


def check(hwlint: Run, root: Path, *options: str) -> list[dict[str, object]]:
    done = hwlint("check", "--output-format", "json", *options, cwd=root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["findings"]


def test_a_second_run_says_the_same(hwlint: Run, project: Project):
    root = project(FILES)
    cold = check(hwlint, root)
    assert len(cold) == 1
    assert check(hwlint, root) == cold


CHANGES: dict[str, dict[str, str]] = {
    "an imported file is edited": {"pkg/widths.py": "WIDTH = 36\n"},
    "an imported file no longer has the name": {"pkg/widths.py": "OTHER = 36\n"},
    "a module shadows another": {"pkg/widths/__init__.py": "WIDTH = 52\n"},
    "a caller is added": {"train.py": "from pkg.net import Net\nNet(44)\n"},
    "a file is broken": {"pkg/net.py": "import torch\ndef (:\n"},
    "a device is configured": {"pyproject.toml": '[tool.hwlint]\ndevices = ["ethos-u55-128"]\n'},
    "a file is silenced": {"pkg/widths.py": "WIDTH = 100  # hwlint: ignore[HW101]\n"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_warm_is_cold_after(hwlint: Run, project: Project, change: str):
    root = project(FILES)
    before = check(hwlint, root)
    project(CHANGES[change])
    done = hwlint("check", "--output-format", "json", cwd=root)
    again = hwlint("check", "--output-format", "json", "--no-cache", cwd=root)
    assert done.stdout == again.stdout
    assert json.loads(done.stdout)["findings"] != before


def test_warm_is_cold_after_a_caller_is_taken_away(hwlint: Run, project: Project):
    root = project(FILES | CHANGES["a caller is added"])
    before = check(hwlint, root)
    (root / "train.py").unlink()
    assert check(hwlint, root) == check(hwlint, root, "--no-cache") != before


def cache_files() -> list[Path]:
    return sorted(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.cache"))


def test_a_broken_cache_counts_as_none(hwlint: Run, project: Project):
    root = project(FILES)
    cold = check(hwlint, root)
    (file,) = cache_files()
    for content in (b"", b"not a pickle", file.read_bytes()[:-9]):
        file.write_bytes(content)
        assert check(hwlint, root) == cold


def test_no_cache_leaves_nothing(hwlint: Run, project: Project):
    check(hwlint, project(FILES), "--no-cache")
    assert cache_files() == []


def test_nothing_is_written_into_the_workspace(hwlint: Run, project: Project):
    root = project(FILES)
    before = sorted(root.rglob("*"))
    check(hwlint, root)
    assert sorted(root.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_no_error(
    hwlint: Run, project: Project, monkeypatch: pytest.MonkeyPatch
):
    root = project(FILES)
    monkeypatch.setenv("HWLINT_CACHE_DIR", str(root / "pyproject.toml" / "nowhere"))
    assert len(check(hwlint, root)) == 1


def test_what_nothing_rests_on_any_more_is_dropped(
    hwlint: Run, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HWLINT_CACHE_DIR", str(tmp_path / "kept"))
    root = project(FILES)
    check(hwlint, root)
    (cache,) = (tmp_path / "kept").glob("*.cache")
    widths = str(root / "pkg" / "widths.py").encode()
    assert widths in cache.read_bytes()
    net = (root / "pkg" / "net.py").read_text()
    (root / "pkg" / "net.py").write_text(net.replace("from pkg.widths import", "from os import"))
    check(hwlint, root)
    check(hwlint, root)
    assert widths not in cache.read_bytes()
