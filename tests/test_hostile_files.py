"""Folders that are traps: special files, loops, encodings, look-alikes of what is imported."""

import json
import os
import socket
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

Survives = Callable[..., Any]

MODEL = "import torch.nn as nn\n\nclass Net(nn.Module):\n    fc = nn.Linear(100, 8)\n"


def fifo(folder: Path) -> None:
    os.mkfifo(folder / "x.py")


def fifo_as_configuration(folder: Path) -> None:
    os.mkfifo(folder / "pyproject.toml")


def fifo_as_ignore_file(folder: Path) -> None:
    os.mkfifo(folder / ".gitignore")


def fifo_as_import(folder: Path) -> None:
    os.mkfifo(folder / "layers.py")
    (folder / "x.py").write_text("from layers import Block\n" + MODEL)


def notebook(folder: Path, code: str) -> None:
    cell = {"cell_type": "code", "source": f"import torch\n{code}"}
    (folder / "x.ipynb").write_text(json.dumps({"cells": [cell]}))


def notebook_of_brackets(folder: Path) -> None:
    notebook(folder, "(\n" * 140_000)


def notebook_of_magics(folder: Path) -> None:
    notebook(folder, "%x = \\\n" * 45_000)


def notebook_of_blanks(folder: Path) -> None:
    notebook(folder, " " * 280_000 + "=")


def notebook_with_too_much_code(folder: Path) -> None:
    notebook(folder, "(\n" * 2_000_000)


def notebook_of_nested_lists(folder: Path) -> None:
    (folder / "x.ipynb").write_text('{"cells": "torch' + "[" * 5_000_000)


def notebook_that_is_a_fifo(folder: Path) -> None:
    os.mkfifo(folder / "x.ipynb")


def unix_socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the address of a socket has to be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("x.py")
    finally:
        os.chdir(here)


def endless_device(folder: Path) -> None:
    (folder / "x.py").symlink_to("/dev/zero")


def endless_configuration(folder: Path) -> None:
    (folder / "pyproject.toml").symlink_to("/dev/zero")


def symlink_to_itself(folder: Path) -> None:
    (folder / "x.py").symlink_to("x.py")


def symlink_to_nothing(folder: Path) -> None:
    (folder / "x.py").symlink_to("gone.py")


def symlink_loop(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "up").symlink_to("..")
    (folder / "a" / "b").symlink_to(folder)
    (folder / "a" / "x.py").write_text(MODEL)


def symlink_to_root(folder: Path) -> None:
    (folder / "all").symlink_to("/")


def directory_with_a_files_name(folder: Path) -> None:
    (folder / "x.py").mkdir()
    (folder / "x.py" / "y.py").write_text(MODEL)


def directory_as_configuration(folder: Path) -> None:
    (folder / "pyproject.toml").mkdir()


def unreadable(folder: Path) -> None:
    (folder / "x.py").write_text(MODEL)
    (folder / "x.py").chmod(0)
    (folder / "shut").mkdir()
    (folder / "shut").chmod(0)


def null_bytes(folder: Path) -> None:
    (folder / "x.py").write_bytes(b"import torch\n" + b"\0" * 1000)


