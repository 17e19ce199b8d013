"""Search NAS-Bench-201 by measured latency, by FLOPs, and at random: whose front is better?

    python benchmarks/search.py [--truth DIR] [--trials 40] [--seeds 5]

The device is a table: the latencies of truth/nb201_latency.csv. A module is a cell's six
operations; a proposal that is not in the table stands for the cell of the table that differs from
it least. The search of `hwlint suggest` (`hwlint.search.loop`) looks for less latency and more
parameters three times: with the table's latency and its own estimate to leave candidates out; with
FLOPs in the place of the latency, as a search without a device has them; and at random. All three
may look at the same number of cells. What counts is the hypervolume, in measured latency and
parameters, of the front that each believes in, as a share of that of the whole table.
"""

import argparse
import csv
import json
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import vl_convert
from _common import RESULTS, TRUTH, record, table
from attrs import field, frozen
from nb201 import OPERATIONS, WORK, read, write

from hwlint.engine.targets import Target
from hwlint.measure.job import Result
from hwlint.profile import available_profiles
from hwlint.report.vega import VERSION
from hwlint.search.facts import facts_of
from hwlint.search.loop import Effort, Search
from hwlint.search.model import Candidate, Choices, Facts, Point
from hwlint.search.objectives import Objectives, front
from hwlint.search.storage import open_storage
from hwlint.search.study import SamplerName, open_study
from hwlint.search.trial import Observation, Trial
from hwlint.source.spans import Place

# Column of the table -> the file of sources, and the profile that estimates: of a device that was
# not measured there where hwlint has none of the one that was.
DEVICES = {
    "1080ti_1": ("eager", "t4"),
    "gold_6226": ("eager", "x86-avx512-vnni"),
    "raspi4": ("tflite", "raspberry-pi-4"),
}
EDGES = ("10", "20", "21", "30", "31", "32")
OBJECTIVES = ("latency", "params")
WAYS = ("hwlint", "FLOPs", "random")
COLOURS = {"hwlint": "#3366cc", "FLOPs": "#dd7722", "random": "#888888"}


def operations(arch: str) -> tuple[str, ...]:
    """Return the six operations of a cell, in the order of `EDGES`."""
    return tuple(
        edge.partition("~")[0] for node in arch.split("+") for edge in node.strip("|").split("|")
    )


@frozen
class Cells:
    """All cells of the table as a space."""

    cells: Mapping[tuple[str, ...], Facts]
    first: tuple[str, ...]
    key: str = "nb201"
    _nearest: dict[tuple[str, ...], tuple[str, ...]] = field(
        factory=dict[tuple[str, ...], tuple[str, ...]]
    )

    @property
    def points(self) -> tuple[Point, ...]:
        """One for each edge."""
        names = tuple(OPERATIONS)
        return tuple(
            Point(f"e{edge}", "separable", Place("cell.py", n, 0, n, 1), self.first[n], names)
            for n, edge in enumerate(EDGES)
        )

    @property
    def original(self) -> Candidate:
        """The cell that the search starts from."""
        return Candidate({}, (), {}, self.cells[self.first])

    def candidate(self, choices: Choices) -> Candidate:
        """Return the cell of the table that differs least from what is chosen."""
        wanted = tuple(str(choices.get(p.name, p.present)) for p in self.points)
        if wanted not in self._nearest:
            self._nearest[wanted] = min(self.cells, key=lambda c: (_apart(c, wanted), c))
        found = self._nearest[wanted]
        pairs = zip(self.points, found, strict=True)
        others = {point.name: name for point, name in pairs if name != point.present}
        contents = {"cell.py": " ".join(found).encode()} if others else {}
        return Candidate(others, (), contents, self.cells[found])


