"""Asks Arm's compiler what a model would take on an Ethos-U: quantised and lowered by ExecuTorch,
compiled by Vela. Nothing is measured; the numbers are the vendor's estimate.

    python -I vela_runner.py FOLDER

Needs torch, executorch, tosa-tools and ethos-u-vela. The job's device is the NPU: "ethos-u55-128".
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import csv
import importlib
import importlib.metadata
import logging
import os
import sys
import time
import warnings
from typing import Any, Dict, List, Tuple

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_support

sys.path.remove(sys.argv[1])

FLAGS = ("--verbose-cycle-estimate", "--verbose-performance")
PACKAGES = ("executorch", "tosa-tools", "ethos-u-vela")
MODULES = (
    "executorch.backends.arm.ethosu",
    "executorch.backends.arm.quantizer",
    "torchao.quantization.pt2e.quantize_pt2e",
    "executorch.exir",
    "ethosu.vela",
)
FREE = ("quantize_per_tensor", "quantize_per_channel", "dequantize_per_tensor", "getitem")
"""What a graph holds beside the work: changes of number format at the border, and plumbing."""
DELEGATE = "executorch_call_delegate"


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Compile one job."""
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    tools = _tools()
    subject = hwlint_building.subject_of(work, torch)
    if subject.kwargs:
        message = f"forward takes {sorted(subject.kwargs)} by name, the exporter by position"
        raise hwlint_support.Stop("export", message)
    work.progress("lowering and compiling")
    start = time.perf_counter()
    parts, left = _lowered(subject, work, torch, tools)
    seconds = time.perf_counter() - start
    row, operators = _tables(work)
    if parts != 1:
        # The tables are of the last part alone.
        stays = ", ".join(sorted(set(left))) or "nothing"
        message = f"{parts} parts of it run on the NPU, on the host: {stays}"
        advice = "hwlint check says which operators do not run there, and why"
        raise hwlint_support.Stop("device", message, advice=advice)
    taken = float(row["inference_time"])
    work.notes.append(_said(row, left))
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        **hwlint_support.summary([taken]),
        "compile_s": seconds,
        "peak_bytes": round(float(row["sram_memory_used"]) * 1024),
        "operators": operators,
        "environment": {
            "runner": "vela",
            "vela": versions["ethos-u-vela"],
            "torch": torch.__version__,
            "executorch": versions["executorch"],
            "device": work.job["device"],
            "dtype": "int8",
        },
    }


def _tools() -> Any:
    """Import what lowers a model to an Ethos-U."""
    try:
        found = [importlib.import_module(name) for name in MODULES]
    except ImportError as problem:
        advice = f"{sys.executable} -m pip install {' '.join(PACKAGES)}"
        message = f"{', '.join(PACKAGES)} cannot be imported by {sys.executable}: {problem}"
        raise hwlint_support.Stop("setup", message, advice=advice) from None
    return found


def _lowered(
    subject: Any, work: hwlint_support.Work, torch: Any, tools: Any
) -> Tuple[int, List[str]]:
    """Quantise to int8, hand to the NPU what it takes, compile that; return the number of parts on
    the NPU and the operators that stay on the host."""
    ethosu, quantizers, pt2e, exir, _ = tools
    inputs = tuple(_as_stored(x, torch) for x in subject.args)
    module = subject.module.to(memory_format=torch.channels_last)
    try:
        spec = ethosu.EthosUCompileSpec(work.job["device"], extra_flags=list(FLAGS))
        spec.dump_intermediate_artifacts_to(work.path("compiled"))
        quantizer = quantizers.EthosUQuantizer(spec)
        quantizer.set_global(quantizers.get_symmetric_quantization_config())
        # Guards on shapes would stay in the module, where the quantizer cannot follow them.
        graph = torch.export.export(module, inputs).module(check_guards=False)
        prepared = pt2e.prepare_pt2e(graph, quantizer)
        prepared(*inputs)
        exported = torch.export.export(pt2e.convert_pt2e(prepared), inputs)
        lowered = exir.to_edge_transform_and_lower(
            exported,
            partitioner=[ethosu.EthosUPartitioner(spec)],
            compile_config=exir.EdgeCompileConfig(_check_ir_validity=False),
        )
    except (SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the tools or the user's code raise
        trace = hwlint_support.user_trace(problem, work)
        message = f"it cannot be lowered to {work.job['device']}: {hwlint_support.said(problem)}"
        raise hwlint_support.Stop("export", message, trace) from None
    nodes = [n for n in lowered.exported_program().graph.nodes if n.op == "call_function"]
    names = [getattr(node.target, "__name__", str(node.target)) for node in nodes]
    left = [name for name in names if not any(free in name for free in (*FREE, DELEGATE))]
    return sum(DELEGATE in name for name in names), left


def _as_stored(tensor: Any, torch: Any) -> Any:
    """Return a feature map as the NPU stores it; else the exporter transposes at both ends."""
    return tensor.to(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor


def _tables(work: hwlint_support.Work) -> Tuple[Dict[str, str], List[Dict[str, Any]]]:
    """Return the compiler's own figures: of the whole, and for each operator."""
    files = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(work.path("compiled"))
        for name in names
    ]
    summaries = [file for file in files if "_summary_" in file and file.endswith(".csv")]
    layers = [file for file in files if file.endswith("_per-layer.csv")]
    if not summaries or not layers:
        return {}, []
    with open(summaries[0], encoding="utf-8") as text:
        row = next(csv.DictReader(text))
    with open(layers[0], encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    clock = float(row["core_clock"])
    return row, [
        {
            "name": line["NNG Operator"],
            "module": None,
            "node": line.get("Name", ""),
            "seconds": float(line["Op Cycles"]) / clock,
            "calls": 1,
        }
        for line in rows
    ]


def _said(row: Dict[str, str], left: List[str]) -> str:
    host = f"; on the host: {', '.join(sorted(set(left)))}" if left else ""
    return (
        f"{float(row['cycles_total']):,.0f} cycles at {float(row['core_clock']) / 1e6:.0f} MHz, "
        f"SRAM {float(row['sram_memory_used']):.0f} KiB, "
        f"flash {float(row['off_chip_flash_memory_used']):.0f} KiB{host}"
    )


if __name__ == "__main__":
    hwlint_support.run(main)
