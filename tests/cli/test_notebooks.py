"""Notebooks as `check`, `inspect` and `--fix` have them."""

import json
import subprocess
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
FLAGS = ("--device", "h100-sxm", "--select", "HW0,HW101", "--root", ".")
NET = """\
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3)
            self.head = nn.Conv2d(width, 64, 3)

        def forward(self, x):
            return self.head(self.stem(x))"""
CELLS = (
    ("markdown", "# torch"),
    ("code", "%matplotlib inline\n!pip install torch\nimport torch"),
    ("code", textwrap.dedent(NET)),
    ("code", "%%time\nnet = Net()\nnet(torch.zeros(1, 3, 32, 32))\nnet?"),
)


@pytest.fixture
def root(project: Callable[[Mapping[str, str]], Path]) -> Path:
    cells = [
        {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
        for kind, text in CELLS
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return project({"demo.ipynb": json.dumps(document, indent=1) + "\n"})


def test_a_finding_is_in_its_cell(root: Path, hwlint: Run):
    done = hwlint("check", ".", *FLAGS, cwd=root)
    assert "demo.ipynb:cell 3:4:30  HW101 misaligned-channels  warning" in done.stdout
    assert "\n4 |     def __init__(self, width=100):\n" in done.stdout
    assert "also at cell 3:6, cell 3:7; built by demo.ipynb:cell 4:2" in done.stdout
    assert "Read 1 of 1 entry point fully." in done.stdout
    done = hwlint("check", "demo.ipynb", *FLAGS, "--output-format", "json", cwd=root)
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["path"], found["cell"], found["line"], found["column"]) == (
        "demo.ipynb",
        3,
        4,
        30,
    )


def test_for_github_it_is_at_the_line_of_the_file(root: Path, hwlint: Run):
    done = hwlint("check", ".", *FLAGS, "--output-format", "github", cwd=root)
    line = int(done.stdout.partition("line=")[2].partition(",")[0])
    text = (root / "demo.ipynb").read_text().splitlines()[line - 1]
    column = int(done.stdout.partition(",col=")[2].partition(",")[0])
    assert text[column - 1 :].startswith("100):")


def test_a_fix_is_written_into_the_cell(root: Path, hwlint: Run):
    before = (root / "demo.ipynb").read_text()
    diff = hwlint("check", ".", *FLAGS, "--unsafe-fixes", "--diff", cwd=root)
    assert diff.returncode == 1, diff.stderr
    subprocess.run(["git", "apply", "-"], input=diff.stdout, text=True, cwd=root, check=True)
    assert (root / "demo.ipynb").read_text() == before.replace("width=100", "width=104")
    (root / "demo.ipynb").write_text(before)
    done = hwlint("check", ".", *FLAGS, "--unsafe-fixes", "--fix", cwd=root)
    assert "Fixed 1 finding in 1 file." in done.stdout, done.stderr
    assert (root / "demo.ipynb").read_text() == before.replace("width=100", "width=104")


def test_inspect_shows_the_model(root: Path, hwlint: Run):
    done = hwlint("inspect", "demo.ipynb", cwd=root)
    assert "Net (call)   demo.ipynb:cell 4:2" in done.stdout, done.stderr
    assert "width 100 (line 4 of cell 3)" in done.stdout


def test_a_module_of_the_project_is_read_and_never_the_notebook(root: Path, hwlint: Run):
    (root / "sizes.py").write_text("WIDTH = 100\n")
    text = (root / "demo.ipynb").read_text().replace("torch.nn as nn", "torch.nn as nn, sizes")
    (root / "demo.ipynb").write_text(text.replace("width=100", "width=sizes.WIDTH"))
    (root / "other.py").write_text("import torch\nimport demo\n")
    done = hwlint("check", ".", *FLAGS, "--output-format", "concise", cwd=root)
    assert done.stdout.startswith("sizes.py:1:9: HW101"), done.stdout + done.stderr


def test_a_broken_notebook_is_one_line_and_the_rest_is_checked(root: Path, hwlint: Run):
    (root / "broken.ipynb").write_text('{"cells": [{"source": ["import torch"]}')
    (root / "folder.ipynb").mkdir()
    done = hwlint("check", ".", *FLAGS, "--output-format", "concise", cwd=root)
    assert done.returncode == 1
    (broken,) = [line for line in done.stdout.splitlines() if line.startswith("broken.ipynb")]
    assert "HW001 [syntax-error] is no notebook: " in broken
    assert "demo.ipynb:cell 3:4:30: HW101" in done.stdout
    fixed = hwlint("check", ".", *FLAGS, "--unsafe-fixes", "--fix", cwd=root)
    assert fixed.returncode == 1
    assert "width=104" in (root / "demo.ipynb").read_text()


def test_a_comment_in_a_cell_silences(root: Path, hwlint: Run):
    text = (root / "demo.ipynb").read_text()
    comment = "width=100):  # hwlint: ignore[HW101] as published"
    (root / "demo.ipynb").write_text(text.replace("width=100):", comment))
    done = hwlint("check", ".", *FLAGS, cwd=root)
    assert "1 finding suppressed by comments." in done.stdout
