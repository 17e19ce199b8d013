"""Starts the process that reads. Imports next to nothing, so that a server can do it first of all:
the two then get ready beside each other."""

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

__all__ = ["Spawned", "spawn"]

Spawned = tuple[BaseProcess, Connection]
"""The process, and the pipe to it."""


def spawn() -> Spawned:
    """Start one. It ends when the other end of its pipe is closed."""
    # A fork would share the server's threads and its pipe to the editor.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_read, args=(theirs,), daemon=True, name="hwlint-reading")
    process.start()
    theirs.close()
    return process, ours


def _read(pipe: Connection) -> None:
    from hwlint.lsp.reading import serve  # noqa: PLC0415 - in the process that reads alone

    serve(pipe)
