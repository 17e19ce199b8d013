"""What `hwlint measure --runner vela` says of three models, and of one that does not fit whole.

    python -m venv ENV
    ENV/bin/pip install torch==2.13.0 executorch==1.5.1 tosa-tools==2026.8.0 ethos-u-vela==5.2.0
    python benchmarks/vela.py --python ENV/bin/python

Nothing is measured: the cycles are those of Arm's compiler. Beside them stands hwlint's own static
estimate, made without any of these packages. "With a line": the share of the compiler's cycles that
a line of the source was found for.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _common import ROOT, record, table

DEVICE = "ethos-u55-128"
MODELS = {
    "examples/tiny/keyword_spotting.py:DSCNN": "1x1x49x10",
    "examples/tiny/image_classification.py:ResNet8": "1x3x32x32",
    "examples/kws.py:DSCNN": "1x1x49x10",
    "tests/measure/vela/net.py:Net": "1x3x32x32",
}
"""Places, and what they are called with."""
HOTTEST = 3


def asked(*words: str) -> dict[str, Any]:
    """Run hwlint and return the JSON that it prints."""
    command = [sys.executable, "-m", "hwlint", *words, "--output-format", "json"]
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, check=False)
        errors.seek(0)
        if done.returncode:
            sys.exit(f"{' '.join(words)}: {errors.read().decode()}")
    return json.loads(done.stdout)


def compiled(place: str, shape: str, python: Path) -> dict[str, Any]:
    """Return what the compiler says of a model."""
    print(place, file=sys.stderr, flush=True)
    words = ("--input", shape, "--device", DEVICE, "--runner", "vela", "--no-store")
    return asked("measure", place, *words, "--python", str(python))


def static(place: str, shape: str) -> float | None:
    """Return the seconds that hwlint estimates by itself; None where it does not."""
    found = asked("inspect", place, "--input", shape, "--device", DEVICE)
    total = found["entry_points"][0]["devices"][0]["total"]
    return None if total is None else total["seconds"]


def row(place: str, found: dict[str, Any], ours: float | None) -> dict[str, object]:
    """Return one line of the table."""
    known = sum(line["share"] for line in found["lines"] if line["file"] is not None)
    host = [f"{', '.join(line['operators'])} (line {line['line']})" for line in found["host_lines"]]
    return {
        "model": place,
        "cycles": f"{found['cycles']:,.0f}",
        "time": f"{1e3 * found['median_s']:.3f} ms",
        "hwlint's estimate": "none" if ours is None else f"{1e3 * ours:.3f} ms",
        "SRAM": f"{found['peak_bytes'] / 1024:.0f} KiB",
        "flash": f"{found['flash_bytes'] / 1024:.0f} KiB",
        "with a line": f"{100 * known:.1f} %",
        "on the host": "; ".join(host) or "nothing",
        "lowering and compiling": f"{found['compile_s']:.0f} s",
    }


def lines(place: str, found: dict[str, Any]) -> str:
    """Return the lines that take most."""
    told = [f"`{place}`:", ""]
    for line in found["lines"][:HOTTEST]:
        where = f"{line['file']}:{line['line']}" if line["file"] else "(no line found)"
        told.append(f"- {100 * line['share']:.1f} %  {where}  {', '.join(line['operators'])}")
    return "\n".join(told)


def main() -> None:
    """Compile, estimate, record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="has torch and executorch")
    python = parser.parse_args().python
    found = {place: compiled(place, shape, python) for place, shape in MODELS.items()}
    rows = [row(place, one, static(place, MODELS[place])) for place, one in found.items()]
    tools = next(iter(found.values()))["environment"]
    versions = ", ".join(f"{name} {tools[name]}" for name in ("vela", "executorch", "torch"))
    where = f"{tools['system_config']}, {tools['memory_mode']}, {tools['clock_mhz']} MHz"
    text = "\n\n".join(
        [
            f"Vendor compiler estimates for {DEVICE} ({where}); {versions}. Nothing was measured.",
            table(rows),
            *(lines(place, one) for place, one in found.items()),
        ]
    )
    print(text)
    record("vela", {"device": DEVICE, "rows": rows, "found": found}, "Arm's compiler", text)


if __name__ == "__main__":
    main()
