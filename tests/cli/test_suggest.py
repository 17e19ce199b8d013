"""`hwlint suggest` from end to end: a tiny model, measured by torch on this computer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import environment

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 20, 3, padding=1)
        self.mid = nn.Conv2d(20, 52, 3, padding=1)
        self.head = nn.Linear(52, 10)

    def forward(self, x):
        x = self.mid(self.stem(x).relu()).relu()
        return self.head(x.mean((2, 3)))
"""
# Raises the second time it is called, hangs the third time: first comes the original.
WORTH = """\
import time
from pathlib import Path


def worth(model):
    log = Path({log!r})
    with log.open("a") as file:
        file.write("called\\n")
    calls = len(log.read_text().splitlines())
    if calls == 2:
        raise ValueError(f"width {{model.mid.out_channels}} is too much")
    if calls == 3:
        time.sleep(600)
    return float(model.stem.out_channels)
"""


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    given = environment(HWLINT_STORE=f"sqlite:///{folder}/kept/measurements.sqlite")
    command = [sys.executable, "-m", "hwlint", "suggest", "net.py:Net", "--input", "1x3x16x16"]
    return subprocess.run(
        [*command, "--seed", "1", "--samples", "3", "--only", "widths", *words],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "net.py").write_text(NET)
    (folder / "train.py").write_text(WORTH.format(log=str(tmp_path / "log")))
    return folder


def test_it_measures_shows_and_writes_a_candidate(project: Path):
    words = ("--keep", "nothing", "--trials", "2", "--finalists", "1")
    done = run(project, *words, "--output-format", "json")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert found["says"] == "latency measured (median, IQR), accuracy not evaluated"
    tried = [
        trial for trial in found["trials"] if trial["choices"] and trial["state"] == "measured"
    ]
    assert len(tried) == 2
    assert found["original"]["params"] == 20 * 28 + 52 * 181 + 530
    assert all(trial["median_s"] > 0 and trial["params"] for trial in tried)
    assert (project / "net.py").read_text() == NET, "only copies are edited"

    # The same command goes on: what was measured is not measured again.
    again = json.loads(run(project, *words, "--output-format", "json").stdout)
    assert [t for t in again["trials"] if t["trial"] >= 0] == [
        t for t in found["trials"] if t["trial"] >= 0
    ]

    number = str(tried[0]["trial"])
    shown = run(project, *words, "--diff", number)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("--- a/net.py\n+++ b/net.py\n")
    written = run(project, *words, "--apply", number)
    assert written.returncode == 0, written.stderr
    assert written.stdout == f"Wrote trial {number} into net.py.\n"
    text = (project / "net.py").read_text()
    assert text != NET
    changed = [line[1:] for line in shown.stdout.splitlines()[2:] if line.startswith("+")]
    assert changed
    assert all(line in text.splitlines() for line in changed)
    late = run(project, *words, "--apply", number)
    assert late.returncode == 2
    assert "the files have changed since" in late.stderr


def test_a_function_that_raises_or_hangs_fails_its_trial_alone(project: Path):
    words = ("--evaluate", "train:worth", "--evaluate-timeout", "25", "--trials", "3")
    done = run(project, *words, "--finalists", "0", "--output-format", "json")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert found["says"] == "latency measured (median, IQR), evaluated by train:worth"
    assert found["original"]["value"] == 20.0
    raised, hung, fine = (t for t in found["trials"] if t["choices"] and t["trial"] >= 0)
    assert raised["state"] == hung["state"] == "failed"
    assert raised["why"].startswith("evaluate: train:worth: ValueError: width")
    assert f'"{project}/train.py", line 11, in worth' in raised["why"]
    assert hung["why"] == "evaluate: was not done within 25 s and was ended"
    assert fine["state"] == "measured"
    assert fine["value"] in (8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0, 40.0)


def test_without_the_extra_it_says_what_to_install(project: Path):
    blocked = "import sys; sys.modules['optuna'] = None; "
    script = f"{blocked}from hwlint.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "suggest", "net.py:Net"],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "hwlint: searching needs optuna: pip install 'hwlint[search]'\n"


def test_what_is_not_understood_is_said(project: Path):
    for words, told in (
        (("--keep", "params"), "--keep params: expected one of"),
        (("--budget", "money=3"), "--budget money=3: expected one of"),
        (("--evaluate", "worth"), "--evaluate worth: expected MODULE:FUNCTION"),
        (("--profile", "x86-avx3"), "--profile"),
        (("--apply", "3"), "nothing was searched for"),
    ):
        done = run(project, *words)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr
