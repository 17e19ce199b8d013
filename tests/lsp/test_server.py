"""Every capability, over stdio, with what VS Code and Neovim can do."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

Project = Callable[[Mapping[str, str]], Path]

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3)
            self.conv = nn.Conv2d(width, width, 3)
            self.head = nn.Conv2d(width, 64, 1)

        def forward(self, x):
            x = self.stem(x)
            return self.head(self.conv(x))
    """
CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\nselect = ["HW0", "HW1"]\n'
LITERAL = types.Range(types.Position(4, 29), types.Position(4, 32))


@pytest.fixture
def root(project: Project) -> Path:
    return project({"pyproject.toml": CONFIG, "net.py": NET})


def everything(uri: str) -> types.InlayHintParams:
    where = types.Range(types.Position(0, 0), types.Position(999, 0))
    return types.InlayHintParams(types.TextDocumentIdentifier(uri), where)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def text_at(uri: str) -> str:
    return Path(uri.removeprefix("file://")).read_text(encoding="utf-8")


async def test_a_finding_marks_the_literal(editor, root: Path):
    uri = editor.open(root / "net.py")
    (found,) = await editor.diagnostics(uri)
    assert found.code == "HW101"
    assert found.source == "hwlint"
    assert found.range == LITERAL
    assert "100" in found.message
    assert "h100-sxm" in found.message
    assert {r.location.range.start.line for r in found.related_information} == {6, 7, 8}
    assert "HW101" in text_at(found.code_description.href)


async def test_a_finding_goes_with_its_cause_and_comes_back(editor, root: Path):
    uri = editor.open(root / "net.py")
    assert editor.codes(await editor.diagnostics(uri)) == ["HW101"]
    editor.change(uri, types.TextDocumentContentChangePartial(LITERAL, "128"))
    assert editor.codes(await editor.diagnostics(uri)) == []
    editor.change(uri, types.TextDocumentContentChangePartial(LITERAL, "100"))
    assert editor.codes(await editor.diagnostics(uri)) == ["HW101"]


async def test_the_same_as_a_cold_check(editor, root: Path, hwlint):
    uri = editor.open(root / "net.py")
    found = await editor.diagnostics(uri)
    done = hwlint("check", root / "net.py", "--output-format", "json", "--no-cache")
    said = json.loads(done.stdout)["findings"]
    assert [(d.code, d.range.start.line + 1) for d in found] == [
        (f["code"], f["line"]) for f in said
    ]


async def test_a_change_in_another_file_is_heard(editor, root: Path):
    (root / "blocks.py").write_text("WIDTH = 128\n")
    text = (root / "net.py").read_text().replace("width=100", "width=WIDTH")
    (root / "net.py").write_text(f"from blocks import WIDTH\n{text}")
    net = editor.open(root / "net.py")
    blocks = editor.open(root / "blocks.py")
    assert editor.codes(await editor.diagnostics(net)) == []
    editor.replace(blocks, "WIDTH = 100\n")
    found = await editor.until(blocks, ["HW101"])
    assert found[0].range.start == types.Position(0, 8)
    assert editor.codes(await editor.diagnostics(net)) == []
    editor.close(blocks)  # on the disk it is still 128
    assert editor.codes(await editor.diagnostics(net)) == []


