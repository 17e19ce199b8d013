"""The process that reads: takes texts, answers with snapshots, and does one thing at a time.

It ends when its pipe does. A new text that comes in while it reads makes it stop at the next way of
building and take the newest state, so that it never works for long on a text that is gone. A
question waits until what is asked about has been read.
"""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from hwlint.api import Fix
from hwlint.engine.errors import UserError
from hwlint.engine.live import LiveResult, LiveWorkspace, Stopped
from hwlint.engine.registry import discover_rules, pages
from hwlint.engine.run import Options
from hwlint.fix import Bench, Interrupted, fix_for
from hwlint.lsp.snapshot import (
    Document,
    FileSnapshot,
    FixAnswer,
    FixRequest,
    Question,
    Request,
    SheetAnswer,
    SheetRequest,
    Snapshot,
    SubjectAnswer,
    SubjectRequest,
)
from hwlint.lsp.views import ModelView, view
from hwlint.profile import ProfileError
from hwlint.report.sheet import SheetMaker

__all__ = ["Changed", "Closed", "Configured", "serve"]


@dataclass(frozen=True, slots=True)
class Closed:
    """A document that the editor no longer has open."""

    path: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Files that changed on the disk."""

    paths: tuple[str, ...]
    listed: bool
    """Files came or went, or settings changed: everything is looked for again."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What the editor's settings ask for."""

    options: Options


Message = Document | Closed | Changed | Configured | Request | Question


@dataclass
class _State:
    options: Options = field(default_factory=Options)
    workspaces: dict[str, LiveWorkspace] = field(default_factory=dict[str, LiveWorkspace])
    documents: dict[str, Document] = field(default_factory=dict[str, Document])
    waiting: dict[str, Request] = field(default_factory=dict[str, Request])
    """The newest request for each workspace."""
    told: dict[str, Request] = field(default_factory=dict[str, Request])
    """The request of each workspace that was answered ahead, for the document in front: a question
    that stops the reading of the others must not bring the same snapshot again."""
    questions: list[Question] = field(default_factory=list[Question])
    """What is asked beyond snapshots, the newest last: it is answered first."""
    unkept: set[str] = field(default_factory=set[str])
    """Workspaces of which all was read, and perhaps not kept yet."""
    heard: list[Message] = field(default_factory=list[Message])
    """What came in while something was read, not taken yet."""

    def take(self, message: Message) -> None:
        """Note what came in."""
        match message:
            case Request():
                self.waiting[message.root] = message
            case FixRequest() | SheetRequest() | SubjectRequest():
                self.questions.append(message)
            case Document():
                self.documents[message.path] = message
                self._lay(message.path, message.content, loose=message.loose)
            case Closed():
                self.documents.pop(message.path, None)
                self._lay(message.path, None)
            case Changed():
                for workspace in self.workspaces.values():
                    workspace.changed(message.paths)
                    if message.listed:
                        workspace.relist()
            case Configured():
                self.options = message.options
                for workspace in self.workspaces.values():
                    workspace.set_options(message.options)

    def all_told(self) -> bool:
        """Say whether what is asked can be answered before the rest is read: findings were told,
        only tests and documents are left, which give none."""
        return all(
            self.told.get(asked.root) is self.waiting.get(asked.root, self.told.get(asked.root))
            and self.workspace(asked.root).survey() is not None
            for asked in self.questions
        )

    def _lay(self, path: str, content: bytes | None, *, loose: bool = False) -> None:
        # Every workspace hears of it: one may import what lies in another.
        for workspace in self.workspaces.values() or [self.workspace(os.path.dirname(path))]:  # noqa: PTH120 - a URI's path may not exist
            workspace.lay(path, content, loose=loose)

    def workspace(self, root: str) -> LiveWorkspace:
        """Return the workspace at `root`."""
        if root not in self.workspaces:
            fresh = LiveWorkspace(Path(root), self.options, view)
            for document in self.documents.values():
                if document.loose and str(Path(document.path).parent) == root:
                    fresh.lay(document.path, document.content, loose=True)
            self.workspaces[root] = fresh
        return self.workspaces[root]


_IDLE = 1.0
"""Seconds without a word after which there is time for other things."""


