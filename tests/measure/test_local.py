"""The local transport: whatever the code does, there is a clear result and nothing is left."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hwlint.measure.job import Job, Limits, Result, save_job
from hwlint.measure.transports.local import Local

WRITE = """
import json, os, sys
folder = sys.argv[1]
def done():
    with open(os.path.join(folder, "result.json"), "w") as file:
        json.dump({"key": "k", "median_s": 0.5}, file)
"""
GIGABYTE = 1 << 30


def never() -> bool:
    return False


def run(
    folder: Path,
    code: str,
    limits: Limits | None = None,
    cancelled: Callable[[], bool] = never,
    progress: Callable[[str], None] = lambda text: None,
) -> Result:
    job = folder / "job"
    job.mkdir()
    limits = limits or Limits(seconds=30, memory=2 * GIGABYTE)
    save_job(Job("torch", "net.py:Net", "k", limits=limits), job)
    runner = folder / "runner.py"
    runner.write_text(WRITE + code)
    return Local(Path(sys.executable)).run(job, runner, cancelled=cancelled, progress=progress)


def alive(marker: Path) -> list[str]:
    """Processes whose command line names a folder."""
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if str(marker) in words and state != "Z":
                found.append(words)
    return found


def test_a_result_comes_back_whatever_is_printed(tmp_path: Path):
    noise = 'print("}{" * 10**6); sys.stderr.write("no"); os.write(1, b"\\xff{\\n"); done()'
    result = run(tmp_path, noise)
    assert result.failure is None
    assert result.median_s == 0.5


def test_progress_is_told(tmp_path: Path):
    told: list[str] = []
    code = """
import time
open(os.path.join(folder, "progress"), "w").write("half way")
time.sleep(0.5)
done()
"""
    run(tmp_path, code, progress=told.append)
    assert told == ["half way"]


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ('print("bye"); sys.exit(3)', "exited", "exit code 3"),
        ("os._exit(0)", "exited", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "crashed", "SIGSEGV"),
        ("os.abort()", "crashed", "SIGABRT"),
        ("import signal; os.kill(os.getpid(), signal.SIGKILL)", "crashed", "SIGKILL"),
        ("while True: pass", "timeout", "within 1 s"),
        ("input()", "exited", "exit code 1"),
    ],
)
def test_an_end_without_a_result_is_said(tmp_path: Path, code: str, kind: str, said: str):
    limits = Limits(seconds=1 if kind == "timeout" else 30, memory=2 * GIGABYTE)
    failure = run(tmp_path, code, limits).failure
    assert failure is not None
    assert failure.kind == kind
    assert said in failure.message
    assert not alive(tmp_path)


def test_what_was_written_last_is_repeated(tmp_path: Path):
    failure = run(tmp_path, 'print("x" * 10**6); print("the end"); sys.exit(1)').failure
    assert failure is not None
    assert failure.output.endswith("the end\n")
    assert len(failure.output) < 10_000


def test_a_hundred_gigabytes_are_refused_at_once(tmp_path: Path):
    failure = run(tmp_path, "bytearray(100 << 30); done()").failure
    assert failure is not None
    assert "MemoryError" in failure.output


def test_memory_that_grows_ends_it(tmp_path: Path):
    code = "held = []\nwhile True: held.append(b'x' * (1 << 24))"
    failure = run(tmp_path, code, Limits(seconds=30, memory=GIGABYTE // 4)).failure
    assert failure is not None
    assert failure.kind == "memory"
    assert "0.268 GB" in failure.message


ORPHANS = f"""
import subprocess, time
sleeper = "import time; time.sleep(100)"
for fresh in (False, True):
    subprocess.Popen([{sys.executable!r}, "-c", sleeper, folder], start_new_session=fresh)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:  # a daemon by the book: nobody's child
        os.execv({sys.executable!r}, ["python", "-c", sleeper, folder])
    os._exit(0)
os.wait()
"""


def test_nothing_is_left_of_what_was_started(tmp_path: Path):
    assert run(tmp_path, ORPHANS + "done()").median_s == 0.5
    assert not alive(tmp_path)


def test_cancelling_ends_everything_within_a_second(tmp_path: Path):
    started = tmp_path / "started"
    asked: list[float] = []

    def cancelled() -> bool:
        if not asked and started.exists():
            asked.append(time.monotonic())
        return bool(asked)

    code = f"{ORPHANS}open({str(started)!r}, 'w').close()\nwhile True: pass"
    failure = run(tmp_path, code, cancelled=cancelled).failure
    assert failure is not None
    assert failure.kind == "cancelled"
    assert time.monotonic() - asked[0] < 1
    assert not alive(tmp_path)


def test_nothing_outlives_hwlint_killed(tmp_path: Path):
    started = tmp_path / "started"
    code = f"{ORPHANS}open({str(started)!r}, 'w').close()\nwhile True: pass"
    pid = os.fork()
    if pid == 0:
        run(tmp_path, code)
        os._exit(0)
    _until(started.exists)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    _until(lambda: not alive(tmp_path))


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_interpreter_that_is_not_there(tmp_path: Path):
    job = tmp_path / "job"
    job.mkdir()
    save_job(Job("torch", "net.py:Net", "k"), job)
    local = Local(tmp_path / "no-python")
    result = local.run(job, tmp_path / "runner.py", cancelled=never, progress=print)
    assert result.failure is not None
    assert result.failure.kind == "setup"
    assert "no-python" in result.failure.message


def test_a_result_that_is_garbage(tmp_path: Path):
    code = 'open(os.path.join(folder, "result.json"), "w").write(json.dumps([1]))'
    failure = run(tmp_path, code).failure
    assert failure is not None
    assert failure.kind == "internal"
    assert "result.json" in failure.message


def test_a_job_survives_the_way(tmp_path: Path):
    from hwlint.measure.job import Build, Input, as_json, load_job, parse_result

    build = Build("/a/net.py", "net", ("/a",), "Net(2)", "body.0", (Input("", (1, 3), "float32"),))
    job = Job("onnxruntime", "net.py:Net", "k", (Input("x", (1,), "int64", 9),), build=build)
    save_job(job, tmp_path)
    assert load_job(tmp_path) == job
    result = Result("k", 0.5, samples=(0.5, 0.6), rival=Result("l", 0.7))
    assert parse_result(as_json(result)) == result
    assert json.loads(as_json(result))["rival"]["median_s"] == 0.7
