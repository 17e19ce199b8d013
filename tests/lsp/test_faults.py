"""What goes wrong around a server: its worker dies, its client dies, its client talks nonsense."""

import asyncio
import json
import os
import signal
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lsprotocol import types
from wire import answer, message, request, start

Project = Callable[[Mapping[str, str]], Path]

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.conv = nn.Conv2d(width, width, 3)
            self.head = nn.Conv2d(width, width, 1)
    """


async def test_a_worker_that_is_killed_is_replaced(editor, project: Project):
    root = project({"pyproject.toml": "[tool.hwlint]\n", "net.py": NET})
    uri = editor.open(root / "net.py")
    before = editor.codes(await editor.diagnostics(uri))
    asked = types.ExecuteCommandParams("hwlint.debugInformation")
    information = await editor.client.workspace_execute_command_async(asked)
    os.kill(information["worker"], signal.SIGKILL)
    editor.replace(uri, (root / "net.py").read_text().replace("100", "128"))
    assert editor.codes(await editor.until(uri, [])) == []
    editor.replace(uri, (root / "net.py").read_text())
    assert editor.codes(await editor.diagnostics(uri)) == before
    after = await editor.client.workspace_execute_command_async(asked)
    assert after["worker"] != information["worker"]


def test_a_server_ends_with_its_client():
    with start() as server:
        assert server.stdin is not None
        server.stdin.write(request(1, "initialize", {"capabilities": {}, "rootUri": None}))
        server.stdin.flush()
        assert answer(server)["id"] == 1
        server.stdin.close()
        since = time.monotonic()
        server.wait(20)
        assert time.monotonic() - since < 6  # 2 s are asked for; a loaded machine gets more


def test_a_malformed_message_gets_its_error():
    with start() as server:
        assert server.stdin is not None
        server.stdin.write(request(1, "initialize", {"capabilities": {}, "rootUri": None}))
        server.stdin.write(request(2, "textDocument/hover", {"nonsense": True}))
        server.stdin.write(request(3, "no/such/method", {}))
        server.stdin.flush()
        answers = {int(str(a["id"])): a for a in (answer(server) for _ in range(3))}
        server.kill()
    assert "result" in answers[1]
    assert "error" in answers[2]
    assert "error" in answers[3]


async def test_many_edits_at_once_end_with_the_last(editor, project: Project):
    root = project({"pyproject.toml": "[tool.hwlint]\n", "net.py": NET})
    uri = editor.open(root / "net.py")
    text = (root / "net.py").read_text()
    for width in range(100, 160):
        editor.replace(uri, text.replace("100", str(width)))
        await asyncio.sleep(0)
    editor.replace(uri, text.replace("100", "128"))
    assert editor.codes(await editor.diagnostics(uri)) == []


def test_shutting_down_while_much_is_asked_is_no_error(tmp_path: Path):
    file = tmp_path / "net.py"
    file.write_text(textwrap.dedent(NET), encoding="utf-8")
    document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": NET}
    asked = {"textDocument": {"uri": file.as_uri()}}
    opened = {"jsonrpc": "2.0", "method": "textDocument/didOpen"}
    with start() as server:
        assert server.stdin is not None
        server.stdin.write(request(1, "initialize", {"capabilities": {}, "rootUri": None}))
        said = {**opened, "params": {"textDocument": document}}
        server.stdin.write(message(json.dumps(said).encode()))
        for number in range(2, 12):
            server.stdin.write(request(number, "textDocument/diagnostic", asked))
        server.stdin.write(request(99, "shutdown", None))
        server.stdin.flush()
        answers: dict[object, dict[str, object]] = {}
        while len(answers) < 12:
            told = answer(server)
            if "method" not in told:
                answers[told["id"]] = told
        server.kill()
    assert answers[99].get("error") is None
    assert set(answers) == {1, *range(2, 12), 99}
