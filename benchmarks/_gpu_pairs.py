"""Times single operations whose sizes fit the tiles of a GPU beside ones that do not.

    python benchmarks/_gpu_pairs.py DEVICE JOBS.json SECONDS

Prints one line of JSON for each operation and number format; none is begun after SECONDS. Between
two runs a buffer larger than any cache is overwritten; on a GPU the times are those of CUDA's
events, and the kernel that takes longest is named.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

REPEATS = 50
WARM_UP = 10
FLUSHED = 256 << 20
"""Bytes of the buffer that is overwritten: five times the L2 cache of an H100."""
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}


def main() -> None:
    """Do what the command line says."""
    device, file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    end = time.monotonic() + seconds
    flush = torch.empty(FLUSHED if device == "cuda" else 1 << 20, dtype=torch.uint8, device=device)
    for job in json.loads(Path(file).read_text()):
        if time.monotonic() > end:
            break
        try:
            with torch.inference_mode():
                found = one(job, device, flush)
        except Exception as problem:  # noqa: BLE001 - the others are still of use
            found = {"error": f"{type(problem).__name__}: {str(problem)[:300]}"}
        told = {"key": job["key"], "dtype": job["dtype"], "backend": job.get("backend", "")}
        print(json.dumps({**told, **found}), flush=True)


def one(job: Mapping[str, Any], device: str, flush: torch.Tensor) -> dict[str, object]:
    """Time one operation."""
    dtype = getattr(torch, job["dtype"])
    call = made(job["operation"], device, dtype)
    if not job.get("backend"):
        return timed(call, device, flush)
    with sdpa_kernel(BACKENDS[job["backend"]]):
        return timed(call, device, flush)


def made(operation: Mapping[str, Any], device: str, dtype: torch.dtype) -> Callable[[], object]:
    """Return what runs an operation on random numbers."""

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device=device, dtype=dtype)

    if operation["kind"] == "linear":
        rows, ins, outs = (operation[name] for name in ("rows", "in", "out"))
        x, weight, bias = drawn(rows, ins), drawn(outs, ins), drawn(outs)
        return lambda: functional.linear(x, weight, bias)
    if operation["kind"] == "attention":
        q, k, v = (drawn(*operation["shape"]) for _ in range(3))
        return lambda: functional.scaled_dot_product_attention(q, k, v)
    layout = torch.channels_last if operation["nhwc"] else torch.contiguous_format
    image = drawn(*operation["shape"]).to(memory_format=layout)
    size, stride = operation["kernel"], operation["stride"]
    filters = drawn(operation["out"], operation["shape"][1], size, size).to(memory_format=layout)
    bias = drawn(operation["out"])
    return lambda: functional.conv2d(image, filters, bias, stride, size // 2)


def timed(call: Callable[[], object], device: str, flush: torch.Tensor) -> dict[str, object]:
    """Return median and spread of a call in microseconds."""
    on_cuda = device == "cuda"
    for _ in range(WARM_UP if on_cuda else 1):
        call()
    taken = by_events(call, flush) if on_cuda else by_the_clock(call)
    first, middle, third = statistics.quantiles(taken, n=4, method="inclusive")
    kernel = longest_kernel(call) if on_cuda else ""
    return {"median_us": middle, "iqr_us": third - first, "kernel": kernel}


def by_events(call: Callable[[], object], flush: torch.Tensor) -> list[float]:
    """Queue everything, then wait: the processor is ahead of the GPU, and its time is not in it."""
    pairs = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(REPEATS)]
    for start, end in pairs:
        flush.zero_()
        start.record()
        call()
        end.record()
    torch.cuda.synchronize()
    return [1e3 * start.elapsed_time(end) for start, end in pairs]


def by_the_clock(call: Callable[[], object]) -> list[float]:
    """Time it on a processor, for trying this script out."""
    taken: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        taken.append(1e6 * (time.perf_counter() - start))
    return taken


def longest_kernel(call: Callable[[], object]) -> str:
    """Return the name of the kernel that takes longest in a call."""
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=kinds) as profile:
        call()
        torch.cuda.synchronize()
    kernels = [e for e in profile.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    return max(kernels, key=lambda e: e.time_range.elapsed_us()).name[:120] if kernels else ""


if __name__ == "__main__":
    main()
