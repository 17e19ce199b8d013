"""Says what the GPU is, and what it reaches on the two simplest things.

    python benchmarks/_gpu_machine.py DEVICE

Prints one line of JSON.
"""

import contextlib
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

SIDE = 8192
"""Of the square matrices that are multiplied."""
BYTES = 4 << 30
"""That are copied."""
REPEATS = 10
POLLED = 2.0
"""Seconds for which the meter of energy is watched."""


def main() -> None:
    """Print what is found; what cannot be found is left out."""
    on_cuda = sys.argv[1] == "cuda"
    found: dict[str, object] = {"torch": torch.__version__, "device": sys.argv[1]}
    for part in (*((described, reached, meter) if on_cuda else ()), address_space):
        try:
            found |= part()
        except Exception as problem:  # noqa: BLE001 - one part less, and it is said
            found[f"{part.__name__} failed"] = f"{type(problem).__name__}: {problem}"
    print(json.dumps(found))


def described() -> dict[str, object]:
    """Return name, versions and settings."""
    told = torch.cuda.get_device_properties(0)
    return {
        "gpu": told.name,
        "multiprocessors": told.multi_processor_count,
        "memory_gib": told.total_memory / 2**30,
        "l2_mib": told.L2_cache_size / 2**20,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "tf32_matmul": torch.backends.cuda.matmul.allow_tf32,
        "tf32_convolution": torch.backends.cudnn.allow_tf32,
    } | nvml()


def nvml() -> dict[str, object]:
    """Return driver, clocks and power."""
    import pynvml  # noqa: PLC0415 - only where there is a GPU

    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    return {
        "driver": pynvml.nvmlSystemGetDriverVersion(),
        "clock_mhz": pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM),
        "most_clock_mhz": pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM),
        "memory_clock_mhz": pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_MEM),
        "power_limit_w": pynvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1e3,
        "power_w": pynvml.nvmlDeviceGetPowerUsage(handle) / 1e3,
        "temperature_c": pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU),
    }


def reached() -> dict[str, object]:
    """Multiply and copy."""
    found: dict[str, object] = {}
    for dtype in (torch.bfloat16, torch.float16):
        left, right = (torch.randn(SIDE, SIDE, device="cuda", dtype=dtype) for _ in range(2))
        seconds = events(lambda left=left, right=right: left @ right)
        found[f"matmul_tflops_{str(dtype).removeprefix('torch.')}"] = 2 * SIDE**3 / seconds / 1e12
    source = torch.empty(BYTES, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    found["copy_gb_s"] = 2 * BYTES / events(lambda: target.copy_(source)) / 1e9
    small = torch.zeros(1, device="cuda")
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(1000):
        small.add_(1)
    torch.cuda.synchronize()
    found["launch_us"] = (time.perf_counter() - start) * 1e3
    start = time.perf_counter()
    for _ in range(1000):
        small.add_(1)
        torch.cuda.synchronize()
    found["launch_and_wait_us"] = (time.perf_counter() - start) * 1e3
    return found


def events(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median seconds of a call, by CUDA's events."""
    for _ in range(3):
        call()
    taken: list[float] = []
    for _ in range(repeats):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        end.record()
        end.synchronize()
        taken.append(start.elapsed_time(end) / 1e3)
    return statistics.median(taken)


def meter() -> dict[str, object]:
    """Watch NVML's meter of energy while the GPU works: how often it moves on, and the power."""
    import pynvml  # noqa: PLC0415 - only where there is a GPU

    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    # So large that few enough of them fill the time: a queue of CUDA holds about a thousand.
    matrix = torch.randn(2 * SIDE, 2 * SIDE, device="cuda", dtype=torch.bfloat16)
    one = events(lambda: matrix @ matrix)
    for _ in range(int(1.2 * POLLED / one)):
        matrix @ matrix  # queued: the GPU works while this process looks at the meter
    moved: list[tuple[float, int]] = []
    end = time.perf_counter() + POLLED
    while time.perf_counter() < end:
        value = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        if not moved or value != moved[-1][1]:
            moved.append((time.perf_counter(), value))
    clock = pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM)
    torch.cuda.synchronize()
    steps = [b[0] - a[0] for a, b in itertools.pairwise(moved[1:])]
    first, last = moved[1], moved[-1]
    return {
        "meter_step_ms": 1e3 * statistics.median(steps),
        "meter_longest_step_ms": 1e3 * max(steps),
        "matmul_power_w": (last[1] - first[1]) / 1e3 / (last[0] - first[0]),
        "matmul_clock_mhz": clock,
    }


def address_space() -> dict[str, object]:
    """Return how much address space this process has, which `hwlint measure` limits."""
    found: dict[str, object] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("VmPeak", "VmData", "VmHWM"):
                found[f"{name}_gib"] = int(value.split()[0]) / 2**20
    return found


if __name__ == "__main__":
    main()