def _apart(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


@frozen
class TableDevice:
    """Says of a cell what a function says."""

    says: Callable[[Candidate], float]
    parallel: int = 1

    def observe(self, candidate: Candidate, **_: object) -> Observation:
        """Look it up."""
        return Observation(Result("", median_s=self.says(candidate), iqr_s=0.0))


def searched(space: Cells, device: TableDevice, way: str, trials: int, seed: int) -> list[Trial]:
    """Search; return what was measured, in order."""
    sampler: SamplerName = "random" if way == "random" else "nsga2"
    objectives = Objectives(OBJECTIVES, space.original.facts)
    with tempfile.TemporaryDirectory() as folder:
        storage = open_storage(f"sqlite:///{folder}/store.sqlite")
        study = open_study(
            storage, way, space.points, objectives, sampler=sampler, trials=trials, seed=seed
        )
        effort = Effort(trials, 3600.0)
        nothing = lambda *_: ()  # noqa: E731 - hears nothing, and bounds nothing
        search = Search(space, study, device, effort, nothing, nothing, prune=way == "hwlint")
        search.run()
    return [trial for trial in search.trials if trial.state == "measured"]


def hypervolume(points: Sequence[tuple[float, float]], worst: tuple[float, float]) -> float:
    """Return the area between (latency, params) and the worst of both: less latency and more
    parameters are better."""
    area, most = 0.0, worst[1]
    for latency, params in sorted(points, key=lambda p: (p[0], -p[1])):
        if params > most and latency < worst[0]:
            area += (worst[0] - latency) * (params - most)
            most = params
    return area


def curve(
    trials: Sequence[Trial],
    space: Cells,
    latency: Callable[[Candidate], float],
    whole: float,
    worst: tuple[float, float],
) -> list[float]:
    """Return the share of the whole table's hypervolume after each trial."""
    objectives = Objectives(OBJECTIVES, space.original.facts)
    shares: list[float] = []
    for count in range(1, len(trials) + 1):
        believed = front(trials[:count], objectives)
        points = [(latency(space.candidate(t.choices)), float(_params(t))) for t in believed]
        shares.append(hypervolume(points, worst) / whole)
    return shares


def _params(trial: Trial) -> int:
    assert trial.facts is not None
    assert trial.facts.params is not None
    return trial.facts.params


def main() -> None:
    """Read, search, record, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    with (asked.truth / "nb201_latency.csv").open(newline="") as file:
        truth = list(csv.DictReader(file))
    write([line["arch"] for line in truth])
    graphs = {name: read(name, len(truth)) for name in ("eager", "tflite")}
    profiles = available_profiles(WORK)
    rows: list[dict[str, object]] = []
    curves: list[dict[str, object]] = []
    for column, (source, profile) in DEVICES.items():
        target = Target(profiles[profile], "fp32")
        cells = [operations(line["arch"]) for line in truth]
        facts = {c: facts_of(g, target) for c, g in zip(cells, graphs[source], strict=True)}
        times = {c: float(line[column]) / 1e3 for c, line in zip(cells, truth, strict=True)}
        rows.append({"device": column, **compared(asked, cells, facts, times, column, curves)})
    text = (
        f"{len(truth)} cells, {asked.trials} looked at, {asked.seeds} seeds: median share of the "
        "hypervolume of the whole table's front, with the least and the greatest."
        f"\n\n{table(rows)}\n\n"
        "![Share of the hypervolume after each trial, medians of the seeds](search.svg)\n"
    )
    print(text)
    record("search", {"trials": asked.trials, "curves": curves}, "Search in NAS-Bench-201", text)
    draw(curves)


def compared(
    asked: argparse.Namespace,
    cells: Sequence[tuple[str, ...]],
    facts: Mapping[tuple[str, ...], Facts],
    times: Mapping[tuple[str, ...], float],
    column: str,
    curves: list[dict[str, object]],
) -> dict[str, object]:
    """Search in each way with each seed on one device; return a line of the table."""
    worst = (max(times.values()), float(min(f.params or 0 for f in facts.values())))
    everything = [(times[c], float(facts[c].params or 0)) for c in cells]
    whole = hypervolume(everything, worst)
    line: dict[str, object] = {}
    for way in WAYS:
        found: list[list[float]] = []
        for seed in range(asked.seeds):
            space = Cells(facts, cells[seed])
            latency = lambda c, s=space: times[_cell(s, c)]  # noqa: E731 - of the candidate
            says = (lambda c: float(c.facts.macs or 0)) if way == "FLOPs" else latency
            trials = searched(space, TableDevice(says), way, asked.trials, seed)
            found.append(curve(trials, space, latency, whole, worst))
        last = sorted(one[-1] for one in found)
        middle = statistics.median(last)
        line[way] = f"{middle:.3f} ({last[0]:.3f}–{last[-1]:.3f})"
        longest = max(map(len, found))
        for count in range(longest):
            share = statistics.median(one[min(count, len(one) - 1)] for one in found)
            curves.append({"device": column, "way": way, "trials": count, "share": share})
    return line


def _cell(space: Cells, candidate: Candidate) -> tuple[str, ...]:
    return tuple(str(candidate.choices.get(p.name, p.present)) for p in space.points)


def draw(curves: Sequence[Mapping[str, object]]) -> None:
    """Draw the shares after each trial into results/search.svg, a plot for each device."""
    axes = {
        "x": {"field": "trials", "type": "quantitative", "title": "cells looked at"},
        "y": {"field": "share", "type": "quantitative", "title": "share of the hypervolume",
              "scale": {"zero": False}},
        "color": {"field": "way", "title": None,
                  "scale": {"domain": list(COLOURS), "range": list(COLOURS.values())}},
    }  # fmt: skip
    spec = {
        "data": {"values": list(curves)},
        "facet": {"column": {"field": "device", "title": None, "sort": list(DEVICES)}},
        "spec": {"width": 240, "height": 200, "mark": "line", "encoding": axes},
    }
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=VERSION)
    (RESULTS / "search.svg").write_text(svg)


if __name__ == "__main__":
    main()
