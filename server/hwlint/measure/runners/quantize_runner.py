"""Makes model.onnx an int8 model: static quantisation by ONNX Runtime's QDQ tools.

    python -I quantize_runner.py FOLDER

Activations are calibrated with the arrays of calibration.npz, one of them the batches of each
input along its first axis, or with random numbers where there is none. Needs onnx, onnxruntime.
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import os
import sys
import time
from typing import Any, Dict, Iterator, List, Optional

sys.path.insert(0, sys.argv[1])
import hwlint_support  # from the folder of the job

sys.path.remove(sys.argv[1])

SAMPLES = 8
"""Random inputs where no data are given."""


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Quantise one job."""
    try:
        import numpy
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as problem:
        advice = f"{sys.executable} -m pip install onnx onnxruntime"
        message = f"quantisation needs onnx and onnxruntime: {problem}"
        raise hwlint_support.Stop("setup", message, advice=advice) from None
    work.progress("quantising")
    start = time.perf_counter()
    model, prepared, made = (work.path(n) for n in ("model.onnx", "prepared.onnx", "int8.onnx"))
    batches = list(_batches(work, numpy))
    try:
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            made,
            _reader(quantization, batches),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
        )
    except Exception as problem:  # noqa: BLE001 - its errors have no common base
        message = f"onnxruntime cannot quantise it: {hwlint_support.said(problem)}"
        raise hwlint_support.Stop("export", message) from None
    os.replace(made, model)
    os.remove(prepared)
    source = "given data" if os.path.exists(work.path("calibration.npz")) else "random data"
    work.notes.append(f"int8 by static QDQ, calibrated with {len(batches)} batches of {source}")
    return {"compile_s": time.perf_counter() - start}


def _batches(work: hwlint_support.Work, numpy: Any) -> Iterator[Dict[str, Any]]:
    with numpy.load(work.path("check.npz")) as file:
        first = {name[3:]: file[name] for name in file.files if name.startswith("in:")}
    given = work.path("calibration.npz")
    if os.path.exists(given):
        yield from _given(given, first, numpy)
        return
    yield first
    generator = numpy.random.default_rng(work.job["seed"])
    for _ in range(SAMPLES - 1):
        yield {name: _like(array, generator) for name, array in first.items()}


def _given(path: str, like: Dict[str, Any], numpy: Any) -> Iterator[Dict[str, Any]]:
    with numpy.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    if len(arrays) != len(like):
        message = f"the calibration data have {sorted(arrays)}, the model takes {sorted(like)}"
        raise hwlint_support.Stop("setup", message)
    by_name = arrays if set(arrays) == set(like) else dict(zip(like, arrays.values()))
    for name, wanted in like.items():
        shape = by_name[name].shape[1:]
        if shape != wanted.shape:
            message = f"calibration of {name}: batches of {shape}, the model takes {wanted.shape}"
            raise hwlint_support.Stop("setup", message)
    for number in range(min(len(array) for array in by_name.values())):
        yield {n: by_name[n][number].astype(like[n].dtype) for n in like}


def _like(array: Any, generator: Any) -> Any:
    if array.dtype.kind == "f":
        return generator.standard_normal(array.shape).astype(array.dtype)
    flat = array.reshape(-1)
    return generator.permutation(flat).reshape(array.shape)  # numbers that are valid there


def _reader(quantization: Any, batches: List[Dict[str, Any]]) -> Any:
    left = iter(batches)

    class Reader(quantization.CalibrationDataReader):  # pyright: ignore[reportUntypedBaseClass] - imported late
        def get_next(self) -> Optional[Dict[str, Any]]:
            return next(left, None)

    return Reader()


if __name__ == "__main__":
    hwlint_support.run(main)
