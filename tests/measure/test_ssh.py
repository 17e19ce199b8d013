"""The ssh transport, over a real sshd that the tests start on a port of this machine."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve, frozen

from hwlint.cli import main
from hwlint.measure.calibration import calibrating
from hwlint.measure.calibration.calibrating import Calibration
from hwlint.measure.calibration.cases import cases_of
from hwlint.measure.job import Failure, Job, Limits, Result, save_job
from hwlint.measure.transports.keeper import descendants
from hwlint.measure.transports.ssh import Ssh
from hwlint.profile import load_project_profiles

NEVER: Callable[[], bool] = lambda: False  # noqa: E731 - a value among others
REPORTS = """
import json, os, sys
folder = sys.argv[1]
job = json.load(open(os.path.join(folder, "job.json")))
size = os.path.getsize(os.path.join(folder, "model.onnx"))
print("what user code prints")
open(os.path.join(folder, "progress"), "w").write("half way")
import time; time.sleep(0.3)
told = {"host": folder, "isolated": str(sys.flags.isolated)}
result = {"key": job["key"], "median_s": size / 1e6, "environment": told}
json.dump(result, open(os.path.join(folder, "result.json"), "w"))
"""
SLEEPS = """
import os, subprocess, sys, time
words = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(words, start_new_session=True)
with open({marker!r}, "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(60)
"""


@frozen
class Board:
    """A host that an sshd of ours plays."""

    folder: Path
    scratch: Path
    """TMPDIR there: what a job leaves behind is in here."""
    server: "subprocess.Popen[bytes]"

    def ssh(self, host: str = "board", python: str = sys.executable) -> Ssh:
        return Ssh(host, python, ssh=("ssh", "-F", str(self.folder / "ssh_config")))

    def left(self) -> list[str]:
        return [path.name for path in self.scratch.iterdir()]


def sshd() -> str:
    found = shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if found is None and not os.environ.get("CI"):
        pytest.skip("sshd is not installed")
    assert found is not None, "sshd is not installed"
    return found


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


@contextlib.contextmanager
def started(folder: Path, scratch: Path) -> Iterator[Board]:
    program, port = sshd(), free_port()
    for name in ("host", "mine", "other"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True, timeout=20)
    root = os.geteuid() == 0
    if root:
        Path("/run/sshd").mkdir(exist_ok=True)
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "mine.pub",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "yes",
        "StrictModes": "no",
        "UsePAM": "yes" if root else "no",
        "PidFile": "none",
        "SetEnv": f"TMPDIR={scratch}",
    }
    config = folder / f"sshd_config_{port}"
    config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    known = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {known[0]} {known[1]}\n")
    hosts = {
        "board": {},
        "wrong-key": {"IdentityFile": folder / "other"},
        "stranger": {"UserKnownHostsFile": "/dev/null"},
        "refuses": {"Port": free_port()},
    }
    common = {
        "HostName": "127.0.0.1",
        "Port": port,
        "IdentityFile": folder / "mine",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": folder / "known",
        "StrictHostKeyChecking": "yes",
        "IdentityAgent": "none",
        "GlobalKnownHostsFile": "/dev/null",
    }
    with (folder / "ssh_config").open("w") as file:
        for host, own in hosts.items():
            file.write(f"Host {host}\n")
            file.writelines(f"  {key} {value}\n" for key, value in (common | own).items())
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen(
            [program, "-D", "-e", "-f", str(config)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(port, server, folder / "sshd.log")
        yield Board(folder, scratch, server)
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    folder = tmp_path_factory.mktemp("ssh")
    scratch = folder / "scratch"
    scratch.mkdir()
    with started(folder, scratch) as running:
        yield running


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Return the folder of a job with a model of 150 kB."""
    folder = tmp_path / "job"
    (folder / "more").mkdir(parents=True)
    save_job(Job("onnxruntime", "net.py:Net", "k1", limits=Limits(seconds=50)), folder)
    (folder / "model.onnx").write_bytes(os.urandom(150_000))
    (folder / "more" / "data.bin").write_bytes(b"\0\xff\n" * 10)
    return folder


@pytest.fixture
def runner(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "test_runner.py"
        file.write_text(text)
        return file

    return write


def failure(result: Result) -> Failure:
    assert result.failure is not None, result
    assert result.median_s is None
    assert "\n" not in result.failure.message
    return result.failure


def test_a_job_goes_there_and_its_result_comes_back(
    board: Board, job: Path, runner: Callable[[str], Path]
):
    heard: list[str] = []
    result = board.ssh().run(job, runner(REPORTS), cancelled=NEVER, progress=heard.append)
    assert result.failure is None, result.failure
    assert (result.key, result.median_s) == ("k1", 0.15)
    assert heard == ["sending 0.2 MB to board", "half way"]
    assert result.environment["isolated"] == "1"
    assert result.environment["host"].startswith(str(board.scratch))
    assert board.left() == []


def fails(board: Board, ssh: Ssh, job: Path, runner: Path) -> Failure:
    result = ssh.run(job, runner, cancelled=NEVER, progress=lambda _: None)
    assert gone(board)
    return failure(result)


def gone(board: Board) -> bool:
    """Say whether nothing is left there, at once or soon: nobody waits for what was cut off."""
    return soon(lambda: not board.left())


def soon(true: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_host_that_refuses(board: Board, job: Path, runner: Callable[[str], Path]):
    found = fails(board, board.ssh("refuses"), job, runner(REPORTS))
    assert found.kind == "unreachable"
    assert found.message.startswith("refuses: ssh: connect to host 127.0.0.1 port ")
    assert found.message.endswith(": Connection refused")
    assert "is sshd running" in found.advice


def test_a_key_that_is_not_accepted(board: Board, job: Path, runner: Callable[[str], Path]):
    found = fails(board, board.ssh("wrong-key"), job, runner(REPORTS))
    assert found.kind == "unreachable"
    assert "Permission denied (publickey)" in found.message
    assert "ssh-copy-id wrong-key" in found.advice


def test_a_host_that_is_not_known_yet(board: Board, job: Path, runner: Callable[[str], Path]):
    found = fails(board, board.ssh("stranger"), job, runner(REPORTS))
    assert (found.kind, found.message) == (
        "unreachable",
        "stranger: Host key verification failed.",
    )
    assert f"ssh -F {board.folder}/ssh_config stranger" in found.advice


def test_no_such_program_here(board: Board, job: Path, runner: Callable[[str], Path]):
    found = fails(board, evolve(board.ssh(), ssh=("no-ssh-here",)), job, runner(REPORTS))
    assert (found.kind, found.message) == ("setup", "ssh: No such file or directory")


def test_no_python_there(board: Board, job: Path, runner: Callable[[str], Path]):
    found = fails(board, board.ssh(python="/opt/my python/bin/python3"), job, runner(REPORTS))
    assert found.kind == "setup"
    assert found.message.startswith("there is no /opt/my python/bin/python3 on board: ")
    assert "--python PATH" in found.advice
    found = fails(board, board.ssh(python="cat"), job, runner(REPORTS))
    assert found.kind == "setup"
    assert found.message.startswith("cat on board could not start the job: ")


def test_a_runner_that_ends_without_a_result(
    board: Board, job: Path, runner: Callable[[str], Path]
):
    found = fails(board, board.ssh(), job, runner("import sys; print('hm'); sys.exit(3)"))
    assert (found.kind, found.output) == ("exited", "hm\n")
    assert "exit code 3" in found.message
    found = fails(board, board.ssh(), job, runner("import os; os.kill(os.getpid(), 11)"))
    assert (found.kind, found.message) == ("crashed", "the process crashed (SIGSEGV)")


def test_a_job_that_takes_too_long(board: Board, job: Path, runner: Callable[[str], Path]):
    save_job(Job("onnxruntime", "net.py:Net", "k1", limits=Limits(seconds=0.5)), job)
    found = fails(board, board.ssh(), job, runner("import time; time.sleep(60)"))
    assert (found.kind, found.message) == ("timeout", "was not done within 0.5 s and was ended")


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Give a file system that holds so much: one of its own, or what is left of a small one that
    containers have."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode == 0:
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    shared = Path("/dev/shm")
    usable = shared.is_dir() and shutil.disk_usage(shared).total <= 256 << 20
    if not usable and not os.environ.get("CI"):
        pytest.skip("no small file system can be made")
    assert usable, "no small file system can be made"
    with contextlib.ExitStack() as stack:
        left = shared / f"hwlint-test-{os.getpid()}"
        left.mkdir()
        stack.callback(shutil.rmtree, left)
        ballast = shared / f"hwlint-ballast-{os.getpid()}"
        stack.callback(ballast.unlink)
        ballast.write_bytes(bytes(shutil.disk_usage(shared).free - kilobytes * 1024))
        yield left


def test_a_disk_that_is_full(
    board: Board, job: Path, runner: Callable[[str], Path], tmp_path: Path
):
    folder = tmp_path / "full"
    folder.mkdir()
    with (
        small_disk(tmp_path / "small", 100) as scratch,
        started(folder, scratch) as full,
    ):
        found = fails(full, full.ssh(), job, runner(REPORTS))
        assert found.kind == "device"
        assert found.message.startswith(f"board: there is no space left in {scratch} (")
        # The model fits, what the runner writes does not.
        (job / "model.onnx").write_bytes(b"small")
        text = "import sys; open(sys.argv[1] + '/big', 'wb').write(bytes(2_000_000))"
        found = fails(full, full.ssh(), job, runner(text))
        assert (found.kind, found.message) == (
            "device",
            "board: there is no space left on the device",
        )


def pids_in(marker: Path) -> list[int]:
    return [int(word) for word in marker.read_text().split()] if marker.exists() else []


def dead(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@frozen
class Running:
    """A job that runs there, which somebody waits for in a thread."""

    marker: Path
    results: list[Result]
    thread: threading.Thread
    stop: threading.Event

    def result(self) -> Result:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.results[0]


@pytest.fixture
def running(
    board: Board, job: Path, runner: Callable[[str], Path], tmp_path: Path
) -> Iterator[Running]:
    """Start a job that does not end by itself, and wait until it runs with a child of its own."""
    marker = tmp_path / "marker"
    file = runner(SLEEPS.format(marker=str(marker)))
    results: list[Result] = []
    stop = threading.Event()

    def work() -> None:
        ssh = board.ssh()
        results.append(ssh.run(job, file, cancelled=stop.is_set, progress=lambda _: None))

    thread = threading.Thread(target=work)
    thread.start()
    assert soon(lambda: len(pids_in(marker)) == 2)
    assert len(board.left()) == 1
    yield Running(marker, results, thread, stop)
    stop.set()
    thread.join(20)
    assert soon(lambda: dead(pids_in(marker)))
    assert gone(board)


def test_a_link_that_is_cut_in_the_middle(board: Board, running: Running):
    # The connection's own process there: as if the cable was pulled, the other side hears nothing.
    for pid in descendants(board.server.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # some end by themselves
            if Path(f"/proc/{pid}/comm").read_text().startswith("sshd"):
                os.kill(pid, signal.SIGKILL)
    found = failure(running.result())
    assert found.kind == "unreachable"
    assert found.message == "the connection to board was lost in the middle"
    assert soon(lambda: dead(pids_in(running.marker)))
    assert gone(board)


def test_cancelled(board: Board, running: Running):
    start = time.monotonic()
    running.stop.set()
    assert failure(running.result()).kind == "cancelled"
    assert time.monotonic() - start < 1.5
    assert soon(lambda: dead(pids_in(running.marker)), 1)


def test_a_guest_that_is_killed_is_tidied_up_by_the_next(
    board: Board, running: Running, job: Path, runner: Callable[[str], Path]
):
    (name,) = board.left()
    os.kill(int(name.split("-")[2]), signal.SIGKILL)
    assert failure(running.result()).kind == "unreachable"
    assert soon(lambda: dead(pids_in(running.marker)))
    assert board.left() == [name]
    result = board.ssh().run(job, runner(REPORTS), cancelled=NEVER, progress=lambda _: None)
    assert result.failure is None
    assert board.left() == []


NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3)
        self.second = torch.nn.Conv2d(8, 8, 3)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))
"""


def test_from_end_to_end(
    board: Board, project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    # What a user does: tell of the board, measure on it, look at what was kept.
    monkeypatch.setenv("HWLINT_SSH", shlex.join(["ssh", "-F", str(board.folder / "ssh_config")]))
    root = project({"net.py": NET, ".git/HEAD": ""})

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "hwlint", *words]
        return subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=200, check=False
        )

    words = ["--profile", "raspberry-pi-5", "--ssh", "board", "--python", sys.executable]
    done = run("device", "add", "pi", *words)
    assert done.returncode == 0, done.stderr
    measure = ["measure", "net.py:Net", "--input", "1x3x32x32", "--samples", "5"]
    done = run(*measure, "--device", "pi", "--output-format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["median_s"] > 0
    assert told["environment"]["provider"] == "CPUExecutionProvider"
    assert {line["line"] for line in told["lines"]} >= {7, 8}
    (kept,) = json.loads(run("measurements", "export").stdout)
    assert (kept["target"], kept["profile"]) == ("pi", "raspberry-pi-5")
    assert kept["result"]["median_s"] == told["median_s"]
    assert kept["versions"].startswith("onnxruntime ")
    assert board.left() == []


def test_calibrate_over_ssh(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "pyproject.toml").write_text("[tool.hwlint]\n")
    every = [case for case in cases_of() if not case.group]
    linear = [c for c in every if c.product is not None and c.product.kind == "linear"]
    linear = sorted(linear, key=lambda c: c.product.macs if c.product is not None else 0)[:8]
    passes = [c for c in every if c.function in ("relu", "add") and c.items <= 1 << 13]
    few = [*linear, *passes]
    monkeypatch.setattr(calibrating, "cases_of", lambda: few)
    asked = Calibration(
        tmp_path, "pi", "calibrate", "onnxruntime", ("_base",), threads=1, there=board.ssh()
    )
    done = asked.run(cancelled=NEVER, progress=lambda _: None)
    assert not done.stopped
    assert done.visits >= 5 * len(few)  # what was disturbed is visited again
    told = load_project_profiles(tmp_path)["pi"].calibrated["fp32"]
    assert (told.runner, told.threads) == ("onnxruntime", 1)
    assert {name for each in told.passes for name in each.functions} == {"relu", "add"}
    assert [each.layers for each in told.products] == [("linear",)]
    visits = json.loads(done.raw.read_text())["visits"]
    assert len({(visit["id"], visit["visit"]) for visit in visits}) == 5 * len(few)
    assert board.left() == []


def test_calibrate_goes_by_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("HWLINT_SSH", "false")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.hwlint.targets.pi]\nprofile = "raspberry-pi-5"\nssh = "board"\n'
        '[tool.hwlint.targets.phone]\nprofile = "raspberry-pi-5"\ncommand = "measure {model}"\n'
    )

    def refused(name: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(["device", "calibrate", name, "--root", str(tmp_path)])
        assert stop.value.code == 2
        return capsys.readouterr().err

    assert "python3 on board could not start the job" in refused("pi")
    assert "phone is reached by command measure {model}" in refused("phone")
