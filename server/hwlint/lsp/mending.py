"""Proved fixes as code actions: edits of the versions that the editor has, over any files."""

from collections.abc import Iterable, Sequence

from lsprotocol import types

from hwlint.api import Edit, Fix
from hwlint.engine.findings import Diagnostic
from hwlint.lsp.diagnostics import location_of
from hwlint.lsp.documents import Lines
from hwlint.lsp.state import BRIEF_PATIENCE, Known, Open, State

__all__ = ["FIX_ALL", "fix_all", "fixes_for", "workspace_edit"]

FIX_ALL = "source.fixAll.hwlint"
"""Kind of the action that makes all safe fixes of a document."""
_TRIES = 5
"""Times that a fix is looked for while other files are still being read."""


async def fixes_for(
    state: State, entry: Open, diagnostics: Sequence[types.Diagnostic], *, waits: bool
) -> list[types.CodeAction]:
    """Return the fixes of findings that the editor asks about. What it knows about an older text
    than its own is left alone. `waits`: also for fixes that are not proved yet because other files
    are being read."""
    actions: list[types.CodeAction] = []
    for asked in diagnostics:
        fix = await _proved(state, entry, asked, waits=waits)
        edit = workspace_edit(state, fix.edits, fix.title) if fix is not None else None
        if fix is not None and edit is not None:
            actions.append(
                types.CodeAction(
                    title=fix.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[asked],
                    is_preferred=True,
                    edit=edit,
                )
            )
    return actions


async def _proved(state: State, entry: Open, asked: types.Diagnostic, *, waits: bool) -> Fix | None:
    """Return the fix of a finding; what is read meanwhile makes it be asked for again."""
    for _ in range(_TRIES):
        known = await state.fresh(entry.uri, BRIEF_PATIENCE)
        found = _found(entry, known, asked) if known is not None and known.whole else None
        if known is None or found is None or not found.changes:
            return None
        fix = await state.fix_of(entry.root, found, waits=waits)
        now = state.known(entry.uri)
        if fix is not None or (now is not None and now.snapshot is known.snapshot):
            return fix
    return None


async def fix_all(state: State, entry: Open) -> list[types.CodeAction]:
    """Return one action that makes every safe fix of a document, none where there is none."""
    known = state.known(entry.uri)
    if known is None or not known.whole:
        return []
    edits: list[Edit] = []
    for found in known.snapshot.diagnostics:
        if not any(change.effect == "nothing" for change in found.changes):
            continue
        fix = await state.fix_of(entry.root, found)
        if fix is not None and fix.safe and not _meet(edits, fix):
            edits += fix.edits
    title = "hwlint: make all safe fixes"
    edit = workspace_edit(state, edits, title) if edits else None
    if edit is None:
        return []
    return [types.CodeAction(title=title, kind=FIX_ALL, edit=edit)]


def _found(entry: Open, known: Known, asked: types.Diagnostic) -> Diagnostic | None:
    """Return the finding that the editor means."""
    lines = Lines(entry.document)
    for found in known.snapshot.diagnostics:
        anchor = known.shift(found.anchor)
        if found.code == asked.code and anchor and lines.range(anchor) == asked.range:
            return found
    return None


def _meet(edits: Iterable[Edit], fix: Fix) -> bool:
    lines = {(e.place.path, n) for e in edits for n in range(e.place.line, e.place.end_line + 1)}
    return any(
        (edit.place.path, number) in lines
        for edit in fix.edits
        for number in range(edit.place.line, edit.place.end_line + 1)
    )


def workspace_edit(state: State, edits: Iterable[Edit], title: str) -> types.WorkspaceEdit | None:
    """Return edits of the documents as they are now; None where one of them has changed.

    Over several files an editor that can do so shows them all before it makes them."""
    by_uri: dict[str, list[tuple[types.Range, str]]] = {}
    for edit in edits:
        entry = state.by_path(edit.place.path)
        known = state.known(entry.uri) if entry is not None else None
        location = location_of(state, edit.place)
        if location is None or (known is not None and not known.current):
            return None
        by_uri.setdefault(location.uri, []).append((location.range, edit.text))
    confirm = state.previews and len(by_uri) > 1
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri, _version(state, uri)),
                [_text_edit(place, text, confirm=confirm) for place, text in changes],
            )
            for uri, changes in by_uri.items()
        ],
        change_annotations={_ANNOTATION: types.ChangeAnnotation(title, needs_confirmation=True)}
        if confirm
        else None,
    )


def _text_edit(
    place: types.Range, text: str, *, confirm: bool
) -> types.TextEdit | types.AnnotatedTextEdit:
    return (
        types.AnnotatedTextEdit(_ANNOTATION, place, text)
        if confirm
        else types.TextEdit(place, text)
    )


_ANNOTATION = "hwlint.fix"


def _version(state: State, uri: str) -> int | None:
    entry = state.open.get(uri)
    return entry.document.version if entry is not None else None
