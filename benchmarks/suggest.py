"""Let `hwlint suggest` search for faster variants of five modules on this processor.

    python benchmarks/suggest.py [--minutes 15] [--threads 1] [--modules NAME ...]
    python benchmarks/suggest.py --lint          # what is recorded, linted again

Each module lies in a copy of its own. The fastest candidate that the search confirmed is written
into another copy with `--apply`; then, apart from the search, it is imported, called, linted at the
lines that have changed, in the number format that it was measured in, and measured in turns with
the original. "Faster" says that the middle halves of the samples of that last measurement lie
apart. Where some modules are named, what is recorded of the others stays, with the commit that it
is of.
"""

import argparse
import difflib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from _common import RESULTS, ROOT, environment, hwlint, printed, processor, record, table

MODULES = {
    "CNN": ("examples/cnn.py", "small_resnet", "1x3x32x32"),
    "ViT": ("examples/vit.py", "vit_small_patch16", "1x3x224x224"),
    "ResNet-18": ("benchmarks/suggest_models/resnet18.py", "ResNet18", "1x3x128x128"),
    "MobileNetV3": ("benchmarks/suggest_models/mobilenetv3.py", "MobileNetV3", "1x3x224x224"),
    "visual wake words": ("examples/tiny/visual_wake_words.py", "MobileNetV1", "1x3x96x96"),
}
PROFILE = "x86-avx2"
CLOSE = 0.1
"""How far parameters and products may be from the original's, which is the default of --keep."""
CALLED = """\
import importlib, sys, torch
model = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])().eval()
with torch.no_grad():
    print(tuple(model(torch.randn(*map(int, sys.argv[3].split("x")))).shape))
"""
TRIES = 5
"""Of the last measurement, while one of the two is unsteady in it."""
Row = dict[str, object]


