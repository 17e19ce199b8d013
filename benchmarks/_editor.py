"""An editor without a screen: a real client of `hwlint server` over stdio."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

__all__ = ["Editor", "Timed", "position"]

UTF16 = types.PositionEncodingKind.Utf16

WAIT = 120.0
"""Seconds after which a server counts as hanging."""


@dataclass(frozen=True)
class Timed:
    """An answer and how long it took."""

    answer: Any
    seconds: float


class Editor:
    """One server with some documents open; it pulls diagnostics, as VS Code does, or is told."""

    def __init__(self, encoding: types.PositionEncodingKind = UTF16, *, pulls: bool = True) -> None:
        self.encoding = encoding
        self.pulls = pulls
        self.client = LanguageClient("benchmark", "1")
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        for quiet in (
            types.CLIENT_REGISTER_CAPABILITY,
            types.WORKSPACE_DIAGNOSTIC_REFRESH,
            types.WORKSPACE_INLAY_HINT_REFRESH,
            types.WORKSPACE_CODE_LENS_REFRESH,
            types.WINDOW_SHOW_MESSAGE,
        ):
            self.client.feature(quiet)(_nothing)

    async def start(self, folder: Path, settings: Mapping[str, object]) -> None:
        """Start a server for a folder and wait until it is ready."""
        await self.client.start_io(sys.executable, "-m", "hwlint", "server")
        text = types.TextDocumentClientCapabilities(
            diagnostic=types.DiagnosticClientCapabilities() if self.pulls else None,
            code_action=types.CodeActionClientCapabilities(),
        )
        general = types.GeneralClientCapabilities(position_encodings=[self.encoding])
        await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(text_document=text, general=general),
                root_uri=folder.as_uri(),
                workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
                initialization_options=dict(settings),
            )
        )
        self.client.initialized(types.InitializedParams())

    async def stop(self) -> None:
        """Ask the server to end, and wait for it."""
        await asyncio.wait_for(self.client.shutdown_async(None), WAIT)
        self.client.exit(None)
        await self.client.stop()

    @property
    def pid(self) -> int:
        """Of the server."""
        process = getattr(self.client, "_server", None)
        assert process is not None
        return process.pid

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a document and return its URI."""
        uri = path.as_uri()
        self.texts[uri] = path.read_text(encoding="utf-8") if text is None else text
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "python", 1, self.texts[uri])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def close(self, uri: str) -> None:
        """Close a document."""
        del self.texts[uri], self.versions[uri]
        named = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(named))

    def edit(self, uri: str, start: int, end: int, text: str) -> None:
        """Put `text` in the place of the characters from `start` to `end`."""
        before = self.texts[uri]
        where = [position(before, offset, self.encoding) for offset in (start, end)]
        change = types.TextDocumentContentChangePartial(types.Range(*where), text)
        self.texts[uri] = before[:start] + text + before[end:]
        self.versions[uri] += 1
        named = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(named, [change]))

    async def diagnostics(self, uri: str) -> Timed:
        """Pull the findings of a document."""
        asked = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        return await timed(self.client.text_document_diagnostic_async(asked))

    async def hover(self, uri: str, offset: int) -> Timed:
        """Ask what is to be said of a place."""
        where = position(self.texts[uri], offset, self.encoding)
        asked = types.HoverParams(types.TextDocumentIdentifier(uri), where)
        return await timed(self.client.text_document_hover_async(asked))

    async def actions(self, uri: str, found: Sequence[types.Diagnostic]) -> Timed:
        """Ask for the quick-fixes of findings at one place."""
        context = types.CodeActionContext(list(found))
        where = found[0].range if found else types.Range(*[types.Position(0, 0)] * 2)
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, context)
        return await timed(self.client.text_document_code_action_async(asked))

    async def command(self, name: str, *arguments: object) -> Any:
        """Run a command of the server."""
        asked = types.ExecuteCommandParams(name, list(arguments))
        answer = self.client.workspace_execute_command_async(asked)
        return await asyncio.wait_for(answer, WAIT)


async def timed(asked: Any) -> Timed:
    """Wait for an answer and say how long it took."""
    start = time.perf_counter()
    answer = await asyncio.wait_for(asked, WAIT)
    return Timed(answer, time.perf_counter() - start)


def position(text: str, offset: int, encoding: types.PositionEncodingKind) -> types.Position:
    """Return an offset as line and unit of the encoding; lines end at CR, LF and CRLF."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    line, column = before.count("\n"), before.rpartition("\n")[2]
    name, size = _UNITS[encoding]
    return types.Position(line, len(column.encode(name)) // size)


_UNITS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    UTF16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


def _nothing(*_: object) -> None:
    """Take a request of the server and do nothing."""
