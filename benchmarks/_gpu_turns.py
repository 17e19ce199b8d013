"""Several processes that prepare their jobs at a time, and do them one after the other."""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

GRACE = 15
"""Seconds that are waited for what was begun in time."""
ALONE = {"TORCHINDUCTOR_COMPILE_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""So many processes compile that each does it by itself."""


class Child(NamedTuple):
    """One process, and the files by which it is spoken with."""

    process: subprocess.Popen[bytes]
    out: Path
    ready: Path
    go: Path


def in_turns(
    words: Sequence[str | Path],
    jobs: Sequence[Mapping[str, object]],
    folder: Path,
    processes: int,
    seconds: tuple[float, float],
) -> list[dict[str, Any]]:
    """Do jobs by a script that is called with a file of jobs, seconds, a folder and a number;
    return the lines of JSON that it printed. `seconds`: for preparing, and for doing."""
    folder.mkdir()
    children = [
        _start(words, jobs[n::processes], folder, n, seconds[0])
        for n in range(min(processes, len(jobs)))
    ]
    try:
        _wait(children, time.monotonic() + seconds[0] + GRACE)
        end = time.monotonic() + seconds[1]
        for child in sorted(children, key=lambda one: not one.ready.exists()):
            _turn(child, end)
    finally:
        for child in children:
            child.process.kill()
            child.process.wait()
    texts = [child.out.read_text().splitlines(keepends=True) for child in children]
    return [json.loads(line) for text in texts for line in text if line[-1] == "\n"]


def _start(
    words: Sequence[str | Path],
    jobs: Sequence[Mapping[str, object]],
    folder: Path,
    number: int,
    seconds: float,
) -> Child:
    file, out = folder / f"{number}.json", folder / f"{number}.out"
    file.write_text(json.dumps(list(jobs)))
    line = [str(word) for word in (*words, file, seconds, folder, number)]
    with out.open("wb") as text:
        process = subprocess.Popen(line, stdout=text, env=os.environ | ALONE)
    return Child(process, out, folder / f"{number}.ready", folder / f"{number}.go")


def _wait(children: Sequence[Child], end: float) -> None:
    while time.monotonic() < end:
        if all(one.ready.exists() or one.process.poll() is not None for one in children):
            return
        time.sleep(0.1)


def _turn(child: Child, end: float) -> None:
    """Let one do its jobs; one that is not ready may still become so."""
    left = end - time.monotonic()
    if left <= 0:
        return
    told = child.go.with_suffix(".told")
    told.write_text(f"{left}")
    told.rename(child.go)
    try:
        child.process.wait(left + GRACE)
    except subprocess.TimeoutExpired:
        child.process.kill()
