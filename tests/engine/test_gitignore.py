import shutil
import subprocess
from pathlib import Path

import pytest

from hwlint.engine.gitignore import parse_ignore

CASES = [
    ("*.py", "a.py", False, True),
    ("*.py", "x/a.py", False, True),
    ("/a.py", "x/a.py", False, None),
    ("/a.py", "a.py", False, True),
    ("data/", "data", True, True),
    ("data/", "x/data", True, True),
    ("data/", "data", False, None),
    ("a/b", "a/b", True, True),
    ("a/b", "x/a/b", True, None),
    ("**/b", "x/y/b", False, True),
    ("a/**", "a/x/y", False, True),
    ("a/**/b", "a/x/y/b", False, True),
    ("a/**/b", "a/b", False, True),
    ("net?.py", "net1.py", False, True),
    ("net?.py", "net.py", False, None),
    ("net[0-3].py", "net2.py", False, True),
    ("net[!0-3].py", "net2.py", False, None),
    ("# a.py", "a.py", False, None),
    ("", "a.py", False, None),
    ("\\#a.py", "#a.py", False, True),
    ("a.py   ", "a.py", False, True),
]


@pytest.mark.parametrize(("line", "path", "is_folder", "said"), CASES)
def test_one_line(line: str, path: str, is_folder: bool, said: bool | None):
    assert parse_ignore("/w", [line]).verdict(f"/w/{path}", is_folder=is_folder) is said


def test_the_last_line_that_speaks_decides():
    ignore = parse_ignore("/w", ["*.py", "!net.py"])
    assert ignore.verdict("/w/a.py", is_folder=False) is True
    assert ignore.verdict("/w/net.py", is_folder=False) is False


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize(("line", "path", "is_folder", "said"), CASES)
def test_git_says_the_same(
    tmp_path: Path, line: str, path: str, is_folder: bool, said: bool | None
):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(line + "\n")
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_folder:
        target.mkdir()
    else:
        target.write_text("")
    command = ["git", "-C", str(tmp_path), "check-ignore", "-q", "--no-index", str(target)]
    done = subprocess.run(command, check=False)
    assert done.returncode == (0 if said else 1)


def test_many_stars_take_no_time():
    ignore = parse_ignore("/w", ["a*" * 60 + "b", "**/" * 60 + "b"])
    assert ignore.verdict("/w/" + "a" * 250, is_folder=False) is None
    assert ignore.verdict("/w/" + "a/" * 250 + "c", is_folder=False) is None
