"""A workspace that stays read: after an edit it says what a fresh reading of the same text says."""

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwlint.engine.analysis import Analyst
from hwlint.engine.focus import Focus
from hwlint.engine.live import LiveResult, LiveWorkspace, Stopped
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import Options, survey
from hwlint.reader import Reader, ReadOptions
from hwlint.source import lay_over

PROJECTS = Path(__file__).parent.parent / "reader" / "contexts" / "projects"
OPTIONS = Options(devices=("h100-sxm",))


@pytest.fixture
def laid(tmp_path: Path) -> Iterator[Path]:
    """Return a folder; what was laid over its files is taken off again."""
    yield tmp_path
    for path in tmp_path.rglob("*.py"):
        lay_over(str(path), None)


@pytest.fixture
def taken_over(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that fills with whether what was remembered could be kept, edit by edit."""
    seen: list[bool] = []
    update = Analyst.update

    def watched(self: Analyst, path: str) -> bool:
        seen.append(update(self, path))
        return seen[-1]

    monkeypatch.setattr(Analyst, "update", watched)
    return seen


def said(result: LiveResult) -> Any:
    """Return all that a reading says, to be compared."""
    findings = [(f.code, f.anchor, f.message, f.related) for f in result.findings]
    entries = [
        (entry.entry, entry.complete, entry.missing, entry.places)
        for file in result.results
        for entry in file.entries
    ]
    return findings, result.coverage, entries


def cold(root: Path) -> Any:
    return said(LiveWorkspace(root, OPTIONS).check())


@pytest.mark.parametrize("name", ["seg", "swinlite", "rl", "codec"])
def test_edits_of_numbers(name: str, laid: Path, taken_over: list[bool]) -> None:
    root = laid / name
    shutil.copytree(PROJECTS / name, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "hwlint.toml").touch()
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}
    chance = random.Random(name)
    live = LiveWorkspace(root, OPTIONS)
    live.check()
    for _ in range(5):
        path = chance.choice([p for p in texts if re.search(r"\b\d+\b", texts[p])])
        number = chance.choice(list(re.finditer(r"\b\d+\b", texts[path])))
        other = str(chance.choice([int(number[0]) + 1, 2 * int(number[0]), 96]))
        texts[path] = texts[path][: number.start()] + other + texts[path][number.end() :]
        live.lay(str(path), texts[path].encode())
        assert said(live.check(str(path))) == cold(root), (path, number, other)
    assert taken_over


NET = """
import torch.nn as nn
def width_of(factor):
    return 25 * factor
WIDTH = width_of(2)
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, 64, 3, padding=1)
        self.more = nn.Conv2d(64, 100, 3, padding=1)
    def forward(self, x):
        return self.more(self.conv(x))
class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.block = Block(width)
        self.head = head()
    def forward(self, x):
        return self.head(self.block(self.stem(x)))
def head():
    return nn.Conv2d(100, 10, 1)
def named(function):
    function.name = "tail"
    return function
@named
def conv(wide, *, kernel_size=1):
    return nn.Conv2d(100, wide, kernel_size)
@named
def tail(wide=100, deep=1):
    return nn.Sequential(conv(wide), nn.ReLU(), *[conv(wide) for _ in range(deep)])
