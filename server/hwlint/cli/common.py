"""What several commands share: options, and where output goes."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.status import Status

    from hwlint.report.plain import Paint

__all__ = [
    "ProgressLine",
    "StatusLine",
    "debug_option",
    "emit",
    "format_option",
    "input_option",
    "paint_for",
    "split",
    "terminal_width",
    "write_details",
]

F = TypeVar("F", bound=Callable[..., object])

_PIPED_WIDTH = 120


def format_option(command: F) -> F:
    """Add `--output-format`, for what is a table or a document."""
    return click.option(
        "--output-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)


def debug_option(command: F) -> F:
    """Add `--debug`."""
    return click.option(
        "--debug", is_flag=True, help="Write the details of an internal error to a file."
    )(command)


def input_option(command: F) -> F:
    """Add `--input`."""
    return click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="SHAPE",
        help="What the model is called with, [NAME=]1x3x224x224[:DTYPE]; may be repeated.",
    )(command)


def split(values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Take apart options that may be given twice or with commas; None where there is none."""
    parts = tuple(part.strip() for value in values for part in value.split(","))
    return tuple(part for part in parts if part) or None


def emit(text: str, file: Path | None = None) -> None:
    """Write a report to the file, or to standard output."""
    if file is None:
        sys.stdout.write(text)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def paint_for(file: Path | None) -> "Paint":
    """Return colours for a terminal, none for a file or a pipe."""
    from hwlint.report.plain import plain

    if file is not None or not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return plain
    if os.environ.get("TERM") == "dumb":
        return plain
    from hwlint.report.paint import Coloured

    return Coloured()


def terminal_width() -> int:
    """Return how wide a report may be."""
    if not sys.stdout.isatty():
        return _PIPED_WIDTH
    return shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns


def write_details(traces: list[str]) -> str:
    """Write tracebacks to a file and return its name."""
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w", prefix="hwlint-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("\n".join(traces))
    return file.name


class ProgressLine:
    """A bar on standard error, on a terminal, once a run has taken a second."""

    def __init__(self, text: str) -> None:
        """Show nothing yet."""
        self._text = text
        self._start = time.monotonic()
        self._shown = 0.0
        self._bar: tuple[Progress, TaskID] | None = None
        self._wanted = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Say how far the run is."""
        now = time.monotonic()
        if not self._wanted or now - self._start < 1 or now - self._shown < 0.1:
            return
        self._shown = now
        if self._bar is None:
            self._bar = self._open(total)
        progress, task = self._bar
        progress.update(task, completed=done, total=total, refresh=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None

    def _open(self, total: int) -> "tuple[Progress, TaskID]":
        from rich.console import Console
        from rich.progress import Progress

        # Its thread would be copied into processes that start later.
        progress = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
        progress.start()
        return progress, progress.add_task(self._text, total=total)


class StatusLine:
    """One line on standard error, on a terminal, that says what is being done."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._status: Status | None = None
        self._wanted = sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        """Say what is being done now."""
        if not self._wanted:
            return
        if self._status is None:
            from rich.console import Console
            from rich.status import Status

            self._status = Status(text, console=Console(stderr=True))
            self._status.start()
        self._status.update(text)

    def close(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None
