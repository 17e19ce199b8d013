"""The command transport, with programs that play a device."""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from hwlint.measure.job import Job, Limits, OperatorTime, Result, load_job, save_job
from hwlint.measure.transports.command import Command

Device = Callable[..., Result]


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "a job"  # with a space in its path
    folder.mkdir()
    save_job(Job("onnxruntime", "net.py:Net", "k1", limits=Limits(seconds=20)), folder)
    (folder / "model.onnx").write_bytes(b"a model")
    return folder


@pytest.fixture
def device(job: Path, tmp_path: Path) -> Device:
    """Return a function that lets a program, given as Python, measure the job."""

    def run(text: str, words: str = "{model}", cancelled: Callable[[], bool] = lambda: False):
        file = tmp_path / "device.py"
        file.write_text(text)
        command = Command(f"{sys.executable} '{file}' {words}")
        return command.run(job, Path(), cancelled=cancelled, progress=lambda _: None)

    return run


def test_the_answer_is_the_last_line_that_is_json(device: Device):
    result = device(
        """
import json, sys
model = open(sys.argv[1], "rb").read()
print("flashing", len(model), "bytes", flush=True)
print("warning: clock is low", file=sys.stderr)
print(json.dumps({"samples": [0.5, 0.1, 0.2, 0.3, 0.4], "peak_bytes": 2048.0, "energy_j": 0.001,
    "environment": {"firmware": 7}, "operators": [{"name": "Conv", "seconds": 0.1, "node": "/c"}],
    "notes": ["at 80 MHz"]}))
print("bye")
"""
    )
    assert result.failure is None
    assert (result.key, result.median_s, result.samples) == ("k1", 0.3, (0.5, 0.1, 0.2, 0.3, 0.4))
    quartiles = (result.iqr_s, result.p10_s, result.p90_s)
    assert all(math.isclose(a or 0, b) for a, b in zip(quartiles, (0.2, 0.14, 0.46), strict=True))
    assert (result.peak_bytes, result.energy_j) == (2048, 0.001)
    assert result.environment == {"firmware": "7"}
    assert result.operators == (OperatorTime("Conv", "", 0.1, 1, "/c"),)
    assert result.notes == ("at 80 MHz",)


def test_the_answer_may_be_written_to_a_file(device: Device, job: Path):
    text = """
import json, sys
folder, job, answer = sys.argv[1:]
print('{"median_s": 1}')
key = json.load(open(job))["key"]
json.dump({"median_s": 0.25, "notes": [key, folder]}, open(answer, "w"))
"""
    result = device(text, "{folder} {job} {result}")
    assert (result.median_s, result.notes) == (0.25, ("k1", str(job)))
    # What an earlier run left is no answer of this one.
    result = device("print('nothing')", "{model} {result}")
    assert result.failure is not None
    assert "no line of its output is JSON; the last is: nothing" in result.failure.message


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "no line of its output is JSON"),
        ("0.004", "no line of its output is JSON; the last is: 0.004"),
        ('{"median_s": 0.1', "Expecting"),
        ("{}", 'it needs "median_s", or "samples"'),
        ('{"median_s": 0}', '"median_s" must be above 0, not 0'),
        ('{"median_s": -1}', '"median_s" must be above 0, not -1'),
        ('{"median_s": NaN}', '"median_s" must be above 0, not nan'),
        ('{"samples": [1, Infinity]}', '"samples" must be above 0, not inf'),
        ('{"median_s": "4 ms"}', '"median_s" must be a number, not "4 ms"'),
        ('{"median_s": true}', '"median_s" must be a number, not true'),
        ('{"median_ms": 4}', 'unknown key "median_ms"; did you mean "median_s"?'),
        ('{"median_s": 1, "samples": 1}', '"samples" must be a list'),
        ('{"median_s": 1, "operators": [{"name": "Conv"}]}', 'an operator needs "name" and'),
        ('{"median_s": 1, "environment": []}', '"environment" must be an object'),
    ],
)
def test_garbage(answer: str, problem: str, job: Path):
    (job / "says").write_text(answer)
    result = Command("cat '{folder}/says'").run(
        job, Path(), cancelled=lambda: False, progress=lambda _: None
    )
    assert result.median_s is None
    assert result.failure is not None
    assert result.failure.kind == "device"
    assert result.failure.message.startswith("what cat answers is no result: ")
    assert problem in result.failure.message
    assert "docs/targets.md" in result.failure.advice


def failed(result: Result) -> tuple[str, str]:
    assert result.failure is not None
    assert result.median_s is None
    name = Path(sys.executable).name
    return result.failure.kind, result.failure.message.replace(name, "PYTHON")


def test_a_failure_that_the_program_tells(device: Device):
    result = device("""print('{"failure": "arena of 300 kB\\\\n is too small"}')""")
    assert failed(result) == ("device", "arena of 300 kB is too small")
    result = device("import sys; print('no board on ttyACM0', file=sys.stderr); sys.exit(2)")
    assert failed(result) == ("device", "PYTHON ended with exit code 2: no board on ttyACM0")


def test_a_program_that_crashes(device: Device):
    result = device("import os; os.kill(os.getpid(), 11)")
    assert failed(result) == ("crashed", "PYTHON: the process crashed (SIGSEGV)")


def test_a_program_that_is_not_there(job: Path):
    command = Command("/opt/no-such-flasher {model}")
    result = command.run(job, Path(), cancelled=lambda: False, progress=lambda _: None)
    kind, message = failed(result)
    assert kind == "setup"
    assert message.startswith("no-such-flasher: could not be started: ")


HANGS = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({marker!r}, "w").write(str(child.pid))
child.wait()
"""


def test_a_program_that_hangs(device: Device, job: Path, tmp_path: Path):
    save_job(evolve(load_job(job), limits=Limits(seconds=1.5)), job)
    marker = tmp_path / "marker"
    result = device(HANGS.format(marker=str(marker)))
    assert failed(result) == ("timeout", "PYTHON: was not done within 1.5 s and was ended")
    assert not Path(f"/proc/{marker.read_text()}").exists()


def test_cancelled(device: Device, tmp_path: Path):
    marker = tmp_path / "marker"
    seen: list[float] = []

    def cancelled() -> bool:
        if marker.exists() and marker.read_text():
            seen.append(time.monotonic())
        return bool(seen)

    result = device(HANGS.format(marker=str(marker)), cancelled=cancelled)
    assert time.monotonic() - seen[0] < 1
    assert failed(result)[0] == "cancelled"
    assert not Path(f"/proc/{marker.read_text()}").exists()
