"""Suggest in a real workbench: progress, the plot, a diff, applied as one edit, undone."""

import re
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from workbench import WAIT, Workbench, wait_for

pytestmark = pytest.mark.timeout(600)

# One thread computes so few elements of SiLU; GELU is shared among threads, each of which waits
# for the other, and on a busy machine that is most of the time.
NET = '''"""Most of it is an activation that takes many times as long as another one."""

from torch import nn


class Activated(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 1, 8)  # hwlint: fixed
        self.act = nn.SiLU()  # hwlint: search("SiLU", "ReLU")

    def forward(self, x):
        x = self.stem(x)
        for _ in range(512):
            x = self.act(x)
        return x
'''


@pytest.fixture(scope="module")
def bench(start: Callable[..., Workbench]) -> Workbench:
    opened = start({"activated.py": NET})
    # Its own interpreter has what searching needs; the bundled server says what to install.
    opened.settings(
        hwlint_interpreter=sys.executable, hwlint_suggest_trials=2, hwlint_suggest_minutes=5
    )
    opened.open("activated.py")
    opened.go_to(6, 7)
    return opened


def test_suggest_plot_diff_apply_and_undo(bench: Workbench):
    bench.see(bench.page.locator(".codelens-decoration a", has_text="Measure"))
    bench.click_lens("Suggest")
    bench.see(bench.toast("hwlint: searching for a faster variant on local"))
    page = bench.webview()
    expect(page.locator("h1")).to_have_text("Faster variants", timeout=WAIT)
    expect(page.locator("svg .mark.original")).to_be_visible(timeout=3 * WAIT)
    row = page.locator("tbody tr", has_text=re.compile("SiLU → ReLU"))
    expect(row).to_be_visible(timeout=6 * WAIT)
    expect(page.locator("svg .mark.suggested")).to_have_count(1)
    says = "latency measured (median, IQR), accuracy not evaluated"
    expect(page.locator(".suggestions")).to_contain_text(says)
    assert bench.complaints == []
    row.get_by_role("button", name="Diff").click()
    bench.see(bench.page.locator(".tab.active", has_text=re.compile(r"activated\.py: trial \d+")))
    bench.see(bench.page.locator(".monaco-diff-editor .view-line", has_text="nn.ReLU()"))
    row.get_by_role("button", name="Apply").click()
    bench.see(bench.toast("is in the text. Undo takes it back"))
    bench.page.locator(".tab", has_text=re.compile("^activated.py$")).click()
    bench.see(bench.line("self.act = nn.ReLU()"))
    wanted = NET.replace("nn.SiLU()", "nn.ReLU()")
    assert bench.save("activated.py") == wanted
    bench.page.keyboard.press("Control+Z")
    bench.see(bench.line("self.act = nn.SiLU()"))
    file = bench.workspace / "activated.py"
    bench.page.keyboard.press("Control+S")
    wait_for(lambda: file.read_text() == NET, "undo does not bring it back", bench.page)
