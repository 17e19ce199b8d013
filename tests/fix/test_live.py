"""An editor asks for the fix of one finding in a text that is not saved."""

from pathlib import Path

import pytest

from hwlint.engine.live import LiveWorkspace
from hwlint.engine.run import Options
from hwlint.fix import Bench, fix_for

SAVED = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.head = nn.Conv2d(width, 64, 3)

    def forward(self, x):
        return self.head(self.stem(x))
"""
TYPED = SAVED.replace("import torch", "# é 😀\nimport torch").replace("96", "100")


@pytest.fixture
def live(tmp_path: Path):
    (tmp_path / "net.py").write_text(SAVED)
    workspace = LiveWorkspace(tmp_path, Options(devices=("h100-sxm",), select=("HW1",)))
    yield workspace
    workspace.lay(str(tmp_path / "net.py"), None)


def test_the_fix_is_of_what_the_editor_has(live: LiveWorkspace, tmp_path: Path):
    path = str(tmp_path / "net.py")
    assert live.survey() is None
    assert not live.check().findings
    live.lay(path, TYPED.encode())
    (found,) = live.check().findings
    reading = live.survey()
    assert reading is not None
    fix = fix_for(Bench(*reading), found)
    assert fix is not None
    (edit,) = fix.edits
    place = edit.place
    assert (place.path, place.line, place.col, place.end_col) == (path, 5, 29, 32)
    assert (edit.text, fix.safe) == ("104", False)
    # Nothing is left of what was tried.
    assert live.check().findings == (found,)
    assert (tmp_path / "net.py").read_text() == SAVED
    assert fix_for(Bench(*reading), found, unsafe=False) is None
