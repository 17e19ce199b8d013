"""Measures two jobs in turns, one sample of each after the other, so that what the machine does
meanwhile meets both alike. FOLDER/a and FOLDER/b are jobs, FOLDER/a/runner.py and so on what does
them; FOLDER/result.json is that of a, with the other one as its rival.

    python -I pair_runner.py FOLDER
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Dict, Optional

sys.path.insert(0, sys.argv[1])
import hwlint_support  # from the folder of the job

sys.path.remove(sys.argv[1])

ROUNDS = 1000
"""More are never run."""


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
    return {**first, "rival": second}


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
