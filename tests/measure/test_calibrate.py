"""`hwlint device calibrate`: a profile of this machine, whatever ends it early."""

import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwlint.cost import Product
from hwlint.cost.calibrated import CalibratedRates
from hwlint.cost.gaussian import smooth
from hwlint.measure.calibration.cases import cases_of, visits_of
from hwlint.measure.calibration.fitting import curves_of, times_of
from hwlint.measure.calibration.pairs import pairs_of
from hwlint.measure.calibration.steps import tiles_of
from hwlint.measure.job import Job, save_job
from hwlint.measure.measuring import RUNNERS, runner_file
from hwlint.profile import Calibrated, load_project_profiles

NET = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.conv(x))
"""


def hwlint(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hwlint", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.hwlint]\n")
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def raw_of(project: Path) -> list[tuple[str, int]]:
    text = (project / ".hwlint/calibration/local/raw.jsonl").read_text()
    visits = [json.loads(line) for line in text.split("\n")[:-1]]
    return [(visit["id"], visit["visit"]) for visit in visits]


def wait_for_lines(project: Path, count: int) -> None:
    file = project / ".hwlint/calibration/local/raw.jsonl"
    end = time.monotonic() + 120
    while not file.exists() or file.read_text().count("\n") < count:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.timeout(400)
def test_a_killed_one_goes_on_and_its_profile_is_used(project: Path):
    command = [sys.executable, "-m", "hwlint", "device", "calibrate", "--minutes", "5"]
    running = subprocess.Popen(
        [*command, "--threads", "1"], cwd=project, stdout=subprocess.DEVNULL, start_new_session=True
    )
    wait_for_lines(project, 5)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    time.sleep(0.5)  # its child is ended by the keeper
    before = raw_of(project)
    file = project / ".hwlint/calibration/local/raw.jsonl"
    with file.open("a") as cut:
        cut.write('{"id": "cut in the mid')

    other = hwlint("device", "calibrate", "--threads", "2", "--resume", folder=project)
    assert other.returncode == 2
    assert "has threads 1, not 2" in other.stderr

    words = (
        "device",
        "calibrate",
        "--minutes",
        "0.1",
        "--threads",
        "1",
        "--resume",
        "--plot",
        "plot.html",
    )
    for _ in range(10):  # on a busy machine little is done in a few seconds
        done = hwlint(*words, folder=project)
        if done.returncode == 0:
            break
        assert "too few to know the machine" in done.stderr
    assert done.returncode == 0, done.stderr
    document = json.loads((project / ".hwlint/profiles/local.json").read_text())
    made = [(visit["id"], visit["visit"]) for visit in document["visits"]]
    assert made[: len(before)] == before
    assert len(made) == len(set(made)) > len(before)
    assert not (project / ".hwlint/calibration/local").exists()

    assert '"width": ' in (project / "plot.html").read_text()
    profile = load_project_profiles(project)["local"]
    found = profile.calibrated["fp32"]
    assert found.evidence == "measured"
    assert "hwlint device calibrate local" in found.source[0]
    assert found.threads == 1
    shown = hwlint(
        "inspect", "net.py:Net", "--device", "local", "--input", "1x3x32x32",
        "--output-format", "json", folder=project,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert '"local"' in shown.stdout
    assert hwlint("check", "net.py", "--device", "local", folder=project).returncode in (0, 1)


def test_an_error_is_one_line(project: Path):
    (project / ".hwlint").write_text("a file, where a folder has to be")
    done = hwlint("device", "calibrate", folder=project)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1
    (project / ".hwlint").unlink()
    empty = project / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", empty], check=True)
    done = hwlint("device", "calibrate", "--python", f"{empty}/bin/python", folder=project)
    assert done.returncode == 2
    assert "torch is not installed" in done.stderr
    assert done.stderr.count("\n") == 1
    done = hwlint("device", "calibrate", "--plot", "plot.pdf", folder=project)
    assert "ends in .html or .png" in done.stderr
    done = hwlint("device", "calibrate", "--resume", folder=project)
    assert "there is no unfinished calibration of local" in done.stderr
    profiles = project / ".hwlint" / "profiles"
    (profiles / "local.toml").write_text('extends = "_base"\n')
    done = hwlint("device", "calibrate", folder=project)
    assert "was not written by `device calibrate`" in done.stderr


def test_each_case_once_in_each_round():
    cases = cases_of()
    visits = visits_of(cases, 2)
    assert len(visits) == 2 * len(cases)
    assert {v["id"] for v in visits[: len(cases)]} == {case.id for case in cases}
    assert len({case.id for case in cases}) == len(cases)


def test_a_machine_of_known_rates_is_found_again():
    """A machine made up: 10 us a kernel, 100 GFLOP/s, and 1 ns for each number of a pass."""
    cases = cases_of()
    times = {
        c.id: 10e-6 + (2 * c.product.macs / 1e11 if c.product else c.items * 1e-9) for c in cases
    }
    visits = [{"id": name, "visit": 0, "seconds": [s, s, s * 3]} for name, s in times.items()]
    curves = curves_of(cases, times_of(visits))
    assert {kind for c in curves.products for kind in c.layers} == {
        "conv", "depthwise", "grouped", "linear", "matmul",
    }  # fmt: skip
    found = Calibrated(
        runner="torch", threads=1, products=curves.products, passes=curves.passes,
        source=("made up",), evidence="measured",
    )  # fmt: skip
    rates = CalibratedRates(found, None)
    product = Product("conv", 1000, 900, 100, 1, 100, "kxk")
    spent = rates.product(product, product.macs, 1e5, "conv2d")
    assert spent is not None
    assert spent.seconds == pytest.approx(10e-6 + 2 * product.macs / 1e11, rel=0.02)
    assert rates.passed("relu", 1 << 20).seconds == pytest.approx(10e-6 + 2**20 * 1e-9, rel=0.01)
    assert rates.passed("never heard of", 1 << 20).seconds > 1e-3


def test_samples_that_were_disturbed_do_not_count():
    calm = {"id": "a", "visit": 0, "seconds": [1.0, 1.0, 1.0, 9.0], "pace": [0.1, 0.1, 0.1, 0.2]}
    disturbed = {"id": "a", "visit": 1, "seconds": [2.0] * 3, "pace": [0.17] * 3}
    alone = {**disturbed, "id": "b"}
    assert times_of([calm, disturbed, alone]) == {"a": 1.0, "b": 2.0}


def test_steps_in_the_widths_are_tiles_and_noise_is_none():
    cases = [case for case in cases_of() if case.group not in ("", "row")]

    def filled(width: float, tile: int) -> float:
        return 50e-6 + math.ceil(width / tile) * tile * 1e-6

    stepped = {c.id: filled(c.items, 16 if c.group == "conv out" else 1) for c in cases}
    (tile,) = tiles_of(cases, stepped)
    assert (tile.layers, tile.operands, tile.minimum) == (("conv",), ("out",), 16)
    draw = random.Random(1)
    noisy = {c.id: filled(c.items, 1) * draw.uniform(0.8, 1.2) for c in cases}
    assert not list(tiles_of(cases, noisy))


def test_a_layer_that_costs_nothing_behind_another_is_fused():
    cases = [case for case in cases_of() if case.group == "row"]

    def seconds(layers: list[str]) -> float:
        return 10e-6 * sum(name != "BatchNorm2d" or n == 0 for n, name in enumerate(layers))

    times = {
        c.id: seconds([part["layer"] for part in c.spec.get("chain", [c.spec])]) for c in cases
    }
    pairs = list(pairs_of(cases, times))
    assert {pair.layer for pair in pairs if pair.fused} == {"BatchNorm2d"}
    assert ("Conv2d", "BatchNorm2d") in {pair.before for pair in pairs if not pair.fused}


def test_onnxruntime_does_what_there_is(tmp_path: Path):
    """One visit of each kind of operation: all are done but those it has no name for."""
    cases = {case.spec.get("layer", case.spec.get("function", "row")): case for case in cases_of()}
    folder = tmp_path / "job"
    folder.mkdir()
    save_job(Job("onnxruntime", "calibrate", "k", threads=1), folder)
    visits = visits_of(list(cases.values()), 1)
    (folder / "cases.json").write_text(json.dumps({"visits": visits, "seconds": 60, "each": 0}))
    for file in ("hwlint_support.py", "hwlint_calibrating.py"):
        shutil.copy(RUNNERS / file, folder)
    command = [sys.executable, "-I", runner_file("calibrate_onnxruntime"), folder]
    subprocess.run(command, check=True, timeout=90)
    lines = [json.loads(line) for line in (folder / "raw.jsonl").read_text().splitlines()]
    # What was disturbed is visited again.
    assert len({(line["id"], line["visit"]) for line in lines}) == len(visits)
    failed = {line["id"].split()[0] for line in lines if "error" in line}
    assert failed <= {"group_norm", "interpolate", "attention"}


def test_rows_of_layers_take_more_than_their_parts():
    cases = [case for case in cases_of() if case.group == "row"]
    times = {c.id: 10e-6 if not c.parts else len(c.parts) * 13e-6 - 3e-6 for c in cases}
    assert curves_of(cases, times).us_between == pytest.approx(3.0)


def test_a_correction_foretells_what_is_smooth():
    points = [(x / 4,) for x in range(20)]
    values = [0.3 * x - 0.05 * x * x for (x,) in points]
    found = smooth(points, values)
    assert max(abs(a - b) for a, b in zip(found.left_out[2:-2], values[2:-2], strict=True)) < 0.05
    assert smooth(points, [0.0] * 20).weights == (0.0,) * 20
