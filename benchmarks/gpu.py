"""Hold hwlint against one GPU: how it measures, what it says of tiles, and what it foretells.

    python benchmarks/gpu.py --device cuda [--minutes 5] [--profile h100-sxm] [--out DIR]

Parts, each written as soon as it is done, each without the others (`--parts`): what the GPU is;
`hwlint measure` beside timing without it; pairs of operations around a tile beside what the rules
and the estimate say of them; estimates of 30 modules with the profile as it stands beside their
times; pairs of models with a width in the middle that fits or does not, eager and by torch.compile;
the 30 modules by torch.compile, with a batch of 32 and of 1; the measuring with torch.compile.
`--join A B` writes the records in two folders as one, beside the profiles, and the report.
There is no part with a calibrated profile: `hwlint device calibrate` times processors. `--device
cpu` tries this out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import _gpu_foretold as foretold
import _gpu_middle as middle
import _gpu_said as pairs
from _common import RESULTS, ROOT, hwlint, record, table
from _gpu_joined import joined
from _gpu_turns import in_turns

from hwlint.profile import available_profiles

HERE = ROOT / "benchmarks"
MEASURED = ROOT / "profiles" / "hwlint_profiles" / "data" / "measured"
"""Where what was measured on a device is kept."""
MODELS: Mapping[str, tuple[str, str, str, tuple[int, ...], int]] = {
    "vit, 32 images": ("vit.py", "VisionTransformer", "vit_small_patch16()", (32, 3, 224, 224), 0),
    "vit, 1 image": ("vit.py", "VisionTransformer", "vit_small_patch16()", (1, 3, 224, 224), 0),
    "gpt, 8x256": ("gpt.py", "GPT", "GPT(GPTConfig())", (8, 256), 50304),
}
"""File, class, how it is built, what it is called with, and below which number that is."""
DTYPES: Mapping[str, tuple[str, ...]] = {
    "vit, 32 images": ("float32", "bfloat16"),
    "vit, 1 image": ("bfloat16",),
    "gpt, 8x256": ("float32", "bfloat16"),
}
TRIED: Mapping[str, tuple[int, ...]] = {"vit, 32 images": (1, 3, 224, 224), "gpt, 8x256": (1, 64)}
"""On a processor: smaller inputs."""
PROCESSES = max(2, min(14, (os.cpu_count() or 1) - 2))
"""That compile modules before any is timed."""
GRAPHS = {"cnn.plain_deep 2", "cnn.dense 1", "transformer.encoder 1", "transformer.vision 1"}
"""Modules that are also timed in torch.compile's mode "reduce-overhead"."""
PROFILES = {"H200": "h200-sxm", "H100": "h100-sxm", "A100": "a100-sxm-80gb"}