async def test_a_new_file_on_the_disk_is_heard(editor, root: Path):
    uri = editor.open(root / "net.py")
    assert editor.codes(await editor.diagnostics(uri)) == ["HW101"]
    config = root / "pyproject.toml"
    config.write_text(CONFIG.replace("HW1", "HW4"))
    changed = types.FileEvent(config.as_uri(), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    assert editor.codes(await editor.until(uri, [])) == []


async def test_a_broken_class_leaves_the_other_alone(editor, root: Path):
    text = (root / "net.py").read_text()
    other = text.replace("Net", "Other").replace("import torch.nn as nn\n", "")
    uri = editor.open(root / "net.py", text + other)
    assert editor.codes(await editor.diagnostics(uri)) == ["HW101", "HW101"]
    broken = text + other.replace("Other(nn.Module)", "Other(nn.Module")
    editor.replace(uri, broken)
    found = await editor.diagnostics(uri)
    assert "HW001" in editor.codes(found)
    assert LITERAL in [d.range for d in found if d.code == "HW101"]


async def test_ignoring_a_finding_silences_it(editor, root: Path):
    uri = editor.open(root / "net.py")
    (found,) = await editor.diagnostics(uri)
    (action,) = [a for a in await editor.actions(uri, found) if "Ignore" in a.title]
    (change,) = action.edit.document_changes
    assert change.text_document.version == 1
    (edit,) = change.edits
    assert edit.new_text == "  # hwlint: ignore[HW101] reason"
    editor.change(uri, types.TextDocumentContentChangePartial(edit.range, edit.new_text))
    assert editor.codes(await editor.diagnostics(uri)) == []


async def test_a_class_that_nothing_builds_gets_the_comment(editor, root: Path):
    text = (root / "net.py").read_text().replace("width=100", "width")
    uri = editor.open(root / "net.py", text)
    (found,) = await editor.diagnostics(uri)
    assert found.severity == types.DiagnosticSeverity.Hint
    (action,) = await editor.actions(uri, found)
    (edit,) = action.edit.document_changes[0].edits
    assert "hwlint: build(width=" in edit.new_text
    filled = edit.new_text.replace("...", "100")
    editor.change(uri, types.TextDocumentContentChangePartial(edit.range, filled))
    assert set(editor.codes(await editor.diagnostics(uri))) == {"HW101"}


async def test_hovering(editor, root: Path):
    uri = editor.open(root / "net.py")
    await editor.diagnostics(uri)
    layer = await editor.hover(uri, 7, 25)
    assert "Conv2d(in_channels=100, out_channels=100, kernel_size=(3, 3))" in layer
    assert "width 100 (line 5)" in layer
    assert "params" in layer
    assert "h100-sxm bf16:" in layer
    assert "Net" in await editor.hover(uri, 3, 7)
    finding = await editor.hover(uri, 4, 30)
    assert "HW101 misaligned-channels" in finding
    assert await editor.hover(uri, 1, 0) == ""


FACTORY = """\
from torch import nn


class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, 10)

    def forward(self, x):
        return self.fc(x)


def head(width=128):
    return Head(width)


if __name__ == "__main__":
    model = head()
"""


async def test_one_lens_for_a_factory_and_the_call_in_it(editor, root: Path):
    (root / "factory.py").write_text(FACTORY)
    uri = editor.open(root / "factory.py")
    await editor.diagnostics(uri)
    named = types.TextDocumentIdentifier(uri)
    found = await editor.client.text_document_code_lens_async(types.CodeLensParams(named))
    assert [lens.range.start.line for lens in found] == [12, 12, 12]


async def test_lenses_symbols_and_hints(editor, root: Path):
    uri = editor.open(root / "net.py")
    await editor.diagnostics(uri)
    named = types.TextDocumentIdentifier(uri)
    found = await editor.client.text_document_code_lens_async(types.CodeLensParams(named))
    lens, measure, suggest = found
    assert (measure.command.title, suggest.command.title) == ("Measure", "Suggest")
    assert suggest.command.command == "hwlint.suggest"
    assert suggest.command.arguments == measure.command.arguments
    assert "on h100-sxm" in lens.command.title
    assert lens.range.start == types.Position(3, 6)
    (symbol,) = await editor.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(named)
    )
    assert symbol.name == "Net"
    assert [child.name for child in symbol.children] == ["stem", "conv", "head"]
    shown = await editor.client.text_document_inlay_hint_async(everything(uri))
    labels = {hint.position.line: hint.label for hint in shown}
    assert labels[6] == "1×100×222×222"
    assert labels[12] == "1×64×220×220"


