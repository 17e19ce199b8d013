"""What goes wrong around a server: its worker dies, its client dies, its client talks nonsense."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lsprotocol import types

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


def _message(content: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


def _request(number: int, method: str, params: object) -> bytes:
    said = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return _message(json.dumps(said).encode())


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "hwlint", "server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _answer(server: "subprocess.Popen[bytes]") -> dict[str, object]:
    assert server.stdout is not None
    length = 0
    while (line := server.stdout.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(server.stdout.read(length))


def test_a_server_ends_with_its_client():
    with _start() as server:
        assert server.stdin is not None
        server.stdin.write(_request(1, "initialize", {"capabilities": {}, "rootUri": None}))
        server.stdin.flush()
        assert _answer(server)["id"] == 1
        server.stdin.close()
        start = time.monotonic()
        server.wait(20)
        assert time.monotonic() - start < 6  # 2 s are asked for; a loaded machine gets more


def test_a_malformed_message_gets_its_error():
    with _start() as server:
        assert server.stdin is not None
        server.stdin.write(_request(1, "initialize", {"capabilities": {}, "rootUri": None}))
        server.stdin.write(_request(2, "textDocument/hover", {"nonsense": True}))
        server.stdin.write(_request(3, "no/such/method", {}))
        server.stdin.flush()
        answers = {int(str(a["id"])): a for a in (_answer(server) for _ in range(3))}
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
    with _start() as server:
        assert server.stdin is not None
        server.stdin.write(_request(1, "initialize", {"capabilities": {}, "rootUri": None}))
        said = {**opened, "params": {"textDocument": document}}
        server.stdin.write(_message(json.dumps(said).encode()))
        for number in range(2, 12):
            server.stdin.write(_request(number, "textDocument/diagnostic", asked))
        server.stdin.write(_request(99, "shutdown", None))
        server.stdin.flush()
        answers: dict[object, dict[str, object]] = {}
        while len(answers) < 12:
            answer = _answer(server)
            if "method" not in answer:
                answers[answer["id"]] = answer
        server.kill()
    assert answers[99].get("error") is None
    assert set(answers) == {1, *range(2, 12), 99}