class Bench:
    """One run of this script: what was found so far, and how much time is left."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self.asked, self.folder = asked, folder
        self.end = time.monotonic() + 60 * asked.minutes
        self.data: dict[str, Any] = {"parts": {}}
        self.sections: list[str] = []
        self.timed: list[dict[str, Any]] = []
        """What torch.compile made, of all parts until now."""
        self.profile = asked.profile or "h100-sxm"
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))

    def left(self, most: float) -> float:
        """Return the seconds that a part may take."""
        return max(0.0, min(most, self.end - time.monotonic()))

    def do(self, name: str, part: Callable[["Bench"], str]) -> None:
        """Do one part and write what there is; a failure is part of the record."""
        start = time.monotonic()
        try:
            text = part(self)
        except Exception as problem:  # noqa: BLE001 - the other parts do not need this one
            traceback.print_exc()
            text = f"Failed: {type(problem).__name__}: {problem}"
            self.data["parts"].setdefault(name, {})["failed"] = text
        seconds = time.monotonic() - start
        self.sections.append(f"## {name}\n\n{text}\n\n{seconds:.0f} s.")
        print(f"{name}: {seconds:.0f} s\n{text}\n", file=sys.stderr, flush=True)
        gpu = self.data["parts"].get("gpu", {}).get("gpu", self.asked.device)
        body = f"On one {gpu}, with the profile {self.profile}.\n\n" + "\n\n".join(self.sections)
        record("gpu", self.data, "One GPU", body, self.asked.out, self.asked.commit)

    def lines(
        self, script: str, seconds: float, jobs: Sequence[Mapping[str, object]] | None = None
    ) -> list[dict[str, Any]]:
        """Run a script beside this one; return the lines of JSON that it printed until then."""
        words: list[str | Path] = [sys.executable, HERE / script, self.asked.device]
        if jobs is not None:
            words += [self.written(script, jobs), str(seconds)]
        with tempfile.TemporaryFile("w+") as out:
            try:
                subprocess.run(list(map(str, words)), stdout=out, timeout=seconds + 30, check=False)
            except subprocess.TimeoutExpired:
                print(f"{script} was ended after {seconds + 30:.0f} s", file=sys.stderr)
            out.seek(0)
            return [json.loads(line) for line in out if line[0] == "{" and line[-1] == "\n"]

    def written(self, name: str, jobs: Sequence[Mapping[str, object]]) -> Path:
        """Write jobs into a file of their own."""
        file = self.folder / f"{name}{time.monotonic_ns()}.json"
        file.write_text(json.dumps(list(jobs)))
        return file


# --- parts ----------------------------------------------------------------------------------


def machine(bench: Bench) -> str:
    """Say what the GPU is."""
    (found,) = bench.lines("_gpu_machine.py", bench.left(60))
    bench.data["parts"]["gpu"] = found
    if not bench.asked.profile:
        names = (p for name, p in PROFILES.items() if name in str(found.get("gpu")))
        bench.profile = next(names, bench.profile)
    return table([{"what": name, "is": shown(value)} for name, value in found.items()])


def shown(value: object) -> str:
    """Return a number with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else f"{value}"


def measuring(runner: str) -> Callable[[Bench], str]:
    """Return the part that holds `hwlint measure` with a runner against timing without it."""

    def part(bench: Bench) -> str:
        compiled = runner == "torch-compile"
        asked = [(name, dtype) for name in models(bench) for dtype in DTYPES[name]]
        jobs = [alone(bench, name, dtype, compiled=compiled) for name, dtype in asked]
        timed = {t["key"]: t for t in bench.lines("_gpu_alone.py", bench.left(70), jobs)}
        rows: list[dict[str, object]] = []
        kept = bench.data["parts"].setdefault(
            "measure-compiled" if compiled else "measure", {"rows": rows}
        )
        for name, dtype in asked:
            if bench.left(60) < 10:
                break
            ours = measured(bench, name, dtype, runner)
            theirs = timed.get(f"{name} {dtype}", {})
            kept[f"{name} {dtype}"] = {"hwlint": ours, "alone": theirs}
            rows.append(beside(name, dtype, ours, theirs))
        if not rows:
            return "There was no time."
        ratios = [float(str(r["hwlint / alone"])) for r in rows if r.get("hwlint / alone")]
        between = f"{min(ratios):.3f} to {max(ratios):.3f}" if ratios else "not known"
        heads = dict.fromkeys(head for row in rows for head in row)
        whole = table([heads | row for row in rows])
        return f"{whole}\n\nhwlint / alone, both waited for: {between}."

    return part


def models(bench: Bench) -> Sequence[str]:
    """Return the names of what is measured."""
    return list(MODELS) if bench.asked.device == "cuda" else list(TRIED)


def shape_of(bench: Bench, name: str) -> tuple[int, ...]:
    """Return what a model is called with."""
    return MODELS[name][3] if bench.asked.device == "cuda" else TRIED[name]


def alone(bench: Bench, name: str, dtype: str, *, compiled: bool) -> dict[str, object]:
    """Return what `_gpu_alone.py` is asked for."""
    file, _, build, _, high = MODELS[name]
    return {
        "key": f"{name} {dtype}",
        "file": str(ROOT / "examples" / file),
        "build": build,
        "inputs": [(shape_of(bench, name), high)],
        "dtype": dtype,
        "compile": compiled,
        "seconds": 0.4,
    }


