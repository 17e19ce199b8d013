"""What measuring and searching share: code that runs apart, and how it is told that it did not."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from hwlint.engine.errors import UserError
from hwlint.lsp.measured import on_disk
from hwlint.lsp.state import State
from hwlint.measure.attended import Attended
from hwlint.measure.job import Failure
from hwlint.report.lines import where

__all__ = ["Data", "Running", "failed", "need_saved"]

Data = dict[str, object]


class Running:
    """What one server lets run apart. Lives in the event loop."""

    def __init__(self) -> None:
        """Let nothing run yet."""
        self._attended = Attended()
        self._tasks: set[asyncio.Task[object]] = set()

    def cancel(self) -> int:
        """Stop all that runs or waits for its turn; return how many."""
        for task in list(self._tasks):
            task.cancel()
        return len(self._tasks)

    def end(self) -> None:
        """End every process."""
        self.cancel()
        self._attended.end()

    @contextmanager
    def _counted(self) -> Generator[None]:
        """Know of the task at hand, so that it can be stopped."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)


def need_saved(state: State, files: Iterable[str], root: str, done: str) -> None:
    """See to it that files lie on the disk as the editor has them. `done`: "measured".

    Raises:
        UserError: Where one does not.
    """
    for path in files:
        if state.measurements.source(path) != on_disk(path):
            name = where(path, Path(root))
            raise UserError(f"{name} is not saved: what lies on the disk is what is {done}")


def failed(failure: Failure) -> Data:
    """Return the answer to a command that did not come to its end."""
    return {
        "failure": {
            "kind": failure.kind,
            "message": failure.message,
            "trace": failure.trace,
            "advice": failure.advice,
            "output": failure.output,
        }
    }
