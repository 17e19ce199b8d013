"""Another machine, by the system's own ssh: the user's configuration, keys, agent and jump hosts.

One connection does it all. It carries the files there (`guest.py` takes them in, as scp would), the
result back, and lives as long as the job is wanted: when it is cut, the guest ends and removes
everything. Nothing has to be there but Python and the runner's runtime.
"""

import contextlib
import json
import math
import os
import re
import secrets
import select
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Self, cast

from attrs import field, frozen

from hwlint.measure.job import JOB_FILE, RESULT_FILE, Failure, Job, Result, load_job
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.measure.transports.local import KEEPER, Ended, keeper_words, parse_ended, result_of

__all__ = ["Ssh"]

GUEST = Path(__file__).with_name("guest.py")
_BACK = (RESULT_FILE, "crash.txt")
_TICK = 0.05
_SECONDS_TO_CONNECT = 15
_SECONDS_TO_END = 5.0
_SECONDS_TO_CANCEL = 0.8
_SPARE_SECONDS = 60.0
"""Beyond the job's own limit, which the keeper there holds it to."""
_OPTIONS = {
    # Nobody is there to be asked for a password.
    "BatchMode": "yes",
    "ConnectTimeout": str(_SECONDS_TO_CONNECT),
    # A link that is dead without being closed.
    "ServerAliveInterval": "10",
    "ServerAliveCountMax": "3",
}
_NOT_FOUND, _NOT_RUNNABLE, _SSH_ITSELF = 127, 126, 255
_TROUBLE = (
    (r"Connection refused", "nothing there takes ssh connections: is sshd running, on that port?"),
    (r"Host key verification failed", "its host key is not known: connect once by `{ssh} {host}`"),
    (r"REMOTE HOST IDENTIFICATION", "its host key has changed: see `{ssh} {host}`"),
    (r"Permission denied", "no key of yours is accepted there: `ssh-copy-id {host}`"),
    (r"Could not resolve", "there is no host of that name"),
    (r"timed out|No route|unreachable", "the host does not answer"),
)


@frozen
class Ssh:
    """Runs jobs on a host."""

    host: str
    """As ssh takes it: a name out of the user's configuration, user@host, ssh://user@host:port."""
    python: str = "python3"
    """The interpreter there."""
    ssh: tuple[str, ...] = field(factory=lambda: tuple(shlex.split(_ssh())))
    arguments: tuple[str, ...] = ()
    """For the runner, after the folder."""
    back: tuple[str, ...] = ()
    """What comes back besides the result: names of files in the folder of the job."""

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        """Run a job; see `Transport.run`."""
        job = load_job(job_folder)
        files = _files(job_folder, runner)
        mark = f"hwlint-{secrets.token_hex(8)} "
        keeper = ["-I", "-S", "{folder}/keeper.py", *keeper_words("{folder}/job", job.limits)]
        runs = ["-I", f"{{folder}}/{runner.name}", "{folder}/job", *self.arguments]
        head = {
            "mark": mark,
            "files": [[name, path.stat().st_size] for name, path in files],
            "command": [self.python, *keeper, self.python, *runs],
            "back": [f"job/{name}" for name in (*_BACK, *self.back)],
        }
        megabytes = sum(path.stat().st_size for _, path in files) / 1e6
        progress(f"sending {megabytes:.1f} MB to {self.host}")
        with tempfile.TemporaryFile() as errors:
            try:
                link = _Link(self._command(), errors, json.dumps(head), files)
            except OSError as problem:
                return Result(job.key, failure=Failure("setup", f"ssh: {problem.strerror}"))
            with link:
                heard = _Heard((*_BACK, *self.back))
                _hear(heard, link, mark, job, job_folder, cancelled, progress)
            code = link.code
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
        return self._result(job, job_folder, heard, code, said)

    def _command(self) -> list[str]:
        guest = len(GUEST.read_bytes())
        # Plain enough for any shell that a user may have there.
        code = f"import sys;exec(sys.stdin.buffer.read({guest}))"
        start = f"{shlex.quote(self.python)} -I -c '{code}'"
        options = [word for key, value in _OPTIONS.items() for word in ("-o", f"{key}={value}")]
        return [*self.ssh, "-T", *options, "--", self.host, start]

    def _result(
        self, job: Job, folder: Path, heard: "_Heard", code: int | None, said: str
    ) -> Result:
        if heard.cancelled:
            return Result(job.key, failure=Failure("cancelled", "cancelled"))
        if heard.late:
            message = f"{self.host} was not done within {job.limits.seconds:g} s and did not answer"
            return Result(job.key, failure=Failure("timeout", message))
        if heard.problem is not None:
            kind, message = heard.problem
            return Result(job.key, failure=Failure(kind, f"{self.host}: {message}"))
        if heard.ended is None or not heard.done:
            return Result(job.key, failure=self._trouble(heard, code, said))
        found = result_of(job.key, folder, heard.ended, job.limits)
        if found.failure is not None and "No space left on device" in found.failure.output:
            message = f"{self.host}: there is no space left on the device"
            return Result(job.key, failure=Failure("device", message, output=found.failure.output))
        return found

    def _trouble(self, heard: "_Heard", code: int | None, said: str) -> Failure:
        """Say why there was no guest, or why it fell silent."""
        last = _last_line(said) or _last_line(heard.noise)
        output = (heard.noise + said)[-4000:]
        if heard.ready:
            message = f"the connection to {self.host} was lost in the middle"
            advice = "what ran there was ended and removed; measure again"
            return Failure("unreachable", message, "", advice, output)
        if code in (_NOT_FOUND, _NOT_RUNNABLE):
            message = f"there is no {self.python} on {self.host}: {last}"
            advice = "`hwlint device add --python PATH --replace` names the interpreter there"
            return Failure("setup", message, "", advice, output)
        if code != _SSH_ITSELF:
            message = f"{self.python} on {self.host} could not start the job: {last}"
            return Failure("setup", message, output=output)
        for pattern, advice in _TROUBLE:
            if re.search(pattern, said):
                named = advice.format(host=self.host, ssh=" ".join(self.ssh))
                return Failure("unreachable", f"{self.host}: {last}", "", named, output)
        message = f"{self.host} cannot be reached: {last or 'ssh does not say why'}"
        return Failure("unreachable", message, "", f"see `ssh -v {self.host}`", output)


