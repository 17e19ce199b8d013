"""`hwlint measure`, end to end on this computer."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hwlint.cli import main

Hwlint = Callable[..., subprocess.CompletedProcess[str]]

NET = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, kernel):
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x, scale=None):
        out = self.norm(self.conv(x))
        return torch.relu(out if scale is None else out * scale)


class Config:
    def __init__(self, width, kernel=3):
        self.width = width
        self.kernel = kernel


class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.stem = nn.Conv2d(3, config.width, 1)
        self.block = Block(config.width, config.kernel)
        self.head = nn.Linear(config.width, 10)

    def forward(self, x):
        x = self.block(self.stem(x), scale=2)
        return self.head(x.mean((2, 3)))


class Embedded(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 16)
        self.out = nn.Linear(16, 50)

    def forward(self, tokens):
        return self.out(self.table(tokens))


if __name__ == "__main__":
    net = Net(Config(width=24, kernel=9))
    net(torch.randn(1, 3, 32, 32))
"""
CONV, NORM, STEM = 8, 9, 25
QUICK = ("--threads", "1", "--samples", "3", "--python", sys.executable)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("measured")
    (root / "net.py").write_text(NET)
    return root


def measured(hwlint: Hwlint, folder: Path, place: str, *options: str) -> dict[str, Any]:
    done = hwlint(
        "measure", place, *QUICK, *options, "--output-format", "json", cwd=folder, timeout=280
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_as_a_program_builds_it(hwlint: Hwlint, folder: Path):
    found = measured(hwlint, folder, "net.py:Net", "--input", "1x3x64x64")
    assert found["build"] == "Net(hwlint_object(Config, {'width': 24, 'kernel': 9}))"
    assert found["inputs"][0]["shape"] == [1, 3, 64, 64]
    assert found["p10_s"] <= found["median_s"] <= found["p90_s"]
    assert len(found["samples"]) >= 3
    assert found["peak_bytes"] > 0
    assert found["achieved_bandwidth"] > 0
    assert found["environment"]["threads"] == "1"
    hottest = found["lines"][0]
    assert (hottest["file"], hottest["line"]) == ("net.py", CONV)
    assert hottest["share"] > 0.5
    assert STEM in [line["line"] for line in found["lines"]]
    kept = hwlint("measurements", "list", "--output-format", "json")
    assert [each["place"] for each in json.loads(kept.stdout)] == ["net.py:Net"]
    median = f"on local (torch, float32), {found_day(kept.stdout)}"
    assert median in inspected(hwlint, folder, "--input", "1x3x64x64")
    assert median not in inspected(hwlint, folder, "--input", "1x3x32x32")
    (folder / "net.py").write_text(NET.replace("torch.relu", "torch.tanh"))
    assert median not in inspected(hwlint, folder, "--input", "1x3x64x64")
    (folder / "net.py").write_text(NET)
    shown = inspected(hwlint, folder, "--input", "1x3x64x64", "--output-format", "json")
    (row,) = json.loads(shown)["entry_points"][0]["measured"]
    assert row["median_s"] == found["median_s"]


def found_day(listed: str) -> str:
    return datetime.fromisoformat(json.loads(listed)[0]["taken"]).astimezone().date().isoformat()


def inspected(hwlint: Hwlint, folder: Path, *options: str) -> str:
    done = hwlint("inspect", "net.py:Net", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_by_onnxruntime(hwlint: Hwlint, folder: Path):
    options = ("--input", "1x3x64x64", "--runner", "onnxruntime", "--no-store")
    found = measured(hwlint, folder, "net.py:Net", *options)
    assert found["environment"]["provider"] == "CPUExecutionProvider"
    assert any("agrees with eager torch" in note for note in found["notes"])
    assert any("passed onnx.checker" in note for note in found["notes"])
    assert found["lines"][0]["line"] == CONV
    assert found["compile_s"] > 0


def test_int8(hwlint: Hwlint, folder: Path):
    options = ("--input", "1x3x64x64", "--runner", "onnxruntime", "--dtype", "int8", "--no-store")
    found = measured(hwlint, folder, "net.py:Net#block", *options)
    assert any("QDQ" in note for note in found["notes"])
    assert any("int8 differs from float32 by" in note for note in found["notes"])
    assert found["dtype"] == "int8"
    assert "QLinearConv" in [operator["name"] for operator in found["operators"]]
    assert found["lines"][0]["line"] == CONV


def test_a_part_is_given_what_flows_into_it(hwlint: Hwlint, folder: Path):
    found = measured(hwlint, folder, "net.py:Net#block.norm", "--input", "1x3x64x64", "--no-store")
    assert [line["line"] for line in found["lines"]] == [NORM]
    assert not found["notes"]  # as it was read


def test_tokens_are_in_the_table(hwlint: Hwlint, folder: Path):
    found = measured(hwlint, folder, "net.py:Embedded", "--input", "1x512:int64", "--no-store")
    assert found["inputs"][0]["high"] == 50


def test_built_as_it_is_said(hwlint: Hwlint, folder: Path):
    options = ("--build", "Net(Config(8))", "--input", "1x3x32x32", "--no-store", "--no-operators")
    found = measured(hwlint, folder, "net.py", *options)
    assert found["build"] == "Net(Config(8))"
    assert found["operators"] == []


def test_text(hwlint: Hwlint, folder: Path):
    done = hwlint("measure", "net.py:Net", *QUICK, "--input", "1x3x32x32", "--no-store", cwd=folder)
    assert done.returncode == 0
    assert "net.py:Net   input 1x3x32x32   float32   measured by torch" in done.stdout
    assert "median" in done.stdout
    assert f"net.py:{CONV}  self.conv = nn.Conv2d(" in done.stdout
    assert done.stderr == ""


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_compared_with_a_commit(hwlint: Hwlint, tmp_path: Path):
    (tmp_path / "net.py").write_text(NET)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Add it")
    # The same name and width, far more work.
    (tmp_path / "net.py").write_text(NET.replace("kernel=9", "kernel=31"))
    options = ("--input", "1x3x64x64", "--compare-to", "HEAD", "--output-format", "json")
    done = hwlint("measure", "net.py:Net", *QUICK, *options, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert found["a"]["place"] == "net.py:Net at HEAD"
    assert "'kernel': 9" in found["a"]["build"]
    assert "'kernel': 31" in found["b"]["build"]
    assert found["b"]["median_s"] > 2 * found["a"]["median_s"]
    assert found["a"]["key"] != found["b"]["key"]
    # Other processes of the machine may make it unsteady, which is said then.
    assert (found["ratio"] is None) == (done.returncode == 1) == bool(found["refused"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("net.py:Nothing",), "no class or function of that name builds a model"),
        (("net.py",), "which of them?"),
        (("gone.py:Net",), "gone.py: no such file or folder"),
        (("net.py:Net", "--input", "3by3"), "expected [NAME=]1x3x224x224[:DTYPE]"),
        (("net.py:Net", "--build", "Net"), 'expected a call, "Net(width=64)"'),
        (("net.py:Block",), "--build"),
        (("net.py:Net", "--compare"), "--compare takes two PLACEs"),
        (("net.py:Net", "--dtype", "int8"), "--runner onnxruntime"),
        (("net.py:Net", "--build", "Net(=)"), "is no call of a class or function"),
        (("net.py:Net", "--memory", "much"), "expected a number of bytes, 8GB"),
        (("net.py:Net", "--device", "pi"), 'no target is called "pi"'),
        (("net.py:Net", "--device", "raspberry-pi-5"), "hwlint device add NAME --profile"),
        (("net.py:Net", "--compare-to", "HEAD"), "git knows no such commit"),
    ],
)
def test_what_cannot_be_asked_for(
    folder: Path,
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stop:
        main(["measure", *words])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_an_interpreter_without_torch(hwlint: Hwlint, folder: Path, tmp_path: Path):
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True
    )
    (tmp_path / "bare/lib").joinpath(f"python3.{sys.version_info.minor}/site-packages/x").mkdir()
    done = hwlint("measure", "net.py:Net", "--python", tmp_path / "bare/bin/python", cwd=folder)
    assert done.returncode == 2
    assert "torch is not installed in" in done.stderr
    assert "pip install torch" in done.stderr


def test_a_part_that_is_not_there(hwlint: Hwlint, folder: Path):
    done = hwlint("measure", "net.py:Net#blocks", *QUICK, cwd=folder)
    assert done.returncode == 2
    assert 'no submodule "blocks"' in done.stderr
    assert "block.conv" in done.stderr


RECORD = """
import sys, torch
sys.path.insert(0, sys.argv[1])
from net import Config, Net
net, x = Net(Config(24, 9)).eval(), torch.randn(1, 3, 64, 64)
torch.set_num_threads(1)
for stack, name in ((True, "trace.json"), (False, "bare.json")):
    with torch.inference_mode(), torch.profiler.profile(with_stack=stack) as profile:
        for _ in range(3):
            net(x)
    profile.export_chrome_trace(f"{sys.argv[1]}/{name}")
"""


def test_a_trace_of_torchs_profiler(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    words = [sys.executable, "-c", RECORD, str(folder)]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    (folder / "garbage.json").write_text("{}")
    monkeypatch.chdir(folder)
    place = ["measure", "net.py:Net", "--input", "1x3x64x64", "--output-format", "json"]

    def imported(*options: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([*place, "--import", *options])
        return (stop.value.code, *capsys.readouterr())

    code, text, _ = imported("trace.json")
    found = json.loads(text)
    assert code == 0
    assert len(found["samples"]) == 3
    assert found["lines"][0]["line"] == CONV
    assert {CONV, NORM, STEM} <= {line["line"] for line in found["lines"]}
    calls = {(o["module"], o["name"]): o["calls"] for o in found["operators"]}
    assert calls["block.conv", "aten::conv2d"] == 1
    assert sum(o["seconds"] for o in found["operators"]) < max(found["samples"])
    assert "with_stack=True" in imported("bare.json")[2]
    assert "no trace of torch's profiler" in imported("garbage.json")[2]
    place[1] = "net.py:Embedded"
    assert "Embedded is not called in there" in imported("trace.json")[2]
