"""`hwlint server`: the protocol side. Never reads a model itself, never waits for who does."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.workspace import TextDocument

from hwlint import __version__
from hwlint.lsp import hints
from hwlint.lsp.actions import actions_for
from hwlint.lsp.cards import finding_card, layer_card, model_card
from hwlint.lsp.completion import completions, word_at
from hwlint.lsp.diagnostics import diagnostics_of
from hwlint.lsp.documents import Documents, Lines
from hwlint.lsp.lookup import layer_at, model_at
from hwlint.lsp.measure_commands import measure_commands
from hwlint.lsp.mending import FIX_ALL, fix_all, fixes_for
from hwlint.lsp.panel import report_of
from hwlint.lsp.progress import shown
from hwlint.lsp.settings import Settings, read_settings
from hwlint.lsp.snapshot import Snapshot
from hwlint.lsp.spawning import Spawned
from hwlint.lsp.state import State
from hwlint.lsp.suggest_commands import suggest_commands
from hwlint.lsp.turns import Turns

if TYPE_CHECKING:
    from hwlint.lsp.measuring import Measuring
    from hwlint.lsp.suggesting import Seeker

__all__ = ["Server", "make_server"]

_log = logging.getLogger(__name__)
_WATCHED = ("**/*.py", "**/*.{yaml,yml,json,toml,md,rst}", "**/.hwlint/profiles/*.toml")


class _Protocol(LanguageServerProtocol):
    """Keeps documents whose lines are those of the editor, and answers what it cannot read."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Make an object of a message. The base class leaves a client waiting for ever whose
        request is not of the form that the protocol gives it."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def cancel_others(self) -> None:
        """Cancel every request but the one at hand. The base class does so on shutdown too, and
        stumbles over those that are under way: each takes itself off the list that it walks."""
        for number, future in list(self._request_futures.items()):
            if number != self.msg_id:
                future.cancel()

    def use_documents(self, params: types.InitializeParams) -> None:
        """Put documents of our own in the place of the base class's, before any is open."""
        before = self.workspace
        self._workspace = Documents(
            before.root_uri,
            types.TextDocumentSyncKind.Incremental,
            params.workspace_folders or [],
            before.position_encoding,
        )


