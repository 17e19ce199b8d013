"""The pictures of the documentation, light and dark; only where HWLINT_E2E_PICTURES names a folder
for them: `HWLINT_E2E_PICTURES=docs/screenshots pytest tests/e2e/test_pictures.py`."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from workbench import WAIT, Workbench, wait_for

pytestmark = pytest.mark.timeout(600)

THEMES = {"light": "Default Light Modern", "dark": "Default Dark Modern"}
WIDTH = "width: int = 100"


@pytest.fixture(scope="module")
def bench(start: Callable[..., Workbench]) -> Workbench:
    opened = start(scale=1.5, size=(1240, 780))
    opened.settings(
        workbench_activityBar_location="hidden",
        workbench_statusBar_visible=True,
        breadcrumbs_enabled=False,
        editor_fontSize=13,
        hwlint_devices=["h100-sxm", "ethos-u55-128"],  # as many as the table has room for
        window_title="${activeEditorShort} — ${rootName}",
    )
    opened.open("cnn.py")
    wait_for(lambda: opened.underlined("100", WIDTH), "no squiggle", opened.page)
    opened.page.keyboard.press("Control+B")
    opened.see(opened.status("·"))
    return opened


@pytest.fixture(params=THEMES)
def theme(request: pytest.FixtureRequest, bench: Workbench) -> str:
    bench.settings(workbench_colorTheme=THEMES[request.param])
    dark = bench.page.locator(".monaco-workbench.vs-dark")
    expect(dark).to_have_count(int(request.param == "dark"), timeout=WAIT)
    return request.param


def picture(bench: Workbench, name: str) -> None:
    folder = Path(os.environ["HWLINT_E2E_PICTURES"])
    folder.mkdir(parents=True, exist_ok=True)
    bench.page.wait_for_timeout(1500)  # colours fade, cards move in
    bench.page.screenshot(path=folder / f"{name}.png")


def test_editor(bench: Workbench, theme: str):
    bench.go_to(26)
    bench.hover("Conv2d", "nn.Conv2d(c_in, c_out, kernel_size=1", "MACs")
    picture(bench, f"editor-{theme}")


def test_quick_fix(bench: Workbench, theme: str):
    bench.page.mouse.move(5, 5)
    bench.go_to(11, 19)
    bench.quick_fixes("100 -> 112")
    picture(bench, f"quick-fix-{theme}")
    bench.page.keyboard.press("Escape")


def test_report(bench: Workbench, theme: str):
    bench.go_to(46)
    if not bench.page.locator("iframe.webview.ready").count():
        bench.run("hwlint: Hardware Report")
    page = bench.webview()
    expect(page.locator("#chart-devices svg")).to_be_visible(timeout=WAIT)
    bench.page.mouse.move(5, 5)
    page.locator("h1").scroll_into_view_if_needed()
    picture(bench, f"report-{theme}")
