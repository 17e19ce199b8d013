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

from hwlint_support import BLOCK, DISTURBED, FEWEST, Pace, Work, said

MOST_AGAIN = 4
"""So many times as many visits are made as there are, with those that are made again."""

Runs = Callable[[Dict[str, Any]], List[Callable[[], Any]]]


def visit_all(work: Work, runs: Runs) -> None:
    """Visit cases in the order in which they are listed until time is up. `runs`: returns
    functions that do a case, which are called in turns.

    What raw.jsonl has already is not done again. A visit that was disturbed is made once more at
    the end, as long as there is time: while something else is at work, it is for seconds.
    """
    with open(work.path("cases.json"), encoding="utf-8") as file:
        asked = json.load(file)
    start = time.monotonic()
    done = _done(work.path("raw.jsonl"))
    visits: List[Dict[str, Any]] = [v for v in asked["visits"] if (v["id"], v["visit"]) not in done]
    count, waiting, pace = len(asked["visits"]), len(visits), Pace()
    with open(work.path("raw.jsonl"), "a", encoding="utf-8") as raw:
        for number, visit in enumerate(visits):  # which grows
            left = asked["seconds"] - (time.monotonic() - start)
            if left <= 0:
                break
            first = number < waiting
            timed = f"{count - waiting + number} of {count} timed" if first else "timing again"
            work.progress(f"{timed}, at most {left:.0f} s")
            found = _visited(visit, runs, asked, pace)
            raw.write(json.dumps({"id": visit["id"], "visit": visit["visit"], **found}) + "\n")
            raw.flush()
            os.fsync(raw.fileno())
            if number < MOST_AGAIN * waiting and _is_disturbed(found, pace):
                visits.append(visit)


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


def _is_disturbed(found: Dict[str, Any], pace: Pace) -> bool:
    most = DISTURBED * pace.best() if pace.ticks else 0.0
    return "pace" in found and sum(tick <= most for tick in found["pace"]) < FEWEST


def _visited(
    visit: Dict[str, Any], runs: Runs, asked: Dict[str, Any], pace: Pace
) -> Dict[str, Any]:
    try:
        return _samples(runs(visit["case"]), asked["each"], pace)
    except Exception as problem:  # noqa: BLE001 - what a runner cannot do is left out
        return {"error": said(problem)}


def _samples(calls: Sequence[Callable[[], Any]], seconds: float, pace: Pace) -> Dict[str, Any]:
    """Return seconds of one call, several times, and the pace at each; the first rounds do not
    count."""
    for call in calls:
        call()
    rounds = max(1, math.ceil(BLOCK / max(_round(calls, 1), 1e-9)))
    end = time.perf_counter() + seconds
    _round(calls, rounds)
    taken: List[float] = []
    pace.begin()
    while len(taken) < FEWEST or (len(taken) < 30 and time.perf_counter() < end):
        taken.append(_short(_round(calls, rounds) / (rounds * len(calls))))
        pace.sampled()
    return {"seconds": taken, "pace": [_short(tick) for tick in pace.ticks[-len(taken) :]]}


def _short(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def _round(calls: Sequence[Callable[[], Any]], times: int) -> float:
    kept = None  # the last result, as in a model: the next one gets memory of its own
    start = time.perf_counter()
    for _ in range(times):
        for call in calls:
            kept = call()
    del kept
    return time.perf_counter() - start
