"""Times models as torch runs them and as torch.compile makes them, each also as a CUDA graph.

    python benchmarks/_gpu_runtimes.py DEVICE JOBS.json SECONDS [FOLDER NUMBER]

Without FOLDER a model is timed when it is compiled. With it all are compiled first, none begun
after SECONDS; FOLDER/NUMBER.ready is written then, and timing begins when FOLDER/NUMBER.go is there
and says how many seconds it may take: several of these processes compile at a time, and one has the
GPU for itself. Prints one line of JSON a job.

A CUDA graph starts its kernels without the host. What it takes is what the kernels take and the
gaps between them, whatever host they are started by.
"""

import gc
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from _gpu_alone import built, made, times

REPEATS = 30
ROW = 20
"""Replays of a graph in a row, where no cache is overwritten between them."""
FLUSHED = 256 << 20
"""Bytes that are overwritten between two runs: five times the L2 cache of an H100."""
LONGEST = 80
"""Letters of the name of a kernel that are kept."""


class Prepared(NamedTuple):
    """One model that is ready to be timed."""

    job: Mapping[str, Any]
    calls: Mapping[str, Callable[[], None]]
    first_s: Mapping[str, object]
    """What the first call took, which compiles; or why there was none."""


def main() -> None:
    """Do the jobs of the command line."""
    device, file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    warnings.simplefilter("ignore")
    torch._dynamo.config.recompile_limit = 100  # noqa: SLF001 - there is no public name
    jobs = json.loads(Path(file).read_text())
    end = time.monotonic() + seconds
    if len(sys.argv) > 4:
        together(jobs, device, end, Path(sys.argv[4]), sys.argv[5])
        return
    for job in jobs:
        if time.monotonic() > end:
            break
        attempt(job, lambda job=job: timed(prepared(job, device), device))
        torch._dynamo.reset()  # noqa: SLF001 - there is no public name
        gc.collect()


def together(
    jobs: list[Mapping[str, Any]], device: str, end: float, folder: Path, number: str
) -> None:
    """Compile everything, wait for leave, time everything."""
    ready: list[Prepared] = []
    for job in jobs:
        if time.monotonic() > end:
            break
        attempt(job, lambda job=job: ready.append(prepared(job, device)))
    (folder / f"{number}.ready").touch()
    go = folder / f"{number}.go"
    while not go.exists():
        time.sleep(0.02)
    end = time.monotonic() + float(go.read_text())
    for one in ready:
        if time.monotonic() > end:
            break
        attempt(one.job, lambda one=one: timed(one, device))


def attempt(job: Mapping[str, Any], do: Callable[[], dict[str, object] | None]) -> None:
    """Do one thing and print what is found; a failure is part of it."""
    try:
        with torch.inference_mode():
            found = do()
    except Exception as problem:  # noqa: BLE001 - the others are still of use
        found = {"error": f"{type(problem).__name__}: {str(problem)[:300]}"}
    if found is not None:
        print(json.dumps({"key": job["key"], "dtype": job["dtype"], **found}), flush=True)


def prepared(job: Mapping[str, Any], device: str) -> Prepared:
    """Build a model and compile it."""
    torch.manual_seed(0)
    dtype = getattr(torch, job["dtype"])
    model = built(job["file"], job["build"]).eval().to(device, dtype)
    inputs = [made(*one, device=device, dtype=dtype) for one in job["inputs"]]
    if job.get("nhwc"):
        model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - the stubs lack it
        inputs = [one.to(memory_format=torch.channels_last) for one in inputs]
    if job.get("two_four"):
        left_out(model)
    # Not dynamic: a second module of the same class would else be compiled for any batch. On a
    # processor nothing is compiled: there this script is only tried out.
    backend = "inductor" if device == "cuda" else "eager"
    made_of: dict[str, Callable[..., object]] = {
        "eager": model,
        "compiled": torch.compile(model, dynamic=False, backend=backend),
    }
    if job.get("overhead") and device == "cuda":
        made_of["reduce-overhead"] = torch.compile(model, dynamic=False, mode="reduce-overhead")
    return ready(job, made_of, inputs, device)


