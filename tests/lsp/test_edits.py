"""Edits of all sorts over the protocol: the server has the editor's text, and says of it what a
cold check says."""

import asyncio
import importlib.util
import itertools
import re
import threading
from bisect import bisect_right
from collections.abc import Coroutine, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lsprotocol import types

from hwlint.engine.run import Options, check

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "_editor.py"
SPEC = importlib.util.spec_from_file_location("_editor", FILE)
assert SPEC is not None
assert SPEC.loader is not None
EDITOR = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(EDITOR)

CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\nselect = ["HW0", "HW1", "HW3"]\n'
TEXT = """\
import torch.nn as nn


class Net(nn.Module):  # \U0001f600 wide \u2028 one line
    def __init__(self, width=100):\r
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3)
        self.conv = nn.Conv2d(width, width, 3)\r
\f
    def forward(self, x):
        "\U0001f40d\té"; x = self.stem(x)
        return self.conv(x)


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(100)
        self.last = nn.Conv2d(100, 10, 1)

    def forward(self, x):
        return self.last(self.norm(x))
"""
PIECES = (
    "1", "0", "8", "100", "96", "", "", " ", "\n", "\r\n", "\r", "\t", "\f", "\u2028", "é",
    "\U0001f600", "#", "x", "(", ")", '"', "\n    ", "self.more = nn.Linear(100, 100)\n",
)  # fmt: skip
EXAMPLES, EDITS = 14, 48
"""For each of three encodings: 2,016 edits."""
UNITS = list(types.PositionEncodingKind)


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    """Where an edit starts (a part of the text, in thousandths), how much goes, what comes."""
    where = st.integers(0, 1000)
    length = st.sampled_from((0, 0, 1, 2, 5))
    return draw(
        st.lists(st.tuples(where, length, st.sampled_from(PIECES)), min_size=EDITS, max_size=EDITS)
    )


class Loop:
    """An event loop in a thread of its own, so that one server serves all examples."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __call__(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture(params=UNITS, ids=[unit.value for unit in UNITS])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Loop, Path]]:
    run = Loop()
    editor = EDITOR.Editor(request.param)
    run(editor.start(tmp_path, {}))
    yield editor, run, tmp_path
    run(editor.stop())
    run.close()


def between(text: str, offset: int) -> int:
    """No position is inside of a CRLF."""
    return offset + 1 if text[offset - 1 : offset + 1] == "\r\n" else offset


def steps(text: str, drawn: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Turn what was drawn into edits of the text as it is then. What may break it is undone at
    once, but for the last edit of some; every third edit changes a digit or adds a comment."""
    for number, (part, length, drawn_piece) in enumerate(drawn):
        start = between(text, len(text) * part // 1000)
        end, piece = between(text, min(len(text), start + length)), drawn_piece
        if number % 3 == 0:
            start, end, piece = harmless(text, start, drawn_piece)
        back = text[start:end]
        after = text[:start] + piece + text[end:]
        if after[max(0, start - 1) : start + len(piece) + 1].count("\r\n") != back.count("\r\n"):
            continue  # a new CRLF has no position in it to undo it at
        yield start, end, piece
        text = after
        if number % 3 and (number < len(drawn) - 1 or length):
            yield start, start + len(piece), back
            text = text[:start] + back + text[start + len(piece) :]


def harmless(text: str, start: int, piece: str) -> tuple[int, int, str]:
    """Return an edit after which the text still parses."""
    digit = re.compile("[0-9]").search(text, start)
    if digit is not None and piece.isdigit():
        return digit.start(), digit.end(), piece[-1]
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    return line, line, f"# {piece.strip()}\u2028\U0001f600\n"


numbers = itertools.count()


@settings(
    max_examples=EXAMPLES,
    # A server that is told thousands of texts to find the smallest would take minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=edits())
def test_edits_leave_the_same_text_and_the_same_findings(served, drawn):
    editor, run, root = served
    folder = root / f"example{next(numbers)}"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(CONFIG)
    file = folder / "net.py"
    file.write_bytes(TEXT.encode())
    uri = run(opened(editor, file))
    run(edited(editor, uri, list(steps(TEXT, drawn))))
    text = editor.texts[uri]
    told = run(editor.command("hwlint.debugInformation"))
    assert told["digests"][uri] == sha256(text.encode()).hexdigest()
    found = run(settled(editor, uri))
    file.write_bytes(text.encode())
    assert apart(found, text) == apart(cold(file, text, editor.encoding), text)
    run(closed(editor, uri))


def apart(found: list[tuple[object, ...]], text: str) -> list[tuple[object, ...]]:
    """What is wrong with the syntax, and the findings of classes without such a fault: a function
    that does not parse keeps the body that it had, for somebody is in the middle of a word."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    heads = [number for number, line in enumerate(lines) if line.startswith("class ")]
    faults = [one for one in found if one[0] == "HW001"]
    broken = {bisect_right(heads, line) for _, line, _ in faults}
    return [one for one in found if one in faults or bisect_right(heads, one[1]) not in broken]


async def opened(editor: Any, file: Path) -> str:
    return editor.open(file, TEXT)


async def edited(editor: Any, uri: str, wanted: list[tuple[int, int, str]]) -> None:
    for number, step in enumerate(wanted):
        editor.edit(uri, *step)
        if number % 16 == 15:  # now and then somebody stops typing
            await editor.diagnostics(uri)


async def closed(editor: Any, uri: str) -> None:
    editor.close(uri)


async def settled(editor: Any, uri: str) -> list[tuple[object, ...]]:
    """The findings of the text as it is, once nothing is being read any more."""
    before = None
    for _ in range(100):
        report = (await editor.diagnostics(uri)).answer
        current = (await editor.command("hwlint.debugInformation"))["current"]
        said = sorted(
            (str(d.code), d.range.start.line, d.range.start.character)
            for d in report.items
            if d.severity != types.DiagnosticSeverity.Hint
        )
        if uri in current and said == before:
            return said
        before = said
        await asyncio.sleep(0.05)
    raise AssertionError("the findings do not settle")


def cold(file: Path, text: str, encoding: types.PositionEncodingKind) -> list[tuple[object, ...]]:
    result = check((file,), Options(cache=False, jobs=1))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    said: list[tuple[object, ...]] = []
    for found in result.findings:
        line, col = found.anchor.line, found.anchor.col
        at = EDITOR.position(lines[line] if line < len(lines) else "", col, encoding)
        said.append((found.code, line, at.character))
    return sorted(said)
