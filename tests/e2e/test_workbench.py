"""The installed extension in a real workbench: what people see and do, from squiggle to restart."""

import importlib.util
import json
import re
import shutil
import sys
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from workbench import WAIT, Workbench, wait_for

pytestmark = pytest.mark.timeout(600)

WIDTH = "width: int = 100"
PLAIN = '''"""Three layers whose numbers say the same thing three times."""

from torch import nn


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 100, 3, bias=False)
        self.norm = nn.BatchNorm2d(100)
        self.head = nn.Conv2d(100, 64, 3)

    def forward(self, x):
        return self.head(self.norm(self.stem(x)))
'''


@pytest.fixture(scope="module")
def bench(start: Callable[..., Workbench]) -> Workbench:
    opened = start({"plain.py": PLAIN})
    opened.open("cnn.py")
    return opened


@pytest.fixture(autouse=True)
def _begin(bench: Workbench) -> None:
    """Begin every test at the same place, wherever one that failed left off."""
    bench.page.keyboard.press("Escape")
    bench.page.locator(".tab", has_text="cnn.py").click()
    bench.go_to(11)


def widths(hwlint: Callable[..., Any], file: Path) -> set[int]:
    """Return how many channels the convolutions of the models of a file give."""
    told = json.loads(hwlint("inspect", file, "--output-format", "json").stdout)
    return {int(found) for found in re.findall(r'"out_channels": (\d+)', json.dumps(told))}


def shown(bench: Workbench, word: str, text: str) -> None:
    wait_for(lambda: bench.underlined(word, text), f"{word!r} has no squiggle", bench.page)


def test_squiggle_at_the_number_that_is_to_change(
    bench: Workbench, record_property: Callable[[str, object], None]
):
    shown(bench, "100", WIDTH)
    record_property("seconds_from_installing", round(time.monotonic() - bench.began, 1))


def test_problems_list_the_finding(bench: Workbench):
    bench.page.keyboard.press("Control+Shift+M")
    row = bench.page.locator(".markers-panel .monaco-list-row", has_text="HW101")
    bench.see(row, "100 -> 112 would align 9 convolutions")
    bench.see(row, "[Ln 11, Col 18]")
    bench.page.keyboard.press("Control+J")


def test_cards_have_numbers(bench: Workbench):
    bench.hover("100", WIDTH, "would align 9 convolutions and 10 norms")
    card = bench.hover("Conv2d", "return nn.Conv2d(c_in, c_out", "MACs")
    assert re.search(r"h100-sxm.*\d", card)


def test_inlay_hints_say_shapes(bench: Workbench):
    bench.see(bench.line("self.bn1 = norm_layer(c_out)"), "1×100×224×224")


def test_a_lens_stands_over_the_model(bench: Workbench):
    bench.go_to(72)
    lens = bench.page.locator(".codelens-decoration", has_text="h100-sxm")
    assert re.search(r"\d+(\.\d+)? (ms|us|µs|s) on h100-sxm", bench.see(lens).inner_text())


def test_other_devices_change_the_findings(bench: Workbench):
    page = bench.page
    bench.status("hwlint: h100-sxm").click()
    box = page.locator(".quick-input-widget input.input")
    box.fill("h100-sxm")
    page.locator(".quick-input-list .monaco-list-row", has_text="h100-sxm").first.click()
    page.locator(".quick-input-widget .monaco-button", has_text="OK").click()
    settings = bench.workspace / ".vscode" / "settings.json"
    chosen = {"hwlint.devices": ["h100-sxm"]}
    kept = lambda: settings.exists() and json.loads(settings.read_text() or "{}") == chosen  # noqa: E731
    wait_for(kept, "the choice is not kept", page)
    expect(page.locator(".statusbar-item", has_text="hwlint: h100-sxm +")).to_have_count(0)
    bench.hover("100", WIDTH, "100 -> 104")
    bench.settings(hwlint_devices=None)
    bench.see(bench.status("hwlint: h100-sxm +3"))
    bench.hover("100", WIDTH, "100 -> 112")


def test_a_quick_fix_pads_every_layer_and_undo_brings_it_back(bench: Workbench):
    page = bench.page
    bench.open_file("plain.py")
    shown(bench, "100", "self.head = nn.Conv2d")
    bench.quick_fix(11, 31, "Pad 100 -> 112 in 3 layers")
    bench.see(bench.line("self.head = nn.Conv2d(112, 64, 3)"))
    expect(bench.squiggles()).to_have_count(0, timeout=WAIT)
    wanted = PLAIN.replace("100", "112")
    assert bench.save("plain.py") == wanted
    page.keyboard.press("Control+Z")
    shown(bench, "100", "self.head = nn.Conv2d")
    assert bench.save("plain.py") == PLAIN