"""

EDITS = {
    "a constructor": ("width, 64, 3", "width, 72, 3", True),
    "a forward": ("self.more(self.conv(x))", "self.conv(self.more(x))", True),
    "a helper": ("nn.Conv2d(100, 10, 1)", "nn.Conv2d(100, 90, 1)", True),
    "what ran at import": ("25 * factor", "27 * factor", False),
    "a default": ("width=WIDTH", "width=50 + 0", False),
    "a number among defaults": ("wide=100, deep=1", "wide=104, deep=1", True),
    "a longer number": ("wide=100, deep=1", "wide=1000, deep=1", True),
    "a keyword's number": ("kernel_size=1)", "kernel_size=3)", True),
    "another default": ("deep=1", "deep=None", False),
    "an annotation": ("tail(wide=100", "tail(wide: int=100", False),
    "what is decorated": ("conv(wide), nn.ReLU()", "conv(wide), nn.GELU()", True),
    "a decorator": ("@named", "@named\n@named", False),
    "a constant": ("width_of(2)", "width_of(3)", False),
    "a base": ("class Block(nn.Module)", "class Block(nn.Sequential)", False),
    "a line more": ("    return 25 * factor", "\n    return 25 * factor", False),
    "a comment": ("def head():\n", "def head():  # the end\n", True),
    "a global": ("    return nn.Conv2d(100, 10, 1)", "    global WIDTH; WIDTH = 9", False),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit(name: str, laid: Path, taken_over: list[bool]) -> None:
    before, after, kept = EDITS[name]
    path = laid / "net.py"
    path.write_text(NET, encoding="utf-8")
    (laid / "use.py").write_text(
        "from net import Net, tail\nmodel = Net()\nend = tail()\n", encoding="utf-8"
    )
    (laid / "hwlint.toml").touch()
    live = LiveWorkspace(laid, OPTIONS)
    first = said(live.check())
    for text in (NET.replace(before, after), NET):
        live.lay(str(path), text.encode())
        assert said(live.check()) == cold(laid)
    assert said(live.check()) == first
    assert taken_over[0] is kept


def test_a_file_that_was_not_executed_is_executed_with_its_new_text(laid: Path) -> None:
    """A module is loaded as soon as it is imported, and executed when something of it is used."""
    (laid / "hwlint.toml").touch()
    (laid / "a_use.py").write_text("import net\n", encoding="utf-8")
    net = laid / "net.py"
    net.write_text(NET, encoding="utf-8")
    reader = Reader(ReadOptions(laid, (laid,)))
    reader.read(str(laid / "a_use.py"))
    assert reader.imports.by_path[str(net)].state == "new"
    lay_over(str(net), NET.replace("64", "48").encode())
    assert reader.update(str(net))
    (graph,) = reader.read_place(str(net), "Net").graphs
    assert graph.root.children["block"].children["conv"].layer.args["out_channels"].value == 48


def of(path: Path, result: LiveResult) -> list[Any]:
    return [(f.code, f.anchor, f.message) for f in result.findings if f.anchor.path == str(path)]


def test_the_file_in_front_is_told_before_all_others(laid: Path) -> None:
    (laid / "hwlint.toml").touch()
    net = laid / "net.py"
    net.write_text(NET, encoding="utf-8")
    (laid / "use.py").write_text("from net import Net\nmodel = Net(36)\n", encoding="utf-8")
    for number in range(8):
        text = NET if number else "from net import head\n" + NET
        (laid / f"other{number}.py").write_text(text, encoding="utf-8")
    live, told = LiveWorkspace(laid, OPTIONS), list[LiveResult]()
    whole = live.check(str(net), early=told.append)
    assert of(net, told[0]) == of(net, whole) != []
    assert len(told[0].results) < len(whole.results)
    live.check(str(net), early=told.append)
    assert len(told) == 1  # nothing changed
    live.lay(str(net), NET.replace("100", "90").encode())
    whole = live.check(str(net), early=told.append)
    assert of(net, told[-1]) == of(net, whole)
    assert said(whole) == cold(laid)


MANY = (
    NET
    + """
def small():
    return Net(36)
def wide():
    return Net(44)
"""
)


def entry_of(result: LiveResult, name: str) -> Any:
    (found,) = [e for file in result.results for e in file.entries if e.entry.name == name]
    return found.complete, found.missing, found.places


@pytest.fixture
def edited(laid: Path) -> tuple[LiveWorkspace, Path, list[LiveResult]]:
    """Return a workspace that was read, its file, and what it tells early."""
    (laid / "hwlint.toml").touch()
    net = laid / "net.py"
    net.write_text(MANY, encoding="utf-8")
    live = LiveWorkspace(laid, OPTIONS)
    live.lay(str(net), MANY.encode())
    live.check(str(net))
    return live, net, []


def test_what_is_looked_at_is_told_before_the_others(
    edited: tuple[LiveWorkspace, Path, list[LiveResult]],
) -> None:
    live, net, told = edited
    before = live.check(str(net))
    focus = Focus(str(net), "wide", "factory")
    # In the line of a finding, so that those of the others are of the text before.
    live.lay(str(net), MANY.replace("64, 100, 3", "64, 1032, 3").encode())
    whole = live.check(str(net), early=told.append, focus=focus)
    assert [result.focus for result in told] == [focus]
    assert entry_of(told[0], "wide") == entry_of(whole, "wide") != entry_of(before, "wide")
    assert entry_of(told[0], "small") == entry_of(before, "small") != entry_of(whole, "small")
    line = 1 + MANY[: MANY.index("64, 100, 3")].count("\n")
    assert [f for f in of(net, before) if f[1].line + 1 == line]
    assert not [f for f in of(net, told[0]) if f[1].line + 1 == line]
    assert said(whole) == cold(net.parent)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (MANY.replace("    return Net(44)", "\n    return Net(44)"), "wide"),
        (MANY, "wide"),
        (MANY.replace("44", "48"), "gone"),
    ],
    ids=["a line moved", "nothing changed", "it is not there"],
)
def test_nothing_is_told_early_of_what_cannot_be(
    edited: tuple[LiveWorkspace, Path, list[LiveResult]], text: str, name: str
) -> None:
    live, net, told = edited
    live.lay(str(net), text.encode())
    whole = live.check(str(net), early=told.append, focus=Focus(str(net), name, "factory"))
    assert not any(result.focus for result in told)
    assert said(whole) == cold(net.parent)


def test_a_pass_ends_when_something_newer_comes(
    edited: tuple[LiveWorkspace, Path, list[LiveResult]],
) -> None:
    live, net, _ = edited
    live.lay(str(net), MANY.replace("64, 100, 3", "64, 108, 3").encode())
    answers = iter([False, False, False, True])
    with pytest.raises(Stopped):
        live.check(str(net), lambda: next(answers))
    assert said(live.check(str(net))) == cold(net.parent)


@pytest.mark.parametrize("by", ["an editor", "check"])
def test_what_an_earlier_run_found_is_told_at_once(
    laid: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HWLINT_CACHE_DIR", str(laid / "cache"))
    root = laid / "project"
    root.mkdir()
    (root / "hwlint.toml").touch()
    net, other = root / "net.py", root / "other.py"
    net.write_text(MANY, encoding="utf-8")
    other.write_text(NET, encoding="utf-8")
    if by == "check":
        survey(root, (), OPTIONS, discover_rules(), None)
    else:
        earlier = LiveWorkspace(root, OPTIONS)
        earlier.check(str(net))
        earlier.keep_for_later()
    other.write_text(NET.replace("64", "72"), encoding="utf-8")
    told: list[LiveResult] = []
    live = LiveWorkspace(root, OPTIONS)
    whole = live.check(str(net), early=told.append)
    assert told[0].remembered
    assert of(net, told[0]) == of(net, whole) != []
    assert of(other, told[0]) == []  # it has changed: nothing is known of it
    assert said(whole) == cold(root)
    live.check(str(net), early=told.append)
    assert sum(result.remembered for result in told) == 1


LEAKY = """
import torch.nn as nn
class Registry(dict):
    pass
