"""What the server knows: open documents, the newest snapshot of each, and who waits for one."""

import asyncio
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from pygls import uris
from pygls.workspace import TextDocument

from hwlint.api import Fix
from hwlint.engine.findings import Diagnostic
from hwlint.engine.focus import Focus
from hwlint.engine.workspace import find_root, is_marked
from hwlint.lsp.documents import encoded
from hwlint.lsp.measured import Measurements
from hwlint.lsp.reading import Changed, Closed, Configured
from hwlint.lsp.settings import Settings
from hwlint.lsp.shift import Shift
from hwlint.lsp.snapshot import (
    Document,
    FileSnapshot,
    FixRequest,
    Question,
    Reply,
    Request,
    SheetRequest,
    Snapshot,
    SubjectRequest,
)
from hwlint.lsp.spawning import Spawned
from hwlint.lsp.views import ModelView
from hwlint.lsp.worker import Answer, Worker
from hwlint.report.sheet import Sheet

if TYPE_CHECKING:
    from hwlint.measure.subject import Subject

__all__ = ["BRIEF_PATIENCE", "LONG_PATIENCE", "Known", "Open", "State"]

_log = logging.getLogger(__name__)
_DEBOUNCE = 0.05
"""Seconds between two readings that are asked for: the first keystroke is read at once, those that
follow it at this distance together."""
_PATIENCE = 5.0
"""Seconds that a request waits for a reading before it is answered from the last one."""
BRIEF_PATIENCE = 0.02
"""The same for a text that is being read, where somebody waits for a menu to open."""
LONG_PATIENCE = 60.0
"""The same for what somebody asked for by a command, who can cancel it."""
_LOOSE = Path(tempfile.gettempdir()) / "hwlint-untitled"
"""Where documents that are no files stand in for the reader; nothing is ever written there."""


@dataclass
class Open:
    """A document that the editor has open."""

    uri: str
    path: str
    root: str
    document: TextDocument
    version: int
    """Counts changes; a client's own version may be missing."""
    loose: bool = False


@dataclass(frozen=True)
class Known:
    """What is known of a document, and how the text has moved since it was read."""

    snapshot: FileSnapshot
    shift: Shift
    current: bool
    """The text that was read is the text that is there."""

    @property
    def whole(self) -> bool:
        """All of the text as it is was read."""
        return self.current and not self.snapshot.partial


