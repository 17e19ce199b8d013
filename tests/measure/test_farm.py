"""A farm of devices: Dask's own scheduler, and workers as `hwlint device worker` starts them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import define, field
from tests.search.toy import Toy, search
from tests.search.toy import measured as measured_ones

from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.job import Job, Limits, Result, save_job
from hwlint.measure.store.store import open_store
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.measure.transports.farm import Farm
from hwlint.search.model import Candidate
from hwlint.search.trial import Observation

NAMES = ("one", "two", "three")
LAB = MeasureTarget("lab", "raspberry-pi-5", "dask", "tcp://farm:8786")
# Says in a log when it is busy, and when it is asked for something while it is. Takes as long as
# there is a file that holds it.
DEVICE = """
job=$1
name=$2
log=$3
exec 9> "$log.$name"
flock -n 9 || echo "clash $name" >> "$log"
key=$(sed 's/.*"key": "\\([^"]*\\)".*/\\1/' "$job")
echo "begin $name $key $$ $(date +%s%N)" >> "$log"
sleep 0.1
case $key in slow*) sleep 60 ;; esac
while [ -e "$log.hold.$name" ]; do sleep 0.05; done
echo "end $name $key $$ $(date +%s%N)" >> "$log"
echo '{"median_s": 0.001}'
"""


@define
class Yard:
    """A scheduler and its workers."""

    folder: Path
    address: str
    environment: Mapping[str, str]
    scheduler: "subprocess.Popen[bytes] | None" = None
    workers: dict[str, "subprocess.Popen[str]"] = field(factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start_scheduler(self) -> None:
        dask = Path(sysconfig.get_path("scripts"), "dask")
        host, _, port = self.address.removeprefix("tcp://").partition(":")
        words = [sys.executable, str(dask), "scheduler", "--host", host, "--port", port]
        output = (self.folder / "scheduler.log").open("ab")
        with output:
            self.scheduler = subprocess.Popen(
                [*words, "--no-dashboard", "--no-jupyter"], stdout=output, stderr=output
            )

    def start_worker(self, name: str) -> "subprocess.Popen[str]":
        words = [sys.executable, "-m", "hwlint", "device", "worker"]
        words += ["--scheduler", self.address, "--target", name]
        with (self.folder / f"{name}.log").open("a") as output:
            self.workers[name] = subprocess.Popen(
                words, stdout=output, stderr=output, text=True, env=self.environment
            )
        return self.workers[name]

    def busy(self) -> list[list[str]]:
        """Return what the devices logged: begin or end, device, key, process, nanoseconds."""
        return [line.split() for line in self.log.read_text().splitlines()]

    def named(self, what: str, field: int = 2) -> list[str]:
        """Return the keys that something was logged of."""
        return [line[field] for line in self.busy() if line[0] == what]

    def farm(self) -> Farm:
        return Farm(self.address, "raspberry-pi-5", patience=120)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("farm")
    device, log = folder / "device.sh", folder / "log"
    device.write_text(DEVICE)
    log.touch()
    (folder / "tmp").mkdir()
    targets = "".join(
        f"[targets.{name}]\nprofile = 'raspberry-pi-5'\n"
        f'command = "sh {device} {{job}} {name} {log}"\n'
        for name in NAMES
    )
    (folder / "targets.toml").write_text(targets)
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{each.getsockname()[1]}"
    own = {
        "HWLINT_CONFIG_DIR": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "TMPDIR": str(folder / "tmp"),
    }
    made = Yard(folder, address, {**os.environ, **own})
    made.start_scheduler()
    until(lambda: answers(address))
    for name in NAMES:
        made.start_worker(name)
    yield made
    for each in made.workers.values():
        each.send_signal(signal.SIGTERM)
    for each in made.workers.values():
        each.wait(30)
    assert made.scheduler is not None
    made.scheduler.kill()
    made.scheduler.wait()
    # Told to stop, they left nothing; what one that was killed left, the next one removed.
    assert list((folder / "tmp").iterdir()) == []


def answers(address: str) -> bool:
    host, _, port = address.removeprefix("tcp://").partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
        return True
    return False


def job(folder: Path, key: str) -> Path:
    folder.mkdir(parents=True)
    save_job(Job("onnxruntime", "net.py:Net", key, limits=Limits(seconds=50)), folder)
    (folder / "model.onnx").write_bytes(b"a model")
    return folder


def measured(yard: Yard, folder: Path, key: str, heard: list[str]) -> Result:
    runner = yard.folder / "device.sh"
    path = job(folder / key, key)
    return yard.farm().run(path, runner, cancelled=lambda: False, progress=heard.append)


def until(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_sixty_measurements_a_lost_worker_and_a_lost_scheduler(yard: Yard, tmp_path: Path):
    heard: list[str] = []
    keys = [f"k{number}" for number in range(60)]
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(measured, yard, tmp_path, key, heard) for key in keys]
        until(lambda: len(yard.named("end")) >= 12)
        until(lambda: yard.busy()[-1][:2] == ["begin", "two"])
        lost = yard.busy()[-1][2]
        yard.workers["two"].kill()
        yard.workers["two"].wait()
        until(lambda: len(yard.named("end")) >= 24)
        assert yard.scheduler is not None
        yard.scheduler.kill()
        yard.scheduler.wait()
        until(lambda: any("has gone: waiting for it" in text for text in heard))
        yard.start_scheduler()
        yard.start_worker("two")
        results = [each.result(200) for each in waiting]
    assert [each.failure for each in results] == [None] * 60
    assert [each.key for each in results] == keys
    assert f"the scheduler at {yard.address} is back: going on" in heard
    assert set(yard.named("end")) == set(keys)
    # Only what was on its way is done again: with the worker one, with the scheduler one on each
    # device, or two where the first had just ended.
    assert yard.named("begin").count(lost) >= 2
    assert len(yard.named("begin")) <= 60 + 1 + 2 * len(NAMES)
    assert not yard.named("clash", 1)
    store = open_store()
    assert store is not None
    for key, result in zip(keys, results, strict=True):
        store.save(Job("onnxruntime", "net.py:Net", key), result, LAB)
    found = store.find()
    store.close()
    assert sorted(each.job.key for each in found) == sorted(keys)
    devices = {each.result.environment["worker"].partition("@")[0] for each in found}
    assert devices >= {"one", "three"}


def test_cancelled(yard: Yard, tmp_path: Path):
    path, stop = job(tmp_path / "job", "slow1"), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            yard.farm().run, path, path / "job.json", cancelled=stop.is_set, progress=lambda _: None
        )
        until(lambda: "slow1" in yard.named("begin"))
        pid = next(line[3] for line in yard.busy() if line[2] == "slow1")
        assert Path(f"/proc/{pid}").exists()
        stop.set()
        start = time.monotonic()
        failure = waiting.result(10).failure
    assert failure is not None
    assert failure.kind == "cancelled"
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert time.monotonic() - start < 3


def test_who_waits_for_nobody_is_told_so(yard: Yard, tmp_path: Path):
    path, heard = job(tmp_path / "job", "k1"), list[str]()
    farm = Farm(yard.address, "stm32h743", patience=1.5)
    failure = farm.run(
        path, path / "job.json", cancelled=lambda: False, progress=heard.append
    ).failure
    assert failure is not None
    assert failure.kind == "unreachable"
    assert failure.message == f"no device of stm32h743 serves {yard.address}"
    assert f"hwlint device worker --scheduler {yard.address} --target NAME" in failure.advice
    assert heard == [f"waiting for a device of stm32h743 at {yard.address}"]
    nowhere = Farm("tcp://127.0.0.1:9", "raspberry-pi-5")
    failure = nowhere.run(
        path, path / "job.json", cancelled=lambda: False, progress=heard.append
    ).failure
    assert failure is not None
    assert failure.message == "no scheduler answers at tcp://127.0.0.1:9"


def worker(yard: Yard, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "hwlint", "device", "worker", "--scheduler", yard.address]
    return subprocess.run(
        [*command, *words],
        env=yard.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_workers_that_cannot_serve(yard: Yard):
    done = worker(yard, "--target", "one")
    assert (done.returncode, done.stdout) == (2, "")
    pid = yard.workers["one"].pid
    assert done.stderr == f"hwlint: one is served already, by process {pid}\n"
    done = worker(yard, "--target", "oen")
    assert done.returncode == 2
    assert 'no target is called that; did you mean "one"?' in done.stderr


@define
class FarmGauge:
    """Has the toy's candidates measured by the farm."""

    yard: Yard
    folder: Path
    parallel: int = len(NAMES)

    def observe(
        self, candidate: Candidate, *, cancelled: Cancelled, progress: Progress
    ) -> Observation:
        key = search_key(candidate)
        path, runner = job(self.folder / key, key), self.yard.folder / "device.sh"
        return Observation(
            self.yard.farm().run(path, runner, cancelled=cancelled, progress=progress)
        )


