"""Compare hwlint's static estimates for Ethos-U with what Arm's compiler says of the same modules.

    python benchmarks/ethos_u.py            # needs no compiler: reads results/ethos_u

The compiler's figures are made, in an environment of their own, by

    python -m venv ENV
    ENV/bin/pip install torch==2.13.0 executorch==1.5.1 tosa-tools==2026.8.0 ethos-u-vela==5.2.0
    python benchmarks/ethos_u.py --compile --python ENV/bin/python [--set judge]

The cost model was made with the set "fit" in view and is judged on the set "judge", whose shapes
were drawn with another seed. What that showed of copied weights (the memory of one layer of 45 was
off by 21 %) was mended, and the set "fresh" was drawn and compiled after that, with a third seed;
it has no pairs and is of the U55, as the U85 copies no weights. Cycles are the compiler's own
estimates, not silicon. Modules are given their maps channels last, as the NPU stores them; the set
"contiguous" shows what it costs not to.

Steps: hwlint says by HW101 or HW102 that one channel more takes at least 1.2 times as long, beside
whether it does. Host: hwlint says by HW201 to HW204 that an operator leaves the NPU, beside whether
any of it does.
"""

import argparse
import statistics
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from _common import record, table
from _ethos_u_cases import Case
from _ethos_u_raw import ONLY, SETS, TARGETS, Result, compile_set, load
from _ethos_u_static import Static, reading
from _ethos_u_verdicts import Verdict, steps, support

from hwlint.cost import accuracy, estimate

Drawn = list[tuple[Case, Mapping[str, Result]]]
Row = dict[str, object]


def estimated(drawn: Drawn, target: str, static: Static) -> list[Row]:
    """Return the figures of both for each module that the compiler took."""
    profile = static.profile(target)
    assert profile.core is not None
    rows: list[Row] = []
    for case, results in drawn:
        found = results[target]
        if "cycles" not in found:
            continue
        graph = static.graph(case)
        known = estimate(graph, profile, "int8")
        if known is None:
            raise SystemExit(f"{case.name}: no estimate for {target}")
        rows.append(
            {
                "module": case.name,
                "kind": case.kind,
                "macs": graph.flow.macs if graph.flow is not None else None,
                "cycles": found["cycles"],
                "estimated": round(known.seconds * (profile.core.clock_mhz or 0) * 1e6),
                "sram KiB": found["sram_kib"],
                "estimated KiB": round((known.peak_bytes or 0) / 1024, 3),
            }
        )
    return rows


def agreement(rows: list[Row], target: str, name: str) -> Row:
    """Return how well estimates and the compiler agree over modules."""
    ratios = [row["estimated"] / row["cycles"] for row in rows]
    memory = [row["estimated KiB"] / row["sram KiB"] for row in rows]
    cycles = [row["cycles"] for row in rows]
    off = [abs(ratio - 1) for ratio in ratios]
    return {
        "set": name,
        "device": target,
        "modules": len(rows),
        "Spearman of cycles": accuracy([row["estimated"] for row in rows], cycles).spearman,
        "MACs alone": accuracy([row["macs"] or 0 for row in rows], cycles).spearman,
        "median error": statistics.median(off),
        "largest error": max(off),
        "within 10 %": sum(o <= 0.1 for o in off) / len(off),
        "SRAM within 15 %": sum(abs(m - 1) <= 0.15 for m in memory) / len(memory),
        "largest SRAM error": max(abs(m - 1) for m in memory),
    }


def counted(verdicts: Iterable[Verdict], target: str) -> Row:
    """Return precision, recall and agreement of verdicts."""
    found = list(verdicts)
    hits = sum(v.said and v.true for v in found)
    said, true = sum(v.said for v in found), sum(v.true for v in found)
    return {
        "device": target,
        "asked": len(found),
        "true": true,
        "said": said,
        "precision": hits / said if said else None,
        "recall": hits / true if true else None,
        "agree": sum(v.said == v.true for v in found) / len(found),
    }


def wrong(verdicts: Iterable[Verdict], target: str) -> list[str]:
    """Return the verdicts that differ, in words."""
    return [
        f"- {target}, {v.kind} {v.name}: hwlint {'says so' if v.said else 'does not'}; {v.detail}"
        for v in verdicts
        if v.said != v.true
    ]


def judged(verdict: Callable[..., Iterable[Verdict]], drawn: Drawn, static: Static):
    """Return the table of a kind of verdict, and what differs."""
    rows: list[Row] = []
    lines: list[str] = []
    for target in TARGETS:
        found = list(verdict(drawn, target, static))
        rows.append(counted(found, target))
        lines += wrong(found, target)
    return rows, lines


def layout() -> list[Row]:
    """Return what the compiler says of the same convolutions given contiguous and channels last."""
    fit = {case.name: results for case, results in load("fit")[1]}
    rows: list[Row] = []
    for target in TARGETS:
        times = [
            results[target]["cycles"] / fit[case.name][target]["cycles"]
            for case, results in load("contiguous")[1]
            if "cycles" in results[target] and "cycles" in fit[case.name][target]
        ]
        rows.append(
            {
                "device": target,
                "convolutions": len(times),
                "median": statistics.median(times),
                "least": min(times),
                "most": max(times),
            }
        )
    return rows


JUDGED = ("judge", "fresh")


def compare() -> None:
    """Print and record all tables."""
    versions, cases = load("judge")
    drawn = list(cases)
    rows: list[Row] = []
    modules: Row = {}
    with reading() as static:
        for name in JUDGED:
            singles = [(c, r) for c, r in load(name)[1] if not c.group]
            for target in ONLY.get(name, TARGETS):
                modules[f"{name}, {target}"] = found = estimated(singles, target, static)
                rows.append(agreement(found, target, name))
        step_rows, step_lines = judged(steps, drawn, static)
        host_rows, host_lines = judged(support, list(load("operators")[1]), static)
    body = "\n\n".join(
        (
            "Compiler: " + ", ".join(f"{key} {value}" for key, value in versions.items()),
            "## Cycles and SRAM of 40 layers and 5 small modules",
            table(rows),
            "## One channel more takes at least 1.2 times the cycles (set judge)",
            table(step_rows),
            "\n".join(step_lines) or "No verdict differs.",
            "## Operators that leave the NPU",
            table(host_rows),
            "\n".join(host_lines) or "No verdict differs.",
            "## Contiguous maps: cycles by those with maps channels last",
            table(layout()),
        )
    )
    print(body)
    data = {"cycles": rows, "steps": step_rows, "host": host_rows, "modules": modules}
    record("ethos_u", data, "Ethos-U: static estimates beside Arm's compiler", body)


def main() -> None:
    """Compile or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS, default="judge")
    parser.add_argument("--compile", action="store_true", help="run the compiler on --set")
    parser.add_argument("--python", type=Path, help="interpreter that has the compiler")
    options = parser.parse_args()
    if options.compile:
        compile_set(options.set, options.python)
    else:
        compare()


if __name__ == "__main__":
    main()
