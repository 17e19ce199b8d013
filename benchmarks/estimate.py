"""Calibrate this machine, then foretell 30 modules that the calibration knows nothing of.

    python benchmarks/estimate.py [--minutes 2.5] [--threads 1] [--rounds 3] [--most-rounds 9]
    python benchmarks/estimate.py --draw         # results/estimate.svg from results/estimate.json

`hwlint device calibrate` times single operations; the modules of estimate_models/ are read as
source and estimated with the profile that it writes, and in the same run they are timed by the
session of `hwlint measure`: each one several times, in turns with all others, so that what else
the machine does meets all alike. Both run on one processor. A round counts if nothing else was at
work on its core, by the loop that `hwlint measure` times beside the model; its time is the first
quartile, as the calibration takes its own, and the module's is the median of those rounds. A module
with too few of them is timed in more rounds; one of which too few ever count, or whose rounds lie
too far apart, is not judged, and named.

Beside it two fits of FLOPs to the same calibration: times a number, and a line with a constant;
and one that may see the answers: FLOPs and a constant fitted to the other 29 modules.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert
from _common import CACHE, RESULTS, ROOT, hwlint, record, run, table
from _estimated import MODULES, read, row

from hwlint.cost import Accuracy, Amounts, Sample, accuracy, cross_validated, estimate, fit_flops
from hwlint.cost.fit import least_squares
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.engine.run import Options
from hwlint.measure.calibration.cases import cases_of
from hwlint.measure.calibration.fitting import times_of
from hwlint.measure.destination import Destination
from hwlint.measure.job import Method
from hwlint.measure.paces import DISTURBED
from hwlint.measure.samples import quantile
from hwlint.measure.session import Asked, Session
from hwlint.measure.targets import LOCAL
from hwlint.profile import Profile, available_profiles
from hwlint.reader import InputSpec
from hwlint.report.vega import VERSION

WORK = CACHE / "estimate"
HERE = Destination(MeasureTarget(LOCAL, ""), None)
FEWEST = 2
"""Rounds that have to count."""
SPREAD = 0.25
"""Rounds that lie further apart (interquartile range over median) are no measurement."""
Key = tuple[str, str]
Round = tuple[float, float]
"""First quartile of the samples, in ms, and the pace of the processor, in seconds."""


def calibrate(minutes: float, threads: int) -> None:
    """Run the command."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / "benchmarks" / "estimate_models", WORK)
    (WORK / "pyproject.toml").write_text("[tool.hwlint]\n")
    words = ["--minutes", str(minutes), "--threads", str(threads), "--root", WORK]
    done = run(hwlint("device", "calibrate", "local", *words), WORK / "calibrate.txt")
    if done.code:
        sys.exit(done.errors)
    print((WORK / "calibrate.txt").read_text())


def measured(rounds: int, most: int, threads: int) -> dict[Key, list[float]]:
    """Time all modules, round after round, until so many count of each; milliseconds of each round
    that counts."""
    found: dict[Key, list[Round]] = {
        (file, name): [] for file, members in MODULES.items() for name in members
    }
    for number in range(most):
        best = min((pace for each in found.values() for _, pace in each), default=0.0)
        wanted = [key for key in found if len(calm(found[key], best)) < rounds]
        for key in wanted:
            found[key].append(timed(*key, threads))
        print(f"round {number + 1}: {len(wanted)} modules", file=sys.stderr, flush=True)
    best = min(pace for each in found.values() for _, pace in each)
    return {key: calm(each, best) for key, each in found.items()}


def timed(file: str, name: str, threads: int) -> Round:
    """Time one module once."""
    asked = Asked(
        runner="torch",
        inputs=(InputSpec("", MODULES[file][name]),),
        threads=threads,
        method=Method(samples=20, seconds=0.2, most_seconds=2.0),
        operators=False,
        options=Options(root=WORK),
    )
    session = Session(asked, lambda _: None, lambda: False, lambda *_: None, HERE)
    result = session.measure(f"{WORK / file}.py:{name}").result
    if result.median_s is None:
        sys.exit(f"{name}: {result.failure}")
    return 1e3 * quantile(result.samples, 0.25), result.pace_s or 0.0


def calm(rounds: Sequence[Round], best: float) -> list[float]:
    """Return the times of the rounds in which nothing else was at work."""
    return [ms for ms, pace in rounds if pace <= DISTURBED * best]


def spread(rounds: Sequence[float]) -> float:
    """Return the interquartile range over the median."""
    if len(rounds) < 3:
        return max(rounds) / min(rounds) - 1
    first, middle, third = statistics.quantiles(rounds, n=4, method="inclusive")
    return (third - first) / middle


def of_flops(rows: Sequence[tuple[float, float]]) -> tuple[float, tuple[float, float]]:
    """Fit FLOPs to the products that were timed, by relative error: a scalar; a line."""
    (scalar,) = least_squares([(flops / ms,) for flops, ms in rows])
    slope, constant = least_squares([(flops / ms, 1 / ms) for flops, ms in rows], free=1)
    return scalar, (slope, constant)


def foretold(keys: Sequence[Key], profile: Profile) -> tuple[list[float], list[float]]:
    """Return the milliseconds that each module is estimated to take, and its FLOPs."""
    ours: list[float] = []
    flops: list[float] = []
    for file, name in keys:
        graph = read(WORK, file, name, MODULES[file][name])
        found = estimate(graph, profile, "fp32")
        if found is None or graph.flow is None or graph.flow.macs is None:
            sys.exit(f"{graph.entry.name} was not read in full")
        ours.append(1e3 * found.seconds)
        flops.append(2.0 * graph.flow.macs)
    return ours, flops