@dataclass
class State:
    """Everything between the editor and the process that reads. Lives in the event loop."""

    folders: Callable[[], tuple[Path, ...]]
    """The folders that the editor has open."""
    on_snapshot: Callable[[Snapshot, frozenset[str]], None]
    """Called with a snapshot and the paths whose findings have changed by it."""
    settings: Settings = field(default_factory=Settings)
    open: dict[str, Open] = field(default_factory=dict[str, Open])
    """By URI."""
    previews: bool = False
    """The editor can show edits before it makes them."""
    trusted: bool = True
    """Code of the workspace may be run, to measure it."""
    spawned: Spawned | None = None
    """The process that reads, where it was started before."""
    answers: dict[str, Snapshot] = field(default_factory=dict[str, Snapshot])
    """The newest snapshot of each workspace, by root."""

    def __post_init__(self) -> None:
        self._read: dict[str, tuple[FileSnapshot, tuple[str, ...]]] = {}
        self._texts: dict[tuple[str, int], tuple[str, ...]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asked: dict[str, float] = {}
        """When each workspace was last to be read, by the loop's clock."""
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self._covered: dict[tuple[int, str], tuple[ModelView, frozenset[int]]] = {}
        """What `_lines_of` has found since all was read last, by the model's id and the path."""
        self._known: dict[str, tuple[int, Known]] = {}
        """What was asked for last, by URI, with the version of the text."""
        self._lines: dict[str, int] = {}
        """By path: the line that was changed last, from 0."""
        self._active: str | None = None
        self._replies: dict[tuple[object, ...], asyncio.Future[object]] = {}
        """By the key of the question, which begins with the root: what snapshots make void."""
        self.worker = Worker(self._answered, self._restarted, self.spawned)
        self.measurements = Measurements(self.text, encoded)

    # --- from the editor ----------------------------------------------------------------------

    def opened(self, document: TextDocument) -> None:
        """Take a document in."""
        path, loose = self._path(document.uri)
        root = str(_LOOSE) if loose else str(self._root(Path(path)))
        entry = Open(document.uri, path, root, document, 1, loose)
        self.open[document.uri] = entry
        self._send(entry)
        self._ask(root)

    def changed(self, document: TextDocument, line: int | None = None) -> None:
        """Take a new text in. `line`: where it has changed, from 0, if that is in one place."""
        entry = self.open.get(document.uri)
        if entry is None:
            self.opened(document)
            return
        entry.document = document
        entry.version += 1
        if line is not None:
            self._lines[entry.path] = line
        self._send(entry)
        self._ask_soon(entry.root)

    def closed(self, uri: str) -> None:
        """Let a document go."""
        entry = self.open.pop(uri, None)
        if entry is None:
            return
        self._read.pop(entry.path, None)
        self._known.pop(uri, None)
        self._lines.pop(entry.path, None)
        for key in [key for key in self._texts if key[0] == entry.path]:
            del self._texts[key]
        self.worker.send(Closed(entry.path))
        if any(other.root == entry.root for other in self.open.values()):
            self._ask_soon(entry.root)

    def files_changed(self, paths: tuple[str, ...], *, listed: bool) -> None:
        """Files changed on the disk."""
        self.worker.send(Changed(paths, listed))
        self.ask_all()

    def configure(self, settings: Settings) -> None:
        """Take other settings in."""
        self.settings = settings
        self.worker.send(Configured(settings.options()))
        self.ask_all()

    def ask_all(self) -> None:
        """Read every workspace that has an open document."""
        for root in {entry.root for entry in self.open.values()}:
            self._ask_soon(root)

    # --- to the editor ------------------------------------------------------------------------

    def known(self, uri: str) -> Known | None:
        """Return what is known of a document, from whatever text was read last."""
        entry = self.open.get(uri)
        found = self._read.get(entry.path) if entry is not None else None
        if entry is None or found is None:
            return None
        snapshot, lines = found
        before = self._known.get(uri)
        if before is not None and before[0] == entry.version and before[1].snapshot is snapshot:
            return before[1]
        current = snapshot.version == entry.version
        known = Known(snapshot, Shift(lines, tuple(entry.document.lines)), current)
        self._known[uri] = (entry.version, known)
        return known

    def is_current(self, uri: str) -> bool:
        """Say whether a document was read as it is now, all of it."""
        known = self.known(uri)
        return known is not None and known.whole

    def is_told(self, uri: str) -> bool:
        """Say whether of a document as it is now at least what is looked at was read."""
        known = self.known(uri)
        return known is not None and known.current

    def is_provable(self, uri: str) -> bool:
        """Say whether all that the findings of a document as it is now come from was read."""
        entry = self.open.get(uri)
        answer = self.answers.get(entry.root) if entry is not None else None
        return answer is not None and answer.provable and self.is_current(uri)

    async def told(self, uri: str) -> Known | None:
        """Wait until at least what is looked at of the text as it is now was read, or is known from
        an earlier run, within reason; then as `known`."""
        return await self._wait(uri, _PATIENCE, lambda known: known.current)

    async def fresh(self, uri: str, patience: float = _PATIENCE) -> Known | None:
        """Wait until all of the text as it is now was read, within reason; then as `known`."""
        return await self._wait(uri, patience, lambda known: known.whole)

    async def _wait(
        self, uri: str, patience: float, enough: Callable[[Known], bool]
    ) -> Known | None:
        deadline = asyncio.get_running_loop().time() + patience
        while (entry := self.open.get(uri)) is not None:
            self._active = entry.path
            known = self.known(uri)
            left = deadline - asyncio.get_running_loop().time()
            if (known is not None and enough(known)) or left <= 0:
                return known
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.setdefault(entry.root, []).append(waiter)
            await asyncio.wait([waiter], timeout=left)
        return None

    async def fix_of(self, root: str, found: Diagnostic, *, waits: bool = True) -> Fix | None:
        """Wait for the fix of a finding of the last snapshot, within reason. `waits`: also where
        other files are still being read."""
        answer = self.answers.get(root)
        soon = answer is not None and answer.provable
        patience = _PATIENCE if soon or waits else BRIEF_PATIENCE
        return cast("Fix | None", await self._reply(FixRequest(root, found), patience))

    async def sheet_of(self, root: str, model: ModelView) -> Sheet | None:
        """Wait for what the parts of a model of the last snapshot take; None where it is gone."""
        return cast("Sheet | None", await self._reply(_meant(root, model), LONG_PATIENCE))

    async def subject_of(self, root: str, model: ModelView, part: str) -> "Subject | None":
        """Wait for what is to be measured of a model; None where it is gone."""
        asked = SubjectRequest(_meant(root, model), part)
        return cast("Subject | None", await self._reply(asked, LONG_PATIENCE))

    def text(self, path: str) -> str | None:
        """Return the text of a file as the editor has it; None where it is not open there."""
        entry = self.by_path(path)
        return None if entry is None else entry.document.source

    async def _reply(self, asked: Question, patience: float) -> object:
        future = self._replies.get(asked.key)
        if future is None:
            future = self._replies[asked.key] = asyncio.get_running_loop().create_future()
            self.worker.send(asked)
        done, _ = await asyncio.wait([future], timeout=patience)
        return next((future.result() for future in done if not future.cancelled()), None)

    def _take_reply(self, answer: Reply) -> None:
        future = self._replies.get(answer.asked.key)
        if future is not None and not future.done():
            future.set_result(answer.value)

    def _forget_replies(self, root: str) -> None:
        for key in [key for key in self._replies if key[0] == root]:
            self._replies.pop(key).cancel()

    def uri_of(self, path: str) -> str:
        """Return the URI of a path as the editor writes it, where it has it open."""
        for entry in self.open.values():
            if entry.path == path:
                return entry.uri
        return uris.from_fs_path(path) or path

    def by_path(self, path: str) -> Open | None:
        """Return the open document of a path."""
        return next((entry for entry in self.open.values() if entry.path == path), None)

    # --- the process that reads ---------------------------------------------------------------

    def _send(self, entry: Open) -> None:
        self._active = entry.path
        self._texts[entry.path, entry.version] = tuple(entry.document.lines)
        content = encoded(entry.document.source)
        self.worker.send(Document(entry.path, content, entry.version, entry.loose))

    def _ask_soon(self, root: str) -> None:
        if root in self._timers:
            return
        loop = asyncio.get_running_loop()
        due = self._asked.get(root, 0.0) + _DEBOUNCE
        if loop.time() >= due:
            self._ask(root)
        else:
            self._timers[root] = loop.call_at(due, self._ask, root)

    def _ask(self, root: str) -> None:
        timer = self._timers.pop(root, None)
        if timer is not None:
            timer.cancel()
        self._asked[root] = asyncio.get_running_loop().time()
        wanted = tuple(entry.path for entry in self.open.values() if entry.root == root)
        if wanted:
            self.worker.send(Request(root, self._active, wanted, self._focus()))

    def _focus(self) -> Focus | None:
        """Return the way of building that is looked at: the first that has something on the line
        that was changed last, else the first of the document."""
        path = self._active
        found = self._read.get(path) if path is not None else None
        line = self._lines.get(path) if path is not None else None
        if path is None or found is None or line is None or not found[0].models:
            return None
        models = found[0].models
        here = (model for model in models if line in self._lines_of(model, path))
        return _focus_on(next(here, models[0]))

    def _lines_of(self, model: ModelView, path: str) -> frozenset[int]:
        """Return the lines of a file on which a model has something."""
        before = self._covered.get((id(model), path))
        if before is not None and before[0] is model:
            return before[1]
        places = [part.place for part in (*model.layers, *model.lines) if part.place.path == path]
        lines = frozenset(n for p in places for n in range(p.line, p.end_line + 1))
        self._covered[id(model), path] = (model, lines)
        return lines

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Snapshot):
            self._take_snapshot(answer)
        else:
            self._take_reply(answer)

    def _take_snapshot(self, snapshot: Snapshot) -> None:
        self._forget_replies(snapshot.root)
        self.answers[snapshot.root] = snapshot
        touched = frozenset(self._take(snapshot))
        for waiter in self._waiters.pop(snapshot.root, ()):
            if not waiter.done():
                waiter.set_result(None)
        self.on_snapshot(snapshot, touched)

    def _take(self, snapshot: Snapshot) -> Iterator[str]:
        """Keep what a snapshot says of each open document; yield the paths that say new things."""
        for path, fresh in snapshot.files.items():
            lines = self._texts.get((path, fresh.version))
            if lines is None or self.by_path(path) is None:
                continue
            for key in [k for k in self._texts if k[0] == path and k[1] < fresh.version]:
                del self._texts[key]
            before = self._read.get(path)
            if not fresh.partial:
                self._covered.clear()
            elif before is not None:
                fresh = _completed(fresh, before[0])  # noqa: PLW2901 - the same, with the rest
            self._read[path] = (fresh, lines)
            if before is None or before[0].diagnostics != fresh.diagnostics:
                yield path

    def _restarted(self) -> None:
        for key in list(self._replies):
            self._replies.pop(key).cancel()
        self.worker.send(Configured(self.settings.options()))
        for entry in self.open.values():
            self._send(entry)
        self.ask_all()

    # --- places -------------------------------------------------------------------------------

    def _path(self, uri: str) -> tuple[str, bool]:
        path = uris.to_fs_path(uri)
        if path is not None and uri.startswith("file:"):
            return os.path.realpath(path), False
        return str(_LOOSE / f"{quote(uri, safe='')}.py"), True

    def _root(self, path: Path) -> Path:
        """The workspace of a file: what is marked as one, else the folder that is open."""
        for folder in path.parents:
            if is_marked(folder):
                return folder
        around = [folder for folder in self.folders() if path.is_relative_to(folder)]
        return max(around, key=lambda f: len(f.parts)) if around else find_root(path)


def _meant(root: str, model: ModelView) -> SheetRequest:
    return SheetRequest(root, model.name, model.kind, model.place, model.built_with)


def _completed(fresh: FileSnapshot, before: FileSnapshot) -> FileSnapshot:
    """Return what is told of one way of building, with the others as they were."""
    known = {_focus_on(model): model for model in fresh.models}
    models = [known.get(_focus_on(model), model) for model in before.models]
    return replace(fresh, models=tuple(models))


def _focus_on(model: ModelView) -> Focus:
    return Focus(model.place.path, model.name, model.kind)
