"""Widths are padded where they are written, with everything that has to agree, or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hwlint.source.spans import Place

HEAD = "import torch\nimport torch.nn as nn\n\n"
LITERALS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 100, 3, padding=1)  # 100 of them
        self.norm = nn.BatchNorm2d(100)
        self.conv = nn.Conv2d(100, 64, 3)
        self.other = nn.Conv2d(64, 100, 3)
        self.last = nn.Conv2d(100, 64, 3)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = self.conv(self.norm(self.stem(x)).relu())
        return self.head(self.last(self.other(x)).mean((2, 3)))
"""
SHARED = """
class Net(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.depth = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.conv = nn.Conv2d(width, 2 * width, 3)
        self.head = nn.Linear(2 * width, 10)

    def forward(self, x):
        x = self.norm(self.stem(x)).relu()
        return self.head(self.conv(x + self.depth(x)).mean((2, 3)))
"""
RESIDUAL = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 100, 3, padding=1)
        self.b = nn.Conv2d(100, 100, 3, padding=1)
        self.c = nn.Conv2d(100, 32, 1)
        self.scale = nn.Parameter(torch.ones(1, 100, 1, 1))
        self.head = nn.Linear(32 * 8 * 8, 10)

    def forward(self, x):
        x = self.a(x)
        x = self.c(x + self.b(x) * self.scale)
        return self.head(x.flatten(1))
"""
JOINED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 100, 3, padding=1)
        self.b = nn.Conv2d(3, 64, 3, padding=1)
        self.c = nn.Conv2d(164, 32, 1)

    def forward(self, x):
        return self.c(torch.cat((self.a(x), self.b(x)), 1)).mean((2, 3))
"""
FLATTENED = """
# hwlint: input(1, 3, 8, 8)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 100, 3, padding=1)
        self.head = nn.Linear(6400, 16)

    def forward(self, x):
        return self.head(self.a(x).view(-1, 100 * 8 * 8))
"""


def lines(text: str, before: str) -> list[str]:
    """Return the lines that differ."""
    old = (HEAD + before).splitlines()
    assert len(old) == len(text.splitlines())
    return [new.strip() for was, new in zip(old, text.splitlines(), strict=True) if was != new]


def test_literals_that_mean_the_same_change_together_and_others_stay(fixing: Callable[..., object]):
    project = fixing(HEAD + LITERALS, select=("HW101",))
    mended = project.mend()
    project.apply(mended)
    assert lines(project.text(), LITERALS) == [
        "self.stem = nn.Conv2d(3, 104, 3, padding=1)  # 100 of them",
        "self.norm = nn.BatchNorm2d(104)",
        "self.conv = nn.Conv2d(104, 64, 3)",
        "self.other = nn.Conv2d(64, 104, 3)",
        "self.last = nn.Conv2d(104, 64, 3)",
    ]
    assert sorted(len(made.fix.edits) for made in mended.made) == [2, 3]
    assert all(not made.fix.safe for made in mended.made)
    assert all("(changes parameters)" in made.fix.title for made in mended.made)
    again = project.mend()
    assert (again.made, again.after) == ([], {})


def test_a_shared_default_is_the_one_edit(fixing: Callable[..., object]):
    project = fixing(HEAD + SHARED, select=("HW101",))
    (made,) = project.mend().made
    path = str(project.root / "net.py")
    (edit,) = made.fix.edits
    assert (edit.place, edit.text) == (Place(path, 5, 29, 5, 32), "104")
    assert made.fix.title.startswith("Pad width 100 -> 104 in 5 layers, +")


def test_residual_partners_and_parameters_change_with_it(fixing: Callable[..., object]):
    hint = "\n# hwlint: input(1, 3, 8, 8)"
    project = fixing(HEAD + hint + RESIDUAL, select=("HW101",))
    mended = project.mend()
    project.apply(mended)
    assert project.text().count("104") == 5
    assert "torch.ones(1, 104, 1, 1)" in project.text()
    assert not project.check().findings


def test_what_follows_a_concatenation_takes_the_sum(fixing: Callable[..., object]):
    project = fixing(HEAD + JOINED, select=("HW101",))
    project.apply(project.mend())
    assert lines(project.text(), JOINED) == [
        "self.a = nn.Conv2d(3, 104, 3, padding=1)",
        "self.c = nn.Conv2d(168, 32, 1)",
    ]


def test_what_follows_a_flattened_map_takes_the_product(fixing: Callable[..., object]):
    project = fixing(HEAD + FLATTENED, select=("HW101",))
    project.apply(project.mend())
    assert lines(project.text(), FLATTENED) == [
        "self.a = nn.Conv2d(3, 104, 3, padding=1)",
        "self.head = nn.Linear(6656, 16)",
        "return self.head(self.a(x).view(-1, 104 * 8 * 8))",
    ]


@pytest.mark.parametrize(
    "text",
    [
        # Nobody knows what the model is called with, or it does not run to its end.
        SHARED.replace("x = self.norm(self.stem(x)).relu()", "x = unknown(x)"),
        # The width is what the model returns.
        SHARED.replace("self.head(self.conv(x + self.depth(x)).mean((2, 3)))", "x"),
        # The number is not only a width.
        SHARED.replace("nn.Linear(2 * width, 10)", "nn.Linear(2 * width, width)"),
    ],
)
def test_what_is_not_proved_is_not_offered(text: str, fixing: Callable[..., object]):
    project = fixing(HEAD + text, select=("HW101",))
    assert project.check().findings
    assert not project.mend().made


def test_unsafe_fixes_are_counted_and_not_made(fixing: Callable[..., object]):
    project = fixing(HEAD + SHARED, select=("HW101",))
    mended = project.mend(unsafe=False)
    assert (mended.made, mended.after, mended.hidden) == ([], {}, 1)


def test_a_width_is_padded_where_another_file_has_it(fixing: Callable[..., object]):
    files = {
        "sizes.py": "WIDTH = 100\n",
        "net.py": HEAD
        + "from sizes import WIDTH\n"
        + SHARED.replace("width=100", "width=WIDTH").replace("2 * width", "200"),
    }
    project = fixing(files, select=("HW101",))
    project.apply(project.mend())
    assert project.text("sizes.py") == "WIDTH = 104\n"
    assert project.text() == files["net.py"]
    assert not project.check().findings


def test_one_number_fills_the_tiles_of_every_device(fixing: Callable[..., object]):
    project = fixing(HEAD + SHARED, device="h100-sxm,ethos-u55-128", select=("HW101",))
    assert project.check().findings
    project.apply(project.mend())
    assert not project.check().findings


def test_a_width_of_a_configuration_reaches_all_of_an_example(
    fixing: Callable[..., object], repository: Path
):
    # Its blocks are built in other forms with another width, and its factory is one way of it.
    text = (repository / "examples" / "cnn.py").read_text(encoding="utf-8")
    project = fixing(text, select=("HW101",))
    (made,) = project.mend().made
    (edit,) = made.fix.edits
    assert text.splitlines()[edit.place.line] == "    width: int = 100"
    assert edit.text == "104"
    project.apply(project.mend())
    assert not project.check().findings
