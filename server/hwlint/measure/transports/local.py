"""This machine: a process of its own, which a keeper ends in time."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from attrs import field, frozen

from hwlint.measure.job import Failure, Limits, Result, load_job, load_result
from hwlint.measure.transports.base import Cancelled, Progress

__all__ = [
    "KEEPER",
    "Ended",
    "Local",
    "failure_of",
    "keep",
    "keeper_words",
    "parse_ended",
    "result_of",
]

KEEPER = Path(__file__).with_name("keeper.py")
_TICK = 0.05
_SECONDS_TO_END = 5.0
_OUTPUT = 4_000
"""Characters of output that a failure repeats."""


@frozen
class Ended:
    """How a command ended, as the keeper tells it."""

    why: str
    """"exit", "seconds", "memory", "cancelled", "start" (it could not be started), "internal"."""
    code: int | None = None
    """Exit code, negative for a signal."""
    output: str = ""
    peak: int = 0


def keeper_words(folder: str, limits: Limits) -> list[str]:
    """Return the keeper's arguments before the command."""
    return [folder, str(limits.seconds), str(limits.memory or 0)]


@frozen
class Local:
    """Runs jobs on this machine."""

    python: Path
    """The interpreter that runs them."""
    arguments: tuple[str, ...] = field(default=())
    """For the runner, after the folder."""

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        """Run a job; see `Transport.run`."""
        job = load_job(job_folder)
        command = [str(self.python), "-I", str(runner), str(job_folder), *self.arguments]
        ended = keep(command, job_folder, job.limits, cancelled=cancelled, progress=progress)
        return result_of(job.key, job_folder, ended, job.limits)


def keep(
    command: list[str],
    folder: Path,
    limits: Limits,
    *,
    cancelled: Cancelled,
    progress: Progress,
) -> Ended:
    """Run a command under a keeper; return how it ended. Nothing of it is left then."""
    words = [sys.executable, "-I", "-S", str(KEEPER), *keeper_words(str(folder), limits)]
    keeper = subprocess.Popen(
        [*words, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches hwlint alone, which then ends the keeper
    )
    assert keeper.stdin is not None
    try:
        for message in _messages(keeper, cancelled):
            if "progress" in message:
                progress(str(message["progress"]))
            elif "ended" in message:
                return parse_ended(message["ended"])
    finally:
        keeper.stdin.close()
        _finish(keeper)
    return Ended("internal", keeper.returncode)


def _messages(
    keeper: "subprocess.Popen[bytes]", cancelled: Cancelled
) -> Iterator[dict[str, object]]:
    """Yield what the keeper says. When cancelled, close its input: it ends what it keeps."""
    assert keeper.stdout is not None
    assert keeper.stdin is not None
    pipe = keeper.stdout.fileno()
    text = b""
    while True:
        if not keeper.stdin.closed and cancelled():
            keeper.stdin.close()
        if not select.select([pipe], [], [], _TICK)[0]:
            continue
        data = os.read(pipe, 1 << 16)
        if not data:
            return
        *lines, text = (text + data).split(b"\n")
        yield from (cast("dict[str, object]", json.loads(line)) for line in lines)


def parse_ended(value: object) -> Ended:
    """Read how a command ended from what the keeper says of it."""
    told = cast("dict[str, object]", value)
    code = told.get("code")
    return Ended(
        why=str(told["why"]),
        code=code if isinstance(code, int) else None,
        output=str(told["output"]),
        peak=cast("int", told["peak"]),
    )


def _finish(keeper: "subprocess.Popen[bytes]") -> None:
    try:
        keeper.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    if keeper.stdout is not None:
        keeper.stdout.close()


def result_of(key: str, folder: Path, ended: Ended, limits: Limits) -> Result:
    """Return what a job wrote, or say how it ended without writing anything."""
    try:
        found = load_result(folder)
    except Exception as problem:  # noqa: BLE001 - whatever user code left there in its place
        return Result(key, failure=Failure("internal", f"result.json cannot be read: {problem}"))
    if found is not None and ended.why in ("exit", "internal"):
        return found
    return Result(key, failure=failure_of(folder, ended, limits))


def failure_of(folder: Path, ended: Ended, limits: Limits) -> Failure:
    """Say how a command ended that has left no result in its folder."""
    output = ended.output[-_OUTPUT:]
    if ended.why == "cancelled":
        return Failure("cancelled", "cancelled")
    if ended.why == "start":
        return Failure("setup", f"could not be started: {output}")
    if ended.why == "seconds":
        message = f"was not done within {limits.seconds:g} s and was ended"
        return Failure("timeout", message, advice="raise --timeout", output=output)
    if ended.why == "memory":
        return _memory(limits, output)
    if ended.code is not None and ended.code < 0:
        name = _signal_name(-ended.code)
        trace = _crash(folder)
        if name == "SIGKILL":
            advice = "the system may have been out of memory: try a smaller input"
            return Failure("crashed", f"was ended by {name}", trace, advice, output)
        return Failure("crashed", f"the process crashed ({name})", trace, "", output)
    message = f"the code ended the process with exit code {ended.code} before there was a result"
    return Failure("exited", message, output=output)


def _memory(limits: Limits, output: str) -> Failure:
    most = (limits.memory or 0) / 1e9
    message = f"held more than {most:.3g} GB of memory and was ended"
    return Failure("memory", message, advice="raise --memory, or measure a part", output=output)


def _crash(folder: Path) -> str:
    """Return what Python's fault handler wrote."""
    try:
        text = (folder / "crash.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text[:_OUTPUT].strip()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
