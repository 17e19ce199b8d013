"""What is made in the background from the beginning of the tests: the extension's package and the
workbench that it is tried in.

    python tests/preparing.py FOLDER package workbench

A process of its own, not a thread: with a second thread hwlint starts its workers in another way.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["Prepared"]

REPOSITORY = Path(__file__).resolve().parent.parent
LOG = "log.txt"
COPY = "copy"
DONE = "done"
PID = "pid"
FOLDER = "HWLINT_TESTS_PREPARED"
"""Where it is made, for all processes that run tests: the first sets it."""
WORKER = "PYTEST_XDIST_WORKER"
MINUTES = 10


class Prepared:
    """Makes what is needed beside the tests that do not need it."""

    def __init__(self) -> None:
        self._owner = WORKER not in os.environ
        if self._owner:
            os.environ[FOLDER] = tempfile.mkdtemp(prefix="hwlint-package-")
        self._folder = Path(os.environ[FOLDER])

    def begin(self, *, package: bool, workbench: bool) -> None:
        """Start what can be made: what is missing for it, a fixture says."""
        package = package and "HWLINT_E2E_PACKAGE" not in os.environ
        words = ["package"] * package + ["workbench"] * workbench
        if words and shutil.which("npm") and os.environ.get(WORKER, "gw0") == "gw0":
            with (self._folder / LOG).open("wb") as log:
                running = subprocess.Popen(
                    [sys.executable, __file__, str(self._folder), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            running.returncode = 0  # it outlives this process, which need not say so
            (self._folder / PID).write_text(str(running.pid))

    def package(self) -> Path:
        """Return the .vsix."""
        until = time.monotonic() + 60 * MINUTES
        while not (self._folder / DONE).exists() and time.monotonic() < until:
            time.sleep(0.1)
        said = (self._folder / LOG).read_text(errors="replace")
        made = list((self._folder / COPY / "extension").glob("*.vsix"))
        assert len(made) == 1, said[-3000:]
        assert " WARNING " not in said, said[-3000:]
        return made[0]

    def end(self) -> None:
        """Stop what still runs, and remove all of it."""
        if self._owner:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                os.killpg(int((self._folder / PID).read_text()), signal.SIGKILL)
            shutil.rmtree(self._folder, ignore_errors=True)


def main(folder: str, *words: str) -> None:
    """Make what is asked for; raises where npm ends with an error."""
    if "package" in words:
        try:
            _package(Path(folder) / COPY)
        finally:
            (Path(folder) / DONE).touch()
    if "workbench" in words:
        # The tests say what went wrong with it.
        script = REPOSITORY / "tests" / "e2e" / "toolchain.py"
        subprocess.run([sys.executable, str(script)], check=False)


def _package(copy: Path) -> None:
    made = shutil.ignore_patterns("node_modules", "out", "bundled", "*.vsix", "__pycache__")
    for name in ("extension", "server", "rules", "profiles"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=made)
    pictures = Path("docs", "screenshots")
    shutil.copytree(REPOSITORY / pictures, copy / pictures)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy / name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    own = os.environ | {"PATH": path, "HWLINT_BUNDLE_PYTHON": version}
    for words in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "package"]):
        subprocess.run(["npm", *words], cwd=copy / "extension", env=own, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
