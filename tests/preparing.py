"""What is made in the background from the beginning of the tests: the extension's package and the
workbench that it is tried in."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

__all__ = ["Prepared"]


class Prepared:
    """Makes what is needed, and what nobody asked for ahead when it is asked for."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._folder = Path(tempfile.mkdtemp(prefix="hwlint-package-"))
        self._pool = ThreadPoolExecutor(1)
        self._package: Future[Path] | None = None
        self._running: subprocess.Popen[str] | None = None
        self._ended = False
        # Tests change the surroundings of those that they start.
        self._environment = dict(os.environ)

    def begin(self, *, package: bool, workbench: bool) -> None:
        """Start what can be made: what is missing for it, a fixture says."""
        npm = shutil.which("npm")
        if npm is None:
            return
        if package and "HWLINT_E2E_PACKAGE" not in os.environ:
            self._package = self._pool.submit(self._make, npm)
        if workbench:
            self._pool.submit(self._set_up)

    def package(self) -> Path:
        """Return the .vsix."""
        assert self._package is not None
        return self._package.result()

    def end(self) -> None:
        """Stop what still runs, and remove all of it."""
        self._ended = True
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)
        self._pool.shutdown(cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _set_up(self) -> None:
        """Install code-server where it is not: the tests say what went wrong with it."""
        script = self._repository / "tests" / "e2e" / "toolchain.py"
        self._run([sys.executable, str(script)], self._repository)

    def _make(self, npm: str) -> Path:
        copy = self._folder
        made = shutil.ignore_patterns("node_modules", "out", "bundled", "*.vsix", "__pycache__")
        for name in ("extension", "server", "rules", "profiles"):
            shutil.copytree(self._repository / name, copy / name, ignore=made)
        pictures = Path("docs", "screenshots")
        shutil.copytree(self._repository / pictures, copy / pictures)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(self._repository / name, copy / name)
        for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "package"]):
            done = self._run([npm, *command], copy / "extension")
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            assert " WARNING " not in done.stdout, done.stdout[-3000:]
        (package,) = (copy / "extension").glob("*.vsix")
        return package

    def _run(self, command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
        assert not self._ended
        path = os.pathsep.join([str(Path(sys.executable).parent), self._environment["PATH"]])
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._running = subprocess.Popen(
            command,
            cwd=folder,
            env=self._environment | {"PATH": path, "HWLINT_BUNDLE_PYTHON": version},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        out, errors = self._running.communicate(timeout=600)
        code = self._running.returncode
        self._running = None
        return subprocess.CompletedProcess(command, code, out, errors)
