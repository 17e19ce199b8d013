"""Calls the user's function that says what a model is worth.

python -I evaluate_runner.py FOLDER

`evaluate.json` names it: {"module": "pkg.mod", "name": "fn"}. It is given the model, in evaluation,
and returns a number. `value.json` has that.
"""

# torch is met here as whatever version the project has.
# pyright: basic
from __future__ import annotations

import importlib
import json
import math
import sys
from typing import Any, Dict

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_support

sys.path.remove(sys.argv[1])


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Do one job."""
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    with open(work.path("evaluate.json"), encoding="utf-8") as file:
        asked = json.load(file)
    work.progress("building")
    model = hwlint_building.build_model(work, torch)
    work.only_once()
    model = model.eval().to(work.job["device"])
    work.progress("evaluating")
    value = _called(asked, model, work)
    work.only_once()
    work.write("value.json", json.dumps(value))
    return {}


def _called(asked: Dict[str, str], model: Any, work: hwlint_support.Work) -> float:
    name = f"{asked['module']}:{asked['name']}"
    try:
        found: Any = importlib.import_module(asked["module"])
        for part in asked["name"].split("."):
            found = getattr(found, part)
        value = float(found(model))
    except (SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the user's code raises
        trace = hwlint_support.user_trace(problem, work)
        raise hwlint_support.Stop(
            "evaluate", f"{name}: {hwlint_support.said(problem)}", trace
        ) from None
    if not math.isfinite(value):
        raise hwlint_support.Stop("evaluate", f"{name} returned {value}")
    return value


if __name__ == "__main__":
    hwlint_support.run(main)
