"""The VS Code extension is made from a clean copy of its sources, checked and tested on the way."""

import json
import zipfile
from pathlib import Path

import pytest

MEGABYTE = 2**20


@pytest.mark.timeout(600)
def test_the_extension_is_made_from_its_sources(extension_package: Path):
    assert extension_package.stat().st_size < 25 * MEGABYTE
    with zipfile.ZipFile(extension_package) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("extension/package.json"))
        pair = json.loads(archive.read("extension/bundled/pair.json"))
    assert "extension/out/extension.js" in names
    assert f"extension/{manifest['icon']}" in names
    assert "extension/bundled/libs/hwlint/__main__.py" in names
    assert pair["platform"] == "linux-x64"
    short = pair["python"].replace(".", "")
    compiled = [name for name in names if name.startswith("extension/bundled/libs/libcst/native")]
    assert [name for name in compiled if f"cpython-{short}-x86_64" in name]
    own = {name for name in names if not name.startswith("extension/bundled/")}
    assert not [name for name in own if "node_modules" in name or name.endswith(".ts")]


def test_settings_of_the_extension_are_those_of_the_server(repository: Path):
    from hwlint.lsp.settings import INLAY_HINTS, read_settings

    manifest = json.loads((repository / "extension" / "package.json").read_text())
    properties = manifest["contributes"]["configuration"]["properties"]
    assert tuple(properties["hwlint.inlayHints"]["enum"]) == INLAY_HINTS
    samples = {"devices": ["h100"], "select": [], "ignore": [], "codeLens": True}
    for name, value in samples.items():
        assert f"hwlint.{name}" in properties
        assert read_settings({name: value})[1] == ()


def test_commands_of_the_extension_are_not_those_of_the_server(repository: Path):
    """The client registers the server's commands in the editor: a name can stand only once."""
    from hwlint.lsp.server import make_server

    manifest = json.loads((repository / "extension" / "package.json").read_text())
    own = {command["command"] for command in manifest["contributes"]["commands"]}
    assert own
    assert not own & set(make_server().protocol.fm.commands)
