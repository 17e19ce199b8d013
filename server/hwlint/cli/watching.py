"""`hwlint check --watch`: check again whenever something of the workspace has changed."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

__all__ = ["watch"]

_PAUSE = 0.5
"""Seconds between two looks at the files."""
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(paths: Sequence[Path], root: Path | None, check: Callable[[], int]) -> int:
    """Check, and again after each change, until somebody interrupts."""
    from hwlint.engine.errors import UserError
    from hwlint.report.lines import forget

    while True:
        forget()
        state = _state(paths, root)
        if sys.stdout.isatty():
            click.echo(_CLEAR, nl=False)
        try:
            check()
        except UserError as error:  # a configuration that is being written
            click.echo(f"hwlint: {error}", err=True)
        click.echo("Watching for changes; Ctrl+C ends.", err=True)
        sys.stdout.flush()
        while _state(paths, root) == state:
            time.sleep(_PAUSE)


def _state(paths: Sequence[Path], root: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Return what tells whether a file of the workspaces has changed, came or went."""
    from hwlint.engine.workspace import workspaces

    return tuple(
        sorted(
            found
            for folder in workspaces(paths, root)
            for file in _files(folder)
            if (found := _stamp(file)) is not None
        )
    )


def _files(folder: Path) -> Iterator[Path]:
    from hwlint.engine.workspace import source_files

    yield from (Path(name) for name in source_files(folder))
    yield from (folder / name for name in ("hwlint.toml", "pyproject.toml", ".gitignore"))


def _stamp(file: Path) -> tuple[str, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return str(file), status.st_mtime_ns, status.st_size
