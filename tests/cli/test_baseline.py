import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Project = Callable[[Mapping[str, str]], Path]

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.conv = nn.Conv2d(64, width, 3)
            self.last = nn.Conv2d(width, 64, 3)

        def forward(self, x):
            return self.last(self.conv(x))
    """
CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\nselect = ["HW0", "HW101"]\nfail-on = "warning"\n'


@pytest.fixture
def root(project: Project) -> Path:
    return project({"pyproject.toml": CONFIG, "net.py": NET})


def test_known_findings_are_left_out_until_they_go(root: Path, hwlint):
    assert hwlint("check", cwd=root).returncode == 1
    made = hwlint("check", "--baseline", "base.json", "--baseline-update", cwd=root)
    assert made.returncode == 0
    assert "base.json knows 1 findings" in made.stderr
    known = hwlint("check", "--baseline", "base.json", cwd=root)
    assert known.returncode == 0
    assert "1 finding known to the baseline." in known.stdout

    net = root / "net.py"
    net.write_text("# moved\n" + net.read_text().replace("100", "108 - 4"))
    moved = hwlint("check", "--baseline", "base.json", cwd=root)
    assert moved.returncode == 1  # it stands on another text now
    net.write_text(net.read_text().replace("108 - 4", "116"))
    assert hwlint("check", "--baseline", "base.json", cwd=root).returncode == 0

    net.write_text(net.read_text().replace("116", "128"))
    stale = hwlint("check", "--baseline", "base.json", cwd=root)
    assert stale.returncode == 1
    assert "net.py: HW101 misaligned-channels" in stale.stderr
    hwlint("check", "--baseline", "base.json", "--baseline-update", cwd=root)
    assert json.loads((root / "base.json").read_text())["findings"] == {}
    assert hwlint("check", "--baseline", "base.json", cwd=root).returncode == 0


def test_files_that_were_not_looked_at_make_nothing_stale(root: Path, hwlint):
    hwlint("check", "--baseline", "base.json", "--baseline-update", cwd=root)
    (root / "other.py").write_text("import torch\n")
    assert hwlint("check", "other.py", "--baseline", "base.json", cwd=root).returncode == 0


@pytest.mark.parametrize("text", ["", "[]", '{"version": 9, "findings": {}}'])
def test_what_is_no_baseline_is_said(root: Path, hwlint, text: str):
    (root / "base.json").write_text(text)
    done = hwlint("check", "--baseline", "base.json", cwd=root)
    assert done.returncode == 2
    assert "base.json: is no baseline of hwlint" in done.stderr


def test_a_baseline_that_is_missing_names_what_makes_it(root: Path, hwlint):
    done = hwlint("check", "--baseline", "base.json", cwd=root)
    assert done.returncode == 2
    assert "--baseline-update` makes it" in done.stderr


def test_updating_needs_a_file(root: Path, hwlint):
    assert hwlint("check", "--baseline-update", cwd=root).returncode == 2


def test_rules_can_be_silent_in_some_files(root: Path, hwlint):
    text = CONFIG + 'per-file-ignores = { "net.py" = ["HW1"] }\n'
    (root / "pyproject.toml").write_text(text)
    assert hwlint("check", cwd=root).returncode == 0


def test_a_suppression_that_silences_nothing_is_told(root: Path, hwlint):
    net = root / "net.py"
    comment = "# hwlint: ignore[HW101] the checkpoint"
    net.write_text(net.read_text().replace("width=100):", f"width=100):  {comment}"))
    assert hwlint("check", cwd=root).returncode == 0
    net.write_text(net.read_text().replace("100", "128"))
    done = hwlint("check", cwd=root)
    assert done.returncode == 1
    assert "HW003 unused-suppression" in done.stdout
    assert "ignore[HW101]: nothing here needs it" in done.stdout
    assert hwlint("check", "--ignore", "HW101", cwd=root).returncode == 0  # it did not run
    assert hwlint("check", "--device", "h100-sxm", cwd=root).returncode == 0  # chosen by hand
