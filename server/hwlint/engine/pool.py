"""Processes that read files. One that dies or does not come back costs its file, not the run.

Every file is read in a child process, also when one is enough: a parser that runs out of stack
takes its process with it. A process that has come to hold much memory is replaced between files.
Work goes out file by file, in order of path, so that files of one folder meet the same reader;
what a file yields does not depend on who read it.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Generic, Protocol, TypeVar

__all__ = ["KILL_AFTER", "Built", "Pool", "Result", "Task", "Visitor"]

Built = frozenset[tuple[str, str]]
"""(path, qualified name) of the classes that something builds."""

KILL_AFTER = 60.0
"""Seconds of wall clock without a sign of life. Budgets end a reading long before; this is for what
they cannot see, such as a parser that does not return."""
FULL = 8_000_000
"""Blocks of memory that a process may come to hold before another goes on in its place: some
700 MB. Half of what it keeps serves files of other folders, which it may never meet again."""
_SHARE = 8
"""Files handed to one process before it goes on to wherever most is left."""


class Result(Protocol):
    """What one pass over one file brings."""

    @property
    def path(self) -> str:
        """The file."""
        ...

    @property
    def incomplete(self) -> str:
        """Why it ended before its end; "" where it did not."""
        ...

    @property
    def built(self) -> Built:
        """What the file builds."""
        ...


R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)


class Visitor(Protocol[R_co]):
    """Reads one file after the other, in one process."""

    def visit(self, stage: str, path: str, built: Built) -> R_co:
        """Make one pass over one file. `built`: what is known from earlier passes."""
        ...


class Task(Protocol[R_co]):
    """What a process is told at its start."""

    def visitor(self, alive: Callable[[], None]) -> Visitor[R_co]:
        """Make what reads the files. It calls `alive` when it has done a part of one: a file may
        hold any number of models, each of which takes a second."""
        ...

    def failed(self, path: str, reason: str, trace: str = "") -> R_co:
        """Make the result of a file that could not be read to its end."""
        ...


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    queue: deque[str] = field(default_factory=deque[str])
    busy: str | None = None
    started: float = 0.0
    built: Built = frozenset()
    """The last `built` that it was sent."""


@dataclass(frozen=True, slots=True)
class _Said(Generic[R]):
    """What a process sends."""

    answer: R | None = None
    """None: it is at work."""
    full: bool = False
    """It holds so much that another should go on."""


class Pool(Generic[R]):
    """A context manager around the processes of one run."""

    def __init__(
        self, task: Task[R], processes: int, kill_after: float = KILL_AFTER, full: int = FULL
    ) -> None:
        """Start nothing yet: processes start when there is work."""
        self._task = task
        self._full = full
        self._kill_after = kill_after
        self._processes = processes
        self._workers: list[_Worker] = []
        self._last: dict[str, int] = {}
        # A fork is quick, but not safe beside threads: the language server has some.
        alone = threading.active_count() == 1
        # On macOS a forked child may be aborted as soon as it touches a system library.
        self._forks = alone and sys.platform == "linux"
        self._context = (
            multiprocessing.get_context("fork")
            if self._forks
            else multiprocessing.get_context("spawn")
        )

    def __enter__(self) -> "Pool[R]":
        """Return the pool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every process."""
        for worker in self._workers:
            _end(worker)

    def read(
        self, paths: Sequence[str], stage: str = "calls", built: Built = frozenset()
    ) -> Iterator[R]:
        """Yield a result for each path of one pass, as they come."""
        while len(self._workers) < min(self._processes, len(paths)):
            self._workers.append(self._start())
        if not paths:
            return
        self._deal(paths)
        for worker in self._workers:
            self._next(worker, stage, built)
        while busy := [w for w in self._workers if w.busy is not None]:
            for worker in self._ready(busy):
                answer = self._receive(worker)
                if answer is not None:
                    yield answer
                    self._next(worker, stage, built)

    def _deal(self, paths: Sequence[str]) -> None:
        """Give each process a stretch of the list; in a later pass what it knows already."""
        count = len(self._workers)
        size = -(-len(paths) // count)
        for position, path in enumerate(paths):
            owner = self._last.get(path, position // size)
            self._workers[owner % count].queue.append(path)

    def _next(self, worker: _Worker, stage: str, built: Built) -> None:
        if not worker.queue:
            self._take_over(worker)
        if not worker.queue:
            return
        path = worker.queue.popleft()
        fresh = built if worker.built is not built else None  # comparing large sets takes time
        try:
            worker.pipe.send((path, stage, fresh))
        except OSError:  # it died while it had nothing to do
            self._replace(worker)
            worker.pipe.send((path, stage, built))
        worker.built = built
        worker.busy, worker.started = path, time.monotonic()
        self._last[path] = self._workers.index(worker)

    def _take_over(self, worker: _Worker) -> None:
        richest = max(self._workers, key=lambda other: len(other.queue))
        taken = [richest.queue.pop() for _ in range(min(_SHARE, (len(richest.queue) + 1) // 2))]
        worker.queue.extend(reversed(taken))

    def _ready(self, busy: list[_Worker]) -> list[_Worker]:
        """Wait until a process has an answer, is dead or is late."""
        deadline = min(w.started for w in busy) + self._kill_after
        found = wait([w.pipe for w in busy], max(0.0, deadline - time.monotonic()))
        late = time.monotonic() - self._kill_after
        return [w for w in busy if w.pipe in found or w.started <= late]

    def _receive(self, worker: _Worker) -> R | None:
        """Return what a process answers for its file; None where it only shows that it works."""
        path = worker.busy or ""
        if not worker.pipe.poll():
            self._replace(worker)
            return self._task.failed(path, f"stopped after {self._kill_after:.0f} s")
        try:
            said: _Said[R] = worker.pipe.recv()
        except (EOFError, OSError):
            self._replace(worker)
            return self._task.failed(path, "the process that read it died")
        if said.answer is None:
            worker.started = time.monotonic()
            return None
        worker.busy = None
        if said.full:
            self._replace(worker)
        return said.answer

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        # A forked child holds a copy of our end and would keep the pipe open after us.
        inherited = ours if self._forks else None
        process = self._context.Process(
            target=_work, args=(self._task, theirs, inherited, self._full), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _replace(self, worker: _Worker) -> None:
        _end(worker)
        fresh = self._start()
        worker.process, worker.pipe, worker.built = fresh.process, fresh.pipe, frozenset()
        worker.busy = None


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()


def _work(task: Task[R], pipe: Connection, inherited: Connection | None, full: int) -> None:
    """What a process does: answer one path after the other until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children
    _hush()
    if inherited is not None:
        inherited.close()
    before = sys.getallocatedblocks()  # a forked child has its parent's as well
    reads = _Reads(task, lambda: pipe.send(_Said()))
    while True:
        try:
            path, stage, fresh = pipe.recv()
        except (EOFError, OSError):
            return
        if fresh is not None:
            reads.built = fresh
        answer = reads.answer(path, stage)
        pipe.send(_Said(answer, sys.getallocatedblocks() - before > full))


def _hush() -> None:
    """Nothing that goes wrong in here is to reach the terminal except as an answer."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


class _Reads(Generic[R]):
    """A visitor that is made anew whenever it fails: what it remembers may be half made."""

    def __init__(self, task: Task[R], alive: Callable[[], None]) -> None:
        self.built: Built = frozenset()
        self._task = task
        self._alive = alive
        self._visitor: Visitor[R] | None = None

    def answer(self, path: str, stage: str) -> R:
        try:
            visitor = self._visitor = self._visitor or self._task.visitor(self._alive)
            return visitor.visit(stage, path, self.built)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong costs this file only
            self._visitor = None
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            return self._task.failed(path, reason, traceback.format_exc(limit=-30))
