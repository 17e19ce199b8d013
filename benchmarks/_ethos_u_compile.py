"""Compile small PyTorch modules for Ethos-U and write down what the vendor's compiler says.

Run by `ethos_u.py` with the interpreter of an environment of its own, which has executorch,
tosa-tools and ethos-u-vela; it imports nothing of hwlint.

    python _ethos_u_compile.py JOBS.json FOLDER

JOBS.json: [{"key", "target", "source", "inputs", "layout"}]. FOLDER/KEY.json is written for each.
"""

import contextlib
import csv
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from executorch.backends.arm.ethosu import EthosUCompileSpec, EthosUPartitioner
from executorch.backends.arm.quantizer import EthosUQuantizer, get_symmetric_quantization_config
from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

SEED = 0
FLAGS = ("--verbose-cycle-estimate", "--verbose-performance")
SUMMARY = {
    "cycles": "cycles_total",
    "npu": "cycles_npu",
    "sram_access": "cycles_sram_access",
    "sram_kib": "sram_memory_used",
    "flash_kib": "off_chip_flash_memory_used",
    "dram_kib": "dram_memory_used",
    "macs": "nn_macs",
}
"""Our name of a figure, and its column in the compiler's summary."""
COLUMNS = ("NNG Operator", "Op Cycles", "NPU", "SRAM AC", "DRAM AC", "OffFlash AC", "MAC Count")
"""Of the compiler's table of operators."""


def build(source: str) -> torch.nn.Module:
    """Return the module that a source file describes, with seeded weights."""
    torch.manual_seed(SEED)
    names: dict[str, object] = {}
    exec(compile(source, "case.py", "exec"), names)  # noqa: S102 # our own generated modules
    net = names["Net"]()
    _spread(net)
    return net.eval()


def _spread(net: torch.nn.Module) -> None:
    """Give batch norms statistics that are not the identity: folding must have something to do."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)


def draw(inputs: Sequence[tuple[Sequence[int], str]]) -> tuple[torch.Tensor, ...]:
    """Return one seeded batch of inputs."""
    generator = torch.Generator().manual_seed(SEED)
    return tuple(_one(shape, dtype, generator) for shape, dtype in inputs)


def _one(shape: Sequence[int], dtype: str, generator: torch.Generator) -> torch.Tensor:
    if dtype == "positive":
        return torch.rand(*shape, generator=generator) + 0.5
    if dtype == "bool":
        return torch.rand(*shape, generator=generator) > 0.5
    if dtype.startswith("int"):
        return torch.randint(0, 4, tuple(shape), generator=generator, dtype=getattr(torch, dtype))
    return torch.randn(*shape, generator=generator)


def channels_last(
    net: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """Return both as the NPU stores feature maps; else the exporter transposes at both ends."""
    form = torch.channels_last
    maps = tuple(x.to(memory_format=form) if x.dim() == 4 else x for x in inputs)
    return net.to(memory_format=form), maps


def lower(net: torch.nn.Module, inputs: tuple[torch.Tensor, ...], target: str, folder: Path):
    """Quantise to int8, hand to the NPU what it takes, compile that; return the lowered program."""
    spec = EthosUCompileSpec(target, extra_flags=list(FLAGS))
    spec.dump_intermediate_artifacts_to(str(folder))
    quantizer = EthosUQuantizer(spec)
    quantizer.set_global(get_symmetric_quantization_config())
    graph = torch.export.export(net, inputs).module(check_guards=False)
    prepared = prepare_pt2e(graph, quantizer)
    prepared(*inputs)
    exported = torch.export.export(convert_pt2e(prepared), inputs)
    return to_edge_transform_and_lower(
        exported,
        partitioner=[EthosUPartitioner(spec)],
        compile_config=EdgeCompileConfig(_check_ir_validity=False),
    )


FREE = ("quantize_per_tensor", "quantize_per_channel", "dequantize_per_tensor", "getitem")
"""What a graph holds beside the work: changes of number format at the border, and plumbing."""


def on_host(lowered: object) -> tuple[int, list[str]]:
    """Return the number of delegated parts, and the operators that stay on the host."""
    nodes = [n for n in lowered.exported_program().graph.nodes if n.op == "call_function"]
    names = [getattr(n.target, "__name__", str(n.target)) for n in nodes]
    parts = sum("executorch_call_delegate" in name for name in names)
    left = [n for n in names if not any(f in n for f in (*FREE, "executorch_call_delegate"))]
    return parts, left


def figures(folder: Path) -> dict[str, object]:
    """Return the compiler's own figures from the tables that it writes."""
    summary = next(folder.glob("output/*_summary_*.csv"))
    with summary.open() as file:
        row = next(csv.DictReader(file))
    found: dict[str, object] = {ours: _number(row[theirs]) for ours, theirs in SUMMARY.items()}
    with next(folder.glob("output/*_per-layer.csv")).open() as file:
        lines = [[line[column] for column in COLUMNS] for line in csv.DictReader(file)]
    found["operators"] = [[name, *map(_number, rest)] for name, *rest in lines]
    return found


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value == int(value) else round(value, 3)


def one(job: Mapping[str, object]) -> dict[str, object]:
    """Compile one module and return what there is to say of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            net, inputs = build(str(job["source"])), draw(job["inputs"])
            if job["layout"] == "channels_last":
                net, inputs = channels_last(net, inputs)
            net(*inputs)
            parts, left = on_host(lower(net, inputs, str(job["target"]), folder))
        except Exception as error:  # noqa: BLE001 # whatever the tools raise is the result
            return {"error": f"{type(error).__name__}: {str(error)[:200]}"}
        found: dict[str, object] = {"parts": parts, "host": left}
        return found | (figures(folder) if parts == 1 else {})


def main() -> None:
    """Work off the jobs; the compiler's chatter on standard output goes nowhere."""
    jobs = json.loads(Path(sys.argv[1]).read_text())
    warnings.filterwarnings("ignore")
    logging.disable(logging.ERROR)
    torch.set_num_threads(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with contextlib.redirect_stdout(None):
        for job in jobs:
            Path(sys.argv[2], f"{job['key']}.json").write_text(json.dumps(one(job)))


if __name__ == "__main__":
    main()
