"""Estimate MLPerf Tiny's four models on boards on which others measured them.

    python benchmarks/tiny.py

The models are those of examples/tiny; the measurements stand in the profiles. For each board and
runtime one number, the speed of the whole, is fitted to keyword spotting; the other three models
are foretold. What the kernels of a runtime spend besides products (`effort` in the profiles) was
counted in the source of CMSIS-NN, also for boards that were timed with another runtime.
"""

import statistics
import sys

from _common import ROOT, record, table

from hwlint.cost import estimate
from hwlint.graph import ModelGraph
from hwlint.profile import Profile, available_profiles
from hwlint.reader import ForwardOptions, InputSpec, Reader, ReadOptions

FOLDER = ROOT / "examples" / "tiny"
MODELS = {
    "image classification": ("image_classification.py", "ResNet8", (1, 3, 32, 32)),
    "visual wake words": ("visual_wake_words.py", "MobileNetV1", (1, 3, 96, 96)),
    "anomaly detection": ("anomaly_detection.py", "AutoEncoder", (1, 640)),
    "keyword spotting": ("keyword_spotting.py", "DSCNN", (1, 1, 49, 10)),
}
FITTED = "keyword spotting"
BOARDS = ("stm32l4r5", "stm32u575", "stm32h7a3", "ra8d1", "stm32g0b1")


def read(file: str, name: str, shape: tuple[int, ...]) -> ModelGraph:
    """Read one model."""
    given = ForwardOptions((InputSpec("", shape),))
    reader = Reader(ReadOptions(FOLDER, (FOLDER,), forward=given))
    return reader.read_place(str(FOLDER / file), name).graphs[0]


def measured(profile: Profile) -> dict[str, dict[str, float]]:
    """Return the seconds of each model by runtime."""
    found: dict[str, dict[str, float]] = {}
    for timed in profile.measurements:
        task, seconds = timed.model.removeprefix("MLPerf Tiny "), timed.seconds()
        if task in MODELS and seconds is not None:
            found.setdefault(timed.runtime, {})[task] = seconds
    return found


def main() -> None:
    """Read, estimate, fit, compare, record."""
    graphs = {task: read(*where) for task, where in MODELS.items()}
    rows: list[dict[str, object]] = []
    errors: list[float] = []
    slower: dict[str, bool] = {}
    for board in BOARDS:
        profile = available_profiles()[board]
        known = {task: estimate(graph, profile, "int8") for task, graph in graphs.items()}
        plain = {task: one.seconds for task, one in known.items() if one is not None}
        if len(plain) < len(known):
            sys.exit(f"no estimate on {board}")
        for runtime, seconds in measured(profile).items():
            scale = seconds[FITTED] / plain[FITTED]
            line: dict[str, object] = {"board": board, "runtime": runtime}
            for task in MODELS:
                if task != FITTED:
                    error = plain[task] * scale / seconds[task] - 1
                    errors.append(abs(error))
                    line[task] = f"{1000 * seconds[task]:.3g} ms, {100 * error:+.0f} %"
            rows.append(line)
        slower[board] = plain["visual wake words"] > plain["image classification"]
    median = statistics.median(errors)
    text = (
        f"{table(rows)}\n\nMeasured, and the error of the estimate. Median error over "
        f"{len(errors)} estimates: {100 * median:.1f} %, mean {100 * statistics.mean(errors):.1f} "
        f"%. Visual wake words estimated slower than image classification on: "
        f"{', '.join(name for name, is_slower in slower.items() if is_slower) or 'none'}.\n"
    )
    print(text)
    data = {"median_error": median, "errors": errors, "wake words slower": slower}
    record("tiny", data, "MLPerf Tiny", text)


if __name__ == "__main__":
    main()
