"""A real Neovim, without a screen: it shows a finding, applies the fix, and writes the file."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "fix_first.lua"
NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 100, 3)  # a comment with a \N{SNOWMAN}
            self.norm = nn.BatchNorm2d(100)
            self.head = nn.Conv2d(100, 64, 1)

        def forward(self, x):
            return self.head(self.norm(self.stem(x)))
    """


NEOVIM = shutil.which("nvim")


@pytest.mark.skipif(NEOVIM is None and not os.environ.get("CI"), reason="nvim is not installed")
@pytest.mark.timeout(200)
def test_neovim_shows_a_finding_and_applies_its_fix(
    project: Callable[[Mapping[str, str]], Path],
) -> None:
    assert NEOVIM is not None, "no nvim: apt-get install neovim"
    settings = '[tool.hwlint]\ndevices = ["h100-sxm"]\nselect = ["HW101"]\n'
    root = project({"pyproject.toml": settings, "net.py": NET})
    file = root / "net.py"
    before = file.read_text(encoding="utf-8")
    done = subprocess.run(
        [NEOVIM, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {SCRIPT}"],
        cwd=root,
        env=os.environ
        | {
            "HWLINT_FILE": str(file),
            "HWLINT_PYTHON": sys.executable,
            "HWLINT_ROOT": str(root),
            "HWLINT_CODE": "HW101",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "found 7:34" in said
    assert "gone" in said
    assert file.read_text(encoding="utf-8") == before.replace("100", "104")
