"""Asks Arm's compiler what a model would take on an Ethos-U: quantised and lowered by ExecuTorch,
compiled by Vela. Nothing is measured; the numbers are the vendor's estimate.

    python -I vela_runner.py FOLDER

Needs torch, executorch, tosa-tools and ethos-u-vela. The job's device is the NPU: "ethos-u55-128".
"""

# torch and executorch are met here as whatever version the user has.
# pyright: basic
from __future__ import annotations

import glob
import importlib
import importlib.metadata
import json
import logging
import os
import sys
import time
import warnings
from typing import Any, Dict, List, Sequence, Tuple

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_support
import hwlint_vela

sys.path.remove(sys.argv[1])

FLAGS = ("--verbose-cycle-estimate", "--verbose-performance")
PACKAGES = ("executorch", "tosa-tools", "ethos-u-vela")
MODULES = {
    "ethosu": "executorch.backends.arm.ethosu",
    "backend": "executorch.backends.arm.ethosu.backend",
    "spec": "executorch.backends.arm.common.arm_compile_spec",
    "quantizer": "executorch.backends.arm.quantizer",
    "pt2e": "torchao.quantization.pt2e.quantize_pt2e",
    "exir": "executorch.exir",
    "graph": "tosa.TosaGraph",
    "op": "tosa.Op",
    "vela": "ethosu.vela",
}
FREE = (
    "quantize_per_tensor",
    "quantize_per_channel",
    "dequantize_per_tensor",
    "dequantize_per_channel",
    "getitem",
)
"""What a graph holds beside the work: changes of number format at the border, and plumbing."""
DELEGATE = "executorch_call_delegate"


class Tools:
    """What lowers a model to an Ethos-U."""

    def __init__(self) -> None:
        """Import it; raises `Stop` where something is missing."""
        try:
            found = {name: importlib.import_module(path) for name, path in MODULES.items()}
        except ImportError as problem:
            advice = f"{sys.executable} -m pip install {' '.join(PACKAGES)}"
            message = f"{', '.join(PACKAGES)} cannot be imported by {sys.executable}: {problem}"
            raise hwlint_support.Stop("setup", message, advice=advice) from None
        self.versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        if not hasattr(found["backend"], "vela_compile"):
            message = f"executorch {self.versions['executorch']} calls the compiler otherwise"
            advice = f"{sys.executable} -m pip install executorch==1.5.1"
            raise hwlint_support.Stop("setup", message, advice=advice)
        self.modules: Any = found

    def __getitem__(self, name: str) -> Any:
        """Return a module."""
        return self.modules[name]


