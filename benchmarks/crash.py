"""Check whole libraries: nothing may crash, hang or end in a traceback.

    python benchmarks/crash.py [--site DIR] [--library NAME]... [--every N] [--no-whole]

Each library is checked as one workspace; then each of its files that has to do with torch is read
cold by itself, in a process that has read nothing else, and the slowest is named. What a file takes
is processor time: what a clock says depends on what else the machine does.

A part is tried with `--library timm --every 20 --no-whole`: every 20th file by itself, and how long
all would take on this machine. Only a run of everything is recorded.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _common import CACHE, fetch, hwlint, record, run, table

NAMES = ("timm", "torchvision", "transformers")
LIMIT = 10.0
"""Seconds of a processor that a single file may take, cold."""

HANGS = 120
"""Seconds of a clock after which a file counts as one that never ends."""

# Started once and forked for each file: what is timed is reading, not starting Python, and no
# file profits from what another has loaded.
READ = """
import importlib, json, os, pkgutil, signal, sys, time, traceback
from pathlib import Path
import hwlint
from hwlint.reader import Reader, ReadOptions
# All of it now: what is imported later would be of another version if somebody is at work on it.
for module in pkgutil.walk_packages(hwlint.__path__, "hwlint."):
    if module.name.startswith(("hwlint.reader", "hwlint.source", "hwlint.ops", "hwlint.graph")):
        importlib.import_module(module.name)
site = Path(sys.argv[1])
options = ReadOptions(root=site, import_roots=(site,), site_packages=())
for path in sys.argv[3:]:
    pid = os.fork()
    if not pid:
        signal.alarm(int(sys.argv[2]))
        start = time.process_time()
        try:
            entries = len(Reader(options).read(path).graphs)
        except BaseException as error:
            why = traceback.format_exc(limit=-3)
            print(json.dumps({"file": path, "code": 1, "why": why}), flush=True)
            os._exit(0)
        seconds = time.process_time() - start
        print(json.dumps({"file": path, "seconds": seconds, "entries": entries}), flush=True)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        print(json.dumps({"file": path, "code": code}), flush=True)
"""


def check(library: str, site: Path) -> dict[str, object]:
    """Check one library and say how it ended."""
    output = CACHE / "crash" / f"{library}.json"
    command = hwlint("check", site / library, "--root", site / library, "--no-cache")
    done = run([*command, "--output-format", "json"], output)
    text = output.read_text()
    said = json.loads(text) if done.code in (0, 1, 2) and text else {}
    rules = [f for f in said.get("findings", ()) if f["code"] in ("HW001", "HW004")]
    coverage = said.get("coverage", {})
    return {
        "library": library,
        "exit code": done.code,
        "tracebacks": (done.errors + text).count("Traceback (most recent call last)"),
        "files": said.get("files"),
        "not read to the end": len(said.get("incomplete", ())),
        "HW001 and HW004": len(rules),
        "findings": len(said.get("findings", ())),
        "entry points read": f"{coverage.get('read')} of {coverage.get('entry_points')}",
        "wall s": round(done.wall, 1),
        "peak MB": round(done.peak),
    }


def alone(library: str, site: Path, every: int) -> list[dict[str, object]]:
    """Read each file of a library by itself, or every so many, and say how long each took."""
    files = [p for p in sorted((site / library).rglob("*.py")) if b"torch" in p.read_bytes()]
    files = files[::every]
    count = os.cpu_count() or 1
    with ThreadPoolExecutor(count) as threads:
        parts = threads.map(lambda i: _read(site, files[i::count]), range(count))
        return [row for part in parts for row in part]


def _read(site: Path, files: list[Path]) -> list[dict[str, object]]:
    command = [sys.executable, "-c", READ, str(site), str(HANGS), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if len(rows) != len(files):
        sys.exit(f"{len(files) - len(rows)} files brought no answer:\n{done.stderr[-2000:]}")
    return rows


def main() -> None:
    """Check, time, print, record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--library", choices=NAMES, action="append", help="only this one")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every N-th file")
    parser.add_argument("--no-whole", action="store_true", help="single files only")
    options = parser.parse_args()
    names = options.library or NAMES
    # Libraries import one another: all of them lie side by side, as in an installation.
    site = fetch(names, options.site).resolve()
    start = time.perf_counter()
    whole = [] if options.no_whole else [check(library, site) for library in names]
    after = time.perf_counter()
    single = [row for library in names for row in alone(library, site, options.every)]
    took = time.perf_counter() - after
    died = [row for row in single if "code" in row]
    timed = sorted(
        (row for row in single if "seconds" in row), key=lambda r: -float(str(r["seconds"]))
    )
    for row in timed:
        row["file"] = str(Path(str(row["file"])).relative_to(site))
        row["seconds"] = round(float(str(row["seconds"])), 2)
    slow = sum(float(str(row["seconds"])) > LIMIT for row in timed)
    body = (
        f"{table(whole) if whole else ''}\n\n"
        f"Each of {len(single)} files by itself, cold: {len(died)} died, "
        f"{slow} took over {LIMIT:.0f} s of a processor. The slowest:\n\n{table(timed[:10])}"
    )
    print(body, f"\n{time.perf_counter() - start:.0f} s in all")
    for row in died:
        print(row)
    if tuple(names) != NAMES or options.every > 1 or options.no_whole:
        print(f"All single files would take about {took * options.every:.0f} s. Not recorded.")
        return
    data = {"whole": whole, "died": died, "slowest": timed[:50], "files": len(single)}
    record("crash", data, "Whole libraries checked: no crash, no traceback, no hang", body)


if __name__ == "__main__":
    main()