def test_a_quick_fix_at_a_setting_pads_what_is_built_of_it(bench: Workbench, hwlint):
    page = bench.page
    bench.quick_fix(11, 19, "100 -> 112")
    bench.see(bench.line("width: int = 112"))
    before = (bench.workspace / "cnn.py").read_text()
    assert bench.save("cnn.py") == before.replace("width: int = 100", "width: int = 112")
    # Every layer of the model is then as wide as a tile allows, but for its ends.
    assert widths(hwlint, bench.workspace / "cnn.py") == {112, 224, 448}
    page.keyboard.press("Control+Z")
    shown(bench, "100", WIDTH)
    bench.save("cnn.py")


def test_a_lens_opens_the_report_with_its_plots(bench: Workbench):
    bench.go_to(72)
    bench.click_lens("Report")
    page = bench.webview()
    expect(page.locator("h1")).to_have_text("small_resnet", timeout=WAIT)
    points = page.locator("#chart-roofline svg .mark-symbol path")
    expect(points.first).to_be_visible(timeout=WAIT)
    assert points.count() > 20
    for chart in ("latency", "memory", "devices"):
        expect(page.locator(f"#chart-{chart} svg .role-mark path").first).to_be_attached()
    assert "h100-sxm" in page.locator(".devices").inner_text()
    assert bench.complaints == []


def test_the_report_follows_the_cursor_and_goes_to_lines(bench: Workbench):
    page = bench.webview()
    bench.page.locator(".tab", has_text="cnn.py").click()
    bench.go_to(59)
    expect(page.locator("tr.here th")).to_have_text(["fc"], timeout=WAIT)
    stem = page.locator("tbody tr", has_text="Conv2d 3->100")
    stem.focus()
    stem.press("Enter")
    bench.see(bench.status("Ln 46, Col 1"))
    first = page.locator("tbody tr").first
    first.focus()  # a click goes to the line, and takes the keyboard along
    first.press("End")
    expect(page.locator("tbody tr:focus th")).to_have_text("fc", timeout=WAIT)


@pytest.fixture
def torch_environment(bench: Workbench) -> Iterator[None]:
    """Give the project an environment with the torch of these tests, for as long as one lasts."""
    found = importlib.util.find_spec("torch")
    assert found is not None
    assert found.origin is not None
    folder = bench.workspace / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    packages = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    (packages / "torch.pth").write_text(f"{Path(found.origin).parent.parent}\n")
    yield
    shutil.rmtree(folder)


@pytest.mark.usefixtures("torch_environment")
def test_a_lens_measures_the_model(bench: Workbench):
    page = bench.page
    bench.open_file("plain.py")
    bench.click_lens("Measure")
    lens = page.locator(".codelens-decoration", has_text="on local")
    expect(lens.first).to_contain_text(
        re.compile(r"measured [\d.]+ .?s on local"), timeout=3 * WAIT
    )
    card = bench.hover("Plain", "class Plain", "on local, torch float32")
    assert re.search(r"measured [\d.]+ .?s \(IQR", card)
    bench.see(page.locator(".codelens-decoration a", has_text="Measure again"))


def test_a_setting_takes_effect(bench: Workbench):
    shown(bench, "100", WIDTH)
    bench.settings(hwlint_ignore=["HW101"])
    wait_for(lambda: not bench.underlined("100", WIDTH), "HW101 is still there", bench.page)
    bench.settings(hwlint_ignore=[])
    shown(bench, "100", WIDTH)


def test_a_restart_brings_the_findings_back(bench: Workbench):
    before = bench.logs().count("starting python3")
    bench.run("hwlint: Restart Server")
    wait_for(
        lambda: bench.logs().count("starting python3") == before + 1,
        "it did not start again",
        bench.page,
    )
    shown(bench, "100", WIDTH)


def test_an_interpreter_without_hwlint_is_told_with_what_mends_it(bench: Workbench, tmp_path: Path):
    venv.create(tmp_path / "empty", with_pip=False)
    interpreter = str(tmp_path / "empty" / "bin" / "python")
    bench.settings(hwlint_interpreter=interpreter)
    toast = bench.toast("hwlint was not found")
    bench.see(toast, f"hwlint was not found in {interpreter}.")
    buttons = toast.locator(".monaco-button")
    expect(buttons).to_have_text(["Install", "Choose Interpreter", "Use Bundled"])
    expect(bench.squiggles()).to_have_count(0, timeout=WAIT)
    buttons.get_by_text("Use Bundled").click()
    shown(bench, "100", WIDTH)
