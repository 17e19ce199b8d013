"""One run of `hwlint measure`: from places to what they take."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve, field, frozen

from hwlint.engine.commits import check_out, commit_of
from hwlint.engine.errors import UserError
from hwlint.engine.inspection import parse_place, workspace_of
from hwlint.engine.run import Options
from hwlint.measure.destination import Destination
from hwlint.measure.interpreters import tools_interpreter, user_interpreter
from hwlint.measure.job import Job, Limits, Method, Result, RunnerName
from hwlint.measure.kineto import read_trace
from hwlint.measure.measuring import Bench
from hwlint.measure.operators import Line, hottest_lines
from hwlint.measure.samples import summary
from hwlint.measure.subject import Subject, find_subject, job_of, split_place
from hwlint.measure.transports.base import Cancelled, Progress, Transport
from hwlint.reader import InputSpec
from hwlint.reader.environment import environment_of

__all__ = ["Asked", "Measured", "Session", "bench_for"]

_MOST_BYTES = 64 << 20
"""Larger files of a commit are left out of its copy."""


@frozen
class Asked:
    """How things are to be measured."""

    runner: RunnerName = "torch"
    inputs: tuple[InputSpec, ...] = ()
    context: str | None = None
    build: str = ""
    dtype: str | None = None
    """None: what the target's profile says."""
    threads: int = 0
    device: str | None = None
    """None: what the target's profile is of, cpu or cuda."""
    seed: int = 0
    limits: Limits = field(factory=Limits)
    method: Method = field(factory=Method)
    operators: bool = True
    calibration: Path | None = None
    options: Options = field(factory=Options)


@frozen
class Measured:
    """What came of one place."""

    subject: Subject
    job: Job
    result: Result
    lines: tuple[Line, ...] = ()
    """What each line of the source takes, the most first."""
    host: tuple[Line, ...] = ()
    """Lines of what stays on the host, where a compiler says so."""


@frozen
class Session:
    """Reads places and measures them."""

    asked: Asked
    progress: Progress
    cancelled: Cancelled
    reading: Callable[[int, int], None]
    """Told how far the reading is."""
    destination: Destination
    around: Callable[[Transport], Transport] = lambda transport: transport
    """Put around the way there."""

    def measure(self, place: str) -> Measured:
        """Measure one place. What goes wrong while it runs is in the result.

        Raises:
            UserError: Where what is asked for cannot be made out.
        """
        subject, job = self.read(place)
        bench = self._bench(place)
        result = bench.measure(job, cancelled=self.cancelled, progress=self.progress)
        return _measured(subject, job, result)

    def imported(self, place: str, file: Path) -> Measured:
        """Return what a trace of torch's profiler says of a place.

        Raises:
            UserError: As `measure`, and where the file is no trace of it.
        """
        asked = self.asked
        subject = find_subject(
            split_place(place)[0],
            asked.options,
            context=asked.context,
            inputs=asked.inputs,
            build=asked.build,
            progress=self.reading,
        )
        trace = read_trace(file, subject)
        told = f"out of {file}: {len(trace.runs)} runs; profiling them took time itself"
        job = Job("torch", place, "", subject.inputs, subject.built_with)
        result = Result(
            "",
            **summary(trace.runs),
            operators=trace.operators,
            notes=(told, *trace.notes),
        )
        return Measured(subject, job, result, hottest_lines(trace.operators, subject))

    def compare(self, first: str, second: str) -> tuple[Measured, Measured | None]:
        """Measure two places in turns; None for the second one where that failed.

        Raises:
            UserError: As `measure`.
        """
        return self._in_turns(self.read(first), self.read(second), first)

    def _in_turns(
        self, first: tuple[Subject, Job], second: tuple[Subject, Job], place: str
    ) -> tuple[Measured, Measured | None]:
        result = self._bench(place).compare(
            first[1], second[1], cancelled=self.cancelled, progress=self.progress
        )
        one = _measured(*first, result)
        if result.rival is None:
            return one, None
        other = _measured(*second, result.rival)
        return evolve(one, result=evolve(one.result, rival=other.result)), other

    def compare_to(self, place: str, revision: str) -> tuple[Measured, Measured | None]:
        """Measure a place as it was in a commit of git, in turns with how it is now.

        Raises:
            UserError: As `measure`, and where git has no such commit or the commit no such file.
        """
        text, hash_, part = place.partition("#")
        path, name = parse_place(text)
        base = workspace_of(text, self.asked.options.root)
        with TemporaryDirectory(prefix="hwlint-revision-") as folder:
            into = Path(folder).resolve()
            check_out(base, revision, into, "--compare-to", most_bytes=_MOST_BYTES)
            then = into / path.resolve().relative_to(base)
            if not then.exists():
                raise UserError(f"--compare-to {revision}: there is no {path} in that commit")
            python = self.asked.options.python or environment_of(None, base)
            options = replace(self.asked.options, root=into, python=python)
            before = evolve(self, asked=evolve(self.asked, options=options))
            told = f"{place} at {revision}"
            old = f"{then}{':' + name if name else ''}{hash_}{part}"
            subject, job = before.read(old)
            told_job = evolve(job, place=told, commit=revision)
            return self._in_turns((subject, told_job), self.read(place), place)

    def read(self, place: str) -> tuple[Subject, Job]:
        """Read one place; return it and the job that measures it. Raises `UserError`."""
        asked = self.asked
        subject = find_subject(
            place,
            asked.options,
            context=asked.context,
            inputs=asked.inputs,
            build=asked.build,
            progress=self.reading,
        )
        job = job_of(
            subject,
            place,
            asked.runner,
            dtype=asked.dtype or self.destination.dtype(asked.runner),
            threads=asked.threads,
            device=self.destination.unit(asked.runner, asked.device),
            seed=asked.seed,
            limits=asked.limits,
            method=asked.method,
        )
        commit = commit_of(Path(job.build.file).parent, subject.files) if job.build else ""
        return subject, evolve(job, operators=asked.operators, commit=commit)

    def _bench(self, place: str) -> Bench:
        root = workspace_of(place, self.asked.options.root)
        bench = bench_for(self.asked, self.destination, root)
        return evolve(bench, transport=self.around(bench.transport))


def bench_for(asked: Asked, destination: Destination, root: Path) -> Bench:
    """Return where and with what the things of a workspace are measured. Raises `UserError`."""
    user = user_interpreter(asked.options.python, root)
    tools = tools_interpreter(user) if asked.runner == "onnxruntime" else user
    transport = destination.transport(asked.runner, tools)
    return Bench(user, tools, transport, asked.calibration)


def _measured(subject: Subject, job: Job, result: Result) -> Measured:
    if result.median_s and subject.moved is not None and job.dtype == "float32":
        result = evolve(result, achieved_bandwidth=subject.moved / result.median_s)
    lines = hottest_lines(result.operators, subject)
    return Measured(subject, job, result, lines, hottest_lines(result.on_host, subject))