def measured(bench: Bench, name: str, dtype: str, runner: str) -> dict[str, Any]:
    """Return what `hwlint measure` says; a failure has the key "error"."""
    file, model, build, _, high = MODELS[name]
    given = "x".join(map(str, shape_of(bench, name))) + (":int64" if high else "")
    words = hwlint(
        "measure", f"{ROOT / 'examples' / file}:{model}", "--build", build, "--input", given,
        "--runner", runner, "--dtype", dtype, "--on", bench.asked.device, "--no-store",
        "--output-format", "json", "--timeout", "60", "--threads", "1",
    )  # fmt: skip
    try:
        done = subprocess.run(
            list(map(str, words)), capture_output=True, text=True, check=False, timeout=90
        )
    except subprocess.TimeoutExpired as problem:
        return {"error": str(problem)}
    if done.returncode:
        return {"error": done.stderr[-1500:] or f"exit code {done.returncode}"}
    return json.loads(done.stdout)


def beside(
    name: str, dtype: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, object]:
    """Return one line of the table."""
    start: dict[str, object] = {"model": name, "dtype": dtype}
    if "error" in ours:
        return start | {"hwlint ms": ours["error"].strip().splitlines()[-1][:80]}
    seconds, waited = ours["median_s"], theirs.get("waited_s")
    joules, held = ours["energy_j"], theirs.get("peak_bytes")
    operators = sum(line["seconds"] for line in ours["lines"])
    return start | {
        "hwlint ms": 1e3 * seconds,
        "IQR": f"{100 * ours['iqr_s'] / seconds:.1f} %",
        "alone, waited ms": 1e3 * waited if waited else None,
        "hwlint / alone": seconds / waited if waited else None,
        "in a row ms": 1e3 * theirs["in_a_row_s"] if waited else None,
        "events ms": 1e3 * theirs["events_s"] if "events_s" in theirs else None,
        "lines ms": 1e3 * operators if operators else None,
        "peak MiB": f"{ours['peak_bytes'] / 2**20:.0f}" if ours["peak_bytes"] else None,
        "alone MiB": f"{held / 2**20:.0f}" if held else None,
        "W": f"{joules / seconds:.0f}" if joules else None,
        "compile s": f"{ours['compile_s']:.1f}" if ours["compile_s"] else None,
    }


def tiles(bench: Bench) -> str:
    """Time pairs of operations, and hold them against what is said of them."""
    folder = bench.folder / "pairs"
    folder.mkdir()
    jobs = pairs.jobs()
    if bench.asked.device != "cuda":
        jobs = [job for job in jobs if "linear_10" in str(job["key"])]
    timed = bench.lines("_gpu_pairs.py", bench.left(75), jobs)
    kept: dict[str, object] = {"timed": timed}
    bench.data["parts"]["tiles"] = kept
    told = pairs.said(folder, bench.profile, available_profiles()[bench.profile])
    found = list(pairs.compared(timed, told))
    kept |= {"said": told, "pairs": found}
    failed = [
        f"{t['key']} {t['dtype']} {t['backend']}: {t['error']}" for t in timed if "error" in t
    ]
    rows = [{k: v for k, v in row.items() if k != "kernels"} for row in found]
    names = {(t["key"], t["dtype"], t["backend"]): t["kernel"] for t in timed if "kernel" in t}
    kernels = [
        {"operation": key, "dtype": dtype, "asked for": backend, "kernel": kernel}
        for (key, dtype, backend), kernel in names.items()
        if key.startswith("Pheads")
    ]
    text = [table(rows) if rows else "Nothing was timed."]
    text += [table(kernels)] if kernels else []
    text += ["Failed: " + "; ".join(failed)] if failed else []
    return "\n\n".join(text)


def estimates(bench: Bench) -> str:
    """Hold estimates against times of torch as it comes."""
    jobs = foretold.jobs(0.1)
    if bench.asked.device != "cuda":
        jobs = [job for job in jobs if str(job["key"]).endswith(" 1")][:8]
    timed = bench.lines("_gpu_alone.py", bench.left(120), jobs)
    return scored(bench, "estimates", timed, timed, foretold.ONE_BY_ONE)


