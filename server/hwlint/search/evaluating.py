"""The user's own function that says what a candidate is worth, in a process of its own."""

import json
import re
import tempfile
from pathlib import Path
from typing import cast

from attrs import evolve, frozen

from hwlint.engine.errors import UserError
from hwlint.measure.interpreters import Interpreter
from hwlint.measure.job import Failure, Job, Limits
from hwlint.measure.measuring import fill, runner_file
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.measure.transports.local import Local

__all__ = ["Evaluate", "in_child", "parse_function"]

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@frozen
class Evaluate:
    """A function, "pkg.mod:fn", that is given the model and returns a number: more is better."""

    module: str
    name: str
    python: Interpreter
    limits: Limits

    def assess(self, job: Job, *, cancelled: Cancelled, progress: Progress) -> float | str:
        """Call it on a candidate; return the number, or why there is none."""
        told = {"module": self.module, "name": self.name}
        found = in_child(
            evolve(job, limits=self.limits),
            "evaluate",
            {"evaluate.json": told},
            "value.json",
            self.python,
            cancelled,
            progress,
        )
        if isinstance(found, Failure):
            why = f"evaluate: {found.message}"
            return f"{why} ({_last(found.trace)})" if found.trace else why
        return cast("float", found)


def _last(trace: str) -> str:
    """Return the last line of a traceback that says where."""
    lines = [line.strip() for line in trace.splitlines() if line.strip().startswith("File ")]
    return lines[-1] if lines else trace.strip().splitlines()[-1]


def parse_function(text: str) -> tuple[str, str]:
    """Split "pkg.mod:fn". Raises `UserError`."""
    module, _, name = text.partition(":")
    if not _NAME.fullmatch(module) or not _NAME.fullmatch(name):
        raise UserError(f"--evaluate {text}: expected MODULE:FUNCTION, train.quick:accuracy")
    return module, name


def in_child(
    job: Job,
    runner: str,
    files: dict[str, object],
    answer: str,
    python: Interpreter,
    cancelled: Cancelled,
    progress: Progress,
) -> object:
    """Run a runner on this computer with the files given as JSON; return the document that it
    leaves in the file `answer`, or the `Failure`."""
    with tempfile.TemporaryDirectory(prefix="hwlint-search-") as name:
        folder = Path(name)
        # What is asked about is the source: whatever the device is, it is built here.
        fill(folder, evolve(job, device="cpu"))
        for file, document in files.items():
            (folder / file).write_text(json.dumps(document), encoding="utf-8")
        local = Local(python.path)
        result = local.run(folder, runner_file(runner), cancelled=cancelled, progress=progress)
        if result.failure is not None:
            return result.failure
        try:
            return json.loads((folder / answer).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            return Failure("internal", f"{answer}: {problem}")