class _Heard:
    """What came back."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.files = frozenset(f"job/{name}" for name in files)
        self.ready = False
        self.done = False
        self.cancelled = False
        self.late = False
        self.ended: Ended | None = None
        self.problem: tuple[str, str] | None = None
        self.noise = ""


def _hear(
    heard: _Heard,
    link: "_Link",
    mark: str,
    job: Job,
    folder: Path,
    cancelled: Cancelled,
    progress: Progress,
) -> None:
    until = math.inf
    for line in link.lines():
        if not heard.cancelled and cancelled():
            heard.cancelled = True
            until = time.monotonic() + _SECONDS_TO_CANCEL
            link.hang_up()
        if time.monotonic() > until:
            heard.late = not heard.cancelled
            link.kill()
        if line is None:
            continue
        if not line.startswith(mark):
            heard.noise = (heard.noise + line + "\n")[-4000:] if line else heard.noise
            continue
        with contextlib.suppress(ValueError):  # the link was cut in the middle of a line
            message = cast("Mapping[str, object]", json.loads(line.removeprefix(mark)))
            if "started" in message:
                until = time.monotonic() + job.limits.seconds + _SPARE_SECONDS
            _take(message, heard, folder, progress)
        if heard.done:
            break


def _take(message: Mapping[str, object], heard: _Heard, folder: Path, progress: Progress) -> None:
    heard.ready = heard.ready or "ready" in message
    heard.done = heard.done or "done" in message
    if "progress" in message:
        progress(str(message["progress"]))
    elif "problem" in message:
        kind, text = cast("list[str]", message["problem"])
        heard.problem = (kind, text)
    elif "ended" in message:
        heard.ended = parse_ended(message["ended"])
    elif message.get("file") in heard.files:
        (folder / Path(str(message["file"])).name).write_text(str(message["text"]), "utf-8")


class _Link:
    """An ssh that runs: the files go in, lines come out."""

    def __init__(
        self, command: list[str], errors: BinaryIO, head: str, files: list[tuple[str, Path]]
    ) -> None:
        # A connection that others share may keep standard error open: hence a file.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        self.code: int | None = None
        self._sender = threading.Thread(target=self._send, args=(head, files), daemon=True)
        self._sender.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.code = self._process.wait(_SECONDS_TO_END)
        self._process.kill()
        self.code = self._process.wait()
        self._sender.join()
        _close(self._process.stdin)
        _close(self._process.stdout)

    def hang_up(self) -> None:
        """Tell the other side that nothing more is wanted."""
        if self._sender.is_alive():
            self.kill()
        else:
            _close(self._process.stdin)

    def kill(self) -> None:
        """End it; the other side is told so by its own system."""
        self._process.kill()

    def lines(self) -> Iterator[str | None]:
        """Yield lines as they come, and None where none came for a moment."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        text = b""
        while True:
            if not select.select([pipe], [], [], _TICK)[0]:
                yield None
                continue
            data = os.read(pipe, 1 << 16)
            if not data:
                yield text.decode("utf-8", "replace")
                return
            *lines, text = (text + data).split(b"\n")
            yield from (line.decode("utf-8", "replace").rstrip("\r") for line in lines)

    def _send(self, head: str, files: list[tuple[str, Path]]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(OSError):  # it has ended, and says why
            pipe.write(GUEST.read_bytes() + head.encode() + b"\n")
            for _, path in files:
                with path.open("rb") as file:
                    while data := file.read(1 << 20):
                        pipe.write(data)
            pipe.flush()


def _close(pipe: object) -> None:
    with contextlib.suppress(OSError, ValueError):
        cast("BinaryIO", pipe).close()


def _files(folder: Path, runner: Path) -> list[tuple[str, Path]]:
    """Return all that goes there, by its name there."""
    inside = sorted(path for path in folder.rglob("*") if path.is_file())
    job = [(f"job/{path.relative_to(folder).as_posix()}", path) for path in inside]
    sent = [each for each in job if Path(each[0]).name not in _BACK]
    assert any(name == f"job/{JOB_FILE}" for name, _ in sent)
    return [*sent, (runner.name, runner), (KEEPER.name, KEEPER)]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _ssh() -> str:
    """Return the command; `HWLINT_SSH` names another, as GIT_SSH_COMMAND does for git."""
    return os.environ.get("HWLINT_SSH") or "ssh"
