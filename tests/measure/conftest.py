"""What the tests of measuring share: databases, and measurements made up for them."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.job import Job, Result


def program(name: str, *folders: str) -> str:
    """Return the path of a program. Where it is missing: fails in CI, else skips."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *folders]))
    if found is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed")
    assert found is not None, f"{name} is not installed"
    return found


def unprivileged() -> dict[str, int]:
    """Return the user that servers run as which refuse to be root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid}


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of its own that listens on a socket in its folder; yields the folder."""
    newest = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    initdb, server = program("initdb", *newest), program("postgres", *newest)
    # Not below pytest's folder: that is for its owner's eyes only.
    folder = tempfile.mkdtemp(prefix="hwlint-pg-")
    who = unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    data = f"{folder}/data"
    common = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **who}
    words = [initdb, "-D", data, "-U", "hwlint", "-A", "trust", "--no-sync", "--no-instructions"]
    subprocess.run(words, check=True, capture_output=True, timeout=60, **common)
    settings = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    with Path(folder, "log").open("wb") as log:
        running = subprocess.Popen([server, "-D", data, *options], stdout=log, stderr=log, **common)
    try:
        _wait_for(folder, running)
        yield folder
    finally:
        running.send_signal(signal.SIGINT)  # its way of being told not to wait for clients
        running.wait(30)
        shutil.rmtree(folder)


def _wait_for(folder: str, running: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            psycopg.connect(host=folder, user="hwlint", dbname="postgres").close()
        except psycopg.OperationalError:
            assert running.poll() is None, Path(folder, "log").read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(Path(folder, "log").read_text())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty store, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/measurements.sqlite"
    folder = request.getfixturevalue("postgres")
    name = f"db{abs(hash(str(tmp_path)))}"
    with psycopg.connect(
        host=folder, user="hwlint", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://hwlint@/{name}?host={folder}"


TARGET = MeasureTarget("pi", "raspberry-pi-5", "ssh", "pi@board")


@pytest.fixture
def made() -> Callable[..., tuple[Job, Result]]:
    """Return a function that makes up a job and its result."""

    def make(key: str = "k1", ms: float = 2.0, **environment: str) -> tuple[Job, Result]:
        told = {"onnxruntime": "1.32.0", "python": "3.11.7", "host": "board"} | environment
        job = Job("onnxruntime", "net.py:Net", key)
        result = Result(
            key, ms / 1e3, 0.0001, ms / 1.1e3, ms / 0.9e3, (ms / 1e3,) * 20, environment=told
        )
        return job, result

    return make
