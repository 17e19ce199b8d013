"""From a job to its result: its folder, the steps before the device, the way there."""

import json
import shutil
import tempfile
from pathlib import Path

from attrs import evolve, frozen

from hwlint.measure.interpreters import Interpreter
from hwlint.measure.job import RESULT_FILE, Job, Result, save_job
from hwlint.measure.operators import Node, with_modules
from hwlint.measure.paces import DISTURBED, slower
from hwlint.measure.transports.base import Cancelled, Progress, Transport
from hwlint.measure.transports.local import Local

__all__ = ["RUNNERS", "Bench", "fill", "runner_file"]

RUNNERS = Path(__file__).with_name("runners")
NODES_FILE = "nodes.json"
CALIBRATION_FILE = "calibration.npz"
_SHARED = ("hwlint_support.py", "hwlint_building.py")
_OWN = {"vela": ("hwlint_vela.py",)}
"""What one runner takes along besides."""


def runner_file(name: str) -> Path:
    """Return the file that does one kind of job."""
    return RUNNERS / f"{name}_runner.py"


@frozen
class Bench:
    """Where and with what things are measured."""

    user: Interpreter
    """Builds the models."""
    tools: Interpreter
    """Has onnx and onnxruntime, for the steps before the device."""
    transport: Transport
    """To the device."""
    calibration: Path | None = None
    """Arrays by input, for int8: an .npz file."""

    def measure(self, job: Job, *, cancelled: Cancelled, progress: Progress) -> Result:
        """Do one job. Never raises for what goes wrong with it: that is `Result.failure`."""
        with tempfile.TemporaryDirectory(prefix="hwlint-measure-") as name:
            folder = Path(name)
            ready = self._prepare(job, folder, cancelled, progress)
            if ready.failure is not None:
                return ready
            found = self._run(job, folder, cancelled, progress)
            return _finished(found, ready, folder)

    def _run(self, job: Job, folder: Path, cancelled: Cancelled, progress: Progress) -> Result:
        """Run it there; once more where something else was at work all the time."""
        runner = runner_file(_file_of(job))
        found = self.transport.run(folder, runner, cancelled=cancelled, progress=progress)
        if slower(found) <= DISTURBED:
            return found
        progress("the processor was slower than it can be: once more")
        (folder / RESULT_FILE).unlink(missing_ok=True)
        found = self.transport.run(folder, runner, cancelled=cancelled, progress=progress)
        share = slower(found)
        if share <= DISTURBED:
            return found
        note = (
            f"the processor ran {share - 1:.0%} slower than it was seen to: something else was at "
            "work, or the clock is lower"
        )
        return evolve(found, notes=(*found.notes, note))

    def compare(
        self, first: Job, second: Job, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        """Measure two jobs of one runner in turns; the second one is the result's rival."""
        with tempfile.TemporaryDirectory(prefix="hwlint-measure-") as name:
            folder = Path(name)
            seconds = first.limits.seconds + second.limits.seconds
            limits = evolve(first.limits, seconds=seconds)
            fill(folder, evolve(first, operators=False, limits=limits))
            ready: list[Result] = []
            for side, job in (("a", first), ("b", second)):
                one = self._prepare(
                    evolve(job, operators=False), folder / side, cancelled, progress
                )
                if one.failure is not None:
                    message = f"{side.upper()}: {one.failure.message}"
                    return evolve(one, failure=evolve(one.failure, message=message))
                shutil.copy(runner_file(_file_of(job)), folder / side / "runner.py")
                ready.append(one)
            found = self.transport.run(
                folder, runner_file("pair"), cancelled=cancelled, progress=progress
            )
            if found.rival is None:
                return found
            rival = _finished(found.rival, ready[1], folder / "b")
            return evolve(_finished(found, ready[0], folder / "a"), rival=rival)

    def _prepare(self, job: Job, folder: Path, cancelled: Cancelled, progress: Progress) -> Result:
        """Make the folder of a job, with the ONNX model where its runner takes one."""
        fill(folder, job)
        ready = Result(job.key)
        if job.runner != "onnxruntime" or job.build is None:
            return ready
        steps = [(self.user, "export")]
        if job.dtype == "int8":
            if self.calibration is not None:
                shutil.copy(self.calibration, folder / CALIBRATION_FILE)
            steps.append((self.tools, "quantize"))
        for interpreter, step in steps:
            local = Local(interpreter.path)
            # The export runs on this machine's processor, whatever the device is.
            save_job(evolve(job, device="cpu"), folder)
            found = local.run(folder, runner_file(step), cancelled=cancelled, progress=progress)
            (folder / RESULT_FILE).unlink(missing_ok=True)
            ready = _merged(ready, found)
            if ready.failure is not None:
                return ready
        save_job(job, folder)
        return ready


def _file_of(job: Job) -> str:
    return "torch" if job.runner == "torch-compile" else job.runner


def fill(folder: Path, job: Job) -> None:
    """Put a job into its folder, with what its runners share."""
    folder.mkdir(exist_ok=True)
    save_job(job, folder)
    for file in (*_SHARED, *_OWN.get(job.runner, ())):
        shutil.copy(RUNNERS / file, folder / file)


def _merged(before: Result, after: Result) -> Result:
    return evolve(
        after,
        notes=(*before.notes, *after.notes),
        environment={**before.environment, **after.environment},
    )


def _finished(found: Result, ready: Result, folder: Path) -> Result:
    """Add what the steps before the device told."""
    found = evolve(
        found,
        notes=(*ready.notes, *found.notes),
        environment={**found.environment, **ready.environment},
    )
    nodes = folder / NODES_FILE
    if not found.operators or not nodes.exists():
        return found
    return evolve(found, operators=with_modules(found.operators, _nodes(nodes)))


def _nodes(file: Path) -> list[Node]:
    return [
        Node(
            n["name"],
            n["op"],
            tuple(n["inputs"]),
            tuple(n["outputs"]),
            n["module"],
            n.get("function", ""),
        )
        for n in json.loads(file.read_text(encoding="utf-8"))
    ]
