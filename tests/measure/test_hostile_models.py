"""Code that does anything but build a model: each time a clear result, and nothing is left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.engine.inputs import parse_input
from hwlint.engine.run import Options
from hwlint.measure.destination import find_destination
from hwlint.measure.job import Failure, Limits, Method, Result
from hwlint.measure.session import Asked, Session

QUICK = Method(samples=3, seconds=0.0, most_seconds=0.5)
GIGABYTE = 1 << 30
HEAD = """
import ctypes, os, sys, threading, time
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        {init}

    def forward(self, x):
        {forward}
        return self.fc(x)
"""
Project = Callable[[Mapping[str, str]], Path]


def measure(
    project: Project, init: str = "pass", forward: str = "pass", limits: Limits | None = None
) -> Result:
    root = project({"net.py": HEAD.format(init=init, forward=forward)})
    asked = Asked(
        inputs=(parse_input("2x8"),),
        threads=1,
        operators=False,
        limits=limits or Limits(60, 3 * GIGABYTE),
        method=QUICK,
        options=Options(python=Path(sys.executable), root=root),
    )
    session = Session(
        asked, lambda text: None, lambda: False, lambda done, total: None,
        find_destination(None, root),
    )  # fmt: skip
    return session.measure(f"{root}/net.py:Net").result


def failed(result: Result) -> Failure:
    assert result.median_s is None
    assert result.failure is not None
    return result.failure


def test_it_prints_and_forks_and_starts_threads(project: Project):
    init = (
        'print("{\\"median_s\\": 1}" * 1000); sys.stderr.write("no"); '
        "os.fork(); threading.Thread(target=time.sleep, args=(1000,)).start()"
    )
    result = measure(project, init)
    assert result.failure is None
    assert result.median_s is not None
    assert 0 < result.median_s < 1


@pytest.mark.parametrize("where", ["init", "forward"])
def test_it_leaves(project: Project, where: str):
    failure = failed(measure(project, **{where: "sys.exit(7)"}))
    assert failure.kind == "exited"
    assert "sys.exit(7)" in failure.message
    assert "net.py" in failure.trace
    assert "site-packages" not in failure.trace


def test_it_leaves_without_a_word(project: Project):
    failure = failed(measure(project, "os._exit(0)"))
    assert failure.kind == "exited"
    assert "exit code 0" in failure.message


def test_it_segfaults(project: Project):
    failure = failed(measure(project, forward="ctypes.string_at(0)"))
    assert failure.kind == "crashed"
    assert "SIGSEGV" in failure.message
    assert "net.py" in failure.trace


def test_it_asks_for_a_hundred_gigabytes(project: Project):
    failure = failed(measure(project, "self.w = torch.empty(25 << 30)"))
    assert failure.kind in ("build", "memory")
    assert "memory" in failure.message
    assert "net.py" in failure.trace


def test_it_fills_the_memory_bit_by_bit(project: Project):
    init = "self.held = []\n        while True: self.held.append(b'x' * (1 << 24))"
    failure = failed(measure(project, init, limits=Limits(60, GIGABYTE)))
    assert failure.kind == "memory"
    assert "1.07 GB" in failure.message


def test_it_loops_for_ever(project: Project):
    start = time.monotonic()
    failure = failed(measure(project, "while True: pass", limits=Limits(6, 3 * GIGABYTE)))
    assert failure.kind == "timeout"
    assert "6 s" in failure.message
    assert time.monotonic() - start < 60


def test_it_fails(project: Project):
    failure = failed(measure(project, forward="x = x.reshape(3, 5)"))
    assert failure.kind == "forward"
    assert "shape '[3, 5]' is invalid" in failure.message
    assert "x = x.reshape(3, 5)" in failure.trace
    assert "--input" in failure.advice


def test_it_needs_what_is_not_there(project: Project):
    failure = failed(measure(project, "import nowhere_at_all"))
    assert failure.kind == "build"
    assert "nowhere_at_all" in failure.message
    assert sys.executable in failure.advice


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_is_given_up(project: Project, tmp_path: Path, number: signal.Signals):
    started = tmp_path / "started"
    init = f"open({str(started)!r}, 'w').close()\n        os.fork()\n        while True: pass"
    root = project({"net.py": HEAD.format(init=init, forward="pass")})
    words = ["measure", "net.py:Net", "--input", "2x8", "--python", sys.executable]
    inside = tmp_path / "temporary"
    inside.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "hwlint", *words],
        cwd=root,
        env={**os.environ, "TMPDIR": str(inside)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Where the tests run in the background, it would be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    ) as child:
        try:
            _until(started.exists, 120)
            assert running(inside)
            child.send_signal(number)
            start = time.monotonic()
            child.wait(30)
        finally:
            child.kill()
        _until(lambda: not running(inside), 1 + 4 * _is_busy())
        if number != signal.SIGKILL:
            assert time.monotonic() - start < 1 + 4 * _is_busy()
            assert not list(inside.iterdir())


def running(folder: Path) -> list[str]:
    """Processes whose command line names a folder."""
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            if entry.name.isdigit() and str(folder) in words:
                found.append(words)
    return found


def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _is_busy() -> bool:
    """Say whether others want more of the machine than it has: then a second is not one."""
    return os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
