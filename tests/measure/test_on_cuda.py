"""What is asked of a GPU, as far as it can be seen where there is none."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from hwlint.engine.errors import UserError
from hwlint.measure.destination import find_destination
from hwlint.measure.job import Build, Input, Job, save_job
from hwlint.measure.measuring import RUNNERS

Hwlint = Callable[..., subprocess.CompletedProcess[str]]

NET = """\
import torch
from torch import nn


class OutOfMemoryError(RuntimeError):
    pass


class Net(nn.Module):
    def __init__(self, full=False):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.full = full

    def forward(self, x):
        if self.full:
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.fc(x)
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load the runner as its own process does, with an empty job."""
    monkeypatch.setattr(sys, "argv", ["torch_runner.py", str(RUNNERS)])
    spec = importlib.util.spec_from_file_location("torch_runner", RUNNERS / "torch_runner.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def subject() -> Any:
    return SimpleNamespace(module=torch.nn.Linear(4, 4).eval(), args=[torch.ones(1, 4)], kwargs={})


@pytest.mark.parametrize(
    ("device", "expected"),
    [("cuda", ["call", "wait"] * 3), ("cpu", ["call"] * 3)],
)
def test_each_run_is_waited_for(runner: ModuleType, device: str, expected: list[str]):
    seen: list[str] = []
    fake = SimpleNamespace(
        inference_mode=torch.inference_mode,
        cuda=SimpleNamespace(synchronize=lambda: seen.append("wait")),
    )
    run = runner.Run(lambda _: seen.append("call"), subject(), fake, device)
    assert run.timed(3) > 0
    assert seen == expected


def test_operators_of_a_processor_beside_a_gpu(runner: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    given = subject()
    found = runner.operators(runner.Run(given.module, given, torch, "cpu"), given, torch, False)
    assert [one["name"] for one in found] == ["aten::linear"]
    assert found[0]["seconds"] > 0


TARGETS = """\
[tool.hwlint.targets]
box = { profile = "h100-sxm" }
pi = { profile = "raspberry-pi-5" }
"""


@pytest.mark.parametrize(
    ("name", "unit"), [("box", "cuda"), ("pi", "cpu"), ("h100-sxm", None), (None, "cpu")]
)
def test_a_target_computes_on_what_its_profile_is_of(
    tmp_path: Path, name: str | None, unit: str | None
):
    (tmp_path / "pyproject.toml").write_text(TARGETS)
    if unit is None:
        with pytest.raises(UserError, match="h100-sxm is a profile"):
            find_destination(name, tmp_path)
        return
    where = find_destination(name, tmp_path)
    assert (where.unit("torch", None), where.unit("onnxruntime", None)) == (unit, unit)
    assert (where.unit("torch", "cpu"), where.unit("torch", "cuda")) == ("cpu", "cuda")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--on", "cuda"), "sees no GPU"),
        (("--device", "box"), "sees no GPU"),
        (("--on", "mps"), 'cpu or cuda, not on "mps"'),
    ],
)
def test_a_gpu_that_is_not_there_is_said(
    hwlint: Hwlint,
    tmp_path: Path,
    asked: tuple[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "pyproject.toml").write_text(TARGETS)
    given = ("--input", "1x8", "--runner", "torch", "--no-store", "--python", sys.executable)
    done = hwlint("measure", "net.py:Net", *given, *asked, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_too_little_memory_of_a_gpu_is_said(tmp_path: Path):
    file = tmp_path / "net.py"
    file.write_text(NET)
    build = Build(str(file), "net", (str(tmp_path),), "Net(full=True)")
    folder = tmp_path / "job"
    folder.mkdir()
    save_job(Job("torch", "net.py:Net", "k", (Input("", (1, 8), "float32"),), build=build), folder)
    for name in ("hwlint_support.py", "hwlint_building.py"):
        (folder / name).write_bytes((RUNNERS / name).read_bytes())
    command = [sys.executable, "-I", RUNNERS / "torch_runner.py", folder]
    subprocess.run(command, check=True, timeout=120)
    failure = json.loads((folder / "result.json").read_text())["failure"]
    assert failure["kind"] == "memory"
    assert "Tried to allocate" in failure["message"]
    assert "smaller input" in failure["advice"]


def test_what_is_no_processor_is_not_calibrated(hwlint: Hwlint, tmp_path: Path):
    done = hwlint("device", "calibrate", "mine", "--profile", "h100-sxm", cwd=tmp_path)
    assert done.returncode == 2
    assert "calibrate times processors, and NVIDIA H100 SXM5 80GB is none (gpu)" in done.stderr
