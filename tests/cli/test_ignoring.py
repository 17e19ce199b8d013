"""--add-ignore, and a text on standard input."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
FLAGS = ("--device", "h100-sxm", "--select", "HW0,HW101,HW302", "--root", ".", "--fail-on", "info")
NET = '''\
import torch.nn as nn

TEXT = """ # hwlint: nothing
"""; WIDTH = 100

class Net(nn.Module):
    def __init__(self, wide=100, other=\\
            116, third=132):  # hwlint: ignore[HW999, HW302] a reason
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(64, wide, 3),  # a comment
            nn.BatchNorm2d(wide),
            nn.Conv2d(wide, WIDTH, 3),
            nn.Conv2d(WIDTH, other, 3),
            nn.Conv2d(other, third, 3),
        )
'''


def test_comments_silence_all_that_was_found_and_are_all_that_changes(
    project: Project, hwlint: Run
):
    root = project({"net.py": NET, "broken.py": "import torch\ndef f(:\n"})
    before = hwlint("check", ".", *FLAGS, "--output-format", "json", cwd=root)
    codes = [found["code"] for found in json.loads(before.stdout)["findings"]]
    assert codes.count("HW101") == 3
    assert codes.count("HW302") == 1
    done = hwlint("check", ".", *FLAGS, "--add-ignore", "--output-format", "concise", cwd=root)
    assert "Silenced 4 findings in 1 file." in done.stderr
    # What is wrong with a file itself stays.
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["HW001"]
    text = (root / "net.py").read_text()
    assert '"""; WIDTH = 100  # hwlint: ignore[HW101]\n' in text
    assert "third=132):  # hwlint: ignore[HW999, HW302, HW101] a reason\n" in text
    assert "3),  # a comment  # hwlint: ignore[HW302]\n" in text
    again = hwlint("check", ".", *FLAGS, "--add-ignore", cwd=root)
    assert "Silenced 0 findings in 0 files." in again.stderr
    assert (root / "net.py").read_text() == text


def test_a_file_that_cannot_be_written_is_said(project: Project, hwlint: Run):
    root = project({"net.py": NET})
    (root / "net.py").chmod(0o444)
    done = hwlint("check", ".", *FLAGS, "--add-ignore", cwd=root)
    assert done.returncode == 2
    assert "Not fixed: net.py: is read-only" in done.stdout
    assert (root / "net.py").read_text() == NET


def _from_stdin(root: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hwlint", "check", "-", *FLAGS, *arguments],
        cwd=root,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["net.py", "pkg/fresh.py"])
def test_a_text_on_standard_input_lies_in_place_of_a_file(project: Project, name: str):
    root = project({"net.py": "import torch\n", "pkg/sizes.py": "WIDTH = 100\n"})
    text = "from pkg.sizes import WIDTH\n" + NET.replace("WIDTH = 100", "")
    form = ("--output-format", "concise", "--no-cache")
    done = _from_stdin(root, text, "--stdin-filename", name, *form)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert all(line.startswith(f"{name}:") for line in lines)
    assert any(line.startswith(f"{name}:8:29: HW101") for line in lines), done.stdout
    assert not (root / "pkg" / "fresh.py").exists()


def test_nothing_is_written_for_standard_input(project: Project):
    root = project({"net.py": NET})
    done = _from_stdin(root, NET, "--stdin-filename", "net.py", "--fix")
    assert done.returncode == 2
    assert "- is the only PATH then, and nothing is written" in done.stderr
