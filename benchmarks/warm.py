"""Time `hwlint check` cold and warm, and torchfix on the same files.

    python benchmarks/warm.py [--site DIR] [--rounds 3] [--only timm/layers ...]

Cold is the first run with an empty cache, which it fills; warm the second, which has to say the
same to the byte. torchfix 0.7.0 has an environment of its own, as it needs an old libcst, and looks
for all that it knows. The three run in turn on the same machine; what counts are the ratios.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from _common import CACHE, Run, compile_as_pip_does, fetch, hwlint, record, run, table

PLACES = ("timm", "transformers/models")
"""Each is read as part of the package that it is in."""
TORCHFIX = "torchfix==0.7.0"
WORK = CACHE / "warm"


def torchfix() -> Path:
    """Return the command in an environment of its own, made when it is not there."""
    folder = CACHE / TORCHFIX
    if not (folder / "bin" / "torchfix").is_file():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", TORCHFIX], check=True)
    return folder / "bin" / "torchfix"


def check(site: Path, place: str, cache: Path, output: Path) -> Run:
    """Check one place with this cache, its findings into a file."""
    root = site / Path(place).parts[0]
    asked = ("--root", root, "--device", "h100-sxm", "--exit-zero", "--output-format", "json")
    done = run(
        hwlint("check", site / place, *asked), output, environment={"XDG_CACHE_HOME": str(cache)}
    )
    if done.code not in (0, 2):  # 2: a class that cannot be read to its end
        sys.exit(f"check of {place} ended with {done.code}:\n{done.errors[-2000:]}")
    return done


def one_round(site: Path, place: str, command: Path, number: int) -> dict[str, object]:
    """Run all three on one place."""
    cache = WORK / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    outputs = [WORK / f"{name}.json" for name in ("cold", "warm")]
    cold, warm = (check(site, place, cache, output) for output in outputs)
    said, again = (output.read_bytes() for output in outputs)
    other = run([command, "--select", "ALL", site / place], WORK / "torchfix.txt")
    if other.code not in (0, 1):
        sys.exit(f"torchfix of {place} ended with {other.code}:\n{other.errors[-2000:]}")
    return {
        "round": number,
        "place": place,
        "files": sum(1 for _ in (site / place).rglob("*.py")),
        "findings": len(json.loads(said)["findings"]),
        "cold s": round(cold.wall, 2),
        "warm s": round(warm.wall, 2),
        "torchfix s": round(other.wall, 2),
        "cold processor s": round(cold.processor, 2),
        "warm processor s": round(warm.processor, 2),
        "torchfix processor s": round(other.processor, 2),
        "same output": said == again,
    }


def summary(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the ratios over all places together, the median of all rounds."""
    rounds: dict[object, list[dict[str, object]]] = {}
    for row in rows:
        rounds.setdefault(row["round"], []).append(row)

    def middle(above: str, below: str) -> float:
        sums = [
            [sum(float(str(r[n])) for r in each) for n in (above, below)]
            for each in rounds.values()
        ]
        return round(statistics.median(a / b for a, b in sums), 4)

    return {
        "warm of cold": middle("warm s", "cold s"),
        "torchfix of cold": middle("torchfix s", "cold s"),
        "warm of cold, processor": middle("warm processor s", "cold processor s"),
        "torchfix of cold, processor": middle("torchfix processor s", "cold processor s"),
        "same output": all(row["same output"] for row in rows),
    }


def main() -> None:
    """Time in turns, print, record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=PLACES, metavar="PLACE", help="folders of it")
    options = parser.parse_args()
    compile_as_pip_does()
    names = sorted({Path(place).parts[0] for place in options.only})
    site, command = fetch(names, options.site).resolve(), torchfix()
    rows: list[dict[str, object]] = []
    for number in range(1, options.rounds + 1):
        for place in options.only:
            rows.append(one_round(site, place, command, number))
            print(rows[-1], flush=True)
    told = summary(rows)
    body = f"{table(rows)}\n\n{table([told])}"
    print(body)
    title = "`hwlint check` cold and warm, and torchfix 0.7.0 on the same files"
    record("warm", {"rounds": rows, **told}, title, body)


if __name__ == "__main__":
    main()
