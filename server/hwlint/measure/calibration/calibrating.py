"""One run of `hwlint device calibrate`."""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from attrs import evolve, frozen

from hwlint.engine.errors import UserError
from hwlint.measure.calibration.cases import Case, cases_of, visits_of
from hwlint.measure.calibration.fitting import Curves, Times, curves_of, times_of
from hwlint.measure.calibration.written import MARK, Made, profile_text
from hwlint.measure.interpreters import most_memory, tools_interpreter, user_interpreter
from hwlint.measure.job import Job, Limits, Result, RunnerName, save_job, write_json
from hwlint.measure.measuring import RUNNERS, runner_file
from hwlint.measure.transports.base import Cancelled, Progress, Transport
from hwlint.measure.transports.local import Local
from hwlint.measure.transports.ssh import Ssh
from hwlint.profile import Tile, load_project_profiles

__all__ = ["Calibration", "Done"]

VISITS = 5
"""How often each operation is timed where there is time enough."""
EACH = 0.03
"""Seconds of samples of one visit."""
_FILES = ("hwlint_support.py", "hwlint_building.py", "hwlint_calibrating.py")
_RAW = "raw.jsonl"
"""What the runner writes each visit into."""
_GRACE = 180.0
"""Seconds beyond the time for a child that has to start and to end a visit."""


@frozen
class Done:
    """What a calibration came to."""

    profile: Path
    raw: Path
    curves: Curves
    times: Times
    cases: Sequence[Case]
    visits: int
    of: int
    stopped: bool
    """By the user, before its time."""


@frozen
class Calibration:
    """What is asked for."""

    root: Path
    """The project, whose profile is written."""
    name: str
    """Of the profile."""
    command: str
    runner: RunnerName = "torch"
    extends: tuple[str, ...] = ()
    kind: str = "cpu"
    tiles: tuple[Tile, ...] = ()
    """Of what is extended, in other number formats."""
    minutes: float = 5.0
    threads: int = 0
    python: Path | None = None
    resume: bool = False
    there: Ssh | None = None
    """The machine that is timed; None: this one."""

    def run(self, *, cancelled: Cancelled, progress: Progress) -> Done:
        """Time operations, fit, and write the profile. Raises `UserError`."""
        transport = self._transport()
        self._check_name()
        cases = cases_of()
        folder = self._folder(cases)
        result, stopped = self._timed(transport, folder, cancelled, progress)
        visits = _visits(folder / _RAW)
        if result.failure is not None and result.failure.kind != "cancelled":
            failure = result.failure
            raise UserError(": ".join(filter(None, (failure.message, failure.advice))))
        progress("fitting")
        return self._write(cases, visits, result, folder, stopped=stopped)

    def _transport(self) -> Transport:
        if self.there is not None:
            return evolve(self.there, back=(_RAW,))
        interpreter = user_interpreter(self.python, self.root)
        if self.runner == "onnxruntime":
            interpreter = tools_interpreter(interpreter)
        return Local(interpreter.path)

    def _timed(
        self, transport: Transport, folder: Path, cancelled: Cancelled, progress: Progress
    ) -> tuple[Result, bool]:
        """Let the child work; a stop by the user is no failure."""
        family = "onnxruntime" if self.runner == "onnxruntime" else "torch"
        runner = runner_file(f"calibrate_{family}")
        try:
            found = transport.run(folder, runner, cancelled=cancelled, progress=progress)
        except KeyboardInterrupt:
            return Result(self.name), True
        kind = found.failure.kind if found.failure is not None else ""
        return found, kind == "cancelled"

    @property
    def _path(self) -> Path:
        return self.root / ".hwlint" / "profiles" / f"{self.name}.toml"

    def _check_name(self) -> None:
        path = self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            known = path.read_text(encoding="utf-8", errors="replace") if path.exists() else MARK
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}") from error
        if not known.startswith(MARK):
            raise UserError(f"{path} was not written by `device calibrate`: choose another name")

    def _folder(self, cases: Sequence[Case]) -> Path:
        """Make the folder of the job; with `resume` what was timed before is still there."""
        folder = self.root / ".hwlint" / "calibration" / self.name
        asked = {
            "runner": self.runner,
            "threads": self.threads,
            "seconds": self.minutes * 60,
            "each": EACH,
            "visits": visits_of(cases, VISITS),
        }
        try:
            if self.resume:
                self._check_before(folder / "cases.json", asked)
            else:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "result.json").unlink(missing_ok=True)
            write_json(folder / "cases.json", asked)
            limits = Limits(self.minutes * 60 + _GRACE, most_memory())
            job = Job(
                self.runner,
                f"calibrate {self.name}",
                self.name,
                threads=self.threads,
                limits=limits,
            )
            save_job(job, folder)
            for file in _FILES:
                shutil.copy(RUNNERS / file, folder / file)
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error.strerror}") from error
        return folder

    def _check_before(self, file: Path, asked: Mapping[str, object]) -> None:
        """What was timed by other means does not go on."""
        try:
            before = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UserError(
                f"--resume: there is no unfinished calibration of {self.name}"
            ) from None
        for key in ("runner", "threads"):
            if before.get(key) != asked[key]:
                raise UserError(
                    f"--resume: the unfinished calibration of {self.name} has {key} "
                    f"{before.get(key)}, not {asked[key]}: say the same, or leave --resume out"
                )

    def _write(
        self,
        cases: Sequence[Case],
        visits: Sequence[Mapping[str, object]],
        result: Result,
        folder: Path,
        *,
        stopped: bool,
    ) -> Done:
        times = times_of(visits)
        curves = curves_of(cases, times)
        total = len(cases) * VISITS
        if not curves.products or not curves.passes:
            raise UserError(
                f"only {len(visits)} of {total} visits were made, too few to know the machine: "
                "go on with --resume and more --minutes"
            )
        environment = dict(result.environment)
        made = Made(
            self.name,
            self.command,
            time.strftime("%Y-%m-%d"),
            self.runner,
            "fp32",
            int(environment.get("threads", self.threads)),
            environment,
            self.extends,
            self.kind,
            self.tiles,
            curves,
            times,
            len(visits),
        )
        path = self._path
        raw = path.with_suffix(".json")
        document = {
            "command": self.command,
            "date": made.date,
            "environment": environment,
            "cases": {case.id: dict(case.spec) for case in cases},
            "visits": list(visits),
        }
        try:
            write_json(raw, document)
            path.write_text(profile_text(made, cases), encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}") from error
        if not stopped:
            shutil.rmtree(folder, ignore_errors=True)
        load_project_profiles(self.root)[self.name]
        return Done(path, raw, curves, times, cases, len(visits), total, stopped)


def _visits(file: Path) -> list[Mapping[str, object]]:
    """What was written; a line that was cut does not count."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    return [cast("Mapping[str, object]", json.loads(line)) for line in lines]