def compared(
    ours: Sequence[float], flops: Sequence[float], truth: Sequence[float]
) -> dict[str, Accuracy]:
    """Hold the estimates, and fits of FLOPs, against what was measured."""
    scalar, (slope, constant) = of_flops(timed_products())
    samples = [Sample(Amounts(f, 0.0, 1), f, ms) for f, ms in zip(flops, truth, strict=True)]
    return {
        "hwlint, calibrated": accuracy(ours, truth),
        "FLOPs, one number, same calibration": accuracy([scalar * f for f in flops], truth),
        "FLOPs, a line, same calibration": accuracy([slope * f + constant for f in flops], truth),
        "FLOPs, a line through the other modules": cross_validated(samples, fit_flops),
    }


def main() -> None:
    """Calibrate, read, measure, judge, record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=2.5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most-rounds", type=int, default=9, help="where they lie apart")
    parser.add_argument("--draw", action="store_true", help="only draw what was recorded")
    options = parser.parse_args()
    if options.draw:
        draw(json.loads((RESULTS / "estimate.json").read_text())["modules"])
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-options.threads :])
    calibrate(options.minutes, options.threads)
    profile = available_profiles(WORK)["local"]
    every = measured(options.rounds, options.most_rounds, options.threads)
    noisy = [
        name
        for (_, name), rounds in every.items()
        if len(rounds) < FEWEST or spread(rounds) > SPREAD
    ]
    keys = [key for key in every if key[1] not in noisy]
    truth = [statistics.median(every[key]) for key in keys]
    ours, flops = foretold(keys, profile)
    judged = compared(ours, flops, truth)
    text = report(judged, keys, truth, ours, noisy, every)
    print(text)
    data = {
        "threads": options.threads,
        "accuracy": {what: one._asdict() for what, one in judged.items()},
        "not judged": noisy,
        "modules": [
            {"module": f"{f}.{n}", "rounds_ms": every[f, n], "estimate_ms": e, "flops": fl}
            for (f, n), e, fl in zip(keys, ours, flops, strict=True)
        ],
        "calibration": profile.calibrated["fp32"].source[0],
    }
    record("estimate", data, "Estimates of a calibrated machine", text)
    draw(data["modules"])


def draw(modules: Sequence[Mapping[str, Any]]) -> None:
    """Draw measured against estimated times into results/estimate.svg: a point for each module,
    a line from its fastest to its slowest round, and the line on which both are the same."""
    points = [
        {
            "module": module["module"],
            "family": module["module"].partition(".")[0],
            "name": module["module"].partition(".")[2],
            "measured": statistics.median(module["rounds_ms"]),
            "fastest": min(module["rounds_ms"]),
            "slowest": max(module["rounds_ms"]),
            "estimated": module["estimate_ms"],
        }
        for module in modules
    ]
    every = [p[key] for p in points for key in ("fastest", "slowest", "estimated")]
    ends = [min(every) / 1.1, max(every) * 1.1]
    scale = {"type": "log", "domain": ends, "nice": False}
    axes = {
        "x": {"field": "estimated", "type": "quantitative", "scale": scale,
              "title": "estimated, ms"},
        "y": {"field": "measured", "type": "quantitative", "scale": scale,
              "title": "measured, ms"},
    }  # fmt: skip
    same = [{"estimated": end, "measured": end} for end in ends]
    spread = {"y": {**axes["y"], "field": "fastest"}, "y2": {"field": "slowest"}}
    spec = {
        "data": {"values": points},
        "width": 420,
        "height": 420,
        "layer": [
            {"data": {"values": same}, "mark": {"type": "line", "color": "#999"}, "encoding": axes},
            {"mark": {"type": "rule", "color": "#999"}, "encoding": {"x": axes["x"], **spread}},
            {
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {**axes, "color": {"field": "family", "title": None}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 9},
                "encoding": {**axes, "text": {"field": "name"}},
            },
        ],
    }
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=VERSION)
    (RESULTS / "estimate.svg").write_text(svg)


def timed_products() -> list[tuple[float, float]]:
    """FLOPs and milliseconds of the products that the calibration timed."""
    visits = json.loads((WORK / ".hwlint" / "profiles" / "local.json").read_text())["visits"]
    times = times_of(visits)
    return [
        (2.0 * case.product.macs, 1e3 * times[case.id])
        for case in cases_of()
        if case.product is not None and case.id in times
    ]


_ALT = "Measured against estimated times, with a line from the fastest to the slowest round"


def report(
    judged: Mapping[str, Accuracy],
    keys: Sequence[Key],
    truth: Sequence[float],
    ours: Sequence[float],
    noisy: Sequence[str],
    every: Mapping[Key, Sequence[float]],
) -> str:
    """Return the text of the record."""
    each = [
        {
            "module": f"{file}.{name}",
            "measured ms": f"{t:.2f}",
            "estimate ms": f"{e:.2f}",
            "off": f"{100 * (e / t - 1):+.0f} %",
        }
        for (file, name), t, e in zip(keys, truth, ours, strict=True)
    ]
    shortest, longest = (of(map(len, every.values())) for of in (min, max))
    lines = [
        f"{len(keys)} of {len(every)} modules; of each {shortest} to {longest} rounds count.",
        *(
            [f"Not judged, for want of rounds that count and agree: {', '.join(noisy)}."]
            if noisy
            else []
        ),
        "",
        table([row(what, one) for what, one in judged.items()]),
        "",
        table(each),
        "",
        f"![{_ALT}](estimate.svg)",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
