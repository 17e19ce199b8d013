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
from pathlib import Path

__all__ = ["Prepared"]

REPOSITORY = Path(__file__).resolve().parent.parent
LOG = "log.txt"
COPY = "copy"


class Prepared:
    """Makes what is needed beside the tests that do not need it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hwlint-package-"))
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self, *, package: bool, workbench: bool) -> None:
        """Start what can be made: what is missing for it, a fixture says."""
        package = package and "HWLINT_E2E_PACKAGE" not in os.environ
        words = ["package"] * package + ["workbench"] * workbench
        if words and shutil.which("npm"):
            with (self._folder / LOG).open("wb") as log:
                self._running = subprocess.Popen(
                    [sys.executable, __file__, str(self._folder), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def package(self) -> Path:
        """Return the .vsix."""
        assert self._running is not None
        self._running.wait(600)
        said = (self._folder / LOG).read_text(errors="replace")
        made = list((self._folder / COPY / "extension").glob("*.vsix"))
        assert len(made) == 1, said[-3000:]
        assert " WARNING " not in said, said[-3000:]
        return made[0]

    def end(self) -> None:
        """Stop what still runs, and remove all of it."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def main(folder: str, *words: str) -> None:
    """Make what is asked for; raises where npm ends with an error."""
    if "package" in words:
        _package(Path(folder) / COPY)
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
