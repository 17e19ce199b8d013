"""Files are written whole or not at all, and what cannot be written is one line."""

import codecs
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hwlint.cli.fixing import _write
from hwlint.fix.session import Mended
from hwlint.fix.writing import NotWritten, write

NET = """\
import torch.nn as nn


class Net{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 100, 3)  # kept
        self.head = nn.Conv2d(100, 64, 3)

    def forward(self, x):
        return self.head(self.stem(x))
"""
SHORT = """\
import torch.nn as nn

WIDTH = 100

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, WIDTH, 3), nn.Conv2d(WIDTH, 64, 3))
"""
FIXED = NET.replace("100", "104")
Run = Callable[..., subprocess.CompletedProcess[str]]
FLAGS = ("--device", "h100-sxm", "--select", "HW101,HW001,HW002", "--fix", "--unsafe-fixes")


def text(number: int = 0, form: str = NET) -> str:
    return form.replace("{number}", str(number))


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# --- the writer ---------------------------------------------------------------------------------


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path):
    file = tmp_path / "net.py"
    file.write_bytes(b"before")
    file.chmod(0o751)
    write(str(file), b"before", b"after", tmp_path)
    assert file.read_bytes() == b"after"
    assert file.stat().st_mode & 0o777 == 0o751
    assert names(tmp_path) == ["net.py"]


@pytest.mark.parametrize("left", [b"", b"half of it"])
def test_what_a_killed_run_left_is_taken_away(tmp_path: Path, left: bytes):
    file = tmp_path / "net.py"
    file.write_bytes(b"before")
    (tmp_path / ".net.py.hwlint").write_bytes(left)
    write(str(file), b"before", b"after", tmp_path)
    assert file.read_bytes() == b"after"
    assert names(tmp_path) == ["net.py"]


def test_a_file_that_changed_is_left_alone(tmp_path: Path):
    file = tmp_path / "net.py"
    file.write_bytes(b"somebody else's")
    with pytest.raises(NotWritten, match="has changed since it was read"):
        write(str(file), b"before", b"after", tmp_path)
    assert file.read_bytes() == b"somebody else's"
    assert names(tmp_path) == ["net.py"]