class Parts:
    """Stands before the compiler: gives each part a folder of its own, which it would write over
    otherwise, and keeps what ExecuTorch has just said of its operators."""

    def __init__(self, backend: Any, folder: str) -> None:
        self._compile = backend.vela_compile
        self._folder = folder
        self.folders: List[str] = []
        backend.vela_compile = self

    def __call__(self, tosa: bytes, *args: Any, **named: Any) -> Any:
        """Compile one part."""
        folder = os.path.join(self._folder, f"part{len(self.folders) + 1}")
        os.makedirs(folder)
        os.replace(os.path.join(self._folder, "debug.json"), os.path.join(folder, "debug.json"))
        self.folders.append(folder)
        return self._compile(tosa, *args, **{**named, "intermediate_path": folder})


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Compile one job."""
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    work.progress("importing executorch")
    tools = Tools()
    subject = hwlint_building.subject_of(work, torch)
    if subject.kwargs:
        message = f"forward takes {sorted(subject.kwargs)} by name, the exporter by position"
        raise hwlint_support.Stop("export", message)
    work.progress("lowering and compiling")
    os.makedirs(work.path("compiled"))
    parts = Parts(tools["backend"], work.path("compiled"))
    start = time.perf_counter()
    lowered, edges = _lowered(subject, work, torch, tools)
    seconds = time.perf_counter() - start
    host = _on_host(lowered)
    if not parts.folders:
        names = ", ".join(sorted({each["name"] for each in host})) or "there are none"
        message = f"no operator of it runs on {work.job['device']}: {names}"
        advice = "`hwlint check` says which operators do not run there, and why"
        raise hwlint_support.Stop("device", message, advice=advice)
    try:
        read = [_read(n, folder, edges, tools) for n, folder in enumerate(parts.folders, 1)]
    except (KeyError, ValueError, StopIteration) as problem:
        said = hwlint_support.said(problem)
        message = f"vela {tools.versions['ethos-u-vela']} writes other tables than 5.2.0: {said}"
        raise hwlint_support.Stop("device", message) from None
    work.write("nodes.json", json.dumps([node for part in read for node in part["nodes"]]))
    found = hwlint_vela.total([part["figures"] for part in read])
    if len(read) > 1:
        work.notes.append(f"{len(read)} parts of it run on the NPU, one after the other")
    return {
        "median_s": found["seconds"],
        "compile_s": seconds,
        "peak_bytes": round(found["sram"]),
        "cycles": found["cycles"],
        "flash_bytes": round(found["flash"]),
        "operators": [operator for part in read for operator in part["operators"]],
        "on_host": host,
        "environment": {
            "vela": tools.versions["ethos-u-vela"],
            "executorch": tools.versions["executorch"],
            "torch": torch.__version__,
            "clock_mhz": f"{found['hertz'] / 1e6:.0f}",
            **read[0]["configuration"],
        },
    }


def _lowered(
    subject: Any, work: hwlint_support.Work, torch: Any, tools: Tools
) -> Tuple[Any, Dict[str, Any]]:
    """Quantise to int8, and compile what the NPU takes of it; return the program, and where each
    operator comes from by the name that it has before."""
    inputs = tuple(_as_stored(x, torch) for x in subject.args)
    module = subject.module.to(memory_format=torch.channels_last)
    edges: Dict[str, Any] = {}
    try:
        spec = tools["ethosu"].EthosUCompileSpec(work.job["device"], extra_flags=list(FLAGS))
        spec.dump_intermediate_artifacts_to(work.path("compiled"))
        spec.dump_debug_info(tools["spec"].ArmCompileSpec.DebugMode.JSON)
        quantizer = tools["quantizer"].EthosUQuantizer(spec)
        quantizer.set_global(tools["quantizer"].get_symmetric_quantization_config())
        # Guards on shapes would stay in the module, where the quantizer cannot follow them.
        graph = torch.export.export(module, inputs).module(check_guards=False)
        prepared = tools["pt2e"].prepare_pt2e(graph, quantizer)
        prepared(*inputs)
        exported = torch.export.export(tools["pt2e"].convert_pt2e(prepared), inputs)
        lowered = tools["exir"].to_edge_transform_and_lower(
            exported,
            partitioner=[_watched(tools["ethosu"].EthosUPartitioner, edges)(spec)],
            compile_config=tools["exir"].EdgeCompileConfig(_check_ir_validity=False),
        )
    except (SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the tools or the user's code raise
        trace = hwlint_support.user_trace(problem, work)
        said = hwlint_support.said(_cause(problem))
        message = f"it cannot be lowered to {work.job['device']}: {said}"
        raise hwlint_support.Stop("export", message, trace) from None
    return lowered.exported_program(), edges


def _watched(partitioner: Any, edges: Dict[str, Any]) -> Any:
    """Return a partitioner that notes the operators which it is to divide."""

    class Watched(partitioner):
        def partition(self, exported_program: Any) -> Any:
            for node in exported_program.graph.nodes:
                edges[node.name] = hwlint_vela.origin(node.meta)
            return super().partition(exported_program)

    return Watched


def _cause(problem: BaseException) -> BaseException:
    """Return what was raised first: passes wrap it, one around the other."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return problem


def _as_stored(tensor: Any, torch: Any) -> Any:
    """Return a feature map as the NPU stores it; else the exporter transposes at both ends."""
    return tensor.to(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor


def _on_host(program: Any) -> List[Dict[str, Any]]:
    """Return the operators that no part took."""
    found = []
    for node in program.graph.nodes:
        name = getattr(node.target, "__name__", str(node.target))
        if node.op != "call_function" or any(free in name for free in (*FREE, DELEGATE)):
            continue
        told = {"name": name, "node": node.name, "seconds": 0.0, "calls": 1}
        found.append({**told, **hwlint_vela.origin(node.meta)})
    return found


def _read(number: int, folder: str, edges: Dict[str, Any], tools: Tools) -> Dict[str, Any]:
    """Return what there is to say of one part."""
    summary = _text(folder, "output/*_summary_*.csv")
    figures = hwlint_vela.figures(summary)
    events = json.loads(_text(folder, "debug.json"))
    layers = _text(folder, "output/*_per-layer.csv")
    return {
        "figures": figures,
        "configuration": hwlint_vela.configuration(summary),
        "operators": hwlint_vela.operators(number, layers, figures["hertz"]),
        "nodes": hwlint_vela.nodes(number, _tosa(folder, tools), events, edges),
    }


def _text(folder: str, pattern: str) -> str:
    (path,) = glob.glob(os.path.join(glob.escape(folder), pattern))
    with open(path, encoding="utf-8") as file:
        return file.read()


def _tosa(folder: str, tools: Tools) -> List[Tuple[str, Sequence[str], Sequence[str]]]:
    """Return kind, inputs and outputs of the operators that a part was compiled from."""
    with open(os.path.join(folder, "out.tosa"), "rb") as file:
        graph = tools["graph"].TosaGraph.GetRootAs(bytearray(file.read()), 0)
    kinds = {number: name for name, number in vars(tools["op"].Op).items() if type(number) is int}
    found = []
    for region in map(graph.Regions, range(graph.RegionsLength())):
        for block in map(region.Blocks, range(region.BlocksLength())):
            for made in map(block.Operators, range(block.OperatorsLength())):
                taken = [made.Inputs(n).decode() for n in range(made.InputsLength())]
                given = [made.Outputs(n).decode() for n in range(made.OutputsLength())]
                found.append((kinds.get(made.Op(), "?"), taken, given))
    return found


if __name__ == "__main__":
    hwlint_support.run(main)
