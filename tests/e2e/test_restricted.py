"""In a workspace that is not trusted hwlint reads and never runs: neither what the workspace
brings, nor a model to measure it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from workbench import WAIT, Workbench, wait_for

pytestmark = pytest.mark.timeout(600)

WIDTH = "width: int = 100"
# Were the workspace on the path of the server, or its interpreter taken, these would be run.
TRAP = 'from pathlib import Path\n\nPath(__file__).with_name("TRAPPED").touch()\n'
INTERPRETER = '#!/bin/sh\ntouch "$(dirname "$0")/../../TRAPPED"\n'


@pytest.fixture(scope="module")
def bench(start: Callable[..., Workbench]) -> Workbench:
    keys = '[{"key": "ctrl+alt+m", "command": "hwlint.measureModel"}]'
    modules = dict.fromkeys(("hwlint.py", "json.py", "sitecustomize.py"), TRAP)
    programs = dict.fromkeys((".venv/bin/python", "trap"), INTERPRETER)
    settings = '{"hwlint.interpreter": "./trap", "hwlint.path": "./trap"}'
    files = {**modules, **programs, ".vscode/settings.json": settings}
    opened = start(files, trusted=False, keys=keys)
    for name in programs:
        (opened.workspace / name).chmod(0o755)
    opened.open("cnn.py")
    return opened


def test_models_are_read(bench: Workbench):
    wait_for(lambda: bench.underlined("100", WIDTH), "no squiggle", bench.page)
    bench.see(bench.page.locator(".monaco-workbench"), "Restricted Mode")
    bench.hover("100", WIDTH, "would align 9 convolutions")


def test_nothing_of_the_workspace_ran(bench: Workbench):
    assert not list(bench.workspace.rglob("TRAPPED"))


def test_measuring_is_refused(bench: Workbench):
    bench.line(WIDTH).click()
    bench.page.keyboard.press("Control+Alt+M")
    toast = bench.toast("hwlint does not measure in an untrusted workspace")
    expect(bench.see(toast).locator(".monaco-button")).to_have_text(
        ["Manage Workspace Trust"], timeout=WAIT
    )
