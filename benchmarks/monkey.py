"""A monkey at the keyboard: opens, edits, undoes, renames, closes, configures, cancels, kills.

    python benchmarks/monkey.py [--site DIR] [--minutes 10] [--files 300] [--seed 1]

It ends with what went wrong: a server that crashed, text that differs from the editor's, findings
published for a version that the editor never had or in the wrong order, a request without an
answer. Memory is that of server and worker together, looked at all the time after two minutes.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from _common import family, fetch, record, table
from _editor import Editor
from lsprotocol import types
from pygls.exceptions import JsonRpcException

PACKAGES = ("torchvision/models", "pytorchcv/models", "timm/models")
GROUP = 10
"""Files that are a workspace together."""
OPEN = 12
"""Documents that are open at most."""
LARGEST = 60_000
"""Bytes of a file: with more, one reading is all that a minute has."""
SETTLED = 120.0
"""Seconds after which memory has to stay where it is."""
TARGETS = (["h100-sxm"], ["stm32h743"], ["h100-sxm", "ethos-u55-128"])
PIECES = ("1", "0", "7", "", "", "x", " ", "\n", "(", ")", '"', "#", "\U0001f600", "\t")


@dataclass
class Outcome:
    """What came of it."""

    done: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])
    memory: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """(seconds since the start, MB)."""

    @property
    def growth(self) -> float | None:
        """Share by which memory is higher in the last quarter of what came after two minutes than
        in its first; None where the run was shorter."""
        late = [size for at, size in self.memory if at >= SETTLED]
        if len(late) < 8:
            return None
        part = len(late) // 4
        return max(late[-part:]) / max(late[:part]) - 1


class Monkey:
    """Does one thing after the other to a server; `files` are its own copies."""

    def __init__(self, editor: Editor, files: Sequence[Path], seed: int) -> None:
        self.editor = editor
        self.files = list(files)
        self.chance = random.Random(seed)
        self.outcome = Outcome()
        self.asked: set[asyncio.Task[None]] = set()
        self.undo: dict[str, list[str]] = {}
        self.told: dict[str, int] = {}

        @editor.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self._published(params)

    async def run(self, seconds: float) -> Outcome:
        """Go on for some time, then wait until all is answered."""
        deeds = [
            *[self.open] * 3, *[self.edit] * 14, *[self.take_back] * 3, *[self.ask] * 8,
            *[self.cancel] * 3, self.rename, self.close, self.configure, self.save, self.look,
        ]  # fmt: skip
        start, looked, killed = time.monotonic(), 0.0, 0.0
        while (now := time.monotonic() - start) < seconds:
            await self.chance.choice(deeds)()
            if now - looked > 2:
                looked = now
                self.outcome.memory.append((now, self._memory()))
            if now - killed > 25:
                killed = now
                await self.kill()
            await asyncio.sleep(self.chance.choice((0, 0, 0.01, 0.05, 0.2)))
        if self.asked:
            _, late = await asyncio.wait(self.asked, timeout=90)
            self.outcome.faults += [f"no answer: {task.get_name()}" for task in late]
        await self.look()
        return self.outcome

    # --- what it does -------------------------------------------------------------------------

    async def open(self) -> None:
        """Open a file, or close one where many are open."""
        closed = [file for file in self.files if file.as_uri() not in self.editor.texts]
        if len(self.editor.texts) >= OPEN or not closed:
            await self.close()
            return
        self._open(self.chance.choice(closed))

    def _open(self, file: Path, text: str | None = None) -> None:
        uri = self.editor.open(file, text)
        self.undo[uri] = []
        self.told.pop(uri, None)
        self.outcome.done["open"] += 1

    async def close(self) -> None:
        """Close a document."""
        uri = self._any()
        if uri is not None:
            self.editor.close(uri)
            self.outcome.done["close"] += 1

    async def edit(self) -> None:
        """Change something: a digit mostly, anything now and then."""
        uri = self._any()
        if uri is None:
            return
        text = self.editor.texts[uri]
        self.undo[uri] = [*self.undo[uri][-20:], text]
        start = self.chance.randrange(len(text) + 1)
        start += text[start - 1 : start + 1] == "\r\n"
        digits = [
            at for at in range(start, min(len(text), start + 2000)) if text[at] in "0123456789"
        ]
        if digits and self.chance.random() < 0.7:
            self.editor.edit(uri, digits[0], digits[0] + 1, self.chance.choice("0123456789"))
        else:
            end = min(len(text), start + self.chance.choice((0, 0, 1, 3)))
            self.editor.edit(uri, start, end, self.chance.choice(PIECES))
        self.outcome.done["edit"] += 1

    async def take_back(self) -> None:
        """Undo the last edits."""
        uri = self._any()
        if uri is None or not self.undo[uri]:
            return
        before = self.undo[uri][0] if self.chance.random() < 0.5 else self.undo[uri].pop()
        self.editor.edit(uri, 0, len(self.editor.texts[uri]), before)
        self.outcome.done["undo"] += 1

    async def rename(self) -> None:
        """Rename the file of a document, as an editor does: close, move, open."""
        uri = self._any()
        file = next((file for file in self.files if file.as_uri() == uri), None)
        if uri is None or file is None:
            return
        text = self.editor.texts[uri]
        self.editor.close(uri)
        fresh = file.with_name(f"renamed_{self.outcome.done['rename']}_{file.name[-20:]}")
        file.rename(fresh)
        self.files[self.files.index(file)] = fresh
        self._changed(file, types.FileChangeType.Deleted)
        self._changed(fresh, types.FileChangeType.Created)
        self._open(fresh, text)
        self.outcome.done["rename"] += 1

    async def save(self) -> None:
        """Write a document to the disk."""
        uri = self._any()
        file = next((file for file in self.files if file.as_uri() == uri), None)
        if uri is not None and file is not None:
            file.write_text(self.editor.texts[uri], encoding="utf-8", newline="")
            self._changed(file, types.FileChangeType.Changed)
            self.outcome.done["save"] += 1

    async def configure(self) -> None:
        """Ask for other devices, in the editor's settings or in the project's file."""
        devices = self.chance.choice(TARGETS)
        if self.chance.random() < 0.5:
            settings = types.DidChangeConfigurationParams({"hwlint": {"devices": devices}})
            self.editor.client.workspace_did_change_configuration(settings)
        else:
            config = self.chance.choice(self.files).parent / "hwlint.toml"
            config.write_text(f"devices = {devices}\n", encoding="utf-8")
            self._changed(config, types.FileChangeType.Changed)
        self.outcome.done["configure"] += 1

    async def ask(self) -> None:
        """Ask something and do not wait."""
        uri = self._any()
        if uri is not None:
            self._note(*self._question(uri))

    async def cancel(self) -> None:
        """Ask something and take it back at once."""
        uri = self._any()
        if uri is not None:
            protocol, number = self.editor.client.protocol, f"cancel{self.outcome.done['cancel']}"
            named = types.TextDocumentIdentifier(uri)
            pull = types.DocumentDiagnosticParams(named)
            answer = protocol.send_request_async(types.TEXT_DOCUMENT_DIAGNOSTIC, pull, number)
            self._note("cancelled", answer)
            await asyncio.sleep(self.chance.choice((0, 0.005)))
            self.editor.client.cancel_request(types.CancelParams(number))
            self.outcome.done["cancel"] += 1

    async def kill(self) -> None:
        """Kill the process that reads."""
        told = await self.editor.command("hwlint.debugInformation")
        if told["worker"] is not None:
            os.kill(told["worker"], signal.SIGKILL)
            self.outcome.done["kill"] += 1

    async def look(self) -> None:
        """Compare what the server has with what the editor has."""
        told = await self.editor.command("hwlint.debugInformation")
        for uri, text in self.editor.texts.items():
            wanted = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            if told["digests"].get(uri) != wanted:
                self.outcome.faults.append(f"another text: {uri}")
        self.outcome.done["look"] += 1

    # --- what it notes ------------------------------------------------------------------------

    def _question(self, uri: str) -> tuple[str, Coroutine[Any, Any, object]]:
        text, client = self.editor.texts[uri], self.editor.client
        offset = self.chance.randrange(len(text) + 1)
        named = types.TextDocumentIdentifier(uri)
        everything = types.Range(types.Position(0, 0), types.Position(10_000, 0))
        kind = self.chance.randrange(6)
        if kind == 0:
            return "hover", self.editor.hover(uri, offset)
        if kind == 1:
            asked = types.InlayHintParams(named, everything)
            return "inlayHint", client.text_document_inlay_hint_async(asked)
        if kind == 2:
            return "codeLens", client.text_document_code_lens_async(types.CodeLensParams(named))
        if kind == 3:
            asked = types.DocumentSymbolParams(named)
            return "documentSymbol", client.text_document_document_symbol_async(asked)
        if kind == 4:
            context = types.CodeActionContext([], only=["source.fixAll.hwlint"])
            asked = types.CodeActionParams(named, everything, context)
            return "codeAction", client.text_document_code_action_async(asked)
        return "report", self.editor.command("hwlint.report", {"uri": uri})

    def _note(self, name: str, question: Awaitable[object]) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._answered(name, question), name=name)
        self.asked.add(task)
        task.add_done_callback(self.asked.discard)
        return task

    async def _answered(self, name: str, question: Awaitable[object]) -> None:
        try:
            await question
        except JsonRpcException as error:
            if "cancel" not in str(error).lower():
                self.outcome.faults.append(f"{name}: {error}")
        self.outcome.done[name] += 1

    def _published(self, params: types.PublishDiagnosticsParams) -> None:
        uri, version = params.uri, params.version
        self.outcome.done["published"] += 1
        if uri not in self.editor.texts or version is None:
            if params.diagnostics and uri not in self.editor.texts:
                self.outcome.done["published late"] += 1  # closed while it was under way
            return
        if version > self.editor.versions[uri]:
            self.outcome.faults.append(f"a version that never was: {uri} {version}")
        if version < self.told.get(uri, 0):
            self.outcome.faults.append(f"an older version after a newer one: {uri} {version}")
        self.told[uri] = version

    def _changed(self, file: Path, how: types.FileChangeType) -> None:
        event = types.FileEvent(file.as_uri(), how)
        self.editor.client.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams([event])
        )

    def _any(self) -> str | None:
        return self.chance.choice(sorted(self.editor.texts)) if self.editor.texts else None

    def _memory(self) -> float:
        return sum(map(_held, family(self.editor.pid)))


def _held(pid: int) -> float:
    """MB that a process takes, its part of what several share included; 0 where it has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def laid_out(files: Sequence[Path], folder: Path) -> list[Path]:
    """Copy files, ten to a workspace of their own."""
    copies: list[Path] = []
    for number, file in enumerate(files):
        place = folder / f"workspace{number // GROUP}"
        place.mkdir(exist_ok=True)
        (place / "hwlint.toml").touch()
        copies.append(Path(shutil.copy(file, place / f"{number}_{file.name}")))
    return copies