async def test_a_wrong_configuration_is_said_and_mended(editor, root: Path):
    (root / "pyproject.toml").write_text('[tool.hwlint]\ndevices = ["h10"]\n')
    uri = editor.open(root / "net.py")
    assert editor.codes(await editor.diagnostics(uri)) == []
    assert any("h10" in m.message and ":2" in m.message for m in editor.client.messages)
    (root / "pyproject.toml").write_text(CONFIG)
    event = types.FileEvent((root / "pyproject.toml").as_uri(), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    assert editor.codes(await editor.until(uri, ["HW101"])) == ["HW101"]


async def test_other_targets(editor, root: Path):
    uri = editor.open(root / "net.py")
    await editor.diagnostics(uri)
    asked = types.ExecuteCommandParams("hwlint.setTargets", [["raspberry-pi-5"]])
    await editor.client.workspace_execute_command_async(asked)
    async with asyncio.timeout(30):
        while True:
            (found, *_) = await editor.diagnostics(uri)
            if "raspberry-pi-5" in found.message:
                break
            await asyncio.sleep(0.05)


async def test_untitled_documents_are_read(editor):
    uri = editor.open(
        "untitled:Untitled-1", "import torch.nn as nn\nnet = nn.Conv2d(100, 100, 3)\n"
    )
    assert isinstance(await editor.diagnostics(uri), list | tuple)
    text = "import torch.nn as nn\n\nclass Net(nn.Module):\n    def __init__(self, width=100):\n"
    text += "        super().__init__()\n        self.a = nn.Conv2d(64, width, 3)\n"
    text += (
        "        self.b = nn.Conv2d(width, width, 3)\n        self.c = nn.Conv2d(width, 64, 3)\n"
    )
    editor.replace(uri, text)
    assert editor.codes(await editor.diagnostics(uri)) == ["HW101"]


async def report(editor, uri: str, **more: object) -> Any:
    asked = types.ExecuteCommandParams("hwlint.report", [{"uri": uri, **more}])
    return await editor.client.workspace_execute_command_async(asked)


async def test_the_report_of_a_model(editor, root: Path, hwlint):
    other = (root / "net.py").read_text().replace("Net", "Other").replace("width=100", "width=64")
    (root / "net.py").write_text((root / "net.py").read_text() + "\n\n" + other)
    uri = editor.open(root / "net.py")
    told = await report(editor, uri, position={"line": 11, "character": 8})
    assert told["model"] == "Net"
    assert [(row["name"], row["line"], row["uri"] == uri) for row in told["rows"]] == [
        ("stem", 6, True),
        ("conv", 7, True),
        ("head", 8, True),
    ]
    done = hwlint("inspect", root / "net.py:Net", "--device", "h100-sxm", "--output-format", "json")
    (said,) = json.loads(done.stdout)["entry_points"][0]["devices"]
    assert [row["costs"][0]["seconds"] for row in told["rows"]] == [
        part["seconds"] for part in said["parts"]
    ]
    assert told["devices"][0]["seconds"] == said["total"]["seconds"]
    assert sum(row["share"] for row in told["rows"]) == pytest.approx(1)
    assert [chart["id"] for chart in told["charts"]] == ["roofline", "memory", "latency"]
    points = told["charts"][0]["spec"]["datasets"]["points"]
    assert [point["layer"] for point in points] == ["stem", "conv", "head"]
    assert (await report(editor, uri, position={"line": 24, "character": 0}))["model"] == "Other"
    editor.change(uri, types.TextDocumentContentChangePartial(LITERAL, "128"))
    changed = await report(editor, uri)
    assert changed["model"] == "Net"
    assert changed["rows"][1]["kind"] == "Conv2d 128->128"
    assert editor.codes(await editor.diagnostics(uri)) == []


async def test_a_report_that_takes_long_shows_itself_and_can_be_stopped(editor, root: Path):
    # A library of its own size: nothing of it was read before.
    parts = (f"        self.c{n} = nn.Conv2d({100 + n}, {101 + n}, 3)\n" for n in range(250))
    calls = (f"        x = self.c{n}(x)\n" for n in range(250))
    text = "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n"
    text += (
        f"        super().__init__()\n{''.join(parts)}    def forward(self, x):\n{''.join(calls)}"
    )
    write(root / "long.py", f"{text}        return x\n")
    uri = editor.open(root / "long.py")
    told = asyncio.create_task(report(editor, uri))
    reports = editor.client.progress_reports
    async with asyncio.timeout(20):
        while not (reports and next(iter(reports.values()))):  # noqa: ASYNC110 - a dictionary tells nobody
            await asyncio.sleep(0.01)
    ((token, seen),) = reports.items()
    assert seen[0].title == "hwlint: hardware report"
    stop = types.WorkDoneProgressCancelParams(token)
    editor.client.window_work_done_progress_cancel(stop)
    assert await told is None
    assert [value.kind for value in seen] == ["begin", "end"]
    assert (await report(editor, uri))["model"] == "Net"


async def test_no_report_where_there_is_no_model(editor, root: Path):
    uri = editor.open(root / "plain.py", "import torch\n")
    assert await report(editor, uri) is None
    assert await report(editor, "file:///nowhere.py") is None


async def complete(editor, uri: str, line: int, character: int) -> list[str]:
    named, where = types.TextDocumentIdentifier(uri), types.Position(line, character)
    asked = types.CompletionParams(named, where)
    answer = await editor.client.text_document_completion_async(asked)
    return [item.label for item in answer or ()]


async def test_comments_and_configuration_are_completed(editor, root: Path):
    text = "import torch  # hwlint: ignore[HW1\nx = [1]  # hwlint: \n"
    uri = editor.open(root / "plain.py", text)
    assert {"HW101", "HW003"} <= set(await complete(editor, uri, 0, 34))
    assert "build(" in await complete(editor, uri, 1, 19)
    assert await complete(editor, uri, 1, 5) == []
    config = '[project]\nna\n[tool.hwlint]\nde\ndevices = [\n  "h100-sxm",\n  "\n]\nmode = ""\n'
    config += "[[tool.hwlint.budgets]]\nla\n"
    toml = editor.open(root / "pyproject.toml", config)
    assert await complete(editor, toml, 1, 2) == []
    assert {"devices", "fail-on", "extend"} <= set(await complete(editor, toml, 3, 2))
    assert {"h100-sxm", "stm32h743"} <= set(await complete(editor, toml, 6, 3))
    assert await complete(editor, toml, 8, 8) == ["inference", "training"]
    assert {"model", "device", "latency_ms"} <= set(await complete(editor, toml, 10, 2))


async def test_hovering_over_the_name_of_a_rule(editor, root: Path):
    line = "import torch  # hwlint: ignore[HW101] because\n"
    uri = editor.open(root / "plain.py", line)
    assert "misaligned-channels" in await editor.hover(uri, 0, 33)
    assert await editor.hover(uri, 0, 9) == ""
    toml = editor.open(root / "hwlint.toml", 'ignore = ["redundant-bias"]\n')
    assert "HW302" in await editor.hover(toml, 0, 15)
    assert await editor.hover(toml, 0, 2) == "**ignore** Rules that do not."
