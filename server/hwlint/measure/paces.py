"""What processors have shown that they can do, so that a measurement beside other work is known.

A result has the pace of its processor: see `Pace` of the runners. Within one process the best is
what it saw itself. Whether all of it ran beside something else only earlier ones can tell: the best
pace of each machine is kept among what is cached.
"""

import json
import os
from pathlib import Path

from hwlint.engine.cache import cache_folder
from hwlint.measure.job import Result

__all__ = ["BEST", "DISTURBED", "slower"]

DISTURBED = 1.15
"""The loop's time over its best beyond which something else was at work, as the runners say."""
BEST = 0.05
"""Quantile of the loop's times that counts as its best; as the runners have it."""
_MACHINE = ("host", "processor", "python")


def slower(result: Result) -> float:
    """Return how much longer the loop took than it ever did on that machine, as a ratio; 1 where
    nothing is known. Keeps the better of the two; what cannot be kept is not."""
    if not result.pace_s or result.failure is not None:
        return 1.0
    known = _read()
    machine = " · ".join(result.environment.get(name, "") for name in _MACHINE)
    best = min(result.pace_s, known.get(machine, result.pace_s))
    if known.get(machine) != best:
        _write({**known, machine: best})
    return result.pace_s / best


def _file() -> Path:
    return cache_folder() / "paces.json"


def _read() -> dict[str, float]:
    try:
        found: object = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    pairs: list[tuple[object, object]] = list(found.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - as it was read
    return {str(name): float(pace) for name, pace in pairs if isinstance(pace, float) and pace > 0}


def _write(paces: dict[str, float]) -> None:
    file = _file()
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(paces), encoding="utf-8")
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
