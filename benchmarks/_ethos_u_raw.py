"""What the vendor's compiler said of drawn modules, kept so that the comparison needs no compiler.

Sets: "fit" is what the cost model was made with, "judge" and then "fresh" what it is judged on,
"operators" single operators, "contiguous" convolutions that are given their maps as (N, C, H, W).
results/ethos_u/SET.json holds each module's source and the compiler's figures.
"""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from _common import CACHE, RESULTS
from _ethos_u_cases import Case, aligned_pairs, layers, modules
from _ethos_u_operators import operators

__all__ = ["ONLY", "SETS", "TARGETS", "Result", "compile_set", "load"]

TARGETS = ("ethos-u55-128", "ethos-u85-256")
SEEDS = {"fit": 1, "judge": 2, "fresh": 3}
PAIRS = {"fit": 20, "judge": 36, "fresh": 0}
SETS = ("fit", "judge", "fresh", "operators", "contiguous")
ONLY = {"fresh": ("ethos-u55-128",)}
"""Sets for fewer devices: the fresh one is about copied weights, and the U85 copies none."""
PACKAGES = ("ethos-u-vela", "executorch", "tosa-tools", "torch", "torchao")
WORKER = Path(__file__).parent / "_ethos_u_compile.py"

Result = Mapping[str, object]
"""The compiler's figures: see `figures` of the worker; {"error": text} where it refused."""


def cases(name: str) -> list[Case]:
    """Return the modules of a set."""
    if name == "operators":
        return operators()
    if name == "contiguous":
        return [case for case in layers(SEEDS["fit"]) if case.kind.startswith(("conv", "depth"))]
    seed = SEEDS[name]
    return [*layers(seed), *modules(seed), *aligned_pairs(seed, PAIRS[name])]


def compile_set(name: str, python: Path) -> None:
    """Compile what is not cached with the interpreter of the compiler's environment; keep all."""
    versions = _versions(python)
    drawn, targets = cases(name), ONLY.get(name, TARGETS)
    keys = {(c.name, t): _key(c, t, _layout(name), versions) for c in drawn for t in targets}
    cached = CACHE / "ethos_u"
    cached.mkdir(parents=True, exist_ok=True)
    jobs = [
        {
            "key": keys[c.name, t],
            "target": t,
            "source": c.source,
            "inputs": c.inputs,
            "layout": _layout(name),
        }
        for c in drawn
        for t in targets
        if not (cached / f"{keys[c.name, t]}.json").exists()
    ]
    _compile(jobs, python, cached)
    rows = [
        _row(case, {t: cached / f"{keys[case.name, t]}.json" for t in targets}) for case in drawn
    ]
    command = f"python benchmarks/ethos_u.py --compile --python PYTHON --set {name}"
    _write(RESULTS / "ethos_u" / f"{name}.json", {"command": command, "versions": versions}, rows)


def load(name: str) -> tuple[Mapping[str, str], Iterator[tuple[Case, Mapping[str, Result]]]]:
    """Return the versions that a set was compiled with, and its modules with their results."""
    data = json.loads((RESULTS / "ethos_u" / f"{name}.json").read_text())
    return data["versions"], (_case(row) for row in data["cases"])


def _case(row: dict[str, object]) -> tuple[Case, Mapping[str, Result]]:
    results = row.pop("results")
    row["inputs"] = tuple((tuple(shape), dtype) for shape, dtype in row["inputs"])
    return Case(**row), results


def _versions(python: Path) -> dict[str, str]:
    code = "import json, sys; from importlib.metadata import version as v; "
    code += "print(json.dumps({n: v(n) for n in sys.argv[1:]}))"
    done = subprocess.run(
        [str(python), "-c", code, *PACKAGES], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def _layout(name: str) -> str:
    return "channels_last" if name in SEEDS else "contiguous"


def _key(case: Case, target: str, layout: str, versions: Mapping[str, str]) -> str:
    text = json.dumps([case.source, case.inputs, target, layout, versions, WORKER.read_text()])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _compile(jobs: list[dict[str, object]], python: Path, folder: Path) -> None:
    if not jobs:
        return
    with tempfile.TemporaryDirectory() as name, (CACHE / "ethos_u.log").open("w") as log:
        listed = Path(name, "jobs.json")
        listed.write_text(json.dumps(jobs))
        subprocess.run([str(python), str(WORKER), str(listed), str(folder)], stderr=log, check=True)


def _row(case: Case, results: Mapping[str, Path]) -> dict[str, object]:
    found = {target: json.loads(path.read_text()) for target, path in results.items()}
    kept = {
        name: value for name, value in asdict(case).items() if value or name in ("name", "kind")
    }
    return {**kept, "results": found}


def _write(path: Path, head: Mapping[str, object], rows: list[dict[str, object]]) -> None:
    """One line a module: compact, and a change shows in review."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    start = json.dumps(head)[:-1]
    path.write_text(f'{start}, "cases": [\n{lines}\n]}}\n')
