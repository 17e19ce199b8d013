"""Times one model on this processor without hwlint: torch.utils.benchmark, onnxruntime directly.

    python benchmarks/_timed_alone.py MODEL RUNNER THREADS

Prints one line of JSON: the median of a run in seconds, and what a loop that does the same each
time took at its best. A block of runs beside which the loop takes longer does not count: something
else was at work on the same core.
"""

import json
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import torch
from torch import nn
from torch.utils.benchmark import Timer

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SECONDS = 1.0
"""Of one measurement."""
WARM_UP = 0.5
BLOCK = 0.002
"""Seconds of runs between two looks at the pace."""
STEPS = 15_000
DISTURBED = 1.15
MOST = 5.0
"""Seconds after which it ends, however few blocks count."""


def build(name: str) -> tuple[nn.Module, torch.Tensor]:
    """Build a model as its file's own program does, and what it is called with."""
    sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "tiny")]
    if name == "resnet8":
        return import_module("image_classification").ResNet8(), torch.randn(1, 3, 32, 32)
    if name == "dscnn":
        return import_module("kws").DSCNN(), torch.randn(1, 1, 49, 10)
    make = import_module("vit").VisionTransformer
    model = make(patch_size=16, embed_dim=300, depth=6, num_heads=6, img_size=64)
    return model, torch.randn(1, 3, 64, 64)


def exported(model: nn.Module, given: torch.Tensor) -> Callable[[], object]:
    """Export it and return what runs the session."""
    onnxruntime = import_module("onnxruntime")
    logging.disable(logging.WARNING)
    program = torch.onnx.export(model, (given,), dynamo=True, verbose=False)
    assert program is not None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    proto = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(proto, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: given.numpy()}
    return lambda: session.run(None, feed)


def main() -> None:
    """Time what the command line says."""
    name, runner, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model, given = build(name)
    model.eval()
    if runner == "onnxruntime":
        call = exported(model, given)
    else:
        called = torch.compile(model) if runner == "torch-compile" else model
        call = lambda: called(given)  # noqa: E731 - what Timer calls
    with torch.inference_mode():
        call()
        end = time.perf_counter() + WARM_UP
        while time.perf_counter() < end:
            call()
        timer = Timer("call()", globals={"call": call}, num_threads=threads)
        times, best = timed(timer)
    print(json.dumps({"median_s": statistics.median(times), "pace_s": best}))


def timed(timer: Timer) -> tuple[list[float], float]:
    """Return the seconds of a run, block by block, of the blocks that count, and the pace."""
    number = max(1, round(BLOCK / timer.timeit(3).mean))
    blocks: list[tuple[float, float]] = []
    begin, calm = time.perf_counter(), 0.0
    before = loop()
    while calm < SECONDS and time.perf_counter() - begin < MOST:
        taken = timer.timeit(number).mean
        after = loop()
        blocks.append((taken, max(before, after)))
        before = after
        best = min(pace for _, pace in blocks)
        calm = sum(number * t for t, pace in blocks if pace <= DISTURBED * best)
    best = min(pace for _, pace in blocks)
    return [t for t, pace in blocks if pace <= DISTURBED * best], best


def loop() -> float:
    """Return how long the loop takes just now."""
    start = time.perf_counter()
    sum(range(STEPS))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
