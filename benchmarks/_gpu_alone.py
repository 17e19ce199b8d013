"""Times models on a GPU without hwlint, by torch.utils.benchmark and by CUDA's events.

    python benchmarks/_gpu_alone.py DEVICE JOBS.json SECONDS

A job says the file, the expression that builds the model, its inputs, the number format, whether
it is compiled, and for how long it is timed; with 0 s it is run once, so that what compiling it
leaves in torch's cache is there. Prints one line of JSON a job; none is begun after SECONDS.
"""

import gc
import importlib.util
import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from _gpu_machine import events
from torch.utils.benchmark import Timer

EVENTS = 50


def main() -> None:
    """Do the jobs of the command line."""
    device, file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    warnings.simplefilter("ignore")
    end = time.monotonic() + seconds
    for job in json.loads(Path(file).read_text()):
        if time.monotonic() > end:
            break
        try:
            found = timed(job, device)
        except Exception as problem:  # noqa: BLE001 - the others are still of use
            found = {"error": f"{type(problem).__name__}: {str(problem)[:300]}"}
        print(json.dumps({"key": job["key"], **found}), flush=True)
        torch._dynamo.reset()  # noqa: SLF001 - there is no public name
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()


def timed(job: Mapping[str, Any], device: str) -> dict[str, object]:
    """Build one model and time it."""
    torch.manual_seed(0)
    dtype = getattr(torch, job["dtype"])
    model = built(job["file"], job["build"]).eval().to(device, dtype)
    inputs = [made(*one, device=device, dtype=dtype) for one in job["inputs"]]
    called = torch.compile(model) if job["compile"] else model
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    def call() -> None:
        called(*inputs)

    with torch.inference_mode():
        start = time.perf_counter()
        call()
        wait()
        first = time.perf_counter() - start
        if not job["seconds"]:
            return {"first_s": first}
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        return {"first_s": first, **times(call, wait, job["seconds"], device)}


def times(
    call: Callable[[], None], wait: Callable[[], None], seconds: float, device: str
) -> dict[str, object]:
    """Time a call three ways: waited for each time, in a row, and by the GPU's own clock."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        call()
        wait()
    given = {"call": call, "wait": wait}
    waited = Timer("call(); wait()", globals=given).blocked_autorange(min_run_time=seconds)
    in_a_row = Timer("call()", globals=given).blocked_autorange(min_run_time=seconds)
    found: dict[str, object] = {"waited_s": waited.median, "in_a_row_s": in_a_row.median}
    if device != "cuda":
        return found
    found["peak_bytes"] = torch.cuda.max_memory_allocated()
    found["events_s"] = events(call, EVENTS)
    return found


def built(file: str, expression: str) -> torch.nn.Module:
    """Import a file and evaluate the expression in it."""
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return eval(expression, vars(module))  # noqa: S307 - a file of this repository


def made(shape: list[int], high: int, *, device: str, dtype: torch.dtype) -> torch.Tensor:
    """Return random numbers; whole ones below `high` where that is not 0."""
    if high:
        return torch.randint(high, shape, device=device)
    return torch.randn(shape, device=device, dtype=dtype)


if __name__ == "__main__":
    main()
