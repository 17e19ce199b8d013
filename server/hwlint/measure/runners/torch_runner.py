"""Measures a model with torch, eagerly or compiled.

python -I torch_runner.py FOLDER
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import sys
import time
from typing import Any, Dict, List

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_support

sys.path.remove(sys.argv[1])

PROFILED_RUNS = 5
_RANGE = "hwlint:"


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Do one job."""
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    before = hwlint_support.resident()
    subject = hwlint_building.subject_of(work, torch)
    compiles = work.job["runner"] == "torch-compile"
    called = torch.compile(subject.module) if compiles else subject.module
    run = Run(called, subject, torch, work.job["device"])
    first = _first(run, work, compiles)
    on_cuda = work.job["device"] == "cuda"
    hwlint_support.peak_from_here()
    if on_cuda:
        torch.cuda.reset_peak_memory_stats()
    sampler = hwlint_support.Sampler(work, run.timed)
    found = sampler.measure()
    held = torch.cuda.max_memory_allocated() if on_cuda else hwlint_support.peak() - before
    found["peak_bytes"] = max(held, 0) or None
    found["compile_s"] = max(first - found["median_s"], 0.0) if compiles else None
    if work.job["operators"] and not compiles and work.turns is None:
        work.progress("profiling")
        found["operators"] = operators(run, subject, torch, on_cuda)
        if on_cuda and not any(one["seconds"] for one in found["operators"]):
            found["operators"] = []
            work.notes.append("torch's profiler tells no times of the GPU: lines have none")
    found["environment"] = hwlint_support.environment(
        runner=work.job["runner"],
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        device=_device_name(torch, work.job["device"]),
        dtype=work.job["dtype"],
        **(_settings(torch) if on_cuda else {}),
    )
    return found


class Run:
    """Calls a module over and over. A device that computes by itself is waited for after each
    call: calls in a row would overlap, and take less time each than one alone."""

    def __init__(self, called: Any, subject: Any, torch: Any, device: str) -> None:
        self._called, self._subject, self._torch = called, subject, torch
        self._wait: Any = torch.cuda.synchronize if device == "cuda" else None

    def once(self) -> None:
        """Run it once."""
        self.timed(1)

    def timed(self, times: int) -> float:
        """Run it so many times; return the seconds."""
        args, kwargs = self._subject.args, self._subject.kwargs
        called = self._called if self._wait is None else self._waited
        with self._torch.inference_mode():
            start = time.perf_counter()
            for _ in range(times):
                called(*args, **kwargs)
            return time.perf_counter() - start

    def _waited(self, *args: Any, **kwargs: Any) -> None:
        self._called(*args, **kwargs)
        self._wait()


def _first(run: Run, work: hwlint_support.Work, compiles: bool) -> float:
    work.progress("compiling" if compiles else "running once")
    start = time.perf_counter()
    try:
        run.once()
    except (SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the user's code raises
        failed = hwlint_building.forward_failed(problem, work)
        if compiles:
            failed.failure["advice"] += "; --runner torch runs it without compiling"
        raise failed from None
    work.only_once()
    return time.perf_counter() - start


def _device_name(torch: Any, device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device


def _settings(torch: Any) -> Dict[str, Any]:
    """Return what decides how fast a GPU computes."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    settings = {
        "cuda": lambda: torch.version.cuda,
        "cudnn": cudnn.version,
        "cudnn_benchmark": lambda: cudnn.benchmark,
        "tf32_matmul": lambda: matmul.allow_tf32,
        "tf32_convolution": lambda: cudnn.allow_tf32,
    }
    return {**hwlint_support.told(settings), **hwlint_support.gpu_state()}


def operators(run: Run, subject: Any, torch: Any, on_cuda: bool) -> List[Dict[str, Any]]:
    """Return what each operator takes, by the module that calls it: on the GPU what its kernels
    take there, without the gaps between them."""
    handles = [h for n, m in subject.module.named_modules() for h in _marked(n, m, torch)]
    activities = [torch.profiler.ProfilerActivity.CPU]
    if on_cuda:
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    runs: List[Dict[Any, List[float]]] = []
    try:
        run.once()
        for _ in range(PROFILED_RUNS):
            with torch.profiler.profile(activities=activities) as profile:
                run.once()
            runs.append(_account(profile.events(), on_cuda))
    finally:
        for handle in handles:
            handle.remove()
    return _median_of(runs)


def _marked(name: str, module: Any, torch: Any) -> List[Any]:
    """Put a range around each call of a module."""
    ranges: List[Any] = []

    def begin(*_: Any) -> None:
        mark = torch.profiler.record_function(_RANGE + name)
        mark.__enter__()
        ranges.append(mark)

    def end(*_: Any) -> None:
        ranges.pop().__exit__(None, None, None)

    hooks = [module.register_forward_pre_hook(begin)]
    hooks.append(module.register_forward_hook(end, always_call=True))
    return hooks


def _account(events: Any, on_cuda: bool) -> Dict[Any, List[float]]:
    """Return (module, operator, number of the call in the module) -> [seconds, calls]: of the
    outermost operators, those inside of them included."""
    found: Dict[Any, List[float]] = {}
    for event in events:
        parent = event.cpu_parent
        is_ours = event.name.startswith(_RANGE)
        if is_ours or (parent is not None and not parent.name.startswith(_RANGE)):
            continue
        if not event.name.startswith(("aten::", "torch", "mkldnn", "quantized")):
            continue
        module = parent.name[len(_RANGE) :] if parent is not None else None
        microseconds = event.device_time_total if on_cuda else event.cpu_time_total
        entry = found.setdefault((module, event.name), [0.0, 0])
        entry[0] += microseconds / 1e6
        entry[1] += 1
    return found


def _median_of(runs: List[Dict[Any, List[float]]]) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = []
    for module, name in runs[-1]:
        seconds = [run[module, name][0] for run in runs if (module, name) in run]
        found.append(
            {
                "name": name,
                "module": module,
                "seconds": hwlint_support.median(seconds),
                "calls": int(runs[-1][module, name][1]),
            }
        )
    return found


if __name__ == "__main__":
    hwlint_support.run(main)
