"""How samples are taken: what every runner has in common."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlint.measure.job import Job, Method, save_job
from hwlint.measure.measuring import RUNNERS


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, RUNNERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


support = load("hwlint_support")


class Clock:
    """Time passes only while the thing that is measured runs."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.now = 0.0
        self.runs = 0
        self._seconds = seconds

    def perf_counter(self) -> float:
        return self.now

    def timed(self, times: int) -> float:
        start = self.now
        for _ in range(times):
            self.now += self._seconds(self.runs)
            self.runs += 1
        return self.now - start


def sampled(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: Callable[[int], float],
    method: Method | None = None,
) -> tuple[Any, dict[str, Any]]:
    save_job(Job("torch", "net.py:Net", "k", method=method or Method()), folder)
    clock = Clock(seconds)
    monkeypatch.setattr(support, "time", clock)
    sampler = support.Sampler(support.Work(str(folder), None), clock.timed)
    return sampler, sampler.measure()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_numpys(values: list[float], share: float):
    assert support.quantile(values, share) == pytest.approx(np.quantile(values, share))


def test_warm_up_ends_when_three_medians_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Half as long with each window, to a tenth; then steady.
    sampler, found = sampled(tmp_path, monkeypatch, lambda n: 0.01 * max(0.1, 0.9**n))
    assert sampler.stable
    assert found["median_s"] == pytest.approx(0.001)
    assert found["warmup_runs"] > 20
    assert min(found["samples"]) == pytest.approx(max(found["samples"]))


def test_what_never_settles_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _, found = sampled(tmp_path, monkeypatch, lambda n: 0.01 * 1.01**n)
    assert not found["stable"]
    assert found["warmup_runs"] > 100


def test_there_are_samples_enough_and_long_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _, long = sampled(tmp_path, monkeypatch, lambda n: 0.05)
    assert len(long["samples"]) == 20
    _, short = sampled(tmp_path, monkeypatch, lambda n: 0.002)
    assert len(short["samples"]) == pytest.approx(100, abs=1)
    assert short["runs_per_sample"] == 1


def test_what_is_short_is_run_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _, found = sampled(tmp_path, monkeypatch, lambda n: 1e-6)
    assert found["runs_per_sample"] == 200
    assert found["median_s"] == pytest.approx(1e-6)


def test_what_is_very_slow_is_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _, found = sampled(tmp_path, monkeypatch, lambda n: 3.0)
    assert len(found["samples"]) == 3
    assert found["warmup_runs"] < 12


def test_what_is_disturbed_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clocks: list[Clock] = []

    def busy(run: int) -> bool:
        return run % 50 >= 20

    class Seen(Clock):
        def __init__(self, seconds: Callable[[int], float]) -> None:
            super().__init__(seconds)
            clocks.append(self)

    loop = lambda _: 4e-4 if busy(clocks[-1].runs) else 2.5e-4  # noqa: E731 - a method's stand-in
    monkeypatch.setattr(support.Pace, "_loop", loop)
    monkeypatch.setitem(globals(), "Clock", Seen)
    _, found = sampled(tmp_path, monkeypatch, lambda n: 0.018 if busy(n) else 0.01)
    assert found["samples"] == pytest.approx([0.01] * len(found["samples"]))
    assert len(found["samples"]) >= 20
    assert found["left_out"] >= 20
    assert found["pace_s"] == pytest.approx(2.5e-4)


def test_where_it_is_never_calm_all_samples_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    times = iter([1e-4, *(k * 1e-3 for k in range(1, 100_000))])
    monkeypatch.setattr(support.Pace, "_loop", lambda _: next(times))
    _, found = sampled(tmp_path, monkeypatch, lambda n: 0.4)
    assert (len(found["samples"]), found["left_out"]) == (13, 0)


def test_energy_of_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    joules = iter([100.0, 100.5])
    monkeypatch.setattr(support, "_rapl", lambda: next(joules))
    _, found = sampled(tmp_path, monkeypatch, lambda n: 0.05)
    assert found["energy_j"] == pytest.approx(0.5 / 20)


