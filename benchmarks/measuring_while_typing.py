"""Time keystrokes while models are measured, against keystrokes while nothing is.

    python benchmarks/measuring_while_typing.py [--modules 10] [--edits 60] [--pause 0.2]

A real client over stdio edits `examples/cnn.py` at the speed of somebody typing, and waits after
each edit until its findings are there, and for a hover. That goes on before, while and after ten
modules of another file are measured, one after the other as the server queues them.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _common import ROOT, record, table
from _editor import Editor
from lsprotocol import types

SETTINGS = {"devices": ["h100-sxm"]}
BAR = 1.5
"""Times that a keystroke may take longer while something is measured."""
TYPED = "width: int = 10"
MODULE = """

class Block{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(3, {width}, 3, stride=2)
        self.norm = nn.BatchNorm2d({width})
        self.mix = nn.Conv2d({width}, {width}, 3, padding=1)
        self.head = nn.Linear({width}, 10)

    def forward(self, x):
        x = self.mix(self.norm(self.expand(x)).relu()).relu()
        return self.head(x.mean((2, 3)))
"""


@dataclass
class Keys:
    """What was timed of keystrokes, in seconds."""

    edits: list[float] = field(default_factory=list[float])
    hovers: list[float] = field(default_factory=list[float])


async def typed(editor: Editor, uri: str, pause: float, goes_on: Callable[[int], bool]) -> Keys:
    """Change the last digit of a number again and again, for as long as `goes_on` says."""
    keys = Keys()
    offset = editor.texts[uri].index(TYPED) + len(TYPED)
    while goes_on(len(keys.edits)):
        digit = str((int(editor.texts[uri][offset]) + 1) % 10)
        start = time.perf_counter()
        editor.edit(uri, offset, offset + 1, digit)
        await read(editor, uri)
        keys.edits.append(time.perf_counter() - start)
        keys.hovers.append((await editor.hover(uri, offset)).seconds)
        await asyncio.sleep(pause)
    return keys


async def read(editor: Editor, uri: str) -> None:
    """Wait until a document is read: a pull is answered after some seconds at the latest."""
    current: list[str] = []
    while uri not in current:
        await editor.diagnostics(uri)
        current = (await editor.command("hwlint.debugInformation"))["current"]


async def measured(editor: Editor, uri: str, number: int) -> float:
    """Have one module measured; return its median."""
    given = {"uri": uri, "model": f"Block{number}", "silent": True}
    asked = types.ExecuteCommandParams("hwlint.measure", [given])
    found = await editor.client.workspace_execute_command_async(asked)
    assert found["failure"] is None, found
    return found["seconds"]


async def session(
    folder: Path, modules: int, enough: int, pause: float
) -> tuple[list[Keys], list[float]]:
    """Type before, while and after the modules are measured."""
    file = folder / "blocks.py"
    blocks = (MODULE.format(number=n, width=32 + 8 * n) for n in range(modules))
    file.write_text(f"import torch.nn as nn\n{''.join(blocks)}")
    editor = Editor()
    await editor.start(folder, SETTINGS)
    front, other = editor.open(folder / "cnn.py"), editor.open(file)
    await read(editor, front)
    await read(editor, other)
    before = await typed(editor, front, pause, lambda count: count < enough)
    work = asyncio.gather(*(measured(editor, other, n) for n in range(modules)))
    during = await typed(editor, front, pause, lambda _: not work.done())
    times = await work
    after = await typed(editor, front, pause, lambda count: count < enough)
    await editor.stop()
    return [before, during, after], list(times)


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lie."""
    ordered = sorted(seconds)
    return ordered[round(share * (len(ordered) - 1))]


def row(name: str, keys: Keys) -> dict[str, object]:
    """Return what is said of some keystrokes."""
    return {
        "while": name,
        "edits": len(keys.edits),
        "p50 ms": 1000 * statistics.median(keys.edits),
        "p95 ms": 1000 * percentile(keys.edits, 0.95),
        "hover p95 ms": 1000 * percentile(keys.hovers, 0.95),
    }


def main() -> None:
    """Type, measure, write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modules", type=int, default=10)
    parser.add_argument("--edits", type=int, default=60, help="before, and after")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between keystrokes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copy(ROOT / "examples" / "cnn.py", folder)
        (folder / "pyproject.toml").write_text("[tool.hwlint]\n")
        (before, during, after), times = asyncio.run(
            session(folder, given.modules, given.edits, given.pause)
        )
    idle = Keys(before.edits + after.edits, before.hovers + after.hovers)
    rows = [row("nothing is measured", idle), row(f"{len(times)} modules are measured", during)]
    ratios = [percentile(during.edits, s) / percentile(idle.edits, s) for s in (0.5, 0.95)]
    said = f"Longer by p50 {ratios[0]:.2f}, p95 {ratios[1]:.2f} times; at most {BAR} is allowed."
    text = f"{table(rows)}\n\n{said}"
    print(text)
    data = {"rows": rows, "p50 ratio": ratios[0], "p95 ratio": ratios[1], "bar": BAR}
    record("measuring_while_typing", data, "Typing while models are measured", text)


if __name__ == "__main__":
    main()
