"""Open the page of `hwlint report` in Chromium without a network and take its picture.

python docs/audits/report.py [CHROMIUM]

Writes docs/report.png, docs/report-dark.png and the figures in docs/audits/report.md.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLE = "cnn.py:small_resnet"
DEVICES = "h100-sxm,ethos-u55-128,stm32h743"
LIGHT, DARK = "1", "0"
"""Values of Chromium's setting preferredColorScheme."""
HEIGHTS = {"report.png": 3450, "report-dark.png": 1500}


def browse(chromium: str, page: Path, *options: str, scheme: str = LIGHT) -> str:
    """Open a page with no name resolved but its own, and return what Chromium prints."""
    done = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=10000",
            f"--blink-settings=preferredColorScheme={scheme}",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def asked_for(chromium: str, page: Path, folder: Path, *options: str) -> tuple[str, set[str]]:
    """Return what stands in a page once its scripts have run, and the addresses that it asked for
    by Chromium's own record; what the browser asks for its own sake belongs to no file."""
    log = folder / "net.json"
    dom = browse(chromium, page, "--dump-dom", f"--log-net-log={log}", *options)
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [event.get("params", {}) for event in events]
    own = [p["url"] for p in asked if str(p.get("network_isolation_key")).startswith("file:")]
    return dom, {url for url in own if url.startswith("http")}


def figures(chromium: str, page: Path, folder: Path) -> list[str]:
    """Return what was counted in the page as it stands after its scripts have run."""
    leaky = folder / "leaky.html"
    leaky.write_text('<img src="http://example.com/a.png">', encoding="utf-8")
    assert asked_for(chromium, leaky, folder)[1], "Chromium's record does not show requests"
    size = f"--window-size=1400,{max(HEIGHTS.values())}"
    dom, outside = asked_for(chromium, page, folder, size)
    charts = dom.count('data-chart="')
    drawn = dom.count('data-drawn="true"')
    marks = len(re.findall(r'aria-roledescription="(?:point|bar|line mark)"', dom))
    assert charts == drawn, f"{drawn} of {charts} charts are drawn"
    assert not outside, outside
    version = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True)
    return [
        f"- {version.stdout.strip()}, no name resolved: {drawn} of {charts} charts drawn,",
        f"  {marks} points, bars and lines; addresses that the page asked for: {len(outside)}.",
        f"- The page: {page.stat().st_size / 1e6:.2f} MB, one file.",
    ]


def main(chromium: str = "chromium") -> None:
    """Make the page, count, take both pictures, write the figures down."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page = folder / "report.html"
        command = [sys.executable, "-m", "hwlint", "report", EXAMPLE, "--device", DEVICES]
        subprocess.run([*command, "-o", str(page)], cwd=ROOT / "examples", check=True)
        counted = figures(chromium, page, folder)
        for picture, height in HEIGHTS.items():
            scheme = DARK if "dark" in picture else LIGHT
            shot = (f"--screenshot={DOCS / picture}", f"--window-size=1400,{height}")
            browse(chromium, page, *shot, scheme=scheme)
    file = DOCS / "audits" / "report.md"
    _, mark, rest = file.read_text(encoding="utf-8").partition("\n## Looked at")
    head = ["# The page of `hwlint report`", "", "`python docs/audits/report.py` says:", ""]
    text = "\n".join([*head, *counted, ""])
    file.write_text(f"{text}{mark}{rest}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