def test_a_link_stays_one_and_never_leads_out(tmp_path: Path):
    inside, outside = tmp_path / "work", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    for folder in (inside, outside):
        (folder / "real.py").write_bytes(b"before")
    (inside / "near.py").symlink_to(inside / "real.py")
    (inside / "far.py").symlink_to(outside / "real.py")
    write(str(inside / "near.py"), b"before", b"after", inside)
    assert (inside / "near.py").is_symlink()
    assert (inside / "real.py").read_bytes() == b"after"
    with pytest.raises(NotWritten, match="leads out of the workspace"):
        write(str(inside / "far.py"), b"before", b"after", inside)
    assert (outside / "real.py").read_bytes() == b"before"


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encode", "name"),
    [
        (lambda t: t.replace("\n", "\r\n").encode(), "crlf"),
        (lambda t: codecs.BOM_UTF8 + t.encode(), "bom"),
        (lambda t: ("# coding: latin-1\n# é\n" + t).encode("latin-1"), "cookie"),
        (lambda t: t.replace("# kept", "# 日本 \f").encode(), "wide"),
        (lambda t: t.rstrip("\n").encode(), "no newline at the end"),
        (lambda t: t.replace("\n", "\r").encode(), "cr"),
    ],
)
def test_everything_else_stays_to_the_byte(
    encode: Callable[[str], bytes], name: str, tmp_path: Path, hwlint: Run
):
    file = tmp_path / "net.py"
    file.write_bytes(encode(text()))
    done = hwlint("check", tmp_path, *FLAGS, "--no-cache", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == encode(text(form=FIXED))


def test_what_cannot_be_written_is_one_line_each_and_the_rest_is_done(tmp_path: Path, hwlint: Run):
    root = tmp_path / "work"
    root.mkdir()
    (tmp_path / "outside.py").write_text(text(1))
    (root / "fine.py").write_text(text(2))
    (root / "locked.py").write_text(text(3))
    (root / "locked.py").chmod(0o444)
    (root / "far.py").symlink_to(tmp_path / "outside.py")
    (root / "near.py").symlink_to(root / "fine.py")
    (root / "folder.py").mkdir()
    (root / "folder.py" / "inside.py").write_text(text(4))
    (root / "binary.py").write_bytes(b"import torch\nx = '\xff\xfe'\n")
    (root / "broken.ipynb").write_text('{"cells": ["import torch"')
    (root / "huge.py").write_bytes(b"import torch\n" + b"# " + b"x" * 10_000_001 + b"\n")
    done = hwlint("check", root, "--root", root, *FLAGS, "--fix-only", cwd=root)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert [line for line in lines if "locked.py" in line] == ["Not fixed: locked.py: is read-only"]
    (far,) = [line for line in lines if "far.py" in line]
    assert far.startswith("Not fixed: far.py: leads out of the workspace, to ")
    assert [line for line in lines if "huge.py" in line] == [
        "Not read to the end: huge.py: is larger than 10000000 bytes"
    ]
    assert (root / "fine.py").read_text() == text(2, FIXED)
    assert (root / "near.py").is_symlink()
    assert (root / "folder.py" / "inside.py").read_text() == text(4, FIXED)
    assert (root / "locked.py").read_text() == text(3)
    assert (tmp_path / "outside.py").read_text() == text(1)
    said = hwlint("check", root, "--root", root, *FLAGS, "--output-format", "concise", cwd=root)
    for name, reason in (("binary.py", "is not valid utf-8"), ("broken.ipynb", "is no notebook")):
        (bad,) = [line for line in said.stdout.splitlines() if name in line]
        assert "HW001" in bad
        assert reason in bad


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_a_full_disk_leaves_every_file_whole(tmp_path: Path):
    for number in range(3):
        (tmp_path / f"net{number}.py").write_text(text(number))
    done = subprocess.run(
        [sys.executable, "-m", "hwlint", "check", ".", *FLAGS, "--fix-only", "--no-cache", "-j1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=_small_files,
    )
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Not fixed: ")]
    assert lines == [f"Not fixed: net{number}.py: file too large" for number in range(3)]
    for number in range(3):
        assert (tmp_path / f"net{number}.py").read_text() == text(number)
    assert names(tmp_path) == ["net0.py", "net1.py", "net2.py"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_is_really_full(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip(f"mount: {mounted.stderr.decode().strip()}")
    try:
        (disk / "net.py").write_text(text())
        with (disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError):  # noqa: PT011, PT012 - until it is full
            while True:
                filler.write(b"x" * 4096)
        with pytest.raises(NotWritten, match="no space left on device"):
            write(str(disk / "net.py"), text().encode(), text(form=FIXED).encode() * 100, disk)
        assert (disk / "net.py").read_text() == text()
        assert names(disk) == ["filler", "net.py"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_file_that_goes_or_changes_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    from hwlint.cli import fixing, main

    for name in ("changed", "fine", "gone"):
        (tmp_path / f"{name}.py").write_text(text())
    mended = fixing._mended

    def meanwhile(*args: object, **keywords: object) -> object:
        found = mended(*args, **keywords)
        (tmp_path / "gone.py").unlink()
        (tmp_path / "changed.py").write_text("x = 1\n")
        return found

    monkeypatch.setattr(fixing, "_mended", meanwhile)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["check", ".", *FLAGS, "--fix-only", "--no-cache", "-j1"])
    assert stop.value.code == 2
    lines = capfd.readouterr().err.splitlines()
    assert "Not fixed: gone.py: is no longer there" in lines
    assert "Not fixed: changed.py: has changed since it was read" in lines
    assert "Fixed 1 finding in 1 file." in lines
    assert (tmp_path / "changed.py").read_text() == "x = 1\n"
    assert (tmp_path / "fine.py").read_text() == text(form=FIXED)


# --- kill -9 ------------------------------------------------------------------------------------


def test_a_run_that_is_killed_leaves_every_file_old_or_new(fixing: Callable[..., object]):
    old = {f"net{n:03}.py": text(n, SHORT) for n in range(300)}
    new = {name: content.replace("100", "104") for name, content in old.items()}
    project = fixing(old, select=("HW101", "HW001", "HW002"))
    mended = project.mend()
    assert len(mended.after) == 300
    changed = [_killed(project.root, mended, old, 1 + turn * 15) for turn in range(20)]
    for found in changed:
        assert found.keys() == old.keys()
        assert not [name for name in found if found[name] not in (old[name], new[name])]
    partly = [0 < sum(found[n] == new[n] for n in found) < len(found) for found in changed]
    assert sum(partly) >= 15, "hardly any run was killed in the middle"
    # What the killed runs left does not stand in the way of the next.
    assert _write(mended) == []
    left = [file.name for file in project.root.iterdir()]
    assert sorted(left) == sorted(old)
    assert {name: (project.root / name).read_text() for name in old} == new


def _killed(root: Path, mended: Mended, old: dict[str, str], written: int) -> dict[str, str]:
    """Let a child write the fixes and kill it once so many files are new; gives what there is then,
    and puts the old texts back."""
    for name, content in old.items():
        (root / name).write_text(content)
    last = root / f"net{written:03}.py"
    child = os.fork()
    if child == 0:
        _write(mended)
        os._exit(0)
    deadline = time.monotonic() + 30
    while b"104" not in last.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = {file.name: file.read_text() for file in root.glob("net*.py")}
    for name, content in old.items():
        (root / name).write_text(content)
    return found