def scored(
    bench: Bench,
    name: str,
    timed: Sequence[Mapping[str, object]],
    shown: Sequence[Mapping[str, object]],
    clocks: Sequence[foretold.Clock],
) -> str:
    """Score estimates against what was timed, and show some of it one by one."""
    profiles = foretold.runtimes(bench.folder / "runtimes", bench.profile)
    known = foretold.foretold(profiles)
    rate = profiles["compiled"].achievable_ops("bf16")
    found = list(foretold.judged(timed, known, rate, clocks))
    keys = {str(one["key"]) for one in shown}
    bench.data["parts"][name] = {
        "timed": shown,
        "estimates": {key: one._asdict() for key, one in known.items() if key in keys},
        "scores": found,
    }
    rows = [{k: v for k, v in row.items() if k != "score"} for row in found]
    scores = table(rows) if rows else "Too few were timed."
    failed = [f"{t['key']}: {t['error']}" for t in shown if "error" in t]
    more = ["Failed: " + "; ".join(failed)] if failed else []
    return "\n\n".join([scores, foretold.each(shown, known, clocks), *more])


def between(bench: Bench) -> str:
    """Time pairs of models with a width in the middle, eager and compiled, and hold them against
    what is said of them."""
    folder = bench.folder / "middle"
    folder.mkdir()
    file = middle.write(folder)
    jobs = middle.jobs(file)
    if bench.asked.device != "cuda":
        jobs = [job for job in jobs if str(job["key"]) in ("hidden 1001", "hidden 1024")]
    timed = bench.lines("_gpu_runtimes.py", bench.left(150), jobs)
    kept: dict[str, object] = {"timed": timed}
    bench.data["parts"]["middle"] = kept
    profiles = foretold.runtimes(bench.folder / "runtimes", bench.profile)
    told = middle.said(file, bench.profile, {name: profiles[name] for name in middle.RUNTIMES})
    found = list(middle.compared(timed, told))
    kept |= {"said": told, "pairs": found}
    failed = [f"{t['key']} {t['dtype']}: {t['error']}" for t in timed if "error" in t]
    text = [table(found) if found else "Nothing was timed."]
    text += ["Failed: " + "; ".join(failed)] if failed else []
    return "\n\n".join(text)


def compiled(batch: int) -> Callable[[Bench], str]:
    """Return the part that holds estimates against times of what torch.compile makes."""
    name = f"compiled-{batch}"

    def part(bench: Bench) -> str:
        jobs = [
            {**job, "overhead": batch == 1 and job["key"] in GRAPHS}
            for job in foretold.jobs(0.08, (batch,))
        ]
        if bench.asked.device != "cuda":
            jobs = jobs[:3]
        most = bench.left(160)
        words = [sys.executable, HERE / "_gpu_runtimes.py", bench.asked.device]
        folder = bench.folder / name
        timed = in_turns(words, jobs, folder, PROCESSES, (0.6 * most, 0.4 * most))
        bench.timed += timed
        return scored(bench, name, bench.timed, timed, foretold.BOTH)

    return part


PARTS: Mapping[str, Callable[[Bench], str]] = {
    "gpu": machine,
    "measure": measuring("torch"),
    "tiles": tiles,
    "estimates": estimates,
    "middle": between,
    "compiled-32": compiled(32),
    "compiled-1": compiled(1),
    "measure-compiled": measuring("torch-compile"),
}
"""In the order in which they are done."""


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--profile", help="else by the name of the GPU")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--commit", default="", help="that is recorded; else git's")
    parser.add_argument("--join", nargs=2, type=Path, metavar=("A", "B"), help="folders of records")
    asked = parser.parse_args()
    if asked.join:
        device = asked.profile or "h100-sxm"
        joined(asked.join, device, MEASURED / f"{device}.json", asked.out)
        return
    with tempfile.TemporaryDirectory(prefix="hwlint-gpu-") as folder:
        bench = Bench(asked, Path(folder).resolve())
        for name in asked.parts:
            bench.do(name, PARTS[name])


if __name__ == "__main__":
    main()
