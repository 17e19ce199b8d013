"""Fit a device to ten cells of NAS-Bench-201 and foretell the rest.

    python benchmarks/nb201.py [--truth DIR] [--draws 20] [--samples 10]

The cells of truth/nb201_latency.csv are written as PyTorch source, hwlint reads the source, and
what `hwlint device fit` does is done with ten of them, drawn at random, for each draw; the others
are judged. Beside it FLOPs and a constant, fitted to the same ten. Medians over the draws.

The latencies were measured by others: on a GTX 1080 Ti and a Xeon with PyTorch as it comes, on a
Raspberry Pi 4 with TFLite. The code timed with PyTorch multiplies by zero where a cell has "none";
for TFLite such an edge is left out, and what nobody uses then is for hwlint to leave out.
"""

import argparse
import csv
import json
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from _common import CACHE, TRUTH, hwlint, record, run, table

from hwlint.cost import Accuracy, Sample, accuracy, amounts, fit, fit_flops
from hwlint.graph import ModelGraph
from hwlint.profile import Profile, available_profiles
from hwlint.reader import ForwardOptions, InputSpec, Reader, ReadOptions

WORK = CACHE / "nb201"
IMAGE = (1, 3, 32, 32)

# Column of the table -> the file of sources, and the profile.
DEVICES = {
    "1080ti_1": ("eager", "gtx-1080-ti"),
    "gold_6226": ("eager", "xeon-gold-6226"),
    "raspi4": ("tflite", "raspberry-pi-4"),
}
PROFILE = """\
extends = ["_base", "_eager"]
name = "{name}"
kind = "{kind}"
default_dtype = "fp32"
"""
NAMES = {
    "gtx-1080-ti": ("NVIDIA GeForce GTX 1080 Ti", "gpu"),
    "xeon-gold-6226": ("Intel Xeon Gold 6226", "cpu"),
}

NETWORK = """\
import torch
import torch.nn as nn


class Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


class Conv(nn.Sequential):
    def __init__(self, c_in, c_out, kernel, stride=1):
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(c_out),
        )


class Reduction(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.a = Conv(c_in, c_out, 3, 2)
        self.b = Conv(c_out, c_out, 3)
        self.down = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(c_in, c_out, 1, bias=False))

    def forward(self, x):
        return self.down(x) + self.b(self.a(x))


class Network(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16))
        layers = []
        for stage, channels in enumerate((16, 32, 64)):
            if stage:
                layers.append(Reduction(channels // 2, channels))
            layers += [cell(channels) for _ in range(5)]
        self.cells = nn.Sequential(*layers)
        self.last = nn.Sequential(nn.BatchNorm2d(64), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = self.last(self.cells(self.stem(x)))
        return self.head(self.pool(x).flatten(1))
"""
CELL = """\


class Cell{number}(nn.Module):
    def __init__(self, c):
        super().__init__()
{built}

    def forward(self, x0):
{run}
        return x3


def net_{number}():
    return Network(Cell{number})
"""
OPERATIONS = {
    "nor_conv_3x3": "Conv(c, c, 3)",
    "nor_conv_1x1": "Conv(c, c, 1)",
    "avg_pool_3x3": "nn.AvgPool2d(3, 1, 1, count_include_pad=False)",
    "skip_connect": "nn.Identity()",
    "none": "Zero()",
}


def cell(number: int, arch: str, *, zeros: bool) -> str:
    """Return the source of a cell. `zeros`: multiply by zero where it has no edge."""
    built: list[str] = []
    ran: list[str] = []
    for node, text in enumerate(arch.split("+"), 1):
        edges = [edge.split("~") for edge in text.strip("|").split("|")]
        kept = [(op, at) for op, at in edges if zeros or op != "none"]
        built += [f"        self.e{node}{at} = {OPERATIONS[op]}" for op, at in kept]
        parts = [f"self.e{node}{at}(x{at})" for _, at in kept]
        ran.append(f"        x{node} = {' + '.join(parts) or 'torch.zeros_like(x0)'}")
    return CELL.format(number=number, built="\n".join(built) or "        pass", run="\n".join(ran))


def write(archs: Sequence[str]) -> None:
    """Write both files of sources and the profiles of what hwlint has none of."""
    (WORK / ".hwlint" / "profiles").mkdir(parents=True, exist_ok=True)
    (WORK / "pyproject.toml").write_text("[tool.hwlint]\n")
    for name, zeros in (("eager", True), ("tflite", False)):
        cells = (cell(number, arch, zeros=zeros) for number, arch in enumerate(archs))
        (WORK / f"{name}.py").write_text(NETWORK + "".join(cells))
    for key, (name, kind) in NAMES.items():
        path = WORK / ".hwlint" / "profiles" / f"{key}.toml"
        path.write_text(PROFILE.format(name=name, kind=kind))


