"""Hold hwlint against one GPU: how it measures, what it says of tiles, and what it foretells.

    python benchmarks/gpu.py --device cuda [--minutes 5] [--profile h100-sxm] [--out DIR]

Parts, each written as soon as it is done, each without the others: what the GPU is; `hwlint
measure` beside timing without it, eager; pairs of operations around a tile beside what the rules
and the estimate say of them; estimates of 30 modules with the profile as it stands beside their
times; then the measuring and the estimates again with torch.compile. There is no part with a
calibrated profile: `hwlint device calibrate` times processors. `--device cpu` tries this out.
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
import _gpu_said as pairs
from _common import RESULTS, ROOT, hwlint, record, table

from hwlint.profile import available_profiles

HERE = ROOT / "benchmarks"
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
PROCESSES = max(1, min(8, (os.cpu_count() or 1) // 2))
"""That fill torch's cache of compiled modules before any is timed."""
PROFILES = {"H200": "h200-sxm", "H100": "h100-sxm", "A100": "a100-sxm-80gb"}


class Bench:
    """One run of this script: what was found so far, and how much time is left."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self.asked, self.folder = asked, folder
        self.end = time.monotonic() + 60 * asked.minutes
        self.data: dict[str, Any] = {"parts": {}}
        self.sections: list[str] = []
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


def estimates(*, compiled: bool) -> Callable[[Bench], str]:
    """Return the part that holds estimates against times."""

    def part(bench: Bench) -> str:
        seconds = 0.08 if compiled else 0.1
        jobs = foretold.jobs(compiled=compiled, seconds=seconds)
        if bench.asked.device != "cuda":
            jobs = [job for job in jobs if str(job["key"]).endswith(" 1")][:8]
        timed = bench.lines("_gpu_alone.py", bench.left(120), jobs)
        root = bench.folder / "eager"
        root.mkdir(exist_ok=True)
        foretold.write_eager(root, bench.profile)
        profiles = available_profiles(root)
        known = foretold.foretold(profiles[bench.profile], profiles["eager"])
        rate = profiles[bench.profile].achievable_ops("bf16")
        found = list(foretold.judged(timed, known, rate, compiled=compiled))
        bench.data["parts"]["estimates-compiled" if compiled else "estimates"] = {
            "timed": timed,
            "estimates": {key: one._asdict() for key, one in known.items()},
            "scores": found,
        }
        rows = [{k: v for k, v in row.items() if k != "score"} for row in found]
        scores = table(rows) if rows else "Too few were timed."
        return f"{scores}\n\n{foretold.each(timed, known, compiled=compiled)}"

    return part


def warm(bench: Bench) -> str:
    """Compile everything that is to be timed, in several processes, into torch's cache."""
    wanted = [alone(bench, n, d, compiled=True) for n in models(bench) for d in DTYPES[n]]
    wanted += foretold.jobs(compiled=True, seconds=0)
    if bench.asked.device != "cuda":
        wanted = wanted[:2]
    jobs = [{**job, "seconds": 0} for job in wanted]
    seconds = bench.left(min(100.0, 0.5 * bench.left(600)))
    end = time.monotonic() + seconds + 10
    running: list[subprocess.Popen[bytes]] = []
    counts: list[int] = []
    outs = [bench.folder / f"warm{n}.txt" for n in range(PROCESSES)]
    for n, out in enumerate(outs):
        share = bench.written("warm", jobs[n::PROCESSES])
        words = [sys.executable, HERE / "_gpu_alone.py", bench.asked.device, share, f"{seconds}"]
        more = os.environ | {"TORCHINDUCTOR_COMPILE_THREADS": "2"}
        with out.open("wb") as file:
            running.append(subprocess.Popen(list(map(str, words)), stdout=file, env=more))
    for process, out in zip(running, outs, strict=True):
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        counts.append(sum('"first_s"' in line for line in out.read_text().splitlines()))
    return f"{sum(counts)} of {len(jobs)} were compiled ahead, in {PROCESSES} processes."


PARTS: Mapping[str, Callable[[Bench], str]] = {
    "gpu": machine,
    "measure": measuring("torch"),
    "tiles": tiles,
    "estimates": estimates(compiled=False),
    "ahead": warm,
    "measure-compiled": measuring("torch-compile"),
    "estimates-compiled": estimates(compiled=True),
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
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hwlint-gpu-") as folder:
        bench = Bench(asked, Path(folder).resolve())
        for name in asked.parts:
            bench.do(name, PARTS[name])


if __name__ == "__main__":
    main()
