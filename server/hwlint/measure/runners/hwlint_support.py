"""What every runner needs: the job at hand, taking samples, the machine it runs on.

Travels in the folder of a job. Needs Python's library alone, 3.8 or newer.
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import contextlib
import faulthandler
import json
import math
import os
import platform
import random
import site
import sys
import time
import traceback
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence

BLOCK = 200e-6
"""Seconds that a sample takes at least: against it the clock and the loop cost nothing."""
WINDOW = 0.03
"""Seconds of one window of the warm-up."""
TURN = 5e-3
"""Seconds that a sample of a comparison takes at least."""
FEWEST = 3
"""Samples that are taken whatever the time."""
FEWEST_CALM = 5
"""Undisturbed samples that say more than all samples do."""
STEPS = 15_000
"""Of the loop that tells the pace: a quarter of a millisecond or so."""
DISTURBED = 1.15
"""What this loop takes over what it takes at its best, beyond which a sample does not count."""
BEST = 0.05
"""Quantile of the loop's times that counts as its best."""
METERED = 1.0
"""Seconds that a reading of a GPU's meter spans at least: it moves on in steps."""
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Of glibc's <malloc.h>; see mallopt(3)."""


class Stop(Exception):
    """The job cannot be done; the reason is for people."""

    def __init__(self, kind: str, message: str, trace: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.failure = {"kind": kind, "message": message, "trace": trace, "advice": advice}


class Work:
    """The job at hand."""

    def __init__(self, folder: str, turns: Optional["Turns"]) -> None:
        self.folder = folder
        self.turns = turns
        self.pid = os.getpid()
        with open(self.path("job.json"), encoding="utf-8") as file:
            self.job: Dict[str, Any] = json.load(file)
        self.notes: List[str] = []

    def path(self, name: str) -> str:
        """Return the path of a file of the job."""
        return os.path.join(self.folder, name)

    def progress(self, text: str) -> None:
        """Say how far it is."""
        with contextlib.suppress(OSError):
            self.write("progress", text)

    def write(self, name: str, text: str) -> None:
        """Write a file so that it is whole or not there."""
        new = self.path(f"{name}.{os.getpid()}.new")
        with open(new, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, self.path(name))

    def only_once(self) -> None:
        """End here where the code that was run has forked: one of the two is enough."""
        if os.getpid() != self.pid:
            os._exit(0)


class Turns:
    """A comparison: this process runs while it is its turn, and waits while it is the other's."""

    def __init__(self, taken: int, given: int) -> None:
        self._taken, self._given = taken, given

    def wait(self) -> str:
        """Wait for the turn; return "go", or "stop" when there are samples enough."""
        text = os.read(self._taken, 1)
        return "go" if text == b"g" else "stop"

    def done(self, enough: bool) -> None:
        """Give the turn back and say whether this one has samples enough."""
        os.write(self._given, b"e" if enough else b"m")


def run(main: Callable[[Work], Dict[str, Any]]) -> NoReturn:
    """Do the job of the folder that the command line names, and write its result."""
    folder = sys.argv[1]
    turns = Turns(int(sys.argv[3]), int(sys.argv[4])) if "--turns" in sys.argv[2:3] else None
    work = Work(folder, turns)
    _prepare(work)
    result: Dict[str, Any] = {"key": work.job["key"]}
    try:
        result.update(main(work))
    except Stop as stop:
        result["failure"] = stop.failure
    except SystemExit as end:
        message = f"the code ended the process (sys.exit({end.code!r})) before there was a result"
        result["failure"] = failure("exited", message, user_trace(end, work))
    except MemoryError as problem:
        advice = "raise --memory, use a smaller input, or measure a part"
        message = f"out of memory: {str(problem) or 'MemoryError'}"
        result["failure"] = failure("memory", message, user_trace(problem, work), advice)
    except KeyboardInterrupt:
        result["failure"] = failure("cancelled", "interrupted")
    except Exception as problem:  # noqa: BLE001 - everything else is told as well
        trace = "".join(traceback.format_exception(type(problem), problem, problem.__traceback__))
        result["failure"] = failure("internal", said(problem), trace[-4000:])
    work.only_once()
    result.setdefault("notes", work.notes)
    work.write("result.json", json.dumps(result))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(0)  # threads and exit handlers of the code have nothing more to say


def failure(kind: str, message: str, trace: str = "", advice: str = "") -> Dict[str, str]:
    """Return why there is no measurement."""
    return {"kind": kind, "message": message, "trace": trace, "advice": advice}


def said(problem: BaseException) -> str:
    """Return an error in one line."""
    text = " ".join(str(problem).split())[:500]
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _prepare(work: Work) -> None:
    crash = open(work.path("crash.txt"), "w", encoding="utf-8")  # noqa: SIM115 - until the end
    faulthandler.enable(crash)
    sys.dont_write_bytecode = True
    random.seed(work.job["seed"])
    if sys.prefix == sys.base_prefix:  # isolated, Python leaves these out
        with contextlib.suppress(Exception):
            site.addsitedir(site.getusersitepackages())
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path += [entry for entry in given if entry]
    _keep_freed()


def _keep_freed() -> None:
    """Let memory that is freed stay with this process, as it does in one that has run for long.

    Else glibc gives large blocks back and takes them anew in every run of a model, and whether it
    does depends on where they happen to lie: the same model takes up to twice the time in one
    process of a few. Raises nothing; elsewhere than on glibc it does nothing.
    """
    with contextlib.suppress(Exception):
        import ctypes

        libc = ctypes.CDLL(None)
        libc.mallopt(M_TRIM_THRESHOLD, -1)
        libc.mallopt(M_MMAP_MAX, 0)


def user_trace(problem: BaseException, work: Work) -> str:
    """Return the lines of a traceback that are the user's own."""
    build = work.job.get("build") or {}
    roots = [os.path.realpath(root) + os.sep for root in build.get("roots", ())]
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename, roots)]
    if not own:
        return ""
    lines = traceback.format_list(own)
    return "".join(lines)[-4000:] + said(problem)