class Server(LanguageServer):
    """One editor's server."""

    def __init__(self, spawned: Spawned | None = None) -> None:
        """Make a server that knows nothing yet. `spawned`: the process that reads for it, where it
        was started before."""
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - pygls leaves *args untyped
            "hwlint",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=_Protocol,
        )
        self.state = State(self._folders, self._tell, spawned=spawned)
        self._turns = Turns()
        self._measuring: Measuring | None = None
        self._seeker: Seeker | None = None
        self._looking: asyncio.Task[None] | None = None
        self.pulls = False
        """The client asks for findings; else they are sent to it."""
        self._numbers: dict[str, tuple[int, list[types.Diagnostic]]] = {}

    def report_server_error(self, error: Exception, source: object) -> None:
        """Write faults of ours to the log: a window that pops up helps nobody."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)

    def _folders(self) -> tuple[Path, ...]:
        named = [uris.to_fs_path(folder.uri) for folder in self.workspace.folders.values()]
        if not named and self.workspace.root_path:
            named = [self.workspace.root_path]
        return tuple(Path(path).resolve() for path in named if path)

    def result_of(self, uri: str) -> tuple[str, list[types.Diagnostic]]:
        """Return the findings of a document with an id that is the same as long as they are."""
        known = self.state.known(uri)
        found = [] if known is None else list(diagnostics_of(self.state, uri, known))
        number, before = self._numbers.get(uri, (0, None))
        if before is None or before != found:
            number += 1
            self._numbers[uri] = (number, found)
        return str(number), found

    def _tell(self, snapshot: Snapshot, touched: frozenset[str]) -> None:
        """Send what a snapshot brought, or say that there is something to ask for."""
        if snapshot.error:
            self.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, f"hwlint: {snapshot.error}")
            )
        for entry in list(self.state.open.values()):
            if entry.path in snapshot.files and not self.pulls:
                self.publish(entry.uri)
        workspace = self.client_capabilities.workspace
        if workspace is None:
            return
        if (
            self.pulls
            and touched
            and workspace.diagnostics
            and workspace.diagnostics.refresh_support
        ):
            self.workspace_diagnostic_refresh(None)
        self.refresh()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())

    async def _look(self) -> None:
        """See what the store has. The first time takes what the server was started without."""
        await asyncio.to_thread(_prepare_measuring)
        self.measuring.look()

    @property
    def measuring(self) -> "Measuring":
        """What measures."""
        if self._measuring is None:
            from hwlint.lsp.measuring import Measuring  # noqa: PLC0415 - after the first findings

            self._measuring = Measuring(self.state, self._turns, self._measured)
        return self._measuring

    @property
    def seeker(self) -> "Seeker":
        """What searches for faster variants."""
        if self._seeker is None:
            from hwlint.lsp.suggesting import Seeker  # noqa: PLC0415 - where it is asked for

            self._seeker = Seeker(self.state, self._turns)
        return self._seeker

    def end(self) -> None:
        """End every process."""
        if self._seeker is not None:
            self._seeker.end()
        if self._measuring is not None:
            self._measuring.end()
        self.state.worker.end()

    def _measured(self) -> None:
        """Say what measurements have brought: also that a model has become slower."""
        self.refresh()
        workspace = self.client_capabilities.workspace
        if not self.pulls:
            for uri in list(self.state.open):
                self.publish(uri)
        elif workspace and workspace.diagnostics and workspace.diagnostics.refresh_support:
            self.workspace_diagnostic_refresh(None)

    def refresh(self) -> None:
        """Tell the client that there is more to say in and above the text."""
        workspace = self.client_capabilities.workspace
        if workspace is None:
            return
        if workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def publish(self, uri: str) -> None:
        """Send the findings of a document, if they are of the text that the client has."""
        known = self.state.known(uri)
        entry = self.state.open.get(uri)
        if known is None or entry is None or not known.current:
            return
        _, found = self.result_of(uri)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, found, entry.document.version)
        )

    def clear(self, uri: str) -> None:
        """Take the findings of a closed document away."""
        self._numbers.pop(uri, None)
        if not self.pulls:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def configure(self, given: object) -> None:
        """Take settings in and say what of them is not understood."""
        settings, wrong = read_settings(given)
        for line in wrong:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, line))
        if settings != self.state.settings:
            self.state.configure(settings)


def _prepare_measuring() -> None:
    from hwlint.lsp import measuring  # noqa: PLC0415 - in a thread, after the first findings

    _log.debug("%s is there", measuring.__name__)


def make_server(spawned: Spawned | None = None) -> Server:
    """Make a server with every feature. `spawned`: see `Server`."""
    server = Server(spawned)
    _lifecycle(server)
    _documents(server)
    _diagnostics(server)
    _looks(server)
    _commands(server)
    measure_commands(server)
    suggest_commands(server)
    return server


def _lifecycle(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        protocol = server.protocol
        assert isinstance(protocol, _Protocol)
        protocol.use_documents(params)
        text = params.capabilities.text_document
        server.pulls = text is not None and text.diagnostic is not None
        workspace = params.capabilities.workspace
        edits = workspace.workspace_edit if workspace is not None else None
        server.state.previews = edits is not None and edits.change_annotation_support is not None
        server.configure(params.initialization_options)
        given: object = params.initialization_options
        if isinstance(given, Mapping):
            # Said once: settings that come later cannot take it back.
            table = cast("Mapping[str, object]", given)
            server.state.trusted = table.get("trusted") is not False

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        await _register(server)
        await _fetch_settings(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def settings(params: types.DidChangeConfigurationParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        given: object = params.settings
        if not await _fetch_settings(server) and isinstance(given, Mapping):
            table = cast("Mapping[str, object]", given)
            server.configure(table.get("hwlint", table))

    @server.feature(types.SHUTDOWN)
    def shutdown(_: None) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        protocol = server.protocol
        assert isinstance(protocol, _Protocol)
        protocol.cancel_others()
        server.end()


async def _register(server: Server) -> None:
    workspace = server.client_capabilities.workspace
    wanted: list[types.Registration] = []
    watched = workspace.did_change_watched_files if workspace else None
    if watched and watched.dynamic_registration:
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted.append(
            types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        )
    changes = workspace.did_change_configuration if workspace else None
    if changes and changes.dynamic_registration:
        section = {"section": "hwlint"}
        wanted.append(
            types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section)
        )
    if wanted:
        await server.client_register_capability_async(types.RegistrationParams(wanted))


async def _fetch_settings(server: Server) -> bool:
    """Ask the client for its settings; whether it answers such questions."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return False
    asked = types.ConfigurationParams([types.ConfigurationItem(section="hwlint")])
    answer = await server.workspace_configuration_async(asked)
    if answer and answer[0]:
        server.configure(answer[0])
    return True


