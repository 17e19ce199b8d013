"""Quick-fixes in an editor: proved before they are offered, edits of what the editor has."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

Project = Callable[[Mapping[str, str]], Path]

CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\n'
NET = """\
    import torch.nn as nn
    from blocks import Block


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 100, 3)
            self.norm = nn.BatchNorm2d(100)
            self.head = Block(100)

        def forward(self, x):
            return self.head(self.norm(self.stem(x)))
    """
BLOCKS = """\
    import torch.nn as nn


    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.conv = nn.Conv2d(width, 64, 3, bias=True)
            self.norm = nn.BatchNorm2d(64)

        def forward(self, x):
            return self.norm(self.conv(x))
    """


def carry_out(editor: Any, action: types.CodeAction) -> dict[str, list[types.TextEdit]]:
    """Return the edits of an action by document; those of open ones name their version."""
    assert action.edit is not None
    assert action.edit.document_changes is not None
    edits: dict[str, list[types.TextEdit]] = {}
    for change in action.edit.document_changes:
        assert isinstance(change, types.TextDocumentEdit)
        uri = change.text_document.uri
        assert change.text_document.version == editor.versions.get(uri)
        edits[uri] = [edit for edit in change.edits if isinstance(edit, types.TextEdit)]
    return edits


def apply(text: str, edits: list[types.TextEdit]) -> str:
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))[::-1]:
        number = edit.range.start.line
        assert edit.range.end.line == number
        line = lines[number]
        lines[number] = line[: edit.range.start.character] + edit.new_text
        lines[number] += line[edit.range.end.character :]
    return "".join(lines)


async def test_a_width_is_padded_everywhere(editor, project: Project):
    root = project({"pyproject.toml": CONFIG, "net.py": NET, "blocks.py": BLOCKS})
    uri = editor.open(root / "net.py")
    found = [d for d in await editor.diagnostics(uri) if d.code == "HW101"]
    fixes = [a for d in found for a in await editor.actions(uri, d) if a.is_preferred]
    assert fixes
    assert all("(changes parameters)" in fix.title for fix in fixes)
    text = (root / "net.py").read_text()
    edits = carry_out(editor, fixes[0])
    assert set(edits) == {uri}
    fixed = apply(text, edits[uri])
    assert "100" not in fixed
    editor.replace(uri, fixed)
    assert "HW101" not in editor.codes(await editor.diagnostics(uri))


async def test_edits_of_several_files_are_shown_before_they_are_made(editor, project: Project):
    """Where the editor can; elsewhere they are plain edits."""
    net = NET.replace("Block(100)", "Block()")
    blocks = BLOCKS.replace("self, width", "self").replace("width, 64", "100, 64")
    root = project({"pyproject.toml": CONFIG, "net.py": net, "blocks.py": blocks})
    uris = {editor.open(root / name) for name in ("net.py", "blocks.py")}
    found = [(u, d) for u in uris for d in await editor.diagnostics(u) if d.code == "HW101"]
    fixes = [a for u, d in found for a in await editor.actions(u, d) if a.is_preferred]
    assert fixes
    edit = fixes[0].edit
    assert {change.text_document.uri for change in edit.document_changes} == uris
    edits = [one for change in edit.document_changes for one in change.edits]
    assert {one.new_text for one in edits} == {"104"}
    if editor.pulls:  # VS Code
        (note,) = edit.change_annotations.values()
        assert (note.label, note.needs_confirmation) == (fixes[0].title, True)
        named = {one.annotation_id for one in edits}
        assert named == set(edit.change_annotations)
    else:
        assert edit.change_annotations is None


async def test_an_editor_may_ask_for_quick_fixes_alone(editor, project: Project):
    root = project({"pyproject.toml": CONFIG, "net.py": NET, "blocks.py": BLOCKS})
    uri = editor.open(root / "net.py")
    found = next(d for d in await editor.diagnostics(uri) if d.code == "HW101")
    for only, number in ((["quickfix"], 2), (["refactor"], 0), ([""], 2)):
        context = types.CodeActionContext([found], only=only)
        document = types.TextDocumentIdentifier(uri)
        asked = types.CodeActionParams(document, found.range, context)
        actions = await editor.client.text_document_code_action_async(asked)
        assert len(actions or ()) == number, only


async def test_a_fix_is_found_while_other_files_are_being_read(
    editor, project: Project, repository: Path
):
    """The findings of the document in front come first; who asks for their fix then waits."""
    others = {path.name: path.read_text() for path in (repository / "examples").glob("*.py")}
    root = project({"pyproject.toml": CONFIG, **others, "net.py": NET, "blocks.py": BLOCKS})
    uri = editor.open(root / "net.py")
    found = [d for d in await editor.diagnostics(uri) if d.code == "HW101"]
    fixes = [a for d in found for a in await editor.actions(uri, d) if a.is_preferred]
    assert fixes


async def test_an_editor_that_asks_by_itself_has_the_fix_once_it_is_proved(
    editor, project: Project, repository: Path
):
    others = {path.name: path.read_text() for path in (repository / "examples").glob("*.py")}
    root = project({"pyproject.toml": CONFIG, **others, "net.py": NET, "blocks.py": BLOCKS})
    uri = editor.open(root / "net.py")
    found = next(d for d in await editor.diagnostics(uri) if d.code == "HW101")
    automatic = types.CodeActionTriggerKind.Automatic
    context = types.CodeActionContext([found], trigger_kind=automatic)
    asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), found.range, context)
    for _ in range(600):
        actions = await editor.client.text_document_code_action_async(asked)
        if any(action.is_preferred for action in actions or ()):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the fix never came")


async def test_all_safe_fixes_at_once(editor, project: Project):
    text = BLOCKS.replace("super().__init__()", "super().__init__()  # hwlint: ignore[HW401] old")
    root = project({"pyproject.toml": CONFIG, "net.py": NET, "blocks.py": text})
    uri = editor.open(root / "blocks.py")
    editor.open(root / "net.py")
    assert "HW003" in editor.codes(await editor.diagnostics(uri))
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    for kind in ("source.fixAll", "source.fixAll.hwlint"):
        context = types.CodeActionContext([], only=[kind])
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), nowhere, context)
        (action,) = await editor.client.text_document_code_action_async(asked)
        assert action.kind == "source.fixAll.hwlint"
        fixed = apply((root / "blocks.py").read_text(), carry_out(editor, action)[uri])
        assert "ignore" not in fixed
        assert fixed.count("\n") == text.count("\n")