def _is_own(file: str, roots: Sequence[str]) -> bool:
    real = os.path.realpath(file)
    return "site-packages" not in real and any(real.startswith(root) for root in roots)


# --- samples --------------------------------------------------------------------------------


class Pace:
    """How fast the processor is just now: the time of a loop that does the same each time.

    A process has its processor to itself and is slower all the same while the other half of the
    core works, or another guest of the same host: the same model takes longer, for seconds on
    end, and nothing but its time shows it. Then this loop takes longer too.
    """

    def __init__(self) -> None:
        self._before = math.inf
        self.ticks: List[float] = []

    def begin(self) -> None:
        """Take the time before the first sample, or before one that follows a wait."""
        self._before = self._loop()

    def sampled(self) -> None:
        """Take the time after a sample: it has the worse one of before and after."""
        after = self._loop()
        self.ticks.append(max(self._before, after))
        self._before = after

    def _loop(self) -> float:
        start = time.perf_counter()
        sum(range(STEPS))
        return time.perf_counter() - start

    def best(self) -> float:
        """Return the seconds of the loop while nothing else was at work."""
        return quantile(self.ticks, BEST)

    def calm(self) -> List[bool]:
        """Say of each sample whether nothing else was at work."""
        most = DISTURBED * self.best() if self.ticks else 0.0
        return [tick <= most for tick in self.ticks]


