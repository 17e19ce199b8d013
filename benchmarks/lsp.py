"""Time the language server as an editor sees it, against plainly parsing the same file.

    python benchmarks/lsp.py [--site DIR] [--edits 200] [--few 24]

A real client over stdio. From an edit to its findings two things are timed: the wall, which is what
somebody at the keyboard waits for, and the processor time that server and worker take until then,
which does not depend on what else the machine does. That is until the findings are there of the way
of building that has the line of the edit; the next edit does not wait for the others. A few edits
more are timed until everything was read again. The yardstick is
`libcst.parse_module` of the same text, timed both ways again and again in the same run. The
workspace is a copy of the folders named in `FILES`: the rest of the library is not there.
"""

import argparse
import ast
import asyncio
import gc
import math
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst
from _common import compile_as_pip_does, family, fetch, record, table
from _editor import Editor

SETTINGS = {"devices": ["h100-sxm"]}
BERT, VIT = "transformers/models/bert/modeling_bert.py", "timm/models/vision_transformer.py"
BARS = {BERT: (0.5, 1.5), VIT: (0.25, 1.0)}
"""Parses that half and 95 % of the edits may take until the findings are there."""
FILES = {
    BERT: (
        "transformers/*.py",
        "transformers/models/*.py",
        "transformers/models/auto/*.py",
        "transformers/models/bert/*.py",
        *(f"transformers/{part}/*.py" for part in ("generation", "integrations", "loss", "utils")),
    ),
    VIT: ("timm/*.py", "timm/layers/*.py", "timm/models/_*.py", VIT),
}
"""What is copied into the workspace."""
ANSWER_MS = 50.0
"""What 95 % of hovers and code actions may take."""
FIRST = {BERT: (10.0, 3.0)}
"""Parses that the first findings may take: those of one way of building with an empty cache on the
disk, and what is known of the file with one that an earlier server has left."""
MEMORY_MB = 400.0
IDLE = 10.0
"""Seconds for which nobody types before the first server ends: meanwhile it keeps what it read."""
STARTS = 7
"""Servers that are started one after the other with an empty cache, and as many in a workspace that
one has read."""
WHOLE = 2
"""Digits that are changed for the time until everything was read."""
OPEN = 50
"""Documents that are open when memory is looked at."""


@dataclass(frozen=True)
class Digit:
    """The last digit of a number inside a class."""

    owner: str
    offset: int


@dataclass
class Parses:
    """How long the yardstick takes, looked at now and then: the machine's load comes and goes."""

    text: str
    wall: list[float] = field(default_factory=list[float])
    processor: list[float] = field(default_factory=list[float])

    def again(self) -> None:
        """Parse once more."""
        gc.collect()
        start, spent = time.perf_counter(), time.process_time()
        libcst.parse_module(self.text)
        self.wall.append(time.perf_counter() - start)
        self.processor.append(time.process_time() - spent)


def digits(text: str) -> dict[str, list[Digit]]:
    """Return the whole numbers of each class of a file, by the class."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: dict[str, list[Digit]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            own = [Digit(node.name, starts[line] + end) for line, end in _numbers(node)]
            if own:
                found[node.name] = own
    return found


def _numbers(node: ast.ClassDef) -> Iterator[tuple[int, int]]:
    """Where the last digit of each number is: line from 0, column (all before it is ASCII)."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and type(part.value) is int and part.end_lineno:
            yield part.end_lineno - 1, (part.end_col_offset or 1) - 1