def large(folder: Path) -> None:
    line = b"x = 'import torch'  # the same again\n"
    (folder / "x.py").write_bytes(b"import torch\n" + line * (50 * 2**20 // len(line)))


def sparse(folder: Path) -> None:
    with (folder / "x.py").open("wb") as file:
        file.truncate(10 * 2**30)


def large_data(folder: Path) -> None:
    (folder / "x.py").write_bytes(b"import torch\nx = b'" + b"\\x00" * 2**23 + b"'\n")


def deep_folders(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the whole path is longer than the system takes
    try:
        for _ in range(600):
            Path("directory").mkdir()
            os.chdir("directory")
        Path("x.py").write_text(MODEL)
    finally:
        os.chdir(here)


def many_files(folder: Path) -> None:
    for i in range(3000):
        (folder / f"file{i}.py").write_text("import os\n")


def strange_names(folder: Path) -> None:
    for name in (b"\xff\xfe.py", b"a\nb.py", b"-rf.py", b"\x1b[2J.py", b"a b.py", b"1.2.py"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text(MODEL)


def torn_utf8(folder: Path) -> None:
    (folder / "x.py").write_bytes(MODEL.encode() + b"# \xff\xc0\x80\xed\xa0\x80\n")


def utf16(folder: Path) -> None:
    (folder / "x.py").write_text(MODEL, encoding="utf-16")


def cookie(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "x.py").write_bytes(f"# -*- coding: {name} -*-\n{MODEL}".encode() + b"# \xff\n")

    return make


def cookie_against_mark(folder: Path) -> None:
    (folder / "x.py").write_bytes(b"\xef\xbb\xbf# coding: latin-1\n" + MODEL.encode())


def circular_imports(folder: Path) -> None:
    (folder / "a.py").write_text("from b import *\nfrom b import B\nclass A(B): pass\n" + MODEL)
    (folder / "b.py").write_text("from a import *\nfrom a import A\nclass B(A): pass\n" + MODEL)


def circular_package(folder: Path) -> None:
    package = folder / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("from .x import *\nfrom . import x\nfrom pkg import pkg\n")
    (package / "x.py").write_text(
        "from . import *\nfrom .. import *\nfrom ..... import y\n" + MODEL
    )


def import_ladder(folder: Path) -> None:
    for i in range(200):
        text = f"from m{i + 1} import *\nimport m{i + 1}\nWIDTH = m{i + 1}.WIDTH\n"
        (folder / f"m{i}.py").write_text(text + MODEL)


def import_out_of_the_folder(folder: Path) -> None:
    text = "import importlib\nx = importlib.import_module('../../../../etc/passwd')\n"
    (folder / "x.py").write_text(text + "from ........... import etc\n" + MODEL)


def configuration(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "pyproject.toml").write_text(text)

    return make


def own_profile(folder: Path) -> None:
    (folder / ".hwlint" / "profiles").mkdir(parents=True)
    (folder / ".hwlint" / "profiles" / "h100-sxm.toml").symlink_to("/dev/zero")


CASES = {
    make.__name__: make
    for make in (
        fifo, fifo_as_ignore_file, fifo_as_import, unix_socket, endless_device,
        symlink_to_itself, symlink_to_nothing, symlink_loop, symlink_to_root,
        directory_with_a_files_name, directory_as_configuration, unreadable, null_bytes, large,
        sparse, large_data, deep_folders, many_files, strange_names, torn_utf8, utf16,
        cookie_against_mark, circular_imports, circular_package, import_ladder,
        import_out_of_the_folder, notebook_of_brackets, notebook_of_magics, notebook_of_blanks,
        notebook_with_too_much_code, notebook_of_nested_lists, notebook_that_is_a_fifo,
    )
} | {
    f"cookie-{name}": cookie(name)
    for name in ("nonsense", "utf-7", "rot13", "utf-16", "idna", "zlib_codec", "unicode_escape",
                 "undefined", "hex", "mbcs", "../../x", "latin-1", "punycode", "raw_unicode_escape")
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_folder(name: str, tmp_path: Path, survives: Survives):
    folder = tmp_path / "case"
    folder.mkdir()
    CASES[name](folder)
    try:
        survives(folder)
    finally:
        for path in folder.glob("shut"):
            path.chmod(stat.S_IRWXU)


BROKEN_CONFIGURATIONS = {
    "fifo": fifo_as_configuration,
    "endless": endless_configuration,
    "deep": configuration("x = " + "[" * 50_000),
    "deep-tables": configuration("[" + "a." * 5_000 + "a]"),
    "torn": configuration("[tool.hwlint\n"),
    "null": configuration("[tool.hwlint]\nx = '\0'\n"),
    "types": configuration("[tool]\nhwlint = 5\n"),
    "extends-itself": configuration("[tool.hwlint]\nextend = 'pyproject.toml'\n"),
    "runs": configuration("[tool.hwlint]\npython = 'rm marker'\ndevices = ['$(rm marker)']\n"),
    "profile": own_profile,
}


@pytest.mark.parametrize("name", BROKEN_CONFIGURATIONS)
def test_a_configuration_that_cannot_be_used(name: str, tmp_path: Path, harmless: Survives):
    folder = tmp_path / "case"
    folder.mkdir()
    BROKEN_CONFIGURATIONS[name](folder)
    outcome = harmless(folder)
    assert outcome.code in (0, 1, 2)


OURS = ("attrs", "cattrs", "click", "hwlint_rules", "libcst", "platformdirs", "rich", "torch")
PYTHONS = (
    "ast", "conftest", "dataclasses", "enum", "hashlib", "json", "multiprocessing", "pickle", "re",
    "setup", "sitecustomize", "tomllib", "types", "typing", "usercustomize",
)  # fmt: skip


def look_alikes(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir()
    for name in names:
        action = f"import os\nos.remove({str(folder / 'marker')!r})\nimport torch.nn as nn\n"
        (folder / f"{name}.py").write_text(action)


def test_modules_named_like_those_that_hwlint_imports(
    tmp_path: Path, survives: Survives, console_script: Sequence[str]
):
    folder = tmp_path / "case"
    look_alikes(folder, OURS + PYTHONS)
    survives(folder, cwd=folder, program=console_script)


def test_the_current_folder_is_not_imported_from_by_dash_m(tmp_path: Path, survives: Survives):
    # What stands in for Python's own modules is run by `python -m` itself, whatever it starts.
    folder = tmp_path / "case"
    look_alikes(folder, OURS)
    survives(folder, cwd=folder)


def test_an_environment_is_read_as_text(tmp_path: Path, survives: Survives):
    folder = tmp_path / "case"
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    remove = f"import os; os.remove({str(folder / 'marker')!r})\n"
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
    (packages / "evil.pth").write_text(remove + "/\n../../../../..\n")
    (packages / "__editable___evil_finder.py").write_text(remove + "MAPPING = {'x': '/dev/zero'}")
    (packages / "__editable__.evil.pth").write_text("import __editable___evil_finder\n")
    program = folder / ".venv" / "bin" / "python"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nrm {folder}/marker\n")
    program.chmod(0o755)
    (folder / "x.py").write_text("from evil import Block\n" + MODEL)
    survives(folder)
