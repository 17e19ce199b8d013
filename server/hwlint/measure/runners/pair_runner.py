"""Measures two jobs in turns, one sample of each after the other, so that what the machine does
meanwhile meets both alike. FOLDER/a and FOLDER/b are jobs, FOLDER/a/runner.py and so on what does
them; FOLDER/result.json is that of a, with the other one as its rival.

    python -I pair_runner.py FOLDER
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from typing import Any, Dict, Optional

sys.path.insert(0, sys.argv[1])
import hwlint_support  # from the folder of the job

sys.path.remove(sys.argv[1])

ROUNDS = 1000
"""More are never run."""
LOOK = 0.2
"""Seconds over which it is looked which processors are idle."""


class Side:
    """One of the two, in a process of its own that waits for its turn."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        taken, self._give = os.pipe()
        self._take, given = os.pipe()
        runner = os.path.join(folder, "runner.py")
        words = [sys.executable, "-I", runner, folder, "--turns", str(taken), str(given)]
        self._process = subprocess.Popen(words, pass_fds=(taken, given), stdin=subprocess.DEVNULL)
        os.close(taken)
        os.close(given)
        self.enough = False

    def finished_turn(self) -> bool:
        """Wait until it gives its turn back; False where it has ended instead."""
        text = os.read(self._take, 1)
        self.enough = text == b"e"
        return bool(text)

    def turn(self) -> bool:
        """Give it one turn."""
        try:
            os.write(self._give, b"g")
        except BrokenPipeError:
            return False
        return self.finished_turn()

    def result(self) -> Optional[Dict[str, Any]]:
        """Let it end; return what it wrote."""
        os.close(self._give)
        self.code = self._process.wait()
        try:
            with open(os.path.join(self.folder, "result.json"), encoding="utf-8") as file:
                return json.load(file)
        except OSError:
            return None

    def stop(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Measure both."""
    share_processors(int(work.job["threads"]))
    sides: Dict[str, Side] = {}
    for name in ("a", "b"):  # one after the other: preparing disturbs measuring
        work.progress(f"preparing {name.upper()}")
        sides[name] = Side(work.path(name))
        if not sides[name].finished_turn():
            failed = _result(sides[name])
            for other in sides.values():
                other.stop()
            return _told(failed, name)
    work.progress("measuring A and B in turns")
    for _ in range(ROUNDS):
        turned = [side.turn() for side in sides.values()]
        if not all(turned):
            break
        if all(side.enough for side in sides.values()):
            break
    first, second = (_result(sides[name]) for name in ("a", "b"))
    for name, found in (("a", first), ("b", second)):
        if found.get("failure"):
            return _told(found, name)
    both = [one and other for one, other in zip(first.pop("calm"), second.pop("calm"))]
    for found in (first, second):
        found.update(hwlint_support.summary(hwlint_support.calmed(found["samples"], both)))
        found["left_out"] = len(both) - len(found["samples"])
    return {**first, "rival": second}


def share_processors(threads: int) -> None:
    """Let both run on the same processors, so many as there are threads, those that are idle most.

    Each would keep to one of its own otherwise, and two processors are not alike: each shares a
    core with another one, and its caches, and what runs there is another thing. Where a system
    cannot say or do that, or all of them are needed, nothing is changed.
    """
    if threads <= 0 or not hasattr(os, "sched_setaffinity"):
        return
    usable = os.sched_getaffinity(0)
    if threads >= len(usable):
        return
    try:
        before = idle_times()
        time.sleep(LOOK)
        idle = {cpu: ticks - before.get(cpu, 0) for cpu, ticks in idle_times().items()}
    except (OSError, ValueError):
        idle = {}
    chosen = sorted(usable, key=lambda cpu: (idle.get(cpu, 0), cpu))[-threads:]
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, chosen)


def idle_times() -> Dict[int, int]:
    """Return how long each processor was idle, in ticks; see proc(5) on /proc/stat."""
    with open("/proc/stat", encoding="ascii") as file:
        rows = [line.split() for line in file if line[:3] == "cpu" and line[3:4].isdigit()]
    return {int(row[0][3:]): int(row[4]) for row in rows}


def _result(side: Side) -> Dict[str, Any]:
    found = side.result()
    if found is not None:
        return found
    if side.code < 0:
        message = f"the process crashed (signal {-side.code})"
        return {"failure": hwlint_support.failure("crashed", message)}
    message = f"the code ended the process with exit code {side.code} before there was a result"
    return {"failure": hwlint_support.failure("exited", message)}


def _told(found: Dict[str, Any], name: str) -> Dict[str, Any]:
    failure = dict(found.get("failure") or hwlint_support.failure("internal", "no result"))
    failure["message"] = f"{name.upper()}: {failure['message']}"
    return {"failure": failure}


if __name__ == "__main__":
    hwlint_support.run(main)
