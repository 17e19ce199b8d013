"""Shows that a command is at work, where the editor can, and lets people stop it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar, cast
from uuid import uuid4

from lsprotocol import types
from pygls.lsp.server import LanguageServer

__all__ = ["Saying", "shown"]

T = TypeVar("T")
Token = str | int
_SOON = 0.3
"""Seconds: what is done by then is not worth a word."""


class Saying:
    """What some work says while it goes on; the last of it counts."""

    def __init__(self) -> None:
        """Say nothing yet."""
        self._text = ""
        self._shown: tuple[LanguageServer, Token] | None = None

    def __call__(self, text: str) -> None:
        """Say something, now or as soon as it can be shown."""
        self._text = text
        if self._shown is not None and text:
            server, token = self._shown
            report = types.WorkDoneProgressReport(message=text, cancellable=True)
            server.work_done_progress.report(token, report)

    def show(self, server: LanguageServer, token: Token) -> None:
        """Show it from now on."""
        self._shown = server, token
        self(self._text)


async def shown(
    server: LanguageServer,
    title: str,
    work: Coroutine[Any, Any, T],
    saying: Saying | None = None,
    token: Token | None = None,
) -> T | None:
    """Wait for some work and show that it goes on; None where somebody stops it.

    `token`: the client's own, where it brings one; else one is made where it takes long.
    """
    task = asyncio.ensure_future(work)
    saying = saying or Saying()
    try:
        if token is not None:
            return await _with_token(server, title, task, saying, token)
        await asyncio.wait({task}, timeout=_SOON)
        window = server.client_capabilities.window
        if task.done() or window is None or not window.work_done_progress:
            return await task
        made, progress = str(uuid4()), server.work_done_progress
        await progress.create_async(made)  # pyright: ignore[reportUnknownMemberType] - pygls leaves the result open
        return await _with_token(server, title, task, saying, made)
    finally:
        task.cancel()  # whoever asked has taken the question back


async def _with_token(
    server: LanguageServer, title: str, task: "asyncio.Future[T]", saying: Saying, token: Token
) -> T | None:
    progress = server.work_done_progress
    progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))
    saying.show(server, token)
    tokens = cast("dict[Token, Future[object]]", progress.tokens)  # pyright: ignore[reportUnknownMemberType] - pygls leaves the result open
    stopped = asyncio.wrap_future(tokens[token])  # cancelled when the editor says stop
    both: set[asyncio.Future[Any]] = {task, stopped}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        progress.end(token, types.WorkDoneProgressEnd())
        tokens.pop(token, None)