def search_key(candidate: Candidate) -> str:
    widths = candidate.contents.get("/net.py", b"original").decode().split()
    return f"search-{'-'.join(widths)}"


def test_a_search_goes_on_when_a_worker_is_lost(yard: Yard, tmp_path: Path):
    space = Toy()
    run = search(
        f"sqlite:///{tmp_path}/measurements.sqlite",
        FarmGauge(yard, tmp_path),
        space=space,
        trials=20,
        prune=False,
    )

    def by(name: str, what: str) -> list[str]:
        lines = [line for line in yard.busy() if line[:2] == [what, name]]
        return [line[2] for line in lines if line[2].startswith("search-")]

    hold = Path(f"{yard.log}.hold.two")
    hold.touch()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run.run)
        until(lambda: by("two", "begin"))
        [lost] = by("two", "begin")
        yard.workers["two"].kill()
        yard.workers["two"].wait()
        hold.unlink()
        served = (yard.folder / "two.log").read_text().count("two serves")
        yard.start_worker("two")
        ended = waiting.result(200)
    until(lambda: (yard.folder / "two.log").read_text().count("two serves") > served)
    assert ended == "trials"
    assert run.measured() == 20
    done = measured_ones(run.trials)
    assert len(done) == 21, "the original, and no candidate failed"
    made = [space.candidate(trial.choices) for trial in done]
    keys = [search_key(one) for one in made if isinstance(one, Candidate)]
    assert len(set(keys)) == 21
    begun = [key for key in yard.named("begin") if key.startswith("search-")]
    assert set(begun) == set(keys)
    again = {key for key in keys if begun.count(key) > 1}
    assert again == {lost}, "only what the lost worker was at is done again"
