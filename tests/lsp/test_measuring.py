"""Measuring from an editor: what it says, how it is stopped, what is left when a server ends."""

import asyncio
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from apart import CONFIG, SLOW, VSCODE, began, below, command, gone_within
from attrs import evolve
from lsprotocol import types
from wire import answer, message, request, start

from hwlint.engine.measure_targets import MeasureTarget
from hwlint.engine.run import Options
from hwlint.measure.job import Result
from hwlint.measure.samples import summary
from hwlint.measure.store.store import open_store
from hwlint.measure.subject import find_subject, job_of

pytestmark = pytest.mark.timeout(300)

Project = Callable[[Mapping[str, str]], Path]

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3)
            self.head = nn.Conv2d(8, 16, 1)

        def forward(self, x):
            return self.head(self.stem(x))
    """
BROKEN = """\
    import torch.nn as nn


    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3)
            print("nearly")
            open("/nowhere/weights.bin")

        def forward(self, x):
            return self.stem(x)
    """
EDIT = types.TextDocumentContentChangePartial(
    types.Range(types.Position(6, 34), types.Position(6, 34)), "  # wide"
)


@pytest.fixture
def root(project: Project) -> Path:
    files = {"pyproject.toml": CONFIG, "net.py": NET, "slow.py": SLOW, "broken.py": BROKEN}
    return project(files)


async def lenses(editor, uri: str, wanted: str) -> list[str]:
    """Return what the lenses say, once the first one says what is wanted, or whose measuring is."""
    asked = types.CodeLensParams(types.TextDocumentIdentifier(uri))
    said: list[str] = []
    async with asyncio.timeout(60):
        while len(said) < 2 or not re.match(wanted, said[0]):
            await asyncio.sleep(0.05)
            found = await editor.client.text_document_code_lens_async(asked)
            said = [lens.command.title for lens in found]
    return said


async def test_a_measurement_is_shown_at_once_and_after_an_edit_as_old(editor, root: Path):
    uri = editor.open(root / "net.py")
    assert (await lenses(editor, uri, "(?!measured)"))[1] == "Measure"
    asked = {"uri": uri, "position": {"line": 3, "character": 8}, "workDoneToken": "mine"}
    reports = editor.client.progress_reports
    reports["mine"] = []
    told = asyncio.create_task(command(editor, "measure", asked))
    # Typing goes on meanwhile: hover answers.
    assert "Conv2d" in await editor.hover(uri, 6, 24)
    found = await told
    assert found["failure"] is None, found
    assert (found["model"], found["target"], found["runner"]) == ("Net", "local", "torch")
    assert 0 < found["seconds"] < 1
    assert found["notKept"] is None
    assert [reports["mine"][0].kind, reports["mine"][-1].kind] == ["begin", "end"]
    assert any(r.kind == "report" and r.message for r in reports["mine"])
    current = r"measured [\d.]+ .?s on local"
    assert (await lenses(editor, uri, current))[1] == "Measure again"
    card = await editor.hover(uri, 3, 8)
    assert "on local, torch float32" in card
    assert "% of the model" in await editor.hover(uri, 6, 24)
    told = await command(editor, "report", {"uri": uri})
    assert told["measured"][0]["current"]
    shares = {row["name"]: row["measured"][0]["share"] for row in told["rows"]}
    assert sorted(shares) == ["head", "stem"]
    assert all(0 < share < 1 for share in shares.values())
    editor.change(uri, EDIT)
    await lenses(editor, uri, "measured before the last edit: ")
    assert "measured before the last edit" in await editor.hover(uri, 3, 8)
    unsaved = await command(editor, "measure", {**asked, "silent": True})
    assert "net.py is not saved" in unsaved["failure"]["message"]
    # Back to what was measured: it holds again.
    editor.replace(uri, (root / "net.py").read_text())
    await lenses(editor, uri, current)


def keep_twice(file: Path) -> None:
    """Put what the file says into the store, and what it said before, which took half as long."""
    subject = find_subject(f"{file}:Net", Options(root=file.parent, cache=False))
    job = job_of(subject, "net.py:Net", "torch")
    store = open_store()
    assert store is not None
    for day, key, ms in ((1, "before", 1.0), (2, job.key, 2.0)):
        samples = tuple(ms / 1e3 * (1 + n / 1000) for n in range(20))
        taken = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
        result = Result(key, **summary(samples))
        store.save(evolve(job, key=key), result, MeasureTarget("local", ""), taken=taken)
    store.close()


async def slower(editor, uri: str, *, wanted: bool) -> list[types.Diagnostic]:
    """Return HW607 of a document once there is one, or none where none is wanted."""
    found: list[types.Diagnostic] = []
    async with asyncio.timeout(60):
        while True:
            found = [d for d in await editor.diagnostics(uri) if d.code == "HW607"]
            if bool(found) == wanted:
                return found
            await asyncio.sleep(0.05)


async def test_a_model_that_has_become_slower(editor, root: Path):
    keep_twice(root / "net.py")
    uri = editor.open(root / "net.py")
    (found,) = await slower(editor, uri, wanted=True)
    assert found.range.start == types.Position(3, 6)
    assert found.severity == types.DiagnosticSeverity.Warning
    assert "100% more than the 1.01 ms of 2026-01-01" in found.message
    editor.change(uri, EDIT)
    await slower(editor, uri, wanted=False)


@VSCODE
async def test_cancelling_ends_all_processes_and_the_next_one_has_its_turn(editor, root: Path):
    uri, other = editor.open(root / "slow.py"), editor.open(root / "net.py")
    await editor.diagnostics(uri)
    server = editor.client._server.pid
    before = below(server)
    reports = editor.client.progress_reports
    reports.update(first=[], second=[])
    asked = {"uri": uri, "workDoneToken": "first", "silent": True}
    first = asyncio.create_task(command(editor, "measure", asked))
    await began(root)
    waits = {"uri": other, "workDoneToken": "second"}
    second = asyncio.create_task(command(editor, "measure", waits))
    async with asyncio.timeout(20):
        while not any(r.kind == "report" for r in reports["second"]):  # noqa: ASYNC110 - a dictionary tells nobody
            await asyncio.sleep(0.02)
    assert reports["second"][1].message == "waiting for local"
    started = [pid for pid in below(server) if pid not in before]
    assert len(started) >= 3  # what measures, its keeper, the model, and what that started
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("first"))
    took = await asyncio.to_thread(gone_within, started, 10)
    assert took < 3  # 1 s is asked for; a loaded machine gets more
    assert await first is None
    assert (await second)["failure"] is None
    gone_within([pid for pid in below(server) if pid not in before], 10)


@VSCODE
async def test_what_fails_is_one_message_and_a_trace(editor, root: Path):
    uri = editor.open(root / "broken.py")
    found = await command(editor, "measure", {"uri": uri})
    assert "/nowhere/weights.bin" in found["failure"]["message"]
    assert 'open("/nowhere/weights.bin")' in found["failure"]["trace"]
    shown = [message.message for message in editor.client.messages]
    assert len(shown) == 1
    assert "Traceback" not in shown[0]


def _opened(file: Path) -> bytes:
    document = {"uri": file.as_uri(), "languageId": "python", "version": 1}
    params = {"textDocument": {**document, "text": file.read_text()}}
    said = {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params}
    return message(json.dumps(said).encode())


@pytest.mark.parametrize("way", ["killed", "closed"])
async def test_a_server_that_ends_leaves_no_process(root: Path, way: str):
    with start() as server:
        assert server.stdin is not None
        capable = {"capabilities": {}, "rootUri": root.as_uri()}
        asked = {"command": "hwlint.measure", "arguments": [{"uri": (root / "slow.py").as_uri()}]}
        server.stdin.write(request(1, "initialize", capable))
        server.stdin.write(_opened(root / "slow.py"))
        server.stdin.write(request(2, "workspace/executeCommand", asked))
        server.stdin.flush()
        await began(root)
        started = below(server.pid)
        if way == "killed":
            server.kill()
        else:
            server.stdin.close()
        gone_within(started, 10)
        server.wait(20)


async def test_an_untrusted_workspace_is_not_measured(root: Path):
    with start() as server:
        assert server.stdin is not None
        uri = (root / "net.py").as_uri()
        capable = {"capabilities": {}, "rootUri": root.as_uri()}
        untrusted = {**capable, "initializationOptions": {"trusted": False}}
        asked = {"command": "hwlint.measure", "arguments": [{"uri": uri, "silent": True}]}
        later = {"settings": {"hwlint": {"trusted": True}}}
        changed = {"jsonrpc": "2.0", "method": "workspace/didChangeConfiguration", "params": later}
        server.stdin.write(request(1, "initialize", untrusted))
        server.stdin.write(_opened(root / "net.py"))
        server.stdin.write(message(json.dumps(changed).encode()))
        server.stdin.write(request(2, "workspace/executeCommand", asked))
        server.stdin.flush()
        answers = {told.get("id"): told for told in (answer(server) for _ in range(2))}
        server.kill()
    assert answers[2]["result"]["failure"]["kind"] == "untrusted"
