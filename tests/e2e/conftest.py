"""What the tests of the extension in a real workbench share: the tools, the package, a browser."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))

from toolchain import Tools, missing, prepare
from workbench import Workbench

# It shows nothing that the others do not: it is for the documentation.
collect_ignore = [] if os.environ.get("HWLINT_E2E_PICTURES") else ["test_pictures.py"]
SHOTS = "HWLINT_E2E_FAILURES"
"""A folder for pictures of what a test that failed left on the screen."""


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Return the tools. In CI what is missing fails; at home it skips and says what."""
    lacking = missing()
    if lacking and not os.environ.get("CI"):
        pytest.skip(f"not installed: {', '.join(lacking)}")
    assert not lacking, f"not installed: {', '.join(lacking)}"
    return prepare()


@pytest.fixture(scope="module")
def browser(tools: Tools) -> Iterator[Browser]:
    """Yield a Chromium."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=tools.chromium, args=quiet)
        yield found
        found.close()


@pytest.fixture(scope="session")
def interpreters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the PATH with a `python3` that has no hwlint."""
    folder = tmp_path_factory.mktemp("interpreters")
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (folder / "python3").symlink_to(base)
    return folder


Start = Callable[..., Workbench]


@pytest.fixture(scope="module")
def start(
    tools: Tools,
    browser: Browser,
    extension_package: Path,
    interpreters: Path,
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Start]:
    """Yield a function that opens a copy of examples/, with files added, in a workbench of its
    own where the packed extension is installed."""
    with ExitStack() as stack:

        def opened(
            files: Mapping[str, str] | None = None,
            *,
            keys: str = "[]",
            server: Sequence[str] = (),
            **options: Any,
        ) -> Workbench:
            home = tmp_path_factory.mktemp("workbench")
            workspace = home / "examples"
            # Without the repaired twins: names are then those of one file each.
            twins = shutil.ignore_patterns("fixed")
            shutil.copytree(repository / "examples", workspace, ignore=twins)
            for name, text in (files or {}).items():
                (workspace / name).parent.mkdir(parents=True, exist_ok=True)
                (workspace / name).write_text(text)
            bench = Workbench(tools, browser, home, workspace, path=interpreters, **options)
            stack.enter_context(bench)
            (home / "user-data" / "User" / "keybindings.json").write_text(keys)
            bench.install(extension_package)
            bench.serve(*server)
            return bench

        yield opened


@pytest.fixture(autouse=True)
def _picture(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say what the extension logged, and take a picture, where a test fails."""
    failed = request.session.testsfailed
    yield
    bench = request.node.funcargs.get("bench")
    if request.session.testsfailed > failed and isinstance(bench, Workbench):
        sys.stdout.write(bench.logs()[-5000:])
        if folder := os.environ.get(SHOTS):
            Path(folder).mkdir(parents=True, exist_ok=True)
            bench.page.screenshot(path=Path(folder) / f"{request.node.name}.png")
