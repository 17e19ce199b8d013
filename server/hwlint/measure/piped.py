"""The side of a pipe on which one thing is done, for a program that goes on meanwhile.

Whoever asks writes one line of JSON to standard input. Back come lines of JSON on standard output:
{"progress": ...} as it goes on, then one {"outcome": ...}. When standard input ends, so does what
is done, and with it every process that it started: whoever asked may have been killed.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

__all__ = ["Say", "serve"]

_SECONDS_TO_END = 0.6
"""For what is cancelled to tidy up; then it is ended."""

Say = Callable[[object], None]
"""Sends how far it is: anything that becomes JSON."""


def serve(do: Callable[[object, threading.Event, Say], object], *, interrupt: bool = False) -> int:
    """Do one thing, and return the exit code.

    `do` is given what was asked for, an event that says that it is to end, and what tells how it
    goes on; it returns the outcome. `interrupt`: its end comes as `KeyboardInterrupt`, too.
    """
    # What prints by mistake must not get between the lines.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked: object = json.loads(sys.stdin.readline())
    cancelled, finished = threading.Event(), threading.Event()
    watch = (cancelled, finished if interrupt else None)
    threading.Thread(target=_watch, args=watch, daemon=True).start()

    def send(**message: object) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            output.write(json.dumps(message) + "\n")
            output.flush()

    outcome = do(asked, cancelled, lambda value: send(progress=value))
    finished.set()
    send(outcome=outcome)
    return 0


def _watch(cancelled: threading.Event, finished: threading.Event | None) -> None:
    """Wait for the end of standard input, then see to it that all of this ends."""
    while os.read(0, 4096):
        pass
    cancelled.set()
    if finished is not None and not finished.is_set():
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_SECONDS_TO_END)
    os.killpg(0, signal.SIGKILL)