def test_a_meter_that_runs_over_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    joules = iter([100.0, 0.5])
    monkeypatch.setattr(support, "_rapl", lambda: next(joules))
    _, found = sampled(tmp_path, monkeypatch, lambda n: 0.05)
    assert found["energy_j"] is None


class Nvml(ModuleType):
    """A GPU that takes 100 W, by the clock of a test."""

    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__("pynvml")
        self.clock = clock or Clock(lambda _: 0.0)
        self.asked: list[object] = []

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetHandleByIndex(self, number: int) -> str:
        self.asked.append(number)
        return "handle"

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        self.asked.append(uuid)
        return "handle"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        assert handle == "handle"
        return int(self.clock.now * 100e3)

    def nvmlSystemGetDriverVersion(self) -> bytes:
        return b"580.1"

    def nvmlDeviceGetClockInfo(self, handle: str, which: int) -> int:
        return {1: 1980, 2: 2619}[which]

    def nvmlDeviceGetTemperature(self, handle: str, which: int) -> int:
        raise RuntimeError("not supported")


def test_a_meter_of_a_gpu_counts_for_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save_job(Job("torch", "net.py:Net", "k", device="cuda"), tmp_path)
    clock = Clock(lambda n: 0.002)
    monkeypatch.setattr(support, "time", clock)
    monkeypatch.setitem(sys.modules, "pynvml", Nvml(clock))
    found = support.Sampler(support.Work(str(tmp_path), None), clock.timed).measure()
    assert found["energy_j"] == pytest.approx(0.2, rel=0.01)
    assert len(found["samples"]) == pytest.approx(500, abs=1)


def test_without_a_meter_it_does_not_take_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save_job(Job("torch", "net.py:Net", "k", device="cuda"), tmp_path)
    clock = Clock(lambda n: 0.002)
    monkeypatch.setattr(support, "time", clock)
    monkeypatch.setitem(sys.modules, "pynvml", None)  # as where it is not installed
    found = support.Sampler(support.Work(str(tmp_path), None), clock.timed).measure()
    assert found["energy_j"] is None
    assert len(found["samples"]) == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("visible", "asked"),
    [(None, 0), ("2,0", 2), ("GPU-8f1c,GPU-2", "GPU-8f1c"), ("", None), ("NoDevFiles", None)],
)
def test_the_gpu_that_is_metered_is_the_one_that_computes(
    visible: str | None, asked: object, monkeypatch: pytest.MonkeyPatch
):
    nvml = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    told = support.gpu_state()
    assert nvml.asked == ([] if asked is None else [asked])
    known = {"driver": "580.1", "gpu_clock_mhz": 1980, "gpu_memory_clock_mhz": 2619}
    assert told == ({} if asked is None else known)


def test_the_machine_is_described():
    told = support.environment(runner="torch", nothing=None)
    assert told["runner"] == "torch"
    assert "nothing" not in told
    assert told["processors"] == str(os.cpu_count())
    assert all(isinstance(value, str) for value in told.values())


def test_turns_of_a_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save_job(Job("torch", "net.py:Net", "k"), tmp_path)
    clock = Clock(lambda n: 0.05)
    monkeypatch.setattr(support, "time", clock)
    taken, give = os.pipe()
    take, given = os.pipe()
    os.write(give, b"g" * 25 + b"s")
    work = support.Work(str(tmp_path), support.Turns(taken, given))
    found = support.Sampler(work, clock.timed).measure()
    assert len(found["samples"]) == 25
    told = os.read(take, 100)
    assert told == b"m" + b"m" * 19 + b"e" * 6  # ready, then after each turn
    for end in (taken, give, take, given):
        os.close(end)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_freed_memory_stays_with_the_process():
    script = (
        "import resource, hwlint_support\n"
        "def faults():\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    bytearray(b'x') * (40 << 20)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "given_back = [faults() for _ in range(3)]\n"
        "hwlint_support._keep_freed()\n"
        "kept = [faults() for _ in range(3)]\n"
        "print(given_back[-1], kept[-1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=RUNNERS, capture_output=True, text=True, check=True
    )
    given_back, kept = map(int, done.stdout.split())
    assert 4 * kept < given_back
