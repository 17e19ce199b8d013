"""Let `hwlint suggest` search for variants that Arm's compiler says are faster on an Ethos-U.

    python -m venv ENV
    ENV/bin/pip install torch==2.13.0 executorch==1.5.1 tosa-tools==2026.8.0 ethos-u-vela==5.2.0
    python benchmarks/suggest_vela.py --python ENV/bin/python [--trials 12] [--modules NAME ...]

Nothing is measured: the times are the vendor compiler's estimates. Each module lies in a copy of
its own. The candidate that takes least is written with `--apply`, called, and compiled once more,
apart from the search.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

from _common import ROOT, hwlint, printed, record, table
from suggest import called, copied, diff

from hwlint.cost import accuracy

MODULES = {
    "keyword spotting": ("examples/kws.py", "DSCNN", "1x1x49x10"),
    "keyword spotting, MLPerf Tiny": ("examples/tiny/keyword_spotting.py", "DSCNN", "1x1x49x10"),
    "odd widths": ("benchmarks/suggest_models/odd_widths.py", "Net", "1x3x48x48"),
}
DEVICE = "ethos-u55-128"
Row = dict[str, object]


def main() -> int:
    """Search for each module and record what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="The interpreter of ENV.")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=list(MODULES))
    asked = parser.parse_args()
    python = Path(os.path.abspath(asked.python))  # noqa: PTH100 - a link here is an environment's
    with tempfile.TemporaryDirectory() as folder:
        rows = [searched(name, Path(folder), python, asked.trials) for name in asked.modules]
    body = (
        f"{table([shown(row) for row in rows])}\n\n"
        f"Vendor compiler estimates for {DEVICE}, int8; nothing was measured. At most "
        f"{asked.trials} candidates each; parameters and multiply-accumulates within 10% of the "
        'original\'s. "again": compiled once more, apart from the search. "by hwlint": how the '
        "static estimate, made without the compiler, says that the time changes; rank: Spearman's "
        "coefficient of that estimate with the compiler's over all that was compiled.\n\n"
        + "\n\n".join(changed(row) for row in rows if row["changed"])
    )
    print(body)
    record("suggest_vela", {"device": DEVICE, "modules": rows}, "Suggestions by Vela", body)
    return 0 if any(row["changed"] for row in rows) else 1


def searched(name: str, folder: Path, python: Path, trials: int) -> Row:
    """Search for one module; write the best that was found and compile it apart."""
    path, made, shape = MODULES[name]
    here = folder / name.replace(" ", "-").replace(",", "").lower()
    before, after = (copied(ROOT / path, here / side) for side in ("original", "suggested"))
    store = {"HWLINT_STORE": f"sqlite:///{here / 'store.sqlite'}"}
    compiler = ["--input", shape, "--device", DEVICE, "--runner", "vela", "--python", str(python)]
    search = ["--trials", str(trials), "--minutes", "120", "--seed", "0"]
    words = hwlint("suggest", f"{after}:{made}", *compiler, *search, "--output-format", "json")
    found = json.loads(printed(words, store, codes=(0, 1)))
    tried = [one for one in found["trials"] if one["state"] == "compiled"]
    row: Row = {
        "module": name,
        "points": len(found["points"]),
        "trials": [
            {k: one[k] for k in ("choices", "median_s", "estimate_s", "params", "macs")}
            for one in tried
        ],
        "original": found["original"],
        "best": None,
        "changed": [],
    }
    if not found["suggestions"]:
        return row
    best = found["suggestions"][0]
    number = ("--apply", str(best["trial"]))
    printed(hwlint("suggest", f"{after}:{made}", *compiler, *search, *number), store)
    same = called(before, made, shape) == called(after, made, shape)
    words = ("measure", f"{after}:{made}", *compiler, "--no-store", "--output-format", "json")
    again = json.loads(printed(hwlint(*words)))
    return row | {
        "best": best,
        "again_s": again["median_s"],
        "runs": same,
        "changed": diff(before, after),
    }


def shown(row: Row) -> Row:
    """Return a row of the table."""
    original, best, trials = row["original"], row["best"], row["trials"]
    assert isinstance(original, dict)
    assert isinstance(trials, list)
    compiled, estimated = ([trial[key] for trial in trials] for key in ("median_s", "estimate_s"))
    first: Row = {
        "module": row["module"],
        "points": row["points"],
        "compiled": len(trials) - 1,
        "rank": f"{accuracy(estimated, compiled).spearman:.2f}",
        "original us": f"{original['median_s'] * 1e6:.0f}",
    }
    if not isinstance(best, dict):
        return first | dict.fromkeys(
            ("suggested us", "again", "change", "by hwlint", "params", "MACs", "runs"), ""
        )
    change = {
        key: best[key] / original[key] - 1 for key in ("median_s", "estimate_s", "params", "macs")
    }
    again = row["again_s"]
    assert isinstance(again, float)
    return first | {
        "suggested us": f"{best['median_s'] * 1e6:.0f}",
        "again": f"{again * 1e6:.0f}",
        "change": f"{change['median_s']:+.1%}",
        "by hwlint": f"{change['estimate_s']:+.1%}",
        "params": f"{change['params']:+.1%}",
        "MACs": f"{change['macs']:+.1%}",
        "runs": "yes" if row["runs"] else "no",
    }


def changed(row: Row) -> str:
    """Return what was changed in a module."""
    lines = row["changed"]
    assert isinstance(lines, list)
    text = "\n".join(map(str, lines))
    return f"{row['module']}:\n\n```diff\n{text}\n```"


if __name__ == "__main__":
    raise SystemExit(main())
