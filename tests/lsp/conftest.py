"""A real server over stdio, driven with what VS Code and Neovim say that they can do."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import (
    DEFAULT_CLIENT_FEATURES,
    default_converter,
    register_lsp_features,
)

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for wire.py

WAIT = 20
"""Seconds; only a server that hangs needs them."""


def _client() -> LanguageClient:
    """Return pytest-lsp's client, except that it keeps the versions of what is published."""
    client = LanguageClient(converter_factory=default_converter)
    client.published = {}
    client.news = asyncio.Event()
    silent = (types.WORKSPACE_INLAY_HINT_REFRESH, types.WORKSPACE_CODE_LENS_REFRESH)
    features = {
        **DEFAULT_CLIENT_FEATURES,
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: _publish,
        **dict.fromkeys(silent, _nothing),
        types.CLIENT_REGISTER_CAPABILITY: _nothing,
    }
    register_lsp_features(client, features)
    return client


def _publish(client: LanguageClient, params: types.PublishDiagnosticsParams) -> None:
    client.published[params.uri] = params
    client.news.set()


def _nothing(client: LanguageClient, params: object) -> None:
    return None


SERVER = ClientServerConfig(
    server_command=[sys.executable, "-m", "hwlint", "server"], client_factory=_client
)


class Editor:
    """One editor with documents open; texts are kept here as an editor keeps them."""

    def __init__(self, client: LanguageClient, *, pulls: bool) -> None:
        self.client = client
        self.pulls = pulls
        self.versions: dict[str, int] = {}

    def open(self, path: Path | str, text: str | None = None) -> str:
        uri = path if isinstance(path, str) else path.as_uri()
        if text is None:
            assert isinstance(path, Path)
            text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, *changes: types.TextDocumentContentChangeEvent) -> None:
        self.versions[uri] += 1
        named = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(named, list(changes))
        )

    def replace(self, uri: str, text: str) -> None:
        self.change(uri, types.TextDocumentContentChangeWholeDocument(text))

    def close(self, uri: str) -> None:
        named = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(named))

    async def diagnostics(self, uri: str) -> Sequence[types.Diagnostic]:
        """Return the findings of the text as it is now."""
        async with asyncio.timeout(WAIT):
            if self.pulls:
                return await self._pull(uri)
            published = self.client.published
            while (found := published.get(uri)) is None or found.version != self.versions[uri]:
                self.client.news.clear()
                await self.client.news.wait()
            return found.diagnostics

    async def _pull(self, uri: str) -> Sequence[types.Diagnostic]:
        asked = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        report = await self.client.text_document_diagnostic_async(asked)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return report.items

    async def until(self, uri: str, wanted: Sequence[str]) -> Sequence[types.Diagnostic]:
        """Wait until the findings have these codes: for what changes without an edit of it."""
        async with asyncio.timeout(WAIT):
            while self.codes(found := await self.diagnostics(uri)) != list(wanted):  # noqa: ASYNC110 - the server tells nobody when
                await asyncio.sleep(0.05)
            return found

    @staticmethod
    def codes(found: Sequence[types.Diagnostic]) -> list[str]:
        return sorted(str(d.code) for d in found)

    async def actions(
        self, uri: str, found: types.Diagnostic
    ) -> Sequence[types.Command | types.CodeAction]:
        context = types.CodeActionContext([found])
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), found.range, context)
        return await self.client.text_document_code_action_async(asked) or ()

    async def hover(self, uri: str, line: int, character: int) -> str:
        where = types.Position(line, character)
        asked = types.HoverParams(types.TextDocumentIdentifier(uri), where)
        answer = await self.client.text_document_hover_async(asked)
        if answer is None:
            return ""
        assert isinstance(answer.contents, types.MarkupContent)
        return answer.contents.value


@pytest_lsp.fixture(params=["neovim", "visual-studio-code"], config=SERVER)
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path
) -> AsyncIterator[None]:
    said = client_capabilities(request.param)
    # The recorded capabilities of VS Code are older than pulling; today's has it.
    lsp_client.pulls = request.param == "visual-studio-code"
    assert said.text_document is not None
    said.text_document.diagnostic = (
        types.DiagnosticClientCapabilities() if lsp_client.pulls else None
    )
    params = types.InitializeParams(capabilities=said, root_uri=tmp_path.as_uri())
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client: LanguageClient) -> Editor:
    return Editor(client, pulls=client.pulls)
