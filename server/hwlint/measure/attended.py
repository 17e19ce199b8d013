"""The handle on what runs apart: starts its process, hears it, ends it."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast

from attrs import frozen

from hwlint.measure.apart import Errand, Outcome, as_document, parse_outcome
from hwlint.measure.job import Failure, Result

__all__ = ["Attended", "Lost"]

_log = logging.getLogger(__name__)
_MEASURES = "hwlint.measure.apart"
_LONGEST_LINE = 64 << 20
_PATIENCE = 0.75
"""Seconds that a process has to end by itself."""


@frozen
class Lost:
    """A process that has ended without an outcome."""

    code: int


class Attended:
    """What runs apart from an asyncio loop. None of it outlives the process of the loop: each ends
    when the pipe to it does."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._running: set[Process] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, errand: Errand, said: Callable[[str], None]) -> Outcome:
        """Measure in a process of its own; cancelling this ends the process within a second.
        Never raises for what goes wrong with it: that is `Result.failure`."""
        found = await self.ask(_MEASURES, as_document(errand), lambda told: said(str(told)))
        return _lost(errand, found.code) if isinstance(found, Lost) else parse_outcome(found)

    async def ask(
        self, module: str, asked: Mapping[str, object], heard: Callable[[object], None]
    ) -> "object | Lost":
        """Let a module that is `hwlint.measure.piped` do something in a process of its own, and
        return its outcome. Cancelling this ends the process within a second."""
        process = await _start(module)
        self._running.add(process)
        try:
            assert process.stdin is not None
            process.stdin.write((json.dumps(asked) + "\n").encode())
            async for name, value in _messages(process):
                if name == "outcome":
                    return value
                heard(value)
            return Lost(await process.wait())
        finally:
            self._running.discard(process)
            self._end(process)

    def end(self) -> None:
        """Tell all of them to end. They do so by themselves."""
        for process in self._running:
            _close(process)

    def _end(self, process: Process) -> None:
        _close(process)
        task = asyncio.ensure_future(_ended(process))
        self._ending.add(task)  # the loop alone would let go of it
        task.add_done_callback(self._ending.discard)


async def _start(module: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # nothing is imported out of the folder that an editor happens to be in
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=_LONGEST_LINE,
    )


async def _messages(process: Process) -> AsyncIterator[tuple[str, object]]:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        for told in cast("dict[str, object]", json.loads(line)).items():
            yield told


def _lost(errand: Errand, code: int) -> Outcome:
    message = f"the process that measures ended with {code}"
    return Outcome(Result(errand.job.key, failure=Failure("internal", message)))


def _close(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


async def _ended(process: Process) -> None:
    """See to it that a process and all of its group are gone."""
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        _log.warning("a measurement does not end by itself: it is ended")
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