class Sampler:
    """Runs something until its time is known."""

    def __init__(self, work: Work, timed: Callable[[int], float]) -> None:
        """`timed`: runs it so many times and returns the seconds that all took."""
        self._timed = timed
        self._method = work.job["method"]
        self._least = self._method["seconds"]
        self._turns = work.turns
        self._work = work
        self.runs = 0
        self.stable = True
        self.block = 1
        self.samples: List[float] = []
        self.pace = Pace()
        self._looked = 0

    def measure(self) -> Dict[str, Any]:
        """Warm up, sample, and return the fields of a result."""
        self._work.progress("warming up")
        self._warm_up()
        warm_up = self.runs
        self._work.progress("measuring")
        joules = Energy(self._work.job["device"])
        if self._turns is None:
            self._least = max(self._least, joules.least)
            self._sample()
        else:
            self._take_turns(self._turns)
        energy = joules.spent()
        runs = self.runs - warm_up
        calm = self.pace.calm()
        return {
            **self._summary(calm),
            "pace_s": self.pace.best(),
            "runs_per_sample": self.block,
            "warmup_runs": warm_up,
            "stable": self.stable,
            "energy_j": energy / runs if energy is not None and self._turns is None else None,
        }

    def _run(self, times: int) -> float:
        self.runs += times
        return self._timed(times)

    def _warm_up(self) -> None:
        """Run until three medians in a row agree."""
        least = TURN if self._turns is not None else BLOCK
        self.block = max(1, math.ceil(least / max(self._run(1), 1e-9)))
        end = time.perf_counter() + self._method["most_seconds"]
        medians: List[float] = []
        while time.perf_counter() < end:
            medians.append(self._window())
            last = medians[-3:]
            if len(last) == 3 and max(last) <= min(last) * (1 + self._method["stable"]):
                break
        else:
            self.stable = False
        if medians:
            self.block = max(1, math.ceil(least / max(medians[-1], 1e-9)))

    def _window(self) -> float:
        taken: List[float] = []
        end = time.perf_counter() + WINDOW
        while len(taken) < FEWEST or time.perf_counter() < end:
            taken.append(self._run(self.block) / self.block)
        return median(taken)

    def _sample(self) -> None:
        start = time.perf_counter()
        self.pace.begin()
        while not self._is_enough(time.perf_counter() - start):
            self.samples.append(self._run(self.block) / self.block)
            self.pace.sampled()

    def _is_enough(self, seconds: float) -> bool:
        method, count = self._method, len(self.samples)
        if count >= FEWEST and seconds > method["most_seconds"]:
            return True
        if count < method["samples"] or seconds < self._least or count < self._looked:
            return False
        calm = sum(self.pace.calm())
        self._looked = count + max(1, method["samples"] - calm)
        return calm >= method["samples"]

    def _summary(self, calm: List[bool]) -> Dict[str, Any]:
        """Return how the samples lie that nothing disturbed; how all do where these are too few.
        In turns all are returned, and which of them count is decided for both together."""
        if self._turns is not None:
            return {**summary(self.samples), "calm": calm}
        kept = calmed(self.samples, calm)
        return {**summary(kept), "left_out": len(self.samples) - len(kept)}

    def _take_turns(self, turns: Turns) -> None:
        """Sample in turns with the other one. What that one did to the caches is not measured:
        the first run of each turn does not count."""
        seconds = 0.0
        turns.done(enough=False)
        while turns.wait() == "go":
            self.pace.begin()
            self._run(1)
            taken = self._run(self.block)
            self.pace.sampled()
            seconds += taken
            self.samples.append(taken / self.block)
            turns.done(enough=self._is_enough(seconds))


def calmed(samples: List[float], calm: Sequence[bool]) -> List[float]:
    """Return the samples that nothing disturbed; all of them where these are too few."""
    kept = [sample for sample, quiet in zip(samples, calm) if quiet]
    return kept if len(kept) >= FEWEST_CALM else samples


def summary(samples: Sequence[float]) -> Dict[str, Any]:
    """Return the fields of a result that say how the samples lie."""
    return {
        "median_s": median(samples),
        "iqr_s": quantile(samples, 0.75) - quantile(samples, 0.25),
        "p10_s": quantile(samples, 0.1),
        "p90_s": quantile(samples, 0.9),
        "samples": list(samples),
    }