def read(name: str, count: int) -> list[ModelGraph]:
    """Read every network of a file."""
    given = ForwardOptions((InputSpec("", IMAGE),))
    reader = Reader(ReadOptions(WORK, (WORK,), forward=given))
    path = str(WORK / f"{name}.py")
    return [reader.read_place(path, f"net_{number}").graphs[0] for number in range(count)]


def samples(
    graphs: Sequence[ModelGraph], profile: Profile, times: Sequence[float], *, live: bool
) -> list[Sample]:
    """Return what each network does. `live`: the baseline counts only what the runtime runs."""
    made: list[Sample] = []
    for graph, ms in zip(graphs, times, strict=True):
        found = amounts(graph, profile, "fp32")
        if found is None or graph.flow is None or graph.flow.macs is None:
            sys.exit(f"{graph.entry.name} was not read in full")
        made.append(Sample(found, found.operations if live else 2.0 * graph.flow.macs, ms))
    return made


def judge(
    every: Sequence[Sample],
    draws: int,
    count: int,
    make: Callable[[Sequence[Sample]], Callable[[Sample], float]],
) -> Accuracy:
    """Return the medians over draws of how well the rest is foretold."""
    found: list[Accuracy] = []
    for seed in range(draws):
        drawn = set(random.Random(seed).sample(range(len(every)), count))
        foretell = make([every[n] for n in sorted(drawn)])
        rest = [sample for n, sample in enumerate(every) if n not in drawn]
        found.append(accuracy([foretell(s) for s in rest], [s.ms for s in rest]))
    return Accuracy(*(statistics.median(values) for values in zip(*found, strict=True)))


def command_line(device: str, source: str, times: Sequence[float], count: int) -> dict[str, float]:
    """Run `hwlint device fit` on the first draw; return the coefficients that it prints."""
    drawn = sorted(random.Random(0).sample(range(len(times)), count))
    shape = "x".join(map(str, IMAGE))
    rows = [f"{WORK / f'{source}.py'}:net_{n},{times[n]},{shape}" for n in drawn]
    file = WORK / f"{device}.csv"
    file.write_text("\n".join(("place,latency_ms,input", *rows, "")))
    command = hwlint("device", "fit", device, file, "--dtype", "fp32", "--root", WORK)
    done = run([*command, "--output-format", "json"], WORK / f"{device}.json")
    if done.code:
        sys.exit(done.errors)
    return json.loads((WORK / f"{device}.json").read_text())["coefficients"]


def row(device: str, what: str, found: Accuracy) -> dict[str, object]:
    """Return one line of the table."""
    return {
        "device": device,
        "fitted": what,
        "MAPE": f"{100 * found.mape:.1f} %",
        "within 5 %": f"{100 * found.within_5:.0f} %",
        "within 10 %": f"{100 * found.within_10:.0f} %",
        "Spearman": f"{found.spearman:.3f}",
        "Kendall": f"{found.kendall:.3f}",
    }


def main() -> None:
    """Write, read, fit, judge, record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--samples", type=int, default=10)
    options = parser.parse_args()
    with (options.truth / "nb201_latency.csv").open(newline="") as file:
        truth = list(csv.DictReader(file))
    write([line["arch"] for line in truth])
    graphs = {name: read(name, len(truth)) for name in ("eager", "tflite")}
    profiles = available_profiles(WORK)
    rows: list[dict[str, object]] = []
    data: dict[str, object] = {}
    for column, (source, key) in DEVICES.items():
        times = [float(line[column]) for line in truth]
        written = samples(graphs[source], profiles[key], times, live=False)
        live = samples(graphs[source], profiles[key], times, live=True)
        asked = (options.draws, options.samples)
        found = {
            "operations, bytes, kernels": judge(written, *asked, lambda some: fit(some).predict),
            "FLOPs as written": judge(written, *asked, fit_flops),
            "FLOPs of what runs": judge(live, *asked, fit_flops),
        }
        rows += [row(column, what, one) for what, one in found.items()]
        ours = fit([written[n] for n in sorted(random.Random(0).sample(range(len(times)), 10))])
        said = command_line(key, source, times, 10)
        same = all(abs(said[k] - v) <= 1e-6 * max(1, abs(v)) for k, v in ours._asdict().items())
        data[column] = {what: one._asdict() for what, one in found.items()} | {
            "the command line fits the same": same
        }
    text = (
        f"{len(truth)} cells; {options.samples} drawn, the others foretold; medians of "
        f"{options.draws} draws.\n\n{table(rows)}\n"
    )
    print(text)
    record("nb201", {"draws": options.draws, "devices": data}, "NAS-Bench-201", text)


if __name__ == "__main__":
    main()
