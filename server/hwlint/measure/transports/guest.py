"""Does a job on a device that hwlint was sent to: takes the files in, runs them, gives back what
came of it, and leaves nothing behind.

It comes through standard input itself, is run from there, and reads on: a line of JSON,
{"mark": ..., "files": [[name, bytes], ...], "command": [...], "back": [names]}, and the bytes of
the files. As long as standard input stays open the job goes on; when it ends, which it also does
when the link is cut, everything is ended and removed. What it says are lines of JSON behind the
mark, so that greetings of a login shell are told from it. Needs Python's library alone, 3.8 or
newer.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import BinaryIO, NoReturn

PREFIX = "hwlint-guest-"
CHUNK = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT)


class Cut(Exception):
    """Whoever asked has gone."""


def main(source: BinaryIO) -> int:
    """Do one job."""
    head = json.loads(source.readline())
    mark = str(head["mark"])
    if sys.version_info < (3, 8):
        version = ".".join(map(str, sys.version_info[:3]))
        say(mark, {"problem": ["setup", f"Python {version} is too old: 3.8 is needed"]})
        return 0
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, _stopped)
    remove_left_behind(tempfile.gettempdir(), PREFIX)
    try:
        with own_folder() as folder:
            say(mark, {"ready": folder})
            take(source, folder, head["files"])
            say(mark, {"started": True})
            command = [word.replace("{folder}", folder) for word in head["command"]]
            run(mark, command, folder)
            give(mark, folder, head["back"])
    except OSError as problem:
        say(mark, {"problem": ["device", told(problem)]})
    except Cut:
        return 1
    return 0


@contextlib.contextmanager
def own_folder() -> Generator[str]:
    """Make a folder, named after this process, and remove it."""
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
    try:
        yield folder
    finally:
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)  # nothing keeps it from tidying up
        shutil.rmtree(folder, ignore_errors=True)


def remove_left_behind(base: str, prefix: str) -> None:
    """Remove folders, named after processes, of those that were killed or ended with the power."""
    for name in os.listdir(base):
        pid = name[len(prefix) :].partition("-")[0]
        if not name.startswith(prefix) or not pid.isdigit():
            continue
        path = os.path.join(base, name)
        with contextlib.suppress(OSError):  # another guest is removing it
            mine = os.lstat(path).st_uid == os.getuid()
            if mine and not os.path.islink(path) and not alive(int(pid)):
                shutil.rmtree(path, ignore_errors=True)


def alive(pid: int) -> bool:
    """Say whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def take(source: BinaryIO, folder: str, files: list[list[object]]) -> None:
    """Write the files that follow."""
    for name, size in files:
        path = os.path.join(folder, *str(name).split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        left = int(str(size))
        with open(path, "wb") as file:
            while left:
                data = source.read(min(left, CHUNK))
                if not data:
                    raise Cut
                file.write(data)
                left -= len(data)


def run(mark: str, command: list[str], folder: str) -> None:
    """Run the keeper and pass on what it says. It ends all when its input ends, which it does here
    when ours does, when this process is told to stop, and when it is killed."""
    running = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "TMPDIR": folder},  # what runtimes drop there goes with it
        start_new_session=True,
    )
    assert running.stdin is not None
    assert running.stdout is not None
    open_ends = [running.stdout.fileno(), 0]
    text = b""
    try:
        while running.stdout.fileno() in open_ends:
            ready = select.select(open_ends, [], [])[0]
            if 0 in ready and not os.read(0, CHUNK):
                running.stdin.close()
                open_ends.remove(0)
            if running.stdout.fileno() in ready:
                data = os.read(running.stdout.fileno(), CHUNK)
                if not data:
                    open_ends.remove(running.stdout.fileno())
                *lines, text = (text + data).split(b"\n")
                for line in lines:
                    with contextlib.suppress(ValueError):
                        say(mark, json.loads(line))
    finally:
        running.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(5)
        running.kill()
        running.stdout.close()


def give(mark: str, folder: str, names: list[str]) -> None:
    """Send files back, those that are there."""
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                say(mark, {"file": name, "text": file.read()})
    say(mark, {"done": True})


def say(mark: str, document: dict[str, object]) -> None:
    """Say something. Nobody listens any more: all the same, there is work to do to the end."""
    with contextlib.suppress(OSError):
        data = f"\n{mark}{json.dumps(document)}\n".encode()
        while data:
            data = data[os.write(1, data) :]


def told(problem: OSError) -> str:
    """Say what went wrong, in one line."""
    base = tempfile.gettempdir()
    if problem.errno in FULL:
        free = shutil.disk_usage(base).free / 1e6
        return f"there is no space left in {base} ({free:.1f} MB free)"
    return f"{problem.strerror or problem}: {problem.filename or base}"


def _stopped(number: int, _: object) -> NoReturn:
    raise Cut(number)


if __name__ == "__main__":
    raise SystemExit(main(sys.stdin.buffer))
