"""What tests of measuring and of searching share: a model that never ends, and its processes."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

SLOW = """\
    import os, time
    import torch.nn as nn

    with open(os.path.join(os.path.dirname(__file__), "began"), "a") as file:
        file.write(f"{os.getpid()}\\n")
    os.system("sleep 600 &")
    time.sleep(600)


    class Slow(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 3)

        def forward(self, x):
            return self.stem(x)
    """
CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\n'

VSCODE = pytest.mark.parametrize("client", ["visual-studio-code"], indirect=True)
"""One editor will do: what is tested is the same for all."""


async def command(editor, name: str, *given: object) -> Any:
    asked = types.ExecuteCommandParams(f"hwlint.{name}", list(given))
    async with asyncio.timeout(240):
        return await editor.client.workspace_execute_command_async(asked)


def below(pid: int) -> list[int]:
    """Return the processes that one has started, theirs, and so on."""
    told = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in told.stdout.splitlines()]
    found = [pid]
    for one in found:
        found += [child for child, parent in pairs if parent == one]
    return found[1:]


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone_within(pids: list[int], seconds: float) -> float:
    """Wait until processes have ended; return how long that took."""
    start = time.monotonic()
    while left := [pid for pid in pids if running(pid)]:
        assert time.monotonic() - start < seconds, f"{left} still run"
        time.sleep(0.02)
    return time.monotonic() - start


async def began(root: Path, times: int = 1) -> None:
    async with asyncio.timeout(200):
        while not (file := root / "began").exists() or len(file.read_text().split()) < times:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)
