"""Keeps a command: ends it and everything that it started when it has gone too far, or when whoever
asked for it has gone.

    python -I keeper.py FOLDER SECONDS MEMORY COMMAND...

A file of its own that needs Python's library alone, 3.8 or newer, so that it can be sent along. It
stops when standard input ends. On standard output it writes lines of JSON, {"progress": "..."}
while the command runs, as the command puts it into FOLDER/progress, and one {"ended": {...}}.
MEMORY is in bytes, 0 for no limit. What the command writes never gets there: its end is in
"output".
"""

# The keeper has to run on whatever Python a device has.
from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

TICK = 0.1
OUTPUT = 64_000
"""Bytes of output that are kept, the last ones."""
HEADROOM = 4 << 30
"""Address space that is no memory yet: what is asked for beyond the limit by more than this is
refused at once."""
_SET_CHILD_SUBREAPER = 36
_SET_PDEATHSIG = 1


def main(words: list[str]) -> int:
    """Run a command to its end, or end it."""
    folder, seconds, memory = words[0], float(words[1]), int(words[2])
    _prctl(_SET_CHILD_SUBREAPER, 1)
    try:
        child = subprocess.Popen(
            words[3:],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _limit(memory),  # noqa: PLW1509 - there are no threads in here
        )
    except OSError as problem:
        _say({"ended": {"why": "start", "code": None, "output": str(problem), "peak": 0}})
        return 0
    kept = Kept(child, folder, time.monotonic() + seconds, memory)
    why = "internal"
    try:
        why = kept.watch()
    finally:
        code = kept.end()
        _say({"ended": {"why": why, "code": code, "output": kept.text(), "peak": kept.peak}})
    return 0


class Kept:
    """A command that runs."""

    def __init__(
        self, child: subprocess.Popen[bytes], folder: str, until: float, memory: int
    ) -> None:
        self.child = child
        self.folder = folder
        self.until = until
        self.memory = memory
        self.peak = 0
        self.output = b""
        self.told = ""

    def watch(self) -> str:
        """Wait until it ends or has to be ended; return why: "exit", "seconds", "memory" or
        "cancelled"."""
        assert self.child.stdout is not None
        pipe = self.child.stdout.fileno()
        os.set_blocking(pipe, False)
        open_ends = [pipe, sys.stdin.fileno()]
        while self.child.poll() is None:
            ready, _, _ = select.select(open_ends, [], [], TICK)
            if pipe in ready and not self._read(pipe):
                open_ends.remove(pipe)
            if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
                return "cancelled"
            if time.monotonic() > self.until:
                return "seconds"
            if self._holds_too_much():
                return "memory"
            self._pass_progress_on()
        self._read(pipe)
        return "exit"

    def end(self) -> int:
        """End all that is left of it; return its exit code, negative for a signal."""
        with contextlib.suppress(OSError):
            os.killpg(self.child.pid, signal.SIGKILL)
        code = self.child.wait()
        for _ in range(200):  # what is left was started by it, and may start more
            left = descendants(os.getpid())
            if not left:
                break
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.005)
        return code

    def text(self) -> str:
        """Return the end of what it wrote."""
        return self.output.decode("utf-8", "replace")

    def _read(self, pipe: int) -> bool:
        """Take what has been written; say whether there may be more."""
        for _ in range(16):
            try:
                data = os.read(pipe, 1 << 16)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.output = (self.output + data)[-OUTPUT:]
        return True

    def _holds_too_much(self) -> bool:
        pids = [self.child.pid, *descendants(self.child.pid)]
        held = sum(_resident(pid) for pid in pids)
        self.peak = max(self.peak, held)
        if not self.memory or held <= self.memory:
            return False
        # Processes that were forked share pages: counted once each now.
        return sum(_proportional(pid) for pid in pids) > self.memory

    def _pass_progress_on(self) -> None:
        try:
            with open(os.path.join(self.folder, "progress"), encoding="utf-8") as file:
                text = file.read(500)
        except (OSError, ValueError):
            return
        if text and text != self.told:
            self.told = text
            _say({"progress": text})

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def descendants(pid: int) -> list[int]:
    """Return the processes that one has started and those that these have."""
    below: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            below.setdefault(_parent(name), []).append(int(name))
    found: list[int] = []
    open_ends = [pid]
    while open_ends:
        children = below.get(open_ends.pop(), [])
        found += children
        open_ends += children
    return found


def _parent(name: str) -> int:
    try:
        with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return -1


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("Pss:")]
        return int(lines[0].split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return _resident(pid)


def _limit(memory: int) -> None:
    """In the new process, before its program: it ends with the keeper, and cannot ask for more."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        most = memory + HEADROOM
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _say(document: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(1, (json.dumps(document) + "\n").encode())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
