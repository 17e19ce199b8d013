"""Reads what Arm's compiler Vela and ExecuTorch write down about a model.

Travels in the folder of a job. Needs Python's library alone, 3.8 or newer. A model has as many
parts as ExecuTorch hands to the NPU; what one part writes is kept apart by its number.
"""

# pyright: basic
from __future__ import annotations

import csv
import io
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

KIB = 1024
_TABLE = re.compile(r"b_(.+)_table_constant$")
"""The constant of a look-up table, named after the operator that it stands for."""
Origin = Dict[str, Optional[str]]


def figures(summary: str) -> Dict[str, float]:
    """Return a part's own figures: cycles of one run, hertz, and bytes of SRAM and of flash.

    Args:
        summary: The compiler's `*_summary_*.csv`, which counts memory in units of 1024 bytes.

    Raises:
        KeyError: Where a column is missing.
        ValueError: Where it holds no number.
        StopIteration: Where there is no row.
    """
    row = next(csv.DictReader(io.StringIO(summary)))
    return {
        "cycles": float(row["cycles_total"]),
        "hertz": float(row["core_clock"]),
        "sram": KIB * float(row["sram_memory_used"]),
        "flash": KIB * float(row["off_chip_flash_memory_used"]),
        "dram": KIB * float(row["dram_memory_used"]),
    }


def configuration(summary: str) -> Dict[str, str]:
    """Return what the compiler took the system around the NPU to be."""
    row = next(csv.DictReader(io.StringIO(summary)))
    return {name: row[name] for name in ("system_config", "memory_mode")}


def operators(part: int, layers: str, hertz: float) -> List[Dict[str, Any]]:
    """Return the operators of a part as a result has them, those that take no time left out.

    Args:
        part: Its number.
        layers: The compiler's `*_per-layer.csv`.
        hertz: Of the NPU.
    """
    return [
        {
            "name": row["Original Operator"],
            "node": f"{part}:{row['Name']}",
            "module": None,
            "seconds": float(row["Op Cycles"]) / hertz,
            "calls": 1,
        }
        for row in csv.DictReader(io.StringIO(layers))
        if float(row["Op Cycles"])
    ]


def nodes(
    part: int,
    graph: Iterable[Tuple[str, Sequence[str], Sequence[str]]],
    events: Sequence[Mapping[str, Any]],
    edges: Mapping[str, Origin],
) -> List[Dict[str, Any]]:
    """Return the nodes of a part's TOSA graph, each with where it comes from.

    Args:
        part: Its number.
        graph: (kind, inputs, outputs) of each operator: ("CONV2D", ("x", "w"), ("y",)).
        events: ExecuTorch's `debug.json`: for each operator what it was made of.
        edges: Where the operators come from that ExecuTorch made these of, by name: a look-up
            table has lost what it was made of, and only its constant says so.
    """
    known = {e["tosa_info"]["node_name"]: origin(e["torch_info"]) for e in events}
    found: List[Dict[str, Any]] = []
    for kind, inputs, outputs in graph:
        if not outputs or kind.startswith("CONST"):
            continue
        name = outputs[0]
        found.append(
            {
                "name": f"{part}:{name}",
                "op": kind.replace("_", ""),
                "inputs": [f"{part}:{each}" for each in inputs],
                "outputs": [f"{part}:{each}" for each in outputs],
                **_origin_of(name, inputs, known, edges),
            }
        )
    return found


def _origin_of(
    name: str, inputs: Sequence[str], known: Mapping[str, Origin], edges: Mapping[str, Origin]
) -> Origin:
    told = known.get(name, NOWHERE)
    if told["module"] is not None:
        return told
    tables = [match[1] for match in map(_TABLE.match, inputs) if match]
    return next((edges[each] for each in tables if each in edges), told)


NOWHERE: Origin = {"module": None, "function": ""}


def origin(meta: Mapping[str, Any]) -> Origin:
    """Return the module that an operator runs in and torch's name of the function that it is part
    of, from what torch.export kept: `nn_module_stack` and `torch_fn`.

    What a pass has made anew is said to be of the model itself, by an operator of ATen
    ("OpOverload.sum.dim_IntList"): it has lost where it comes from.
    """
    stack, function = meta.get("nn_module_stack"), meta.get("torch_fn")
    if not isinstance(stack, dict) or not stack or not isinstance(function, (list, tuple)):
        return NOWHERE
    called = str(function[1])
    if called.startswith("OpOverload"):
        return NOWHERE
    last = list(stack.values())[-1]
    return {"module": str(last[0]), "function": called.rpartition(".")[2]}


def total(parts: Sequence[Mapping[str, float]]) -> Dict[str, float]:
    """Return the figures of all parts together: they run one after the other, and the memory of
    one is free when the next one runs; the weights of all lie in flash."""
    return {
        "seconds": sum(part["cycles"] / part["hertz"] for part in parts),
        "cycles": sum(part["cycles"] for part in parts),
        "hertz": parts[0]["hertz"],
        "sram": max(part["sram"] for part in parts),
        "dram": max(part["dram"] for part in parts),
        "flash": sum(part["flash"] for part in parts),
    }
