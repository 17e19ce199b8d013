"""Examine the reader: what `hwlint inspect` says against what torch was recorded to build.

    python benchmarks/truth.py [--truth DIR] [--split dev] [--lib timm ...] [--site DIR] [--forward]

Each package is read whole, with the entry points that hwlint finds in it by itself. A layer that a
model of one package builds in a file of another counts there, as it does in the record. With
`--forward` the models are called too, with the inputs that the record has.
"""

import argparse
import gzip
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _common import CACHE, LIBRARIES, TRUTH, Run, fetch, hwlint, record, run, table


def inspect(library: str, site: Path, inputs: Path | None) -> tuple[Path, Run]:
    """Read one package; return the file of records and how the run went."""
    output = CACHE / "inspect" / f"{library}.jsonl"
    arguments = ["inspect", site / library, "--root", site, "--output-format", "jsonl"]
    arguments += ["--no-forward"] if inputs is None else ["--inputs-from", inputs]
    done = run(hwlint(*arguments), output)
    if done.code != 0:
        sys.exit(f"inspect {library} ended with {done.code}:\n{done.errors[-2000:]}")
    return output, done


def score(truth: Path, records: Path, library: str, split: str) -> dict[str, Any]:
    """Run the scorer on one library."""
    result = CACHE / "inspect" / f"{library}.score.json"
    command = [sys.executable, truth / "score.py", "--pred", records, "--truth", truth / "out"]
    command += ["--split", split, "--lib", library, "--level", "core", "--json", result]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return json.loads(result.read_text())


def recorded_inputs(truth: Path) -> Path:
    """Write what the recorded models were called with as `--inputs-from` takes it."""
    found: dict[str, list[str]] = {}
    with gzip.open(truth / "out" / "forward.jsonl.gz", "rt") as file:
        for line in file:
            record_ = json.loads(line)
            given = record_.get("input") or []
            named = given[1] if given and given[0] == [] else {}
            texts = ["x".join(map(str, shape)) for shape in given if not named]
            texts += [f"{name}={'x'.join(map(str, shape))}" for name, shape in named.items()]
            found[f"{record_['lib']}:{record_['model']}"] = texts
    target = CACHE / "inspect" / "inputs.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found))
    return target


def flows(library: str, scores: Mapping[str, Any]) -> dict[str, object]:
    """Return one line of the table of forward passes."""
    found = scores.get("forward", {}).get(library, {})
    ran, said = found.get("entries with a recorded forward", 0), found.get("macs said", 0)
    said = found.get("macs said (complete readings)", said)
    rows = found.get("rows right", 0) + found.get("rows wrong", 0)
    return {
        "library": library,
        "recorded": ran,
        "complete": said / ran if ran else None,
        "macs within 1 %": found.get("macs within 1%", 0) / said if said else None,
        "params exact": found.get("params exact", 0) / max(found.get("params said", 0), 1),
        "rows said": rows / found["rows"] if found.get("rows") else None,
        "rows right of said": found.get("rows right", 0) / rows if rows else None,
    }


def judged(truth: Path, read: Mapping[str, Path]) -> Path:
    """Keep the records of entry points that the truth has: of a way of building that nobody
    exercised, it can only say "wrong" (`benchmarks/wrong.py` builds those)."""
    known: set[tuple[str, str]] = set()
    with gzip.open(truth / "out" / "layers.jsonl.gz", "rt") as file:
        for line in file:
            found = json.loads(line)
            known.add((found["lib"], found["model"]))
    target = CACHE / "inspect" / "judged.jsonl"
    with target.open("w") as kept:
        for library, path in read.items():
            for line in path.read_text().splitlines():
                found = json.loads(line)
                if "op" not in found or (library, found.get("context")) in known:
                    kept.write(line + "\n")
    return target


def row(
    library: str, scores: Mapping[str, Any], certain: Mapping[str, Any], done: Run
) -> dict[str, object]:
    """Return one line of the table."""
    forward = scores.get("forward", {}).get(library, {})
    entries, said = forward.get("entries", 0), forward.get("params said", 0)
    return {
        "library": library,
        "sites": scores["sites"],
        "recall_site": scores["recall_site(any dims right)"],
        "recall_tuple": scores["recall_tuple"],
        "precision": certain["precision"],
        "wrong": certain.get("concrete_wrong", 0),
        "precision, all": scores["precision"],
        "entries": entries,
        "params said": said / entries if entries else None,
        "exact of said": forward.get("params exact", 0) / said if said else None,
        "wall s": round(done.wall, 1),
        "peak MB": round(done.peak),
    }


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=TRUTH, help="folder with score.py and out/")
    parser.add_argument("--split", default="dev", choices=("dev", "heldout", "all"))
    parser.add_argument("--lib", action="append", choices=tuple(LIBRARIES), help="may be repeated")
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--forward", action="store_true", help="follow forward as well")
    options = parser.parse_args()
    if not (options.truth / "score.py").is_file():
        parser.error(f"{options.truth} has no score.py: --truth DIR says where the record lies")
    return options


def main() -> None:
    """Read, score, print, record."""
    options = arguments()
    libraries = options.lib or list(LIBRARIES)
    site = fetch(libraries, options.site).resolve()
    inputs = recorded_inputs(options.truth) if options.forward else None
    runs = {library: inspect(library, site, inputs) for library in libraries}
    records = CACHE / "inspect" / "all.jsonl"
    records.write_bytes(b"".join(path.read_bytes() for path, _ in runs.values()))
    scores = {lib: score(options.truth, records, lib, options.split) for lib in libraries}
    known = judged(options.truth, {library: path for library, (path, _) in runs.items()})
    certain = {lib: score(options.truth, known, lib, options.split) for lib in libraries}
    rows = [row(lib, scores[lib], certain[lib], runs[lib][1]) for lib in libraries]
    text = table(rows)
    print(text)
    if options.forward:
        flowing = [flows(lib, scores[lib]) for lib in libraries]
        print(table(flowing))
        if set(libraries) == set(LIBRARIES):
            title = f"Forward against recorded truth, split {options.split}, inputs as recorded"
            data = {"split": options.split, "rows": flowing, "scores": scores}
            record("forward", data, title, table(flowing))
        return
    if set(libraries) == set(LIBRARIES):  # a part of the examination is not the record
        title = f"The reader against recorded truth, split {options.split}, level core"
        record("truth", {"split": options.split, "rows": rows, "scores": scores}, title, text)


if __name__ == "__main__":
    main()