WIDTHS = Registry()
class Net(nn.Module):
    seen = None
    def __init__(self):
        super().__init__()
        if Net.seen is None:
            Net.seen = 100
        WIDTHS.setdefault("body", Net.seen + 50)
        self.stem = nn.Conv2d(3, Net.seen, 3, padding=1)
        self.body = nn.Conv2d(Net.seen, WIDTHS["body"], 3, padding=1)
    def forward(self, x):
        return self.body(self.stem(x))
"""


def test_what_an_entry_point_left_behind_is_put_back(laid: Path, taken_over: list[bool]) -> None:
    path = laid / "net.py"
    path.write_text(LEAKY, encoding="utf-8")
    (laid / "hwlint.toml").touch()
    live = LiveWorkspace(laid, OPTIONS)
    live.check()
    for text in (LEAKY.replace("100", "200"), LEAKY.replace("50", "51"), LEAKY):
        live.lay(str(path), text.encode())
        assert said(live.check()) == cold(laid)
    assert all(taken_over)


def test_a_body_that_does_not_parse_keeps_what_it_was(laid: Path) -> None:
    path = laid / "net.py"
    path.write_text(NET, encoding="utf-8")
    (laid / "hwlint.toml").touch()
    live = LiveWorkspace(laid, OPTIONS)
    whole = [f for f in live.check().findings if f.code != "HW001"]
    live.lay(str(path), NET.replace("width, 64, 3", "width, 64 3").encode())
    result = live.check()
    assert [f for f in result.findings if f.code != "HW001"] == whole
    assert any(f.code == "HW001" for f in result.findings)
    text = NET.replace("width, 64, 3", "width, 65, 3")
    live.lay(str(path), text.encode())
    assert said(live.check()) == cold(laid)


def test_a_forward_that_does_not_parse_costs_its_own_model_only(laid: Path) -> None:
    (laid / "hwlint.toml").touch()
    net = laid / "net.py"
    other = "class Other(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    other += "        self.stem = nn.Conv2d(3, 100, 3)\n        self.head = nn.Conv2d(100, 64, 1)\n"
    other += "    def forward(self, x):\n        return self.head(self.stem(x))\n"
    text = f"import torch.nn as nn\n{other}"
    broken = text + other.replace("Other", "Broken").rstrip(")\n") + "\n"
    net.write_text(broken, encoding="utf-8")
    live = LiveWorkspace(laid, OPTIONS)
    result = live.check()
    assert [r.incomplete for r in result.results if r.incomplete] == []
    codes = [(f.code, f.anchor.line) for f in result.findings]
    assert ("HW101", 4) in codes
    assert "HW001" in {code for code, _ in codes}
    live.lay(str(net), f"{broken}))".encode())
    assert said(live.check()) == cold(laid)
    assert {f.code for f in live.check().findings} >= {"HW101"}
