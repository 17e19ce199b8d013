"""A VS Code workbench with the packed extension: code-server on a port of its own, in Chromium.

Selectors are VS Code's own and no promise of it: the version of code-server is pinned in tools/.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from playwright.sync_api import (
    Browser,
    FrameLocator,
    Locator,
    Page,
    TimeoutError,  # noqa: A004 - the name that Playwright gives it
    expect,
)
from toolchain import Tools

__all__ = ["WAIT", "Workbench"]

WAIT = 60_000
"""Milliseconds that anything may take; a machine under load is slow."""
SETTINGS = {
    "chat.disableAIFeatures": True,
    "editor.inlayHints.enabled": "on",
    "editor.minimap.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "security.workspace.trust.startupPrompt": "never",
    "telemetry.telemetryLevel": "off",
    "window.commandCenter": False,
    "workbench.editor.enablePreview": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


class Workbench:
    """One server with one page. A context manager: what it started, it ends."""

    def __init__(
        self,
        tools: Tools,
        browser: Browser,
        home: Path,
        workspace: Path,
        *,
        path: Path | None = None,
        trusted: bool = True,
        scale: float = 1,
        size: tuple[int, int] = (1400, 900),
    ) -> None:
        """Prepare a workbench that keeps everything in `home`.

        `path` comes first on the PATH: the interpreters that the extension finds there."""
        self.workspace = workspace
        self._tools = tools
        self._browser = browser
        self._home = home
        self._trusted = trusted
        self._scale = scale
        self._size = size
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("VSCODE", "PYTHON"))}
        before = [str(path)] if path is not None else []
        self._environment = inherited | {
            "EXTENSIONS_GALLERY": "{}",
            "HOME": str(home),
            "PATH": os.pathsep.join([*before, os.environ["PATH"]]),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_RUNTIME_DIR": str(home),
        }
        self.began = 0.0
        """When installing began, by the monotonic clock."""
        self.page: Page
        self.complaints: list[str] = []
        """What the browser's console said of the content security policy."""

    def __enter__(self) -> Self:
        user = self._home / "user-data" / "User"
        user.mkdir(parents=True)
        (self._home / "config.yaml").write_text("auth: none\ncert: false\n")
        (user / "settings.json").write_text(json.dumps(SETTINGS, indent=1))
        context = self._browser.new_context(
            viewport={"width": self._size[0], "height": self._size[1]},
            device_scale_factor=self._scale,
        )
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT)
        self.page.on("console", self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.page.context.close()
        if self._process is not None:
            _end(self._process)

    def _hear(self, message: Any) -> None:
        if "Content Security Policy" in message.text and "hwlint" in str(message.location):
            self.complaints.append(message.text)

    # The server

    def install(self, package: Path) -> None:
        """Install a .vsix the way people do."""
        self.began = time.monotonic()
        done = subprocess.run(
            [*self._command(), "--install-extension", str(package)],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def extension(self) -> Path:
        """Return the folder of the installed extension."""
        return next((self._home / "extensions").glob("hwlint.hwlint-*"))

    def _command(self) -> list[str]:
        folders = {
            "--config": "config.yaml",
            "--user-data-dir": "user-data",
            "--extensions-dir": "extensions",
        }
        options = [part for name, it in folders.items() for part in (name, str(self._home / it))]
        return [str(self._tools.node), str(self._tools.code_server), *options]

    def serve(self, *more: str) -> None:
        """Start code-server and wait until it answers."""
        quiet = ["--disable-telemetry", "--disable-update-check", "--disable-proxy"]
        trust = ["--disable-workspace-trust"] if self._trusted else []
        address = ["--bind-addr", f"127.0.0.1:{self._port}", "--disable-getting-started-override"]
        with (self._home / "code-server.log").open("wb") as output:
            self._process = subprocess.Popen(
                [*self._command(), *address, *quiet, *trust, *more],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + 120
        while not _answers(f"http://127.0.0.1:{self._port}/healthz"):
            said = (self._home / "code-server.log").read_text()
            assert self._process.poll() is None, f"code-server ended: {said}"
            assert time.monotonic() < until, f"code-server does not answer: {said}"
            time.sleep(0.1)

    def uri(self, path: Path) -> str:
        """The address of a file in this workbench."""
        return f"vscode-remote://127.0.0.1:{self._port}{path}"

    def open(self, *files: str, payload: list[list[str]] | None = None) -> None:
        """Load the workbench on the workspace, with files of it open."""
        opened = [["openFile", self.uri(self.workspace / file)] for file in files]
        asked = quote(json.dumps([*opened, *(payload or [])]))
        folder = quote(str(self.workspace))
        address = f"http://127.0.0.1:{self._port}/?folder={folder}&payload={asked}"
        self.page.goto(address, wait_until="commit", timeout=3 * WAIT)
        self.page.locator(".monaco-workbench").wait_for()

    def settings(self, **changed: object) -> None:
        """Change the settings of the workspace, as if in the file: names with "_" for "."."""
        file = self.workspace / ".vscode" / "settings.json"
        before = json.loads(file.read_text() or "{}") if file.exists() else {}
        given = {name.replace("_", "."): value for name, value in changed.items()}
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(before | given, indent=1))

    def logs(self) -> str:
        """What the extension and its server logged."""
        found = sorted(self._home.glob("user-data/logs/**/hwlint.log"))
        return "\n".join(file.read_text(errors="replace") for file in found)

    # What people do

    def run(self, title: str) -> None:
        """Run a command by the palette."""
        self.page.keyboard.press("F1")
        box = self.page.locator(".quick-input-widget input.input")
        box.wait_for()
        box.fill(f">{title}")
        self.page.locator(".quick-input-list .monaco-list-row", has_text=title).first.click()

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor somewhere (from 1). A workbench that has only just opened may take the
        place and not go there: it is told again then."""
        there = self.status(f"Ln {line}, Col {column}").first
        box = self.page.locator(".quick-input-widget input.input")
        for _ in range(5):
            self.page.keyboard.press("Control+G")
            try:
                # The box may go as soon as it has come, where the workbench is still opening.
                box.fill(f":{line}:{column}", timeout=WAIT / 6)
                self.page.keyboard.press("Enter")
                box.wait_for(state="hidden", timeout=WAIT / 6)
                there.wait_for(timeout=WAIT / 6)
            except TimeoutError:
                self.page.keyboard.press("Escape")
                continue
            break
        self.see(there)

    def quick_fix(self, line: int, column: int, title: str) -> None:
        """Choose a quick-fix at a place by a part of its title."""
        self.go_to(line, column)
        self.quick_fixes(title).click()

    def quick_fixes(self, title: str) -> Locator:
        """Open the menu of quick-fixes where the cursor is; returns the one with a title.

        VS Code asks for actions by itself a moment after the cursor moved or findings changed, and
        that takes the place of what was asked by key: the key is pressed again then."""
        row = self.page.locator(".action-widget .monaco-list-row", has_text=title)
        for _ in range(5):
            self.page.wait_for_timeout(600)
            self.page.keyboard.press("Control+.")
            try:
                row.first.wait_for(timeout=WAIT / 6)
            except TimeoutError:
                self.page.keyboard.press("Escape")
            else:
                break
        return self.see(row)

    def click_lens(self, title: str) -> None:
        """Click a lens. VS Code drops the commands of old lenses when new ones come, a moment
        before it draws these, and says that there is no such command: people click again."""
        refusal = self.page.locator(".notifications-toasts", has_text="command not found")
        for _ in range(5):
            self.page.locator(".codelens-decoration a", has_text=title).first.click()
            self.page.wait_for_timeout(1000)
            if refusal.count() == 0:
                break
            self.run("Notifications: Clear All Notifications")

    def open_file(self, name: str) -> None:
        """Open a file of the workspace by its name."""
        self.page.keyboard.press("Control+P")
        box = self.page.locator(".quick-input-widget input.input")
        box.wait_for()
        box.fill(name)
        self.page.locator(".quick-input-list .monaco-list-row", has_text=name).first.click()
        self.page.locator(".tab.active", has_text=name).wait_for()

    def save(self, file: str) -> str:
        """Save the editor in front; returns what is then on disk."""
        before = (self.workspace / file).stat().st_mtime_ns
        self.page.keyboard.press("Control+S")
        path = self.workspace / file
        wait_for(lambda: path.stat().st_mtime_ns != before, f"{file} is not saved")
        return path.read_text()

    # What people see

    def line(self, text: str) -> Locator:
        """The line of the editor with a text (spaces are no-break spaces there)."""
        shown = text.replace(" ", "\N{NO-BREAK SPACE}")
        return self.page.locator(".editor-instance .view-line", has_text=shown)

    def squiggles(self, kind: str = "warning") -> Locator:
        """The underlinings of a severity."""
        return self.page.locator(f".editor-instance .squiggly-{kind}")

    def underlined(self, word: str, text: str, kind: str = "warning") -> bool:
        """Whether a word of the line with a text is underlined, and no more than it."""
        place = self._box(word, text)
        # All at once: one that vanishes meanwhile must not be waited for.
        boxes: list[dict[str, float]] = self.squiggles(kind).evaluate_all(
            "marks => marks.map((mark) => mark.getBoundingClientRect().toJSON())"
        )
        return any(
            abs(box["x"] - place["x"]) < 3
            and abs(box["width"] - place["width"]) < 5
            and place["y"] - 2 <= box["y"] <= place["y"] + place["height"]
            for box in boxes
        )

    def hover(self, word: str, text: str, said: str) -> str:
        """Rest the mouse on a word of the line with a text until the card says something; returns
        the card. Where lines move under the mouse it is moved away and back, as people do."""
        card = self.page.locator(".monaco-hover:not(.hidden)", has_text=said)

        def shown() -> bool:
            place = self._box(word, text)
            x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
            self.page.mouse.move(5, 5)  # an old card goes
            self.page.wait_for_timeout(600)
            self.page.mouse.move(x, y, steps=3)
            self.page.wait_for_timeout(800)
            return card.count() > 0 and card.first.is_visible()

        wait_for(shown, f"no card over {word!r} says {said!r}", self.page)
        return card.first.inner_text()

    def _box(self, word: str, text: str) -> dict[str, float]:
        """Where a word of a line is drawn."""
        line = self.line(text).first
        line.wait_for()
        found: dict[str, float] | None = line.evaluate(_FIND_WORD, word)
        assert found is not None, f"{word!r} is not in the line {text!r}"
        return found

    def status(self, text: str) -> Locator:
        """The item of the status bar with a text."""
        return self.page.locator(".statusbar-item", has_text=text)

    def toast(self, text: str) -> Locator:
        """The notification with a text."""
        return self.page.locator(".notification-toast", has_text=text)

    def webview(self) -> FrameLocator:
        """The page of the panel."""
        outer = self.page.frame_locator("iframe.webview.ready")
        return outer.frame_locator("iframe#active-frame")

    def see(self, what: Locator, text: str | None = None) -> Locator:
        """Wait until something is there, with a text; returns it."""
        expect(what.first).to_be_visible(timeout=WAIT)
        if text is not None:
            expect(what.first).to_contain_text(text, timeout=WAIT)
        return what.first


# The word's box in the window, from the text nodes of one line.
_FIND_WORD = """
(line, word) => {
  const texts = [];
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode);
  const whole = texts.map((node) => node.data).join("").replaceAll("\\u00a0", " ");
  const start = whole.indexOf(word);
  if (start < 0) return null;
  const at = (offset, last) => {
    for (const node of texts) {
      if (offset < node.length || (last && offset === node.length)) return [node, offset];
      offset -= node.length;
    }
    return null;
  };
  const range = document.createRange();
  range.setStart(...at(start, false));
  range.setEnd(...at(start + word.length, true));
  const { x, y, width, height } = range.getBoundingClientRect();
  return { x, y, width, height };
}
"""


def wait_for(
    holds: Callable[[], object],
    complaint: str,
    page: Page | None = None,
    seconds: float = WAIT / 1000,
) -> None:
    """Wait until something holds; lets the page go on meanwhile."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, complaint
        if page is None:
            time.sleep(0.05)
        else:
            page.wait_for_timeout(50)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End code-server with all that it started: it leaves children when it alone is killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
