"""What the extension gives to VS Code's own interfaces: host/index.js asks inside the editor."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from workbench import Workbench, wait_for

pytestmark = pytest.mark.timeout(600)

HOST = Path(__file__).resolve().parent / "host"
CHECKS = tuple(re.findall(r'async "(.+?)"\(\)', (HOST / "index.js").read_text()))
PLAIN = """\
from torch import nn


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 100, 3)
        self.head = nn.Conv2d(100, 64, 3)

    def forward(self, x):
        return self.head(self.stem(x))
"""
NET = """\
from blocks import Block
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 100, 3)
        self.norm = nn.BatchNorm2d(100)
        self.head = Block()

    def forward(self, x):
        return self.head(self.norm(self.stem(x)))
"""
BLOCKS = """\
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(100, 64, 3)

    def forward(self, x):
        return self.conv(x)
"""
FILES = {
    "net.py": NET,
    "blocks.py": BLOCKS,
    "plain.py": PLAIN,
    "quiet.py": PLAIN.replace("__()\n", "__()  # hwlint: ignore[HW401] pruned before\n"),
    "other/hwlint.toml": 'devices = [""]\n',
}


@pytest.fixture(scope="module")
def said(start: Callable[..., Workbench]) -> dict[str, str]:
    """Run the checks; returns "ok", or what was wrong, by their names."""
    bench = start(FILES, server=("--vscode-option", "enable-smoke-test-driver"))
    ended: list[int] = []
    heard: list[str] = []

    # Playwright wants functions that it can mark.
    def end(code: int) -> None:
        ended.append(code)

    def hear(kind: str, said: object) -> None:
        heard.append(_text(said))

    bench.page.expose_function("codeAutomationExit", end)
    bench.page.expose_function("codeAutomationLog", hear)
    places = {"extensionDevelopmentPath": bench.extension(), "extensionTestsPath": HOST}
    payload = [[name, bench.uri(path)] for name, path in places.items()]
    bench.open(payload=[*payload, ["skipWelcome", "true"]])
    wait_for(lambda: ended, "the checks do not end", bench.page, seconds=400)
    found = re.findall(r"HWLINT CHECK (.+?): (.+)", "\n".join(heard))
    return dict(found)


def _text(said: object) -> str:
    return " ".join(map(str, said)) if isinstance(said, list) else str(said)


@pytest.mark.parametrize("check", CHECKS)
def test_in_the_editor(said: dict[str, str], check: str):
    assert said[check] == "ok"