def chosen(text: str, number: int) -> list[Digit]:
    """Return the digits to change: a class after the other, in each another digit every time."""
    order = random.Random(7)
    classes = digits(text)
    for own in classes.values():
        order.shuffle(own)
    names = list(classes)
    return [
        classes[name][(n // len(names)) % len(classes[name])]
        for n in range(number)
        for name in [names[n % len(names)]]
    ]


@dataclass
class Session:
    """One file in one server, and what was timed of it."""

    editor: Editor
    uri: str
    parses: Parses
    edits: list[float] = field(default_factory=list[float])
    spent: list[float] = field(default_factory=list[float])
    whole: list[float] = field(default_factory=list[float])
    hovers: list[float] = field(default_factory=list[float])
    busy_hovers: list[float] = field(default_factory=list[float])
    actions: list[float] = field(default_factory=list[float])
    busy_actions: list[float] = field(default_factory=list[float])

    def answers(self) -> tuple[list[float], ...]:
        """Return how long hovers and code actions took, while nothing was read and while it was."""
        return self.hovers, self.busy_hovers, self.actions, self.busy_actions

    async def change(self, digit: Digit, to: str) -> None:
        """Make one edit and wait for its findings."""
        start, before = time.perf_counter(), processor(self.editor.pid)
        self.editor.edit(self.uri, digit.offset, digit.offset + 1, to)
        await _read(self.editor, self.uri, "focused")
        self.edits.append(time.perf_counter() - start)
        self.spent.append(processor(self.editor.pid) - before)

    async def all_of(self, digit: Digit) -> None:
        """Change a digit and change it back, and wait each time until everything was read."""
        was = self.editor.texts[self.uri][digit.offset]
        for to in (str((int(was) + 1) % 10), was):
            start = time.perf_counter()
            self.editor.edit(self.uri, digit.offset, digit.offset + 1, to)
            await _read(self.editor, self.uri)
            self.whole.append(time.perf_counter() - start)

    async def there_and_back(self, digit: Digit) -> None:
        """Change a digit, ask of the place, change it back and ask while that is being read."""
        was = self.editor.texts[self.uri][digit.offset]
        await self.change(digit, str((int(was) + 1) % 10))
        self.hovers.append((await self.editor.hover(self.uri, digit.offset)).seconds)
        back = asyncio.ensure_future(self.change(digit, was))
        await asyncio.sleep(0.02)
        self.busy_hovers.append((await self.editor.hover(self.uri, digit.offset)).seconds)
        await back

    async def ask_for_fixes(self, rounds: int) -> None:
        """Ask for the fixes of every finding, `rounds` times; the first time is left out."""
        found = (await self.editor.diagnostics(self.uri)).answer.items
        digit = next(iter(digits(self.parses.text).values()))[0]
        for one in found:
            await self.editor.actions(self.uri, [one])
        for _ in range(rounds):
            for one in found:
                self.actions.append((await self.editor.actions(self.uri, [one])).seconds)
        was = self.editor.texts[self.uri][digit.offset]
        for number in range(2 * rounds):
            to = str((int(was) + 1) % 10) if number % 2 == 0 else was
            self.editor.edit(self.uri, digit.offset, digit.offset + 1, to)
            for one in found[:1]:
                self.busy_actions.append((await self.editor.actions(self.uri, [one])).seconds)
            await self.editor.diagnostics(self.uri)


async def one_file(site: Path, name: str, edits: int) -> dict[str, object]:
    """Time one file: from nothing to its first findings, then edits, hovers, code actions, and at
    last the first findings with what that server has kept."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as caches:
        folder, kept = Path(made), Path(caches, "kept")
        text = _laid_out(site, name, folder)
        first = await _first(folder, name, text, [Path(caches, str(n)) for n in range(STARTS)])
        os.environ["HWLINT_CACHE_DIR"] = str(kept)
        session = await _timed(folder, name, text, edits)
        again = await _first(folder, name, text, [kept] * STARTS)
        return _row(name, session, first, again)


def _laid_out(site: Path, name: str, folder: Path) -> str:
    """Copy what the workspace of a file needs; return the file's text."""
    for pattern in FILES[name]:
        for file in site.glob(pattern):
            copy = folder / file.relative_to(site)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    return (folder / name).read_text(encoding="utf-8")


async def _timed(folder: Path, name: str, text: str, edits: int) -> Session:
    parses = Parses(text)
    editor = Editor()
    await editor.start(folder, SETTINGS)
    uri = editor.open(folder / name)
    await _read(editor, uri)
    session = Session(editor, uri, parses)
    for number, digit in enumerate(chosen(text, edits // 2)):
        await session.there_and_back(digit)
        if number % 10 == 0:
            parses.again()
    assert editor.texts[uri] == text
    await _read(editor, uri)
    for digit in chosen(text, WHOLE):
        await session.all_of(digit)
    await _read(editor, uri, "provable")
    await session.ask_for_fixes(5)
    await _read(editor, uri, "provable")
    await asyncio.sleep(IDLE)
    await editor.stop()
    return session


async def _first(folder: Path, name: str, text: str, caches: Sequence[Path]) -> list[float]:
    """Time the first findings of servers one after the other, each with a cache in its folder;
    return how many parses each takes, by the median of one before each."""
    parses, taken = Parses(text), list[float]()
    for cache in caches:
        os.environ["HWLINT_CACHE_DIR"] = str(cache)
        editor = Editor()
        await editor.start(folder, SETTINGS)
        parses.again()
        start = time.perf_counter()
        await _read(editor, editor.open(folder / name), "focused")
        taken.append(time.perf_counter() - start)
        await editor.stop()
    return [seconds / statistics.median(parses.wall) for seconds in taken]


async def _read(editor: Editor, uri: str, until: str = "current") -> None:
    """Wait until a document is read: a pull is answered after five seconds at the latest."""
    while True:
        await editor.diagnostics(uri)
        if uri in (await editor.command("hwlint.debugInformation"))[until]:
            return
        await asyncio.sleep(0.002)


def processor(root: int) -> float:
    """Return the seconds of processor that a process and all below it have taken."""
    spent = 0
    for pid in family(root):
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            spent += int(task.read_text().split()[0])
    return spent / 1e9


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lie."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _row(name: str, session: Session, first: list[float], again: list[float]) -> dict[str, object]:
    parse = statistics.median(session.parses.wall)
    work = statistics.median(session.parses.processor)
    half, most = BARS[name]
    most_first, most_again = FIRST.get(name, (math.inf, math.inf))
    p50, p95 = percentile(session.edits, 0.5) / parse, percentile(session.edits, 0.95) / parse
    return {
        "file": name,
        "parse ms": 1000 * parse,
        "edits": len(session.edits),
        "p50 / parse": p50,
        "p95 / parse": p95,
        "bars": f"{half}, {most}",
        "all, p50 / parse": percentile(session.whole, 0.5) / parse,
        "p50 / parse, processor": percentile(session.spent, 0.5) / work,
        "p95 / parse, processor": percentile(session.spent, 0.95) / work,
        "first / parse": statistics.median(first),
        "first, slowest / parse": max(first),
        "first, warm / parse": statistics.median(again),
        "first, warm, slowest / parse": max(again),
        "hover p95 ms": _p95(session.hovers),
        "hover while reading p95 ms": _p95(session.busy_hovers),
        "action p95 ms": _p95(session.actions),
        "action while reading p95 ms": _p95(session.busy_actions),
        "holds": p50 <= half
        and p95 <= most
        and statistics.median(first) <= most_first
        and statistics.median(again) <= most_again
        and all((_p95(answers) or 0.0) <= ANSWER_MS for answers in session.answers()),
    }


def _p95(seconds: Sequence[float]) -> float | None:
    return 1000 * percentile(seconds, 0.95) if seconds else None


async def memory(site: Path) -> dict[str, object]:
    """Open many files of timm and say what server and worker hold in memory."""
    folder = site / "timm" / "layers"
    editor = Editor()
    await editor.start(folder, SETTINGS)
    uris = [editor.open(file) for file in sorted(folder.glob("*.py"))[:OPEN]]
    for uri in uris:
        await _read(editor, uri)
    held = {pid: _private(pid) for pid in family(editor.pid)}
    await editor.stop()
    return {"open": len(uris), "processes": len(held), "MB": sum(held.values()), "bar": MEMORY_MB}


def _private(pid: int) -> float:
    """MB that a process takes, its part of what several share included."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    """Time both files, look at memory, write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--few", type=int, default=24, help="edits of the file with 163 factories")
    given = parser.parse_args()
    compile_as_pip_does()
    site = fetch(sorted({name.partition("/")[0] for name in BARS}), given.site)
    counts = {BERT: given.edits, VIT: given.few}
    rows = [asyncio.run(one_file(site, name, counts[name])) for name in BARS]
    held = asyncio.run(memory(site))
    text = f"{table(rows)}\n\n{table([held])}"
    print(text)
    record("lsp", {"rows": rows, "memory": held}, "The language server", text)


if __name__ == "__main__":
    main()
