"""Suggest from an editor: the rows, how one is applied, how it is stopped, what it refuses."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from apart import CONFIG, SLOW, VSCODE, began, below, command, gone_within
from lsprotocol import types

pytestmark = pytest.mark.timeout(300)

Project = Callable[[Mapping[str, str]], Path]

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        \"\"\"Sixteen times as much as it needs.\"\"\"

        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 16, 3)  # hwlint: fixed
            self.mid = nn.Conv2d(16, 256, 7)  # hwlint: search(8, 256)
            self.head = nn.Conv2d(256, 16, 1)

        def forward(self, x):
            return self.head(self.mid(self.stem(x)))
    """
SEARCH = {"trials": 2, "minutes": 2, "samples": 3, "finalists": 0, "threads": 1, "seed": 1}
FREE = {"keep": ["nothing"], "only": ["widths"]}


@pytest.fixture
def root(project: Project) -> Path:
    return project({"pyproject.toml": CONFIG, "net.py": NET, "slow.py": SLOW})


@pytest.fixture(autouse=True)
def answers_edits(editor) -> list[types.WorkspaceEdit]:
    """Let the editor make the edits that a server asks for."""
    made: list[types.WorkspaceEdit] = []

    @editor.client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        made.append(params.edit)
        return types.ApplyWorkspaceEditResult(applied=True)

    return made


@VSCODE
async def test_a_suggestion_is_found_looked_at_and_applied(
    editor, root: Path, answers_edits: list[types.WorkspaceEdit]
):
    uri = editor.open(root / "net.py")
    trials: list[Any] = []
    editor.client.feature("hwlint/suggestedTrial")(lambda told: trials.append(told))  # noqa: PLW0108 - it is given attributes
    editor.client.progress_reports["mine"] = []
    asked = {"uri": uri, "position": {"line": 3, "character": 8}, **SEARCH, **FREE, "silent": True}
    found = await command(editor, "suggest", {**asked, "workDoneToken": "mine"})
    assert found["failure"] is None, found
    assert found["says"] == "latency measured (median, IQR), accuracy not evaluated"
    assert len(trials) == sum(trial["state"] == "measured" for trial in found["trials"])
    said = [r.message for r in editor.client.progress_reports["mine"] if r.kind == "report"]
    assert any("measuring" in text for text in said)
    (best,) = found["suggestions"][:1]
    assert best["median_s"] < found["original"]["median_s"]
    one = {**asked, "place": found["place"], "trial": best["trial"]}
    looked = await command(editor, "suggestion", one)
    (file,) = looked["files"]
    assert file["before"] == (root / "net.py").read_text()
    assert "nn.Conv2d(16, 8, 7)" in file["after"]
    applied = await command(editor, "applySuggestion", one)
    assert applied == {"applied": True, "failure": None}
    (edit,) = answers_edits
    (change,) = edit.document_changes
    assert change.text_document.uri == uri
    assert {e.new_text for e in change.edits} == {"8"}
    # What has changed since is left alone.
    start = types.Range(types.Position(0, 0), types.Position(0, 0))
    editor.change(uri, types.TextDocumentContentChangePartial(start, "# new\n"))
    late = await command(editor, "applySuggestion", {**one, "silent": True})
    assert "changed" in late["failure"]["message"]
    assert len(answers_edits) == 1
    unsaved = await command(editor, "suggest", {**asked, "silent": True})
    assert "net.py is not saved" in unsaved["failure"]["message"]


@VSCODE
async def test_an_editor_without_a_view_of_it_is_asked_whether_to_apply(
    editor, root: Path, answers_edits: list[types.WorkspaceEdit]
):
    asked: list[types.ShowMessageRequestParams] = []

    @editor.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
        asked.append(params)
        assert params.actions is not None
        return params.actions[0]

    uri = editor.open(root / "net.py")
    given = {"uri": uri, "position": {"line": 3, "character": 8}, **SEARCH, **FREE}
    found = await command(editor, "suggest", given)
    for _ in range(100):
        if answers_edits:
            break
        await asyncio.sleep(0.1)
    (question,) = asked
    best = found["suggestions"][0]["trial"]
    assert question.message.startswith(f"hwlint: trial {best} takes ")
    assert question.message.endswith("(median, IQR), accuracy not evaluated.")
    assert [action.title for action in question.actions] == [f"Apply trial {best}", "Leave it"]
    (edit,) = answers_edits
    assert edit.document_changes[0].text_document.uri == uri


@VSCODE
async def test_cancelling_a_search_ends_its_processes(editor, root: Path):
    # A copy of the workspace is what runs.
    slow = (root / "slow.py").read_text().replace("os.path.dirname(__file__)", repr(str(root)))
    (root / "slow.py").write_text(slow)
    uri = editor.open(root / "slow.py")
    await editor.diagnostics(uri)
    server = editor.client._server.pid
    before = below(server)
    editor.client.progress_reports["mine"] = []
    asked = {"uri": uri, **SEARCH, "keep": ["nothing"], "workDoneToken": "mine"}
    search = asyncio.create_task(command(editor, "suggest", asked))
    await began(root)
    started = [pid for pid in below(server) if pid not in before]
    assert len(started) >= 3
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("mine"))
    assert await search is None
    assert await asyncio.to_thread(gone_within, started, 10) < 3


@VSCODE
async def test_what_cannot_be_searched_is_one_sentence(editor, root: Path):
    uri = editor.open(root / "net.py")
    asked = {"uri": uri, **SEARCH, "only": ["heads"]}
    found = await command(editor, "suggest", asked)
    assert "nothing to choose from" in found["failure"]["message"]
    assert [m.message for m in editor.client.messages] == [f"hwlint: {found['failure']['message']}"]
