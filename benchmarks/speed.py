"""Time a cold `hwlint check` of timm against plainly parsing the same files.

    python benchmarks/speed.py [--truth DIR] [--site DIR] [--rounds 3]

All run in turn on the same machine; what counts are the ratios. `inspect --no-forward` is the
reader alone, which was all of a check when this record began; a check follows what flows, costs it
and runs the rules. The timed check also writes down every model that it read, and that is scored:
its recall has to be what `hwlint inspect` gets.
"""

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path

from _common import CACHE, TRUTH, Run, compile_as_pip_does, fetch, hwlint, record, run, table
from _dump import BASE, TARGET, install
from truth import inspect, score

PARSE = """
import sys, time
from pathlib import Path
import libcst
files = sorted(Path(sys.argv[1]).rglob("*.py"))
start = time.perf_counter()
for file in files:
    libcst.parse_module(file.read_bytes())
print(len(files), time.perf_counter() - start)
"""

WORK = CACHE / "speed"
DUMP = WORK / "dump"


def parse(package: Path) -> tuple[int, float]:
    """Parse every file with libcst in one process; return how many and the seconds it took."""
    output = WORK / "parse.txt"
    done = run([sys.executable, "-c", PARSE, package], output)
    if done.code:
        sys.exit(done.errors)
    files, seconds = output.read_text().split()
    return int(files), float(seconds)


def check(package: Path) -> Run:
    """Check the package cold, with all processes, writing down what was read."""
    shutil.rmtree(DUMP, ignore_errors=True)
    DUMP.mkdir(parents=True)
    install(WORK / "plugin")
    places = [WORK / "plugin", Path(__file__).parent]
    places += [Path(entry) for entry in sys.path if Path(entry, "hwlint").is_dir()]
    command = hwlint("check", package, "--root", package, "--no-cache", "--exit-zero")
    done = run(
        [*command, "--device", "h100-sxm", "--output-format", "json"],
        WORK / "check.json",
        environment={
            TARGET: str(DUMP),
            BASE: str(package.parent),
            "PYTHONPATH": ":".join(map(str, places)),
        },
    )
    if done.code != 0:
        sys.exit(f"check ended with {done.code}:\n{done.errors[-2000:]}")
    return done


def dumped() -> Path:
    """Return all that the last check wrote down, in one file."""
    records = WORK / "dump.jsonl"
    parts = sorted(DUMP.glob("*.jsonl"))
    if not parts:
        sys.exit("the check wrote nothing down")
    records.write_bytes(b"".join(part.read_bytes() for part in parts))
    return records


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, default=TRUTH, help="folder with score.py and out/")
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def main() -> None:
    """Time in turns, score, print, record."""
    options = arguments()
    compile_as_pip_does()
    site = fetch(["timm"], options.site).resolve()
    rounds: list[dict[str, object]] = []
    ratios: list[float] = []
    readings: list[float] = []
    records = Path()
    for number in range(1, options.rounds + 1):
        files, seconds = parse(site / "timm")
        records, reading = inspect("timm", site, None)
        done = check(site / "timm")
        readings.append(reading.wall / seconds)
        ratios.append(done.wall / seconds)
        rounds.append(
            {
                "round": number,
                "files": files,
                "libcst.parse_module s": round(seconds, 2),
                "inspect --no-forward s": round(reading.wall, 2),
                "ratio of reading": round(readings[-1], 3),
                "check s": round(done.wall, 2),
                "ratio of check": round(ratios[-1], 3),
                "peak MB of a process": round(done.peak),
            }
        )
    split = "dev"
    by_check = score(options.truth, dumped(), "timm", split)
    by_inspect = score(options.truth, records, "timm", split)
    names = ("sites", "recall_site(any dims right)", "recall_tuple", "precision")
    recall = [
        {"run": who, **{name: scores[name] for name in names}}
        for who, scores in (("check, the timed run", by_check), ("inspect", by_inspect))
    ]
    middle = {
        "median ratio of reading": round(statistics.median(readings), 3),
        "median ratio of check": round(statistics.median(ratios), 3),
    }
    medians = "\n".join(f"{name}: {value}" for name, value in middle.items())
    body = f"{table(rounds)}\n\n{medians}\n\n{table(recall)}"
    print(body)
    data = {"rounds": rounds, **middle, "recall": recall, "split": split}
    title = "A cold `hwlint check` of timm against libcst.parse_module of the same files"
    record("speed", json.loads(json.dumps(data)), title, body)


if __name__ == "__main__":
    main()
