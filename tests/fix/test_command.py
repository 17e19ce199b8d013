"""What the command line says of fixes, and in which form programs get them."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

NET = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.head = nn.Conv2d(width, 64, 3)

    def forward(self, x):
        return self.head(self.stem(x))
"""
FLAGS = ("--device", "h100-sxm", "--select", "HW101,HW002")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def net(project: Callable[[Mapping[str, str]], Path]) -> Path:
    return project({"net.py": NET})


def test_a_diff_can_be_applied_and_writes_nothing(net: Path, hwlint: Run):
    done = hwlint("check", ".", *FLAGS, "--diff", "--unsafe-fixes", cwd=net)
    assert done.returncode == 1, done.stderr
    assert "Would fix 1 finding in 1 file." in done.stderr
    assert (net / "net.py").read_text() == NET
    subprocess.run(["git", "apply", "-"], input=done.stdout, text=True, cwd=net, check=True)
    assert (net / "net.py").read_text() == NET.replace("100", "104")
    done = hwlint("check", ".", *FLAGS, "--diff", "--unsafe-fixes", cwd=net)
    assert (done.returncode, done.stdout) == (0, "")


def test_unsafe_fixes_are_hidden_until_asked_for(net: Path, hwlint: Run):
    done = hwlint("check", ".", *FLAGS, "--fix", cwd=net)
    assert "1 fix hidden, use --unsafe-fixes." in done.stdout
    assert (net / "net.py").read_text() == NET
    done = hwlint("check", ".", *FLAGS, "--unsafe-fixes", cwd=net)
    assert "= fix: Pad width 100 -> 104 in 2 layers, +" in done.stdout
    assert (net / "net.py").read_text() == NET
    done = hwlint("check", ".", *FLAGS, "--fix", "--unsafe-fixes", cwd=net)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Fixed 1 finding in 1 file." in done.stdout
    assert "No findings" in done.stdout
    assert (net / "net.py").read_text() == NET.replace("100", "104")
    done = hwlint("check", ".", *FLAGS, "--fix-only", "--unsafe-fixes", cwd=net)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Nothing to fix.\n")


def test_programs_get_the_edits(net: Path, hwlint: Run):
    flags = (*FLAGS, "--unsafe-fixes")
    told = json.loads(hwlint("check", ".", *flags, "--output-format", "json", cwd=net).stdout)
    (finding,) = told["findings"]
    place = {"line": 5, "column": 30, "end_line": 5, "end_column": 33}
    assert finding["fix"]["edits"] == [{"path": "net.py", **place, "text": "104"}]
    assert finding["fix"]["safe"] is False
    told = json.loads(hwlint("check", ".", *flags, "--output-format", "sarif", cwd=net).stdout)
    (fix,) = told["runs"][0]["results"][0]["fixes"]
    assert fix["description"]["text"] == finding["fix"]["title"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "net.py"
    region = {"startLine": 5, "startColumn": 30, "endLine": 5, "endColumn": 33}
    assert change["replacements"] == [{"deletedRegion": region, "insertedContent": {"text": "104"}}]
    flags = (*flags, "--fix", "--output-format", "json")
    told = json.loads(hwlint("check", ".", *flags, cwd=net).stdout)
    assert told["findings"] == []
    assert [one["fix"]["title"] for one in told["fixed"]] == [finding["fix"]["title"]]


def test_a_baseline_keeps_what_it_knows(net: Path, hwlint: Run):
    known = (*FLAGS, "--baseline", "known.json")
    hwlint("check", ".", *known, "--baseline-update", cwd=net)
    done = hwlint("check", ".", *known, "--fix", "--unsafe-fixes", cwd=net)
    assert done.returncode == 0, done.stderr
    assert (net / "net.py").read_text() == NET
    done = hwlint("check", ".", *known, "--baseline-update", "--fix", cwd=net)
    assert done.returncode == 2
    assert "exclude each other" in done.stderr
