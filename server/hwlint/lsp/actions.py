"""What can be done about a finding, as edits of the version that the editor has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from lsprotocol import types

from hwlint.lsp.documents import Lines
from hwlint.lsp.state import Open

__all__ = ["actions_for"]

_IGNORE = re.compile(r"#\s*hwlint\s*:\s*ignore\s*\[([^\]]*)\]")


def actions_for(entry: Open, diagnostics: Sequence[types.Diagnostic]) -> Iterator[types.CodeAction]:
    """Yield the quick-fixes of findings that the editor asks about."""
    lines = Lines(entry.document)
    for found in diagnostics:
        if found.source != "hwlint":
            continue
        hint = _hint_in(found.data)
        if isinstance(hint, str):
            yield _say_how(entry, found, hint)
        elif isinstance(found.code, str):
            action = _ignore(entry, lines, found, found.code)
            if action is not None:
                yield action


def _hint_in(data: object) -> object:
    """Return the comment that a finding brings along, None where it brings none."""
    return cast("Mapping[str, object]", data).get("hint") if isinstance(data, Mapping) else None


def _ignore(
    entry: Open, lines: Lines, found: types.Diagnostic, code: str
) -> types.CodeAction | None:
    number = found.range.end.line
    texts = entry.document.lines
    text = texts[number].rstrip("\r\n") if number < len(texts) else ""
    if text.endswith("\\"):
        return None  # no comment may follow a backslash
    before = _IGNORE.search(text)
    if before is not None:
        where = lines.column(number, before.end(1))
        edit = types.TextEdit(types.Range(where, where), f", {code}")
    else:
        end = lines.end_of(number)
        edit = types.TextEdit(types.Range(end, end), f"  # hwlint: ignore[{code}] reason")
    return types.CodeAction(
        title=f"Ignore {code} here",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[found],
        edit=_edit(entry, [edit]),
    )


def _say_how(entry: Open, found: types.Diagnostic, hint: str) -> types.CodeAction:
    number = found.range.start.line
    text = entry.document.lines[number]
    indent = text[: len(text) - len(text.lstrip())]
    start = types.Position(number, 0)
    ending = "\r\n" if text.endswith("\r\n") else "\n"
    edit = types.TextEdit(types.Range(start, start), f"{indent}{hint}{ending}")
    return types.CodeAction(
        title="Say how this class is built",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[found],
        edit=_edit(entry, [edit]),
    )


def _edit(entry: Open, edits: list[types.TextEdit]) -> types.WorkspaceEdit:
    named = types.OptionalVersionedTextDocumentIdentifier(entry.uri, entry.document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(named, edits)])