def _documents(server: Server) -> None:
    state = server.state

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        state.opened(server.workspace.get_text_document(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        document = server.workspace.get_text_document(params.text_document.uri)
        state.changed(document, _line_of(params.content_changes))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        state.closed(params.text_document.uri)
        server.clear(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def on_disk(params: types.DidChangeWatchedFilesParams) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        found = [(uris.to_fs_path(c.uri), c.type) for c in params.changes]
        plain = types.FileChangeType.Changed
        listed = any(kind != plain or not (path or "").endswith(".py") for path, kind in found)
        state.files_changed(tuple(path for path, _ in found if path), listed=listed)


def _line_of(changes: Sequence[types.TextDocumentContentChangeEvent]) -> int | None:
    """Return the line on which somebody types; None where the whole text was exchanged."""
    last = changes[-1] if changes else None
    ranged = isinstance(last, types.TextDocumentContentChangePartial)
    return last.range.start.line if ranged else None


def _diagnostics(server: Server) -> None:
    options = types.DiagnosticOptions(
        inter_file_dependencies=True, workspace_diagnostics=False, identifier="hwlint"
    )

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:  # pyright: ignore[reportUnusedFunction] - registered
        uri = params.text_document.uri
        await server.state.told(uri)
        number, found = server.result_of(uri)
        if number == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(number)
        return types.RelatedFullDocumentDiagnosticReport(found, result_id=number)


def _looks(server: Server) -> None:
    state = server.state

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:  # pyright: ignore[reportUnusedFunction] - registered
        return _hover(state, params.text_document.uri, params.position)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["[", '"', ","])
    )
    def complete(params: types.CompletionParams) -> Sequence[types.CompletionItem]:  # pyright: ignore[reportUnusedFunction] - registered
        return completions(state, params.text_document.uri, params.position)

    kinds = [types.CodeActionKind.QuickFix, FIX_ALL]

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds)
    )
    async def actions(params: types.CodeActionParams) -> Sequence[types.CodeAction]:  # pyright: ignore[reportUnusedFunction] - registered
        return await _actions(state, params)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def inlays(params: types.InlayHintParams) -> Sequence[types.InlayHint]:  # pyright: ignore[reportUnusedFunction] - registered
        return list(hints.inlay_hints(state, params.text_document.uri, params.range))

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lenses(params: types.CodeLensParams) -> Sequence[types.CodeLens]:  # pyright: ignore[reportUnusedFunction] - registered
        return list(hints.code_lenses(state, params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def symbols(params: types.DocumentSymbolParams) -> Sequence[types.DocumentSymbol]:  # pyright: ignore[reportUnusedFunction] - registered
        # An outline is asked for once for each version: nobody can be told to ask again.
        await state.fresh(params.text_document.uri)
        return list(hints.document_symbols(state, params.text_document.uri))


async def _actions(state: State, params: types.CodeActionParams) -> list[types.CodeAction]:
    entry, context = state.open.get(params.text_document.uri), params.context
    if entry is None:
        return []
    made: list[types.CodeAction] = []
    if _is_wanted(context, types.CodeActionKind.QuickFix):
        # An editor that asks by itself, for its lamp, asks again: only people wait.
        waits = context.trigger_kind != types.CodeActionTriggerKind.Automatic
        made += await fixes_for(state, entry, context.diagnostics, waits=waits)
        made += actions_for(entry, context.diagnostics)
    # An editor that names no kind asks for what belongs to the place, not to the document.
    if context.only and _is_wanted(context, FIX_ALL):
        made += await fix_all(state, entry)
    return made


def _is_wanted(context: types.CodeActionContext, kind: str) -> bool:
    """Say whether an editor asks for a kind: by its name or by what its name begins with."""
    name, *asked = [str(getattr(one, "value", one)) for one in (kind, *(context.only or ()))]
    return not asked or any(f"{name}.".startswith(f"{only}.") or not only for only in asked)


def _hover(state: State, uri: str, position: types.Position) -> types.Hover | None:
    entry, known = state.open.get(uri), state.known(uri)
    if entry is None:
        return None
    point = Lines(entry.document).point(position)
    said = word_at(entry, point)
    if said is not None:
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, said))
    if known is None:
        return None
    cards: list[str] = []
    for found in known.snapshot.diagnostics:
        anchor = known.shift(found.anchor)
        if anchor and (anchor.line, anchor.col) <= point <= (anchor.end_line, anchor.end_col):
            cards.append(finding_card(found))
    layer = layer_at(known, entry.path, point)
    model = model_at(known, entry.path, point)
    if layer is not None:
        cards.insert(0, layer_card(*layer, state.measurements))
    elif model is not None:
        cards.insert(0, model_card(*model, state.measurements))
    if not cards:
        return None
    text = "\n\n---\n\n".join(cards)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


