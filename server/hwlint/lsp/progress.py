"""Shows that a command is at work, where the editor can, and lets people stop it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar, cast
from uuid import uuid4

from lsprotocol import types
from pygls.lsp.server import LanguageServer

__all__ = ["shown"]

T = TypeVar("T")
_SOON = 0.3
"""Seconds: what is done by then is not worth a word."""


async def shown(server: LanguageServer, title: str, work: Coroutine[Any, Any, T]) -> T | None:
    """Wait for some work and show that it goes on; None where somebody stops it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=_SOON)
        window = server.client_capabilities.window
        if task.done() or window is None or not window.work_done_progress:
            return await task
        return await _with_token(server, title, task)
    finally:
        task.cancel()  # whoever asked has taken the question back


async def _with_token(server: LanguageServer, title: str, task: "asyncio.Future[T]") -> T | None:
    token, progress = str(uuid4()), server.work_done_progress
    await progress.create_async(token)  # pyright: ignore[reportUnknownMemberType] - pygls leaves the result open
    progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))
    tokens = cast("dict[str, Future[object]]", progress.tokens)  # pyright: ignore[reportUnknownMemberType] - pygls leaves the result open
    stopped = asyncio.wrap_future(tokens[token])  # cancelled when the editor says stop
    both: set[asyncio.Future[Any]] = {task, stopped}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        progress.end(token, types.WorkDoneProgressEnd())
        tokens.pop(token, None)
