"""Measures model.onnx with ONNX Runtime. Needs numpy and onnxruntime, and nothing of torch.

python -I onnxruntime_runner.py FOLDER
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, Dict, List, Tuple

sys.path.insert(0, sys.argv[1])
import hwlint_support  # from the folder of the job

sys.path.remove(sys.argv[1])

PROFILED_RUNS = 10
TOLERANCE = {"float32": 1e-3, "float16": 2e-2, "bfloat16": 5e-2}
"""Largest difference to eager torch, as a share of the largest item of the output."""
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "qnn": "QNNExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "dnnl": "DnnlExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "nnapi": "NnapiExecutionProvider",
    "acl": "ACLExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
}
DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Do one job."""
    ort, numpy = _runtime()
    provider = _provider(work, ort)
    before = hwlint_support.resident()
    work.progress("loading the model")
    start = time.perf_counter()
    session = _session(work, ort, provider)
    loading = time.perf_counter() - start
    given, wanted = _data(work, session, numpy)
    made = _first(session, given)
    _compare(work, wanted, made, numpy)
    hwlint_support.peak_from_here()
    sampler = hwlint_support.Sampler(work, _timed(session, given, provider, ort))
    found = sampler.measure()
    found["peak_bytes"] = max(hwlint_support.peak() - before, 0) or None
    found["compile_s"] = loading
    if work.job["operators"] and work.turns is None:
        work.progress("profiling")
        found["operators"] = operators(work, ort, provider, given)
    found["environment"] = hwlint_support.environment(
        runner="onnxruntime",
        onnxruntime=ort.__version__,
        provider=session.get_providers()[0],
        threads=hwlint_support.threads_of(work.job),
        dtype=work.job["dtype"],
    )
    return found


def _runtime() -> Tuple[Any, Any]:
    try:
        import numpy
        import onnxruntime as ort
    except ImportError as problem:
        advice = f"{sys.executable} -m pip install onnxruntime"
        message = f"onnxruntime cannot be imported by {sys.executable}: {problem}"
        raise hwlint_support.Stop("setup", message, advice=advice) from None
    ort.set_default_logger_severity(3)
    return ort, numpy


def _provider(work: hwlint_support.Work, ort: Any) -> str:
    asked = str(work.job["device"])
    name = PROVIDERS.get(asked, asked)
    there = ort.get_available_providers()
    if name not in there:
        listed = ", ".join(there)
        message = f"this onnxruntime {ort.__version__} has no {name}: it has {listed}"
        raise hwlint_support.Stop("setup", message, advice=f"install a build that has {name}")
    return name


def _session(work: hwlint_support.Work, ort: Any, provider: str, profile: str = "") -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = hwlint_support.threads_of(work.job)
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    wanted = [provider] if provider == PROVIDERS["cpu"] else [provider, PROVIDERS["cpu"]]
    try:
        return ort.InferenceSession(work.path("model.onnx"), options, providers=wanted)
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors have no common base
        message = f"onnxruntime cannot load the model: {hwlint_support.said(problem)}"
        raise hwlint_support.Stop("device", message) from None


def _data(work: hwlint_support.Work, session: Any, numpy: Any) -> Tuple[Dict[str, Any], List[Any]]:
    """Return the inputs by name, and what torch made of them where that is known."""
    try:
        with numpy.load(work.path("check.npz")) as file:
            given = {n[3:]: file[n] for n in file.files if n.startswith("in:")}
            wanted = [file[n] for n in sorted(file.files) if n.startswith("out:")]
            return given, wanted
    except FileNotFoundError:
        pass
    generator = numpy.random.default_rng(work.job["seed"])
    specs = {spec["name"]: spec for spec in work.job["inputs"]}
    inputs = session.get_inputs()
    return {item.name: _random(item, specs.get(item.name, {}), generator) for item in inputs}, []


def _random(item: Any, spec: Dict[str, Any], generator: Any) -> Any:
    dtype = DTYPES.get(item.type)
    if dtype is None:
        raise hwlint_support.Stop("device", f"input {item.name} is a {item.type}: no numbers")
    shape = spec.get("shape") or [d if isinstance(d, int) else 1 for d in item.shape]
    if dtype.startswith("float"):
        return generator.standard_normal(shape).astype(dtype)
    return generator.integers(0, spec.get("high") or 2, shape).astype(dtype)