def ready(
    job: Mapping[str, Any],
    made_of: Mapping[str, Callable[..., object]],
    inputs: list[torch.Tensor],
    device: str,
) -> Prepared:
    """Call each for the first time, which compiles it. What cannot be compiled is left out."""
    calls: dict[str, Callable[[], None]] = {}
    spent: dict[str, object] = {}
    for runtime, callee in made_of.items():

        def call(callee: Callable[..., object] = callee) -> None:
            callee(*inputs)

        start = time.perf_counter()
        try:
            call()
            waiter(device)()
        except Exception as problem:  # noqa: BLE001 - the other runtimes are still of use
            spent[runtime] = f"{type(problem).__name__}: {str(problem)[:300]}"
            continue
        spent[runtime] = time.perf_counter() - start
        calls[runtime] = call
    return Prepared(job, calls, spent)


def left_out(model: torch.nn.Module) -> None:
    """Take two weights of four out of each linear layer, and keep them in that format."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            mask = torch.tensor([0, 0, 1, 1], device=layer.weight.device).bool()
            dense = layer.weight.detach() * mask.tile(layer.in_features // 4)
            sparse = torch.sparse.to_sparse_semi_structured(dense)
            layer.weight = torch.nn.Parameter(sparse, requires_grad=False)


def waiter(device: str) -> Callable[[], None]:
    """Return what waits for the device."""
    return torch.cuda.synchronize if device == "cuda" else lambda: None


def timed(one: Prepared, device: str) -> dict[str, object]:
    """Time a model both ways."""
    found: dict[str, object] = {"first_s": one.first_s}
    for runtime, call in one.calls.items():
        for _ in range(3):
            call()
        waiter(device)()
        side: dict[str, object] = {}
        found[runtime] = side
        if "seconds" in one.job and runtime != "eager":
            side |= times(call, waiter(device), one.job["seconds"], device)
        if runtime == "reduce-overhead":
            continue  # is a graph by itself
        try:
            side |= recorded(call, device, flush=bool(one.job.get("flush")))
        except Exception as problem:  # noqa: BLE001 - what was timed before is kept
            side["failed"] = f"{type(problem).__name__}: {str(problem)[:300]}"
    return found


def recorded(call: Callable[[], None], device: str, *, flush: bool) -> dict[str, object]:
    """Time a call as a graph, and name its kernels, or count them where there are many."""
    if device != "cuda":
        return {"alone_us": by_the_clock(call)}
    found = alone(call, flush=flush)
    names = kernels(call)
    return found | {"kernels": names if flush else len(names)}


def alone(call: Callable[[], None], *, flush: bool) -> dict[str, object]:
    """Return median and spread of a call in microseconds, recorded as a CUDA graph."""
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        call()
    graph.replay()
    torch.cuda.synchronize()
    taken = flushed(graph.replay) if flush else in_rows(graph.replay)
    first, middle, third = statistics.quantiles(taken, n=4, method="inclusive")
    found: dict[str, object] = {"alone_us": middle, "iqr_us": third - first}
    if flush:
        found["called_us"] = statistics.median(flushed(call))
    return found


def flushed(call: Callable[[], None]) -> list[float]:
    """Overwrite the cache before each run. Queued as a whole: the GPU does not wait for the host
    where that keeps ahead."""
    buffer = torch.empty(FLUSHED, dtype=torch.uint8, device="cuda")
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(REPEATS)]
    for start, end in events:
        buffer.zero_()
        start.record()
        call()
        end.record()
    torch.cuda.synchronize()
    return [1e3 * start.elapsed_time(end) for start, end in events]


def in_rows(call: Callable[[], None]) -> list[float]:
    """Time rows of runs, one after the other, caches as they are."""
    taken: list[float] = []
    for _ in range(7):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(ROW):
            call()
        end.record()
        end.synchronize()
        taken.append(1e3 * start.elapsed_time(end) / ROW)
    return taken


def kernels(call: Callable[[], None]) -> list[str]:
    """Return the names of the kernels of a call and their microseconds, in their order."""
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=kinds) as profile:
        call()
        torch.cuda.synchronize()
    found = [e for e in profile.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    found.sort(key=lambda e: e.time_range.start)
    return [f"{e.name[:LONGEST]} {e.time_range.elapsed_us():.1f}" for e in found]


def by_the_clock(call: Callable[[], None]) -> float:
    """Time it on a processor, for trying this script out."""
    start = time.perf_counter()
    call()
    return 1e6 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
