"""Goes through the cases of a calibration and writes each visit down.

Travels in the folder of a job. Needs Python's library alone, 3.8 or newer.
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import json
import math
import os
import time
from typing import Any, Callable, Dict, List, Sequence

from hwlint_support import BLOCK, Work, said

Runs = Callable[[Dict[str, Any]], List[Callable[[], Any]]]


def visit_all(work: Work, runs: Runs) -> None:
    """Visit cases in the order in which they are listed until time is up. `runs`: returns
    functions that do a case, which are called in turns.

    What raw.jsonl has already is not done again.
    """
    with open(work.path("cases.json"), encoding="utf-8") as file:
        asked = json.load(file)
    start = time.monotonic()
    done = _done(work.path("raw.jsonl"))
    visits: List[Dict[str, Any]] = [v for v in asked["visits"] if (v["id"], v["visit"]) not in done]
    count = len(asked["visits"])
    with open(work.path("raw.jsonl"), "a", encoding="utf-8") as raw:
        for number, visit in enumerate(visits):
            left = asked["seconds"] - (time.monotonic() - start)
            if left <= 0:
                break
            work.progress(f"{count - len(visits) + number} of {count} timed, at most {left:.0f} s")
            line = {"id": visit["id"], "visit": visit["visit"], **_visited(visit, runs, asked)}
            raw.write(json.dumps(line) + "\n")
            raw.flush()
            os.fsync(raw.fileno())


def _done(path: str) -> "set[Any]":
    """What was written before. A line that a crash has cut is taken off the file."""
    found: "set[Any]" = set()
    try:
        with open(path, "rb+") as file:
            text = file.read()
            whole = text.rfind(b"\n") + 1
            file.truncate(whole)
    except FileNotFoundError:
        return found
    for line in text[:whole].splitlines():
        visit = json.loads(line)
        found.add((visit["id"], visit["visit"]))
    return found


def _visited(visit: Dict[str, Any], runs: Runs, asked: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return {"seconds": _samples(runs(visit["case"]), asked["each"])}
    except Exception as problem:  # noqa: BLE001 - what a runner cannot do is left out
        return {"error": said(problem)}


def _samples(calls: Sequence[Callable[[], Any]], seconds: float) -> List[float]:
    """Return seconds of one call, several times; the first rounds do not count."""
    for call in calls:
        call()
    rounds = max(1, math.ceil(BLOCK / max(_round(calls, 1), 1e-9)))
    end = time.perf_counter() + seconds
    _round(calls, rounds)
    taken: List[float] = []
    while len(taken) < 3 or (len(taken) < 30 and time.perf_counter() < end):
        taken.append(float(f"{_round(calls, rounds) / (rounds * len(calls)):.4g}"))
    return taken


def _round(calls: Sequence[Callable[[], Any]], times: int) -> float:
    kept = None  # the last result, as in a model: the next one gets memory of its own
    start = time.perf_counter()
    for _ in range(times):
        for call in calls:
            kept = call()
    del kept
    return time.perf_counter() - start