async def play(files: Sequence[Path], seconds: float, seed: int) -> Outcome:
    """Let a monkey at copies of files for some time."""
    with tempfile.TemporaryDirectory() as name:
        copies = laid_out(files, Path(name))
        editor = Editor(pulls=False)
        monkey = Monkey(editor, copies, seed)
        await editor.start(Path(name), {"devices": ["h100-sxm"]})
        server = editor.pid
        outcome = await monkey.run(seconds)
        if server not in family(os.getpid()):
            outcome.faults.append("the server is gone")
        await editor.stop()
    return outcome


def chosen(site: Path, number: int) -> list[Path]:
    """Return real files of models, from every library the same share."""
    lists = [
        [f for f in sorted((site / p).rglob("*.py")) if 1000 < f.stat().st_size < LARGEST]
        for p in PACKAGES
    ]
    picked: list[Path] = []
    for files in lists:
        step = max(1, len(files) * len(lists) // number)
        picked += files[::step]
    return picked[:number]


def main() -> None:
    """Play, print what came of it, write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    site = fetch(sorted({name.partition("/")[0] for name in PACKAGES}), given.site)
    files = chosen(site, given.files)
    outcome = asyncio.run(play(files, 60 * given.minutes, given.seed))
    row = {
        "minutes": given.minutes,
        "files": len(files),
        **dict(sorted(outcome.done.items())),
        "faults": len(outcome.faults),
        "highest MB": round(max((size for _, size in outcome.memory), default=0)),
        "growth after 2 min": outcome.growth,
    }
    lines = [{"what": name, "number": value} for name, value in row.items()]
    text = "\n".join([table(lines), "", *(f"- {fault}" for fault in outcome.faults[:20])])
    print(text)
    data = {"row": row, "faults": outcome.faults, "memory": outcome.memory}
    record("monkey", data, "A monkey at the keyboard", text)


if __name__ == "__main__":
    main()
