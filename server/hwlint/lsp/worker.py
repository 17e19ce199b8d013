"""The handle on the process that reads: starts it, hears it, ends it, starts it again."""

import asyncio
import logging
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import cast

from hwlint.lsp.reading import Message
from hwlint.lsp.snapshot import Reply, Snapshot
from hwlint.lsp.spawning import Spawned, spawn

__all__ = ["Answer", "Worker"]

Answer = Snapshot | Reply

_log = logging.getLogger(__name__)


class Worker:
    """One child process; whoever uses it lives in an asyncio loop and never waits for it."""

    def __init__(
        self,
        answered: Callable[[Answer], None],
        restarted: Callable[[], None],
        spawned: Spawned | None = None,
    ) -> None:
        """Start nothing yet. `answered` is called with each answer, `restarted` when the process
        died and a new one, which knows nothing, is there: both in the loop. `spawned`: the first
        process, where it was started before."""
        self._spawned = spawned
        self._answered = answered
        self._restarted = restarted
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._outbox = SimpleQueue[Message | None]()
        """What is to be sent: a text is larger than what a pipe holds, and the process takes it
        only between two ways of building. Nobody in the loop waits for that."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False

    @property
    def pid(self) -> int | None:
        """Of the process, None before it is there."""
        return None if self._process is None else self._process.pid

    def send(self, message: Message) -> None:
        """Hand something over; starts the process where there is none."""
        if self._ended:
            return
        if self._process is None:
            self._start()
        self._outbox.put(message)

    def end(self) -> None:
        """End the process at once."""
        self._ended = True
        self._outbox.put(None)
        if self._spawned is not None:
            self._process, self._pipe = self._spawned
        if self._process is not None:
            self._process.kill()
            self._process.join(1)
        if self._pipe is not None:
            self._pipe.close()

    def kill(self) -> None:
        """End the process; another one takes its place."""
        if self._process is not None:
            self._process.kill()

    def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        process, ours = self._spawned or spawn()
        self._spawned = None
        self._process, self._pipe = process, ours
        self._outbox.put(None)  # ends whoever sent to the process before
        self._outbox = SimpleQueue[Message | None]()
        sender = threading.Thread(target=_deliver, args=(ours, self._outbox), daemon=True)
        sender.start()
        listener = threading.Thread(target=self._listen, args=(ours, process), daemon=True)
        listener.start()

    def _listen(self, pipe: Connection, process: BaseProcess) -> None:
        """Pass answers on until the process is gone. Runs in a thread of its own."""
        while True:
            try:
                answer = cast("Answer", pipe.recv())
            except (EOFError, OSError):
                break
            self._tell(self._answered, answer)
        process.join()
        self._tell(self._lost, process)

    def _tell(self, callback: Callable[..., None], argument: object) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:  # the loop ended in between
            return

    def _lost(self, process: BaseProcess) -> None:
        if self._ended or process is not self._process:
            return
        _log.warning("the reading process ended with %s; it is started again", process.exitcode)
        self._process = self._pipe = None
        self._restarted()


def _deliver(pipe: Connection, outbox: SimpleQueue[Message | None]) -> None:
    """Send what comes in, in order, until there is nothing more to come. Runs in a thread of its
    own."""
    while (message := outbox.get()) is not None:
        try:
            pipe.send(message)
        except OSError:  # it died: whoever listens to it finds that out and starts another
            _log.info("the reading process is gone")
            return
