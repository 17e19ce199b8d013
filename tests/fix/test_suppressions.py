"""Suppressions that silence nothing go, and nothing else does: a safe fix."""

from collections.abc import Callable

import pytest

NET = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {above}self.stem = nn.Conv2d(3, 64, 3){behind}
        self.head = nn.Conv2d(64, 64, 3)  # kept

    def forward(self, x):
        return self.head(self.stem(x))
"""


def net(above: str = "", behind: str = "") -> str:
    return NET.format(above=above and f"{above}\n        ", behind=behind)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (net(behind="  # hwlint: ignore[HW101] the checkpoint"), net()),
        (net(behind="  # hwlint: ignore[HW101, HW102] both"), net()),
        (net(above="# hwlint: ignore[HW101] the checkpoint"), net()),
    ],
)
def test_what_silences_nothing_goes(before: str, after: str, fixing: Callable[..., object]):
    project = fixing(before)
    (project.root / "hwlint.toml").write_text('devices = ["h100-sxm"]\n')
    project.options = type(project.options)(root=project.root, jobs=1, cache=False)
    mended = project.mend(unsafe=False)
    assert all(made.fix.safe for made in mended.made)
    project.apply(mended)
    assert project.text() == after
    again = project.mend(unsafe=False)
    assert (again.made, again.after) == ([], {})


def test_what_silences_something_stays(fixing: Callable[..., object]):
    wide = net(behind="  # hwlint: ignore[HW101, HW201] wide").replace("(3, 64, 3)", "(3, 100, 3)")
    wide = wide.replace("(64, 64, 3)", "(100, 64, 3)  # hwlint: ignore[HW101]")
    project = fixing(wide)
    (project.root / "hwlint.toml").write_text('devices = ["h100-sxm"]\n')
    project.options = type(project.options)(root=project.root, jobs=1, cache=False)
    project.apply(project.mend(unsafe=False))
    assert project.text() == wide.replace("ignore[HW101, HW201]", "ignore[HW101]")
