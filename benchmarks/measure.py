"""Hold `hwlint measure` against independent timing, and let it find planted slow layers.

    python benchmarks/measure.py [--rounds 10] [--threads 1] [--models NAME ...] [--quick]

Each model is measured by each runner in turns with `_timed_alone.py`, which times it without
hwlint; the medians over the rounds have to lie within 10 % of each other. Both run on the same
processor, and a round counts if nothing else was at work on its core: both say what a loop that
does the same each time took, and where it took longer than at its best the round is made again.
Then one layer of eight
is made slow, each in turn: its line has to be the hottest that `hwlint measure` prints.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from _common import ROOT, hwlint, printed, processor, record, table

from hwlint.measure.paces import DISTURBED

MODELS = {
    "resnet8": ("examples/tiny/image_classification.py:ResNet8", "1x3x32x32"),
    "dscnn": ("examples/kws.py:DSCNN", "1x1x49x10"),
    "vit": ("examples/vit.py:VisionTransformer", "1x3x64x64"),
}
RUNNERS = ("onnxruntime", "torch", "torch-compile")
ALLOWED = 0.1
MOST_TIMES = 4
"""So many times as many rounds are made as have to count."""
PACES: list[float] = []
"""What the loop took at its best, in all rounds of all models."""
Round = tuple[dict, dict]
LAYERS = 8
PLANTED_RUNNERS = ("onnxruntime", "torch")

SOURCE = """\
import torch
from torch import nn


class Planted(nn.Module):
    def __init__(self):
        super().__init__()
{layers}

    def forward(self, x):
{calls}
        return x
"""


def main() -> int:
    """Run both parts and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="One model, three rounds, two layers.")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    asked = parser.parse_args()
    rounds = 3 if asked.quick else asked.rounds
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, usable[-asked.threads :])
    models = ["resnet8"] if asked.quick else asked.models
    rows = [row for name in models for row in alternated(name, rounds, asked.threads)]
    layers = (2, 5) if asked.quick else range(LAYERS)
    planted = [one for runner in PLANTED_RUNNERS for one in found_lines(layers, runner)]
    found = sum(one["found"] is True for one in planted)
    worst = max(abs(row["hwlint / alone"] - 1) for row in rows)
    body = (
        f"{table([shown(row) for row in rows])}\n\n"
        f"{rounds} rounds in turns, {asked.threads} thread(s); medians over the rounds. The "
        f"largest difference is {worst:.1%}, {ALLOWED:.0%} is allowed. Planted slow layers that "
        f"are the hottest line: {found} of {len(planted)} ({', '.join(PLANTED_RUNNERS)})."
    )
    print(body)
    data = {"processor": processor(), "rounds": rounds, "models": rows, "planted": planted}
    record("measure", data, "Measuring, against timing without hwlint", body)
    return 0 if worst <= ALLOWED and found == len(planted) else 1


def alternated(name: str, rounds: int, threads: int) -> Iterator[dict[str, object]]:
    """Measure a model by each runner, in turns with the script."""
    place, shape = MODELS[name]
    for runner in RUNNERS:
        made: list[Round] = []
        while len(calm(made)) < rounds and len(made) < MOST_TIMES * rounds:
            both: dict[str, dict] = {}
            for side in ("ours", "theirs") if len(made) % 2 else ("theirs", "ours"):
                if side == "theirs":
                    both[side] = alone(name, runner, threads)
                    continue
                both[side] = measured(
                    place, "--input", shape, "--runner", runner, "--threads", str(threads),
                    "--no-operators", "--no-store",
                )  # fmt: skip
            made.append((both["ours"], both["theirs"]))
        counted = calm(made)
        ours, theirs = (
            [side["median_s"] for side in sides] for sides in zip(*counted, strict=True)
        )
        spreads = [ours["iqr_s"] / ours["median_s"] for ours, _ in counted]
        one, other = statistics.median(ours), statistics.median(theirs)
        print(f"{name} {runner}: {one * 1e3:.4g} ms, alone {other * 1e3:.4g} ms", file=sys.stderr)
        yield {
            "model": name,
            "runner": runner,
            "hwlint ms": one * 1e3,
            "alone ms": other * 1e3,
            "hwlint / alone": one / other,
            "IQR / median": statistics.median(spreads),
            "rounds": len(counted),
            "left out": len(made) - len(counted),
            "ours_s": ours,
            "theirs_s": theirs,
        }


def calm(made: Sequence[Round]) -> list[Round]:
    """Return the rounds in which nothing else was at work on the core."""
    PACES.extend(side["pace_s"] for both in made for side in both)
    most = DISTURBED * min(PACES, default=0.0)
    return [both for both in made if all(side["pace_s"] <= most for side in both)]


def shown(row: dict[str, object]) -> dict[str, object]:
    """Return a row without its single rounds."""
    return {name: value for name, value in row.items() if not name.endswith("_s")}


def measured(place: str, *options: str) -> dict:
    """Return what `hwlint measure` says of a place."""
    words = hwlint("measure", place, "--output-format", "json", *options)
    return json.loads(printed(words))


KEPT = {"MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_MMAP_MAX_": "0"}
"""By glibc's own variables the script keeps freed memory, as `hwlint measure` does: in a fresh
process torch else takes tensors from the system anew, or not, as they happen to lie."""


def alone(name: str, runner: str, threads: int) -> dict:
    """Return the median that the script finds, and the pace."""
    script = ROOT / "benchmarks" / "_timed_alone.py"
    words = [sys.executable, script, name, runner, str(threads)]
    return json.loads(printed(words, KEPT))


def found_lines(layers: Sequence[int], runner: str) -> Iterator[dict[str, object]]:
    """Plant a slow layer at each place in turn, and see which line is the hottest."""
    with tempfile.TemporaryDirectory() as folder:
        for slow in layers:
            text, line = planted(slow)
            file = Path(folder) / f"planted{slow}.py"
            file.write_text(text)
            options = ("--input", "1x32x28x28", "--runner", runner, "--threads", "1", "--no-store")
            result = measured(f"{file}:Planted", *options)
            hottest = result["lines"][0]
            yield {
                "runner": runner,
                "layer": slow,
                "line": line,
                "hottest": hottest["line"],
                "share": hottest["share"],
                "found": hottest["line"] == line,
            }


def planted(slow: int) -> tuple[str, int]:
    """Return a model of eight layers with a slow one, and the line (from 1) that builds it."""
    layers = [
        f"        self.layer{n} = nn.Conv2d(32, 32, {9 if n == slow else 1}, padding='same')"
        for n in range(LAYERS)
    ]
    calls = [f"        x = torch.relu(self.layer{n}(x))" for n in range(LAYERS)]
    text = SOURCE.format(layers="\n".join(layers), calls="\n".join(calls))
    return text, text.splitlines().index(layers[slow]) + 1


if __name__ == "__main__":
    raise SystemExit(main())
