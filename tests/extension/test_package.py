"""The VS Code extension is made from a clean copy of its sources, checked and tested on the way."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

NPM = shutil.which("npm")
MEGABYTE = 2**20


@pytest.mark.skipif(NPM is None and not os.environ.get("CI"), reason="npm is not installed")
def test_the_extension_is_made_from_its_sources(tmp_path: Path, repository: Path):
    copy = tmp_path / "extension"
    made = shutil.ignore_patterns("node_modules", "out", "*.vsix")
    shutil.copytree(repository / "extension", copy, ignore=made)
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "package"]):
        done = subprocess.run(
            [NPM or "npm", *command],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (package,) = copy.glob("*.vsix")
    assert package.stat().st_size < 25 * MEGABYTE
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("extension/package.json"))
    assert "extension/out/extension.js" in names
    assert f"extension/{manifest['icon']}" in names
    assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]


def test_settings_of_the_extension_are_those_of_the_server(repository: Path):
    from hwlint.lsp.settings import INLAY_HINTS, read_settings

    manifest = json.loads((repository / "extension" / "package.json").read_text())
    properties = manifest["contributes"]["configuration"]["properties"]
    assert tuple(properties["hwlint.inlayHints"]["enum"]) == INLAY_HINTS
    samples = {"devices": ["h100"], "select": [], "ignore": [], "codeLens": True}
    for name, value in samples.items():
        assert f"hwlint.{name}" in properties
        assert read_settings({name: value})[1] == ()
