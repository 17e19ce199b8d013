"""Put the server and what it needs into bundled/, and the documentation's pictures, which the
walkthrough shows, into media/: `python3 bundle.py [--python 3.11]`.

libcst is compiled for one version of CPython and one platform, so a bundle serves one such pair;
bundled/pair.json says which, and the extension looks for an interpreter of that version.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE / "bundled"
PICTURES = HERE / "media" / "screenshots"
# VS Code's name of a platform, and pip's names of the wheels that run there.
PLATFORMS = {"linux-x64": ("manylinux_2_28_x86_64", "manylinux2014_x86_64")}
# Scripts start with the path of the interpreter that made them, which the user does not have.
LEFT_OUT = ("bin", "__pycache__", "*.pyi", "tests")


def main() -> None:
    """Make the bundle anew."""
    parser = argparse.ArgumentParser(description="Bundle the server with the extension.")
    version = os.environ.get("HWLINT_BUNDLE_PYTHON", "3.11")
    parser.add_argument("--python", default=version, metavar="X.Y", help="version of CPython")
    parser.add_argument("--platform", default="linux-x64", choices=sorted(PLATFORMS))
    given = parser.parse_args()
    if not re.fullmatch(r"3\.\d+", given.python):
        parser.error(f"--python {given.python}: give a version such as 3.11")
    shutil.rmtree(TARGET, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        _pip("wheel", "--no-deps", "--wheel-dir", scratch, str(HERE.parent))
        (wheel,) = Path(scratch).glob("hwlint-*.whl")
        _install(wheel, given.python, PLATFORMS[given.platform])
    _trim(TARGET / "libs")
    _compile(TARGET / "libs", given.python)
    shutil.copytree(HERE.parent / "docs" / "screenshots", PICTURES, dirs_exist_ok=True)
    pair = {"python": given.python, "platform": given.platform}
    (TARGET / "pair.json").write_text(json.dumps(pair) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in TARGET.rglob("*") if file.is_file())
    print(f"bundled for CPython {given.python} on {given.platform}: {size / 2**20:.1f} MB")


def _install(wheel: Path, python: str, platforms: tuple[str, ...]) -> None:
    wanted = [option for name in platforms for option in ("--platform", name)]
    _pip(
        *("install", "--target", str(TARGET / "libs"), "--only-binary=:all:", "--no-compile"),
        *("--no-warn-conflicts", "--implementation", "cp", "--python-version", python),
        *(*wanted, "--constraint", str(HERE / "bundle-constraints.txt"), str(wheel)),
    )


def _compile(folder: Path, python: str) -> None:
    """Compile ahead: the first start then takes as long as every other. Unpacking a .vsix gives
    files new dates, so the bytecode must not be checked against them."""
    if python != f"{sys.version_info.major}.{sys.version_info.minor}":
        print(f"bundle.py: not compiled: run by CPython {python} it would be", file=sys.stderr)
        return
    mode = ("--invalidation-mode", "unchecked-hash", "-s", str(folder))
    subprocess.run([sys.executable, "-m", "compileall", "-q", *mode, str(folder)], check=True)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"bundle.py: pip failed: {' '.join(command)}")


def _trim(folder: Path) -> None:
    for pattern in LEFT_OUT:
        for found in sorted(folder.rglob(pattern)):
            if found.is_dir():
                shutil.rmtree(found, ignore_errors=True)
            else:
                found.unlink()


if __name__ == "__main__":
    main()