def median(values: Sequence[float]) -> float:
    """Return the middle of some numbers."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, between two values by their distance (Hyndman and Fan's type 7)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


# --- the machine ----------------------------------------------------------------------------


def threads_of(job: Dict[str, Any]) -> int:
    """Return the number of threads; 0 in a job stands for all processors there are."""
    if job["threads"]:
        return int(job["threads"])
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def environment(**more: object) -> Dict[str, str]:
    """Say on what it runs."""
    found: Dict[str, object] = {
        "python": platform.python_version(),
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "processors": os.cpu_count(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "clock_mhz": _clock(),
        "temperature_c": _temperature(),
        "load": _load(),
        **more,
    }
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def _processor() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "Hardware"):
            return value.strip()
    return _read("/sys/firmware/devicetree/base/model").strip("\0") or platform.processor()


def _clock() -> str:
    kilohertz = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
    if kilohertz.isdigit():
        return f"{int(kilohertz) / 1000:.0f}"
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("cpu MHz"):
            return f"{float(line.partition(':')[2]):.0f}"
    return ""


def _temperature() -> str:
    text = _read("/sys/class/thermal/thermal_zone0/temp")
    return f"{int(text) / 1000:.0f}" if text.isdigit() else ""


def _load() -> str:
    try:
        return f"{os.getloadavg()[0]:.2f}"
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def resident() -> int:
    """Return how many bytes the process holds; 0 where the system does not say."""
    return _status("VmRSS")


def peak_from_here() -> None:
    """Forget the most that the process has held so far."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak() -> int:
    """Return the most bytes that the process has held; 0 where the system does not say."""
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in _read("/proc/self/status").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


class Energy:
    """A meter of the machine: RAPL for processors, NVML for NVIDIA's devices."""

    def __init__(self, device: str) -> None:
        """Begin to count."""
        on_gpu = device in ("cuda", "tensorrt")
        self._read = _nvml() if on_gpu else _rapl
        self._start = self._read()
        self.least = METERED if on_gpu and self._start is not None else 0.0
        """Seconds that it has to count for."""

    def spent(self) -> Optional[float]:
        """Return joules since then; None where there is no meter, or it ran over."""
        end = self._read()
        if self._start is None or end is None or end < self._start:
            return None
        return end - self._start


def _rapl() -> Optional[float]:
    """Return joules of all packages. https://docs.kernel.org/power/powercap/powercap.html"""
    base = "/sys/class/powercap"
    try:
        names = [n for n in os.listdir(base) if n.startswith("intel-rapl:") and n.count(":") == 1]
    except OSError:
        return None
    values = [_read(f"{base}/{name}/energy_uj") for name in names]
    if not values or not all(value.isdigit() for value in values):
        return None  # only root may read it on most systems
    return sum(int(value) for value in values) / 1e6


def _nvml() -> Callable[[], Optional[float]]:
    try:
        pynvml, handle = _gpu()
        pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except Exception:  # noqa: BLE001 - without a meter there is no energy
        return lambda: None
    return lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3


def gpu_state() -> Dict[str, object]:
    """Return the driver, clocks, temperature and limit of the GPU, as far as NVML tells."""
    with contextlib.suppress(Exception):
        nvml, handle = _gpu()
        read: Dict[str, Callable[[], object]] = {
            "driver": nvml.nvmlSystemGetDriverVersion,
            "gpu_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM),
            "gpu_memory_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(
                handle, nvml.NVML_CLOCK_MEM
            ),
            "gpu_temperature_c": lambda: nvml.nvmlDeviceGetTemperature(
                handle, nvml.NVML_TEMPERATURE_GPU
            ),
            "gpu_power_limit_w": lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1e3,
        }
        return told(read)
    return {}


def told(read: Dict[str, Callable[[], object]]) -> Dict[str, object]:
    """Return what can be read; not every device and version tells everything."""
    found: Dict[str, object] = {}
    for name, one in read.items():
        with contextlib.suppress(Exception):
            value = one()
            found[name] = value.decode() if isinstance(value, bytes) else value
    return found


def _gpu() -> Any:
    """Return NVML and its handle of the first GPU that this process may use; raises its errors.

    NVML counts all GPUs of the machine, CUDA those that CUDA_VISIBLE_DEVICES leaves.
    https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars
    """
    import pynvml  # pyright: ignore[reportMissingImports] - only where there is such a device

    pynvml.nvmlInit()
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return pynvml, pynvml.nvmlDeviceGetHandleByUUID(first)
    return pynvml, pynvml.nvmlDeviceGetHandleByIndex(int(first))
