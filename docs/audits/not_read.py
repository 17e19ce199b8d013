"""Count why models of the packages of benchmarks/packages.py are not read fully, commonest first.

    python benchmarks/packages.py
    python docs/audits/not_read.py

Reads the ways of building that the first command left beside the packages. A way counts once for
each reason that one of its models has.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CACHE = BENCHMARKS / ".cache"
MOST = 10


def reasons(folder: Path, site: Path, python: Path) -> Counter[str]:
    """Count the reasons that one package's ways have."""
    options = [
        "--root",
        site,
        "--python",
        python,
        "--contexts",
        "--no-forward",
        "--output-format",
        "json",
    ]
    command = [sys.executable, "-m", "hwlint", "inspect", folder, *options]
    done = subprocess.run(map(str, command), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found = {
        (row["file"], shortened(" ".join(row["missing"])))
        for model in json.loads(done.stdout)["models"]
        for row in model["contexts"]
        if not row["complete"]
    }
    return Counter(reason for _, reason in found)


def shortened(reason: str) -> str:
    """Return a reason without the numbers, which differ from way to way."""
    return re.sub(r"\d+", "N", reason) or "no reason known"


def main() -> None:
    """Write the reasons of all packages together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=CACHE / "packages")
    parser.add_argument("--python", type=Path, default=CACHE / "packages-venv/bin/python")
    options = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    for folder in sorted((options.site / "ways").iterdir()):
        ways = len(list(folder.glob("*.py")))
        found = reasons(folder, options.site, options.python)
        said = f"{folder.name}: {ways} ways, {sum(found.values())} with something not known"
        sys.stdout.write(f"{said}\n")
        counts.update({(reason, folder.name): count for reason, count in found.items()})
    for (reason, package), count in counts.most_common(MOST):
        sys.stdout.write(f"{count:4}  {package:18} {reason}\n")


if __name__ == "__main__":
    main()
