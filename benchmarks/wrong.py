"""Judge what the scorer calls wrong: is it really not built, or only never recorded?

    python benchmarks/wrong.py [--truth DIR] [--split dev] [--lib transformers] [--site DIR]

The recorded truth covers the ways of building that were exercised. A layer that hwlint reads in
another way of building counts there as wrong although torch does build it. So each such way is
built with torch on the meta device, in a child process, and the claim is looked up in what was
built. Needs the records of truth.py and an interpreter with torch (`--python`; else one is made).
"""

import argparse
import json
import re
import subprocess
import sys
import venv
from collections import defaultdict
from pathlib import Path
from typing import Any

from _common import CACHE, LIBRARIES, TRUTH, fetch, record, table

RECORDS = CACHE / "inspect" / "all.jsonl"
WRONG = re.compile(r"^WRONG (\{.*\}) truth: ", re.MULTILINE)
CONCRETE = re.compile(r"^concrete_(ok|wrong)\s+(\d+)", re.MULTILINE)


def score(options: argparse.Namespace, library: str) -> tuple[list[dict[str, Any]], int]:
    """Return the records that the scorer calls wrong, and how many it judged."""
    command = [sys.executable, options.truth / "score.py", "--pred", RECORDS]
    command += ["--truth", options.truth / "out", "--split", options.split, "--lib", library]
    command += ["--level", "core", "--show-wrong", "1000000"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    wrong = [json.loads(found) for found in WRONG.findall(done.stdout)]
    return wrong, sum(int(count) for _, count in CONCRETE.findall(done.stdout))


def interpreter(given: Path | None) -> Path:
    """Return a Python that can import torch and the libraries' own needs."""
    if given is not None:
        return given
    home = CACHE / "venv"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        # torch first: what depends on it would bring the build with the GPU's libraries.
        subprocess.run([*pip, "torch==2.13.0"], check=True)
        pinned = f"transformers=={LIBRARIES['transformers']}"
        subprocess.run([*pip, pinned, "numpy", "pillow", "einops"], check=True)
    return python


def judge(
    wrong: list[dict[str, Any]], python: Path, site: Path, truth: Path
) -> list[dict[str, Any]]:
    """Build every context that claims something and say of each claim whether it holds."""
    by_context: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for claim in wrong:
        by_context[claim["context"], claim["file"]].append(claim)
    jobs = [
        {"context": context, "file": file, "records": claims}
        for (context, file), claims in by_context.items()
    ]
    oracle = Path(__file__).parent / "_oracle.py"
    done = subprocess.run(
        [str(python), "-W", "ignore", str(oracle), str(site), str(truth / "score.py")],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(answers) != len(jobs):
        sys.exit(f"{len(jobs) - len(answers)} contexts brought no answer:\n{done.stderr[-2000:]}")
    return [
        {
            **claim,
            "built": held,
            "verdict": "built" if held else "not built" if reply.get("ways") else "not judged",
            "errors": reply["errors"],
        }
        for reply in answers
        for claim, held in zip(
            jobs[reply["job"]]["records"],
            reply.get("right") or [False] * len(jobs[reply["job"]]["records"]),
            strict=True,
        )
    ]


def main() -> None:
    """Score, build, print, record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=TRUTH, help="folder with score.py and out/")
    parser.add_argument("--split", default="dev", choices=("dev", "heldout", "all"))
    parser.add_argument("--lib", action="append", choices=tuple(LIBRARIES), help="may be repeated")
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--python", type=Path, help="has torch and what the libraries import")
    options = parser.parse_args()
    if not RECORDS.exists():
        sys.exit("no records yet: run benchmarks/truth.py first")
    site = fetch(LIBRARIES, options.site).resolve()
    python = interpreter(options.python)
    rows: list[dict[str, object]] = []
    verdicts: dict[str, list[dict[str, Any]]] = {}
    for library in options.lib or ["transformers"]:
        wrong, judged = score(options, library)
        verdicts[library] = found = judge(wrong, python, site, options.truth) if wrong else []
        count = dict.fromkeys(("built", "not built", "not judged"), 0)
        for claim in found:
            count[claim["verdict"]] += 1
        rows.append(
            {
                "library": library,
                "claims judged": judged,
                "wrong by the record": len(wrong),
                "really built": count["built"],
                "really wrong": count["not built"],
                "could not be built": count["not judged"],
                "really wrong, at most": (len(wrong) - count["built"]) / judged if judged else None,
            }
        )
    text = table(rows)
    print(text)
    left = {
        library: [c for c in found if c["verdict"] != "built"]
        for library, found in verdicts.items()
    }
    data = {"split": options.split, "rows": rows, "left": left}
    record("wrong", data, "What the record calls wrong, built with torch to see", text)


if __name__ == "__main__":
    main()