def _first(session: Any, given: Dict[str, Any]) -> List[Any]:
    try:
        return session.run(None, given)
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors have no common base
        message = f"onnxruntime cannot run the model: {hwlint_support.said(problem)}"
        raise hwlint_support.Stop("device", message) from None


def _compare(work: hwlint_support.Work, wanted: List[Any], made: List[Any], numpy: Any) -> None:
    """Compare with eager torch."""
    pairs = [(w, m) for w, m in zip(wanted, made) if w.dtype.kind == "f" and w.size]
    if len(wanted) != len(made) or not pairs:
        return
    for one, other in pairs:
        if one.shape != other.shape:
            message = f"ONNX gives the shape {other.shape}, torch {one.shape}"
            raise hwlint_support.Stop("export", message)
    if not all(numpy.isfinite(one).all() for one, _ in pairs):
        work.notes.append("not all outputs are finite numbers, with random weights")
    worst = max(_difference(one, other, numpy) for one, other in pairs)
    if work.job["dtype"] == "int8":
        work.notes.append(f"int8 differs from float32 by {worst:.2g} of the largest output")
        return
    most = TOLERANCE.get(work.job["dtype"], 1e-3)
    if not worst <= most:  # also where it is no number
        message = f"ONNX differs from eager torch by {worst:.2g} of the largest output"
        advice = "random numbers inside of forward, or dropout that runs in evaluation?"
        raise hwlint_support.Stop("export", f"{message}; {most:g} is allowed", advice=advice)
    work.notes.append(f"agrees with eager torch: {worst:.2g} of the largest output ({most:g})")


def _difference(one: Any, other: Any, numpy: Any) -> float:
    one, other = one.astype("float64"), other.astype("float64")
    if numpy.array_equal(one, other, equal_nan=True):
        return 0.0
    same = one == other  # infinities
    largest = numpy.abs(one[numpy.isfinite(one)]).max(initial=1e-12)
    return float(numpy.abs(numpy.where(same, 0.0, one - other)).max() / largest)


def _timed(session: Any, given: Dict[str, Any], provider: str, ort: Any) -> Any:
    """Return what runs the model so many times and tells the seconds."""
    run = session.run

    def timed(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            run(None, given)
        return time.perf_counter() - start

    if provider == PROVIDERS["cpu"]:
        return timed
    # Inputs stay on the device, as they do in a pipeline that runs there.
    kind = "cuda" if provider in (PROVIDERS["cuda"], PROVIDERS["tensorrt"]) else "cpu"
    binding = session.io_binding()
    for name, array in given.items():
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(array, kind, 0))
    for output in session.get_outputs():
        binding.bind_output(output.name, kind, 0)

    def bound(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return time.perf_counter() - start

    return bound


def operators(
    work: hwlint_support.Work, ort: Any, provider: str, given: Dict[str, Any]
) -> List[Dict[str, Any]]:
    """Return what each node of the optimised graph takes, medians over some runs."""
    session = _session(work, ort, provider, work.path("profile"))
    for _ in range(PROFILED_RUNS + 2):
        session.run(None, given)
    file = session.end_profiling()
    with open(file, encoding="utf-8") as text:
        events = json.load(text)
    os.remove(file)
    found: Dict[str, List[float]] = {}
    kinds: Dict[str, str] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            name = event["name"][: -len("_kernel_time")]
            kinds[name] = event["args"]["op_name"]
            found.setdefault(name, []).append(event["dur"] / 1e6)
    return [_operator(name, kinds[name], times) for name, times in found.items()]


def _operator(name: str, kind: str, times: List[float]) -> Dict[str, Any]:
    # Nodes that the optimiser made may share a name: all their calls of one run together.
    calls = max(1, round(len(times) / (PROFILED_RUNS + 2)))
    runs = [sum(times[n : n + calls]) for n in range(0, len(times) - calls + 1, calls)]
    seconds = hwlint_support.median(runs[2:] or runs)
    return {"name": kind, "module": None, "node": name, "seconds": seconds, "calls": calls}


if __name__ == "__main__":
    hwlint_support.run(main)