def serve(pipe: Connection) -> None:
    """Answer until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends its children
    discover_rules()  # imported while the server gets ready and the editor says what it can do
    state = _State()
    while True:
        try:
            if not state.heard:
                _rest(pipe, state)
                state.heard.append(cast("Message", pipe.recv()))
            _listen(pipe, state)
            for message in state.heard:
                state.take(message)
            state.heard.clear()
            while state.questions and state.all_told() and not _listen(pipe, state):
                _reply(pipe, state)
            if state.waiting and not state.heard:
                _answer(pipe, state)
            while state.questions and not state.waiting and not _listen(pipe, state):
                _reply(pipe, state)
        except (EOFError, OSError):
            return


def _rest(pipe: Connection, state: _State) -> None:
    """While nobody asks, keep what was read for the next editor: it takes a moment."""
    while state.unkept and not pipe.poll(_IDLE):
        state.workspace(state.unkept.pop()).keep_for_later()


def _listen(pipe: Connection, state: _State) -> bool:
    """Take in what has been sent; say whether there is anything that was not taken yet."""
    while pipe.poll():
        state.heard.append(cast("Message", pipe.recv()))
    return bool(state.heard)


def _answer(pipe: Connection, state: _State) -> None:
    for root in list(state.waiting):
        request = state.waiting[root]

        def newer(root: str = root, request: Request = request) -> bool:
            """Whether something makes what is being read void. Whoever asks a question waits for
            it, but for tests and documents."""
            if not _listen(pipe, state):
                return False
            if any(not isinstance(message, Question) for message in state.heard):
                return True
            told = state.told.get(root) is request
            return told and state.workspace(root).survey() is not None

        active = (request.active,) if request.active in request.wanted else ()
        early = replace(request, wanted=active)

        def ahead(result: LiveResult, early: Request = early, request: Request = request) -> None:
            if result.focus is None and not result.remembered:
                state.told[request.root] = request
            pipe.send(_snapshot(result, early, state))

        workspace = state.workspace(root)
        told = state.told.get(root) is request
        try:
            result = workspace.check(request.active, newer, None if told else ahead, request.focus)
        except Stopped:
            return
        except (UserError, ProfileError) as error:
            del state.waiting[root]
            pipe.send(Snapshot(root, _empty(state, request), error=str(error)))
            continue
        del state.waiting[root]
        pipe.send(_snapshot(result, request, state))
        state.unkept.add(root)


def _reply(pipe: Connection, state: _State) -> None:
    """Answer what was asked last; it is asked still where more comes in."""
    wanted = state.questions[-1]
    workspace = state.workspace(wanted.root)
    try:
        if isinstance(wanted, SheetRequest):
            answer = SheetAnswer(wanted, workspace.again(wanted.means, SheetMaker))
        elif isinstance(wanted, SubjectRequest):
            from hwlint.measure.subject import SubjectMaker  # noqa: PLC0415 - only to measure

            maker = SubjectMaker(wanted.part)
            answer = SubjectAnswer(wanted, workspace.again(wanted.model.means, lambda _: maker))
        else:
            answer = FixAnswer(wanted, _fix(workspace, wanted, lambda: _listen(pipe, state)))
    except Interrupted:
        return
    state.questions.remove(wanted)
    pipe.send(answer)


def _fix(workspace: LiveWorkspace, wanted: FixRequest, stop: Callable[[], bool]) -> Fix | None:
    survey = workspace.survey()
    if survey is None:
        return None
    return fix_for(Bench(*survey, stop=stop), wanted.found)


def _empty(state: _State, request: Request) -> dict[str, FileSnapshot]:
    known = (state.documents[path] for path in request.wanted if path in state.documents)
    return {document.path: FileSnapshot(document.version) for document in known}


def _snapshot(result: LiveResult, request: Request, state: _State) -> Snapshot:
    focus = result.focus
    views = [
        entry.view
        for file in result.results
        for entry in file.entries
        if isinstance(entry.view, ModelView) and (focus is None or focus.means(entry.entry))
    ]
    files = {
        path: FileSnapshot(
            state.documents[path].version,
            tuple(d for d in result.findings if d.anchor.path == path),
            tuple(_of_file(views, path)),
            tuple(u for u in result.coverage.unbuilt if u.place.path == path),
            partial=focus is not None or result.remembered,
        )
        for path in request.wanted
        if path in state.documents
    }
    return Snapshot(
        request.root,
        files,
        tuple((target.profile.id, target.dtype) for target in result.targets),
        result.coverage.full,
        result.coverage.total,
        notes=tuple(f"{gap.entry}: {gap.reason}" for gap in result.coverage.gaps),
        pages=_pages(),
        provable=state.workspace(request.root).survey() is not None,
    )


@cache
def _pages() -> Mapping[str, str]:
    return {code: page.file for code, page in pages().items() if page.file}


_ORDER = ("configured", "hint", "call", "factory", "class", "config-class", "shown")
_MOST = 200
"""Ways of building that are kept for one file: nobody looks at more."""


def _of_file(views: list[ModelView], path: str) -> list[ModelView]:
    """The ways of building that touch a file, those nearest to how it is really used first."""
    found = [v for v in views if v.place.path == path or _touches(v, path)]
    return sorted(found, key=lambda v: _rank(v, path))[:_MOST]


def _touches(model: ModelView, path: str) -> bool:
    return any(part.place.path == path for part in (*model.layers, *model.lines))


def _rank(model: ModelView, path: str) -> tuple[int, bool, int]:
    known = model.kind in _ORDER
    number = _ORDER.index(model.kind) if known else len(_ORDER)
    return (number, model.place.path != path, model.place.line)
