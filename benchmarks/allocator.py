"""What it costs that a fresh process gives freed memory back: time and page faults of one run.

    python benchmarks/allocator.py [--processes 5]

Each module is run by torch in fresh processes, as they are and with freed memory kept as the
runners of `hwlint measure` keep it (`hwlint_support.py`), in turns. One thread.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TypedDict

from _common import ROOT, record, table
from estimate import MODULES

ALONE = """
import importlib, json, resource, sys, time
folder, runners, file, name, shape, kept = sys.argv[1:]
sys.path[:0] = [folder, runners]
import torch
if kept == "kept":
    import hwlint_support
    hwlint_support._keep_freed()
torch.set_num_threads(1)
torch.manual_seed(0)
model = getattr(importlib.import_module(file), name)().eval()
given = torch.randn(json.loads(shape))
seconds = []
with torch.inference_mode():
    for _ in range(20):
        model(given)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        start = time.perf_counter()
        model(given)
        seconds.append(time.perf_counter() - start)
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 50
print(json.dumps({"ms": 1e3 * sorted(seconds)[12], "faults": faults}))
"""
"""Prints the first quartile of 50 runs, which others on the machine disturb least."""


class Run(TypedDict):
    """One process."""

    ms: float
    faults: float


def alone(file: str, name: str, shape: Sequence[int], kept: str) -> Run:
    """Run one module in a process of its own."""
    folder = ROOT / "benchmarks" / "estimate_models"
    runners = ROOT / "server" / "hwlint" / "measure" / "runners"
    words = [str(folder), str(runners), file, name, json.dumps(shape), kept]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def line(name: str, found: Mapping[str, Sequence[Run]]) -> dict[str, object]:
    """Return one line of the table."""
    told: dict[str, object] = {"module": name}
    for kept, runs in found.items():
        times = [run["ms"] for run in runs]
        told[f"{kept}: ms, median"] = f"{statistics.median(times):.2f}"
        told[f"{kept}: longest / shortest"] = f"{max(times) / min(times):.2f}"
        told[f"{kept}: page faults a run"] = f"{statistics.median(r['faults'] for r in runs):.0f}"
    return told


def main() -> None:
    """Run all and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=5)
    processes = parser.parse_args().processes
    found: dict[str, dict[str, list[Run]]] = {}
    for _ in range(processes):
        for file, members in MODULES.items():
            for name, shape in members.items():
                own = found.setdefault(f"{file}.{name}", {"as it is": [], "kept": []})
                for kept, runs in own.items():
                    runs.append(alone(file, name, shape, kept))
    text = table([line(name, own) for name, own in found.items()])
    print(text)
    record("allocator", {"modules": found}, "Freed memory, given back or kept", text)


if __name__ == "__main__":
    main()
