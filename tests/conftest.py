"""What all tests share: a project in a temporary folder, and hwlint run the way people run it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

sys.path.insert(0, str(Path(__file__).resolve().parent))
# A process that is spawned finds there what the tests of the pool send it.
sys.path.append(str(Path(__file__).resolve().parent.parent))

from preparing import Prepared

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = tuple(str(REPOSITORY / name) for name in ("server", "rules", "profiles"))


def environment(**more: str) -> dict[str, str]:
    """Return the surroundings of a child process: hwlint from this checkout, and its bytecode
    kept, as an installation does."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"PYTHONPATH": os.pathsep.join(SOURCES)} | more


# What takes minutes to make, and only of one processor, is made while the other tests run: the
# first of the processes that run tests starts that, and the one that started them ends it.
PREPARED = pytest.StashKey[Prepared]()
FIRST = "measure"
"""The folder of tests that runs longest, in one process: two would disturb each other's times."""
LAST = ("extension", "e2e")
"""Folders of the tests that need what is prepared, in the order in which they run, in one process
and after all others: an editor takes all of a small machine."""
APART = "test_hostile"
"""How the names of files begin whose tests share nothing."""


def pytest_configure(config: pytest.Config):
    config.stash[PREPARED] = Prepared()


def pytest_collection_modifyitems(items: list[pytest.Item]):
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(REPOSITORY / "tests").parts[0]
        if folder in LAST:
            return 2 + LAST.index(folder)
        return 0 if folder == FIRST else 1

    items.sort(key=place)


class Scheduling(LoadScopeScheduling):
    """Says which tests run in one process, by their names."""

    def _split_scope(self, nodeid: str) -> str:
        path = PurePosixPath(nodeid.partition("::")[0]).relative_to("tests")
        folder = path.parts[0]
        if folder in LAST:
            return LAST[-1]
        if folder == FIRST:
            return FIRST
        return nodeid if path.name.startswith(APART) else str(path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_finish(session: pytest.Session):
    needed = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if not session.config.option.collectonly:
        made = {"package": "extension_package" in needed, "workbench": "tools" in needed}
        session.config.stash[PREPARED].begin(**made)


def pytest_unconfigure(config: pytest.Config):
    if PREPARED in config.stash:
        config.stash[PREPARED].end()


hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the checkout's root."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def _private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Give every test an empty cache, configuration and store of its own, also in the child
    processes that it starts."""
    own = tmp_path_factory.mktemp("own")
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(own / kind.lower()))
    monkeypatch.delenv("HWLINT_STORE", raising=False)
    # A virtual environment that happens to be active is not part of any test.
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Return a function that writes `{"pkg/net.py": text}` and gives the folder."""
    root = tmp_path / "project"

    def write(files: Mapping[str, str]) -> Path:
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return root

    return write


@pytest.fixture
def hwlint() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `hwlint ARGUMENTS` in a child process."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hwlint", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
            env=environment(COLUMNS="100"),
        )

    return run


FINE = """
import torch.nn as nn

class Fine(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 100, 3)
        self.conv2 = nn.Conv2d(100, 100, 3)
"""

# A child started from a large process inherits its peak memory; one started from here does not.
WATCHED = """
import json, os, resource, signal, subprocess, sys
child = subprocess.Popen(sys.argv[2:], start_new_session=True)
try:
    code = child.wait(30)
except subprocess.TimeoutExpired:
    code = None
try:
    os.killpg(child.pid, signal.SIGKILL)  # a worker may outlive the process that started it
except ProcessLookupError:
    pass
child.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
with open(sys.argv[1], "w") as file:
    json.dump({"code": code, "seconds": seconds, "peak": peak}, file)
"""


@dataclass(frozen=True)
class Outcome:
    """How a watched run of `hwlint check` went."""

    code: int | None
    """None: it did not end and had to be stopped."""
    seconds: float
    """Of a processor: what a clock says depends on what else the machine does."""
    peak: float
    """MB of the largest process."""
    output: str
    errors: str


MODULE = (sys.executable, "-m", "hwlint")
SCRIPT = (str(Path(sysconfig.get_path("scripts"), "hwlint")),)


def watched(
    folder: Path, scratch: Path, cwd: Path | None = None, program: Sequence[str] = MODULE
) -> Outcome:
    """Run `hwlint check FOLDER` and watch its time and memory."""
    told = scratch / "outcome.json"
    command = [*program, "check", str(folder), "--device", "h100-sxm", "--no-cache"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", WATCHED, str(told), *command],
        cwd=cwd or scratch,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    return Outcome(**json.loads(told.read_text()), output=done.stdout, errors=done.stderr)


@pytest.fixture
def console_script() -> Sequence[str]:
    """Return the command that an installation has."""
    return SCRIPT


@dataclass(frozen=True)
class Base:
    """What a run over one small model takes: the start of the program is most of it."""

    seconds: float
    """Of a processor."""
    peak: float
    """MB."""


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Return the least that a run over one small model takes, of a few."""
    folder = tmp_path_factory.mktemp("usual")
    (folder / "fine.py").write_text(FINE)
    outcomes = [watched(folder, tmp_path_factory.mktemp("scratch")) for _ in range(3)]
    assert all("HW101" in outcome.output for outcome in outcomes), outcomes
    return Base(min(o.seconds for o in outcomes), min(o.peak for o in outcomes))


@pytest.fixture
def harmless(tmp_path: Path, base: Base) -> Callable[..., Outcome]:
    """Return a function that checks a folder and asserts that nothing in it did any harm."""

    def check(folder: Path, *, cwd: Path | None = None, program: Sequence[str] = MODULE) -> Outcome:
        (folder / "fine.py").write_text(FINE)
        marker = folder / "marker"
        marker.write_text("here")
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        outcome = watched(folder, scratch, cwd, program)
        assert marker.read_text() == "here"
        assert outcome.code in (0, 1, 2), outcome
        assert "Traceback" not in outcome.errors + outcome.output, outcome
        assert outcome.seconds - base.seconds <= 2, (outcome, base)
        assert outcome.peak - base.peak <= 300, (outcome, base)
        return outcome

    return check


@pytest.fixture
def survives(harmless: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Return the same, asserting as well that the harmless model beside was read as ever."""

    def check(folder: Path, **how: Any) -> Outcome:
        outcome = harmless(folder, **how)
        fine = [line for line in outcome.output.splitlines() if "fine.py" in line]
        assert any("HW101" in line for line in fine), outcome
        return outcome

    return check


@pytest.fixture(scope="session")
def extension_package(pytestconfig: pytest.Config) -> Path:
    """Return the .vsix, made the way README says from a copy of the sources.

    HWLINT_E2E_PACKAGE names one that is there already. Where npm is missing: fails in CI, else
    skips."""
    if made := os.environ.get("HWLINT_E2E_PACKAGE"):
        return Path(made)
    npm = shutil.which("npm")
    if npm is None and not os.environ.get("CI"):
        pytest.skip("npm is not installed")
    assert npm is not None, "npm is not installed"
    return pytestconfig.stash[PREPARED].package()