def _digest(document: TextDocument) -> str:
    """SHA-256 of a text: whether an editor and the server have the same."""
    return sha256(document.source.encode("utf-8", "surrogatepass")).hexdigest()


def _commands(server: Server) -> None:
    state = server.state

    @server.command("hwlint.restart")
    def restart() -> None:  # pyright: ignore[reportUnusedFunction] - registered
        state.worker.kill()

    @server.command("hwlint.setTargets")
    def set_targets(devices: list[str]) -> None:  # pyright: ignore[reportUnusedFunction] - registered
        before = state.settings
        state.configure(
            Settings(
                tuple(devices) or None,
                before.select,
                before.ignore,
                before.python,
                before.inlay_hints,
                before.code_lens,
            )
        )

    @server.command("hwlint.report")
    async def report(where: dict[str, Any]) -> dict[str, object] | None:  # pyright: ignore[reportUnusedFunction] - registered
        uri, at = str(where.get("uri")), where.get("position")
        entry = state.open.get(uri)
        if entry is None:
            return None
        point = None
        if at is not None:
            point = Lines(entry.document).point(types.Position(at["line"], at["character"]))
        return await shown(server, "hwlint: hardware report", report_of(state, uri, point))

    @server.command("hwlint.debugInformation")
    def debug_information() -> dict[str, object]:  # pyright: ignore[reportUnusedFunction] - registered
        return {
            "version": __version__,
            "worker": state.worker.pid,
            "open": sorted(state.open),
            "digests": {uri: _digest(entry.document) for uri, entry in state.open.items()},
            "current": sorted(uri for uri in state.open if state.is_current(uri)),
            "focused": sorted(uri for uri in state.open if state.is_told(uri)),
            "provable": sorted(uri for uri in state.open if state.is_provable(uri)),
            "workspaces": {
                root: {
                    "targets": [f"{device} {dtype}" for device, dtype in answer.targets],
                    "read": answer.read,
                    "entries": answer.entries,
                    "error": answer.error,
                }
                for root, answer in state.answers.items()
            },
        }