def main() -> int:
    """Search for each module and record what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--lint", action="store_true", help="Search for nothing.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = (
            []
            if asked.lint
            else [searched(one, folder, asked.minutes, asked.threads) for one in asked.modules]
        )
        rows = with_earlier(made)
        if asked.lint:
            rows = [linted_again(row, folder) for row in rows]
    good = sum(row["faster"] is True for row in rows)
    close = f"{CLOSE:.0%}"
    body = (
        f"{table([shown(row) for row in rows])}\n\n"
        f"{asked.minutes:g} minutes each, torch eager, {asked.threads} thread(s), {processor()}, "
        f"profile {PROFILE}; parameters and multiply-accumulates within {close} of the original's. "
        '"ms" and what follows it: median (IQR), measured apart from the search, in turns; '
        '"commit": of the search, `--modules` with its name. '
        f"Faster with intervals apart: {good} of {len(rows)}.\n\n{changes(rows)}"
    )
    print(body)
    data = {"processor": processor(), "minutes": asked.minutes, "modules": rows}
    record("suggest", data, "Suggestions, measured apart", body)
    return 0 if good >= min(3, len(rows)) and all(row["holds"] for row in rows) else 1


def with_earlier(made: list[Row]) -> list[Row]:
    """Return the rows of all modules, in order: those that were made now, and earlier ones."""
    file = RESULTS / "suggest.json"
    earlier = json.loads(file.read_text())["modules"] if file.exists() else []
    known = {row["module"]: row for row in (*earlier, *made)}
    return [known[name] for name in MODULES if name in known]


def searched(name: str, folder: Path, minutes: float, threads: int) -> Row:
    """Search for one module, and judge the best that was found."""
    path, made, shape = MODULES[name]
    here = folder / name.replace(" ", "-").lower()
    before, after = (copied(ROOT / path, here / side) for side in ("original", "suggested"))
    store = {"HWLINT_STORE": f"sqlite:///{here / 'store.sqlite'}"}
    options = [
        "--input", shape, "--runner", "torch", "--threads", str(threads), "--profile", PROFILE,
        "--minutes", str(minutes), "--trials", "150", "--seed", "0", "--finalists", "5",
    ]  # fmt: skip
    command = hwlint("suggest", f"{after}:{made}", *options, "--output-format", "json")
    found = json.loads(printed(command, store, codes=(0, 1)))
    trials = [trial for trial in found["trials"] if trial["choices"]]
    row: Row = {
        "module": name,
        "commit": environment()["commit"],
        "points": len(found["points"]),
        "proposed": len(trials),
        "measured": sum(trial["state"] == "measured" for trial in trials),
        "suggested": len(found["suggestions"]),
        "confirmed": sum(one["confidence"] == "confirmed" for one in found["suggestions"]),
        "found": kept(found, after.parent),
    }
    best = next((one for one in found["suggestions"] if one["confidence"] == "confirmed"), None)
    if best is None:
        return row | {"faster": None, "holds": True}
    printed(hwlint("suggest", f"{after}:{made}", *options, "--apply", str(best["trial"])), store)
    return row | judged(before, after, made, shape, threads) | compared_sizes(found, best)


KEPT = ("trial", "choices", "median_s", "iqr_s", "params", "macs")
"""Of a trial that was measured, for the record."""


def kept(found: dict, folder: Path) -> Row:
    """Return what is worth a place in the record, without the folder that it was in."""
    trials = [
        {name: trial[name] for name in KEPT}
        for trial in found["trials"]
        if trial["choices"] and trial["state"] == "measured"
    ]
    return json.loads(json.dumps({**found, "trials": trials}).replace(f"{folder}/", ""))


def copied(path: Path, folder: Path) -> Path:
    """Copy a file into a project of its own."""
    folder.mkdir(parents=True)
    config = f'devices = ["{PROFILE}"]\ndtype = {{ {PROFILE} = "fp32" }}\n'
    (folder / "pyproject.toml").write_text(f"[tool.hwlint]\n{config}")
    return Path(shutil.copy(path, folder / path.name))


def judged(before: Path, after: Path, made: str, shape: str, threads: int) -> Row:
    """Import, call, lint and measure what was written."""
    runs = [called(path, made, shape) for path in (before, after)]
    same = runs[0] == runs[1] and not runs[1].startswith("fails")
    changed = changed_lines(before, after)
    findings = [f for f in linted(after) if f["line"] in changed]
    measured = in_turns(before, after, made, shape, threads)
    faster = measured["refused"] is None and measured["ratio"] < 1
    return {
        "original": timed(measured["a"]),
        "after": timed(measured["b"]),
        "ratio": median(
            its / own
            for own, its in zip(measured["a"]["samples"], measured["b"]["samples"], strict=False)
        ),
        "refused": measured["refused"],
        "faster": faster,
        "runs": same,
        "output": runs[1],
        "findings": findings,
        "changed": diff(before, after),
        "holds": same and not findings,
    }


def in_turns(before: Path, after: Path, made: str, shape: str, threads: int) -> dict:
    """Measure the two in turns; again where something else was at work meanwhile."""
    words = hwlint(
        "measure", "--compare", f"{before}:{made}", f"{after}:{made}", "--input", shape,
        "--runner", "torch", "--threads", str(threads), "--samples", "60",
        "--no-operators", "--no-store", "--output-format", "json",
    )  # fmt: skip
    found: dict = {}
    for _ in range(TRIES):
        found = json.loads(printed(words, codes=(0, 1)))
        if "unsteady" not in (found["refused"] or ""):
            break
    return found


def linted_again(row: Row, folder: Path) -> Row:
    """Make the suggested file out of what is recorded of it, and lint it."""
    lines = row.get("changed")
    if not isinstance(lines, list):
        return row
    path = MODULES[str(row["module"])][0]
    here = folder / str(row["module"]).replace(" ", "-").lower()
    before, after = (copied(ROOT / path, here / side) for side in ("original", "suggested"))
    text, old, new = after.read_text(), "", ""
    for line in [*lines, "-"]:
        if line.startswith("-") and new:
            assert text.count(old) == 1, old
            text, old, new = text.replace(old, new), "", ""
        old += f"{line[1:]}\n" if line.startswith("-") else ""
        new += f"{line[1:]}\n" if line.startswith("+") else ""
    after.write_text(text)
    assert diff(before, after) == lines
    changed = changed_lines(before, after)
    findings = [{**f, "path": path} for f in linted(after) if f["line"] in changed]
    return row | {"findings": findings, "holds": row["runs"] and not findings}


def called(path: Path, made: str, shape: str) -> str:
    """Import a file, build the module and call it; return the shape, or that it fails."""
    words = [sys.executable, "-c", CALLED, path.stem, made, shape]
    done = subprocess.run(words, cwd=path.parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else f"fails: {done.stderr[-300:]}"


def linted(path: Path) -> list[dict]:
    """Return the findings of a file."""
    words = hwlint("check", path, "--no-cache", "--output-format", "json")
    return json.loads(printed(words, codes=(0, 1)))["findings"]


def changed_lines(before: Path, after: Path) -> set[int]:
    """Return the lines of the second file, from 1, that the first has otherwise."""
    one, other = before.read_text().splitlines(), after.read_text().splitlines()
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return {n + 1 for tag, _, _, low, high in blocks if tag != "equal" for n in range(low, high)}


def diff(before: Path, after: Path) -> list[str]:
    """Return the lines that were taken away and put there."""
    one, other = before.read_text().splitlines(), after.read_text().splitlines()
    lines = list(difflib.unified_diff(one, other, n=0, lineterm=""))[2:]
    return [line for line in lines if not line.startswith("@@")]


def compared_sizes(found: Mapping, best: Mapping) -> Row:
    """Return by how much a candidate differs in size."""
    original = found["original"]
    sizes = {what: best[what] / original[what] - 1 for what in ("params", "macs")}
    assert all(abs(more) <= CLOSE for more in sizes.values())
    return {**sizes, "trial": best["trial"]}


def timed(one: Mapping) -> str:
    """Say how long something took."""
    return f"{one['median_s'] * 1e3:.3g} ({one['iqr_s'] * 1e3:.2g})"


def shown(row: Row) -> Row:
    """Return a row of the table."""
    found = row["faster"] is not None
    lines = row.get("findings")
    return {
        "module": row["module"],
        "commit": row.get("commit", ""),
        "points": row["points"],
        "measured": row["measured"],
        "confirmed": row["confirmed"],
        "original ms": row.get("original", ""),
        "suggested ms": row.get("after", ""),
        "ratio": f"{row['ratio']:.3f}" if found else "",
        "faster": {True: "yes", False: "no", None: "none found"}[row["faster"]],  # pyright: ignore[reportArgumentType] - one of these
        "params": f"{row['params']:+.1%}" if found else "",
        "MACs": f"{row['macs']:+.1%}" if found else "",
        "runs": ("yes" if row["runs"] else "no") if found else "",
        "findings there": len(lines) if isinstance(lines, list) else "",
    }


def changes(rows: list[Row]) -> str:
    """Return what was changed, module by module."""
    parts: list[str] = []
    for row in rows:
        lines = row.get("changed")
        if isinstance(lines, list):
            text = "\n".join(map(str, lines))
            parts.append(f"{row['module']}:\n\n```diff\n{text}\n```")
    return "\n\n".join(parts)


if __name__ == "__main__":
    raise SystemExit(main())
