"""Measures candidates as `hwlint measure` does, in copies of the workspace."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from attrs import define, evolve, field

from hwlint.engine.errors import UserError
from hwlint.engine.inspection import parse_place, workspace_of
from hwlint.measure.compare import ratios
from hwlint.measure.job import Failure, Job, Result
from hwlint.measure.keeping import keep
from hwlint.measure.measuring import Bench
from hwlint.measure.samples import summary
from hwlint.measure.session import Session, bench_for
from hwlint.measure.several import MOST_AT_ONCE, OutOfTurn
from hwlint.measure.store import device_of, versions_of
from hwlint.measure.subject import Subject, split_place
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.reader.environment import environment_of
from hwlint.search.model import Candidate
from hwlint.search.scores import Scores, scores_of
from hwlint.search.shadow import Shadow
from hwlint.search.trial import Observation

__all__ = ["Assessor", "DeviceGauge", "Workshop"]


class Assessor(Protocol):
    """Says what a candidate is worth, but for what it costs."""

    def assess(self, job: Job, *, cancelled: Cancelled, progress: Progress) -> float | str:
        """Return a number of which more is better, or why there is none."""
        ...


@define
class Workshop:
    """Copies of one workspace, and how things are measured in them."""

    session: Session
    place: str
    root: Path
    _folders: TemporaryDirectory[str]
    _free: list[Shadow] = field(factory=list[Shadow])
    _made: int = 0
    turn: threading.Lock = field(factory=threading.Lock)
    """Reading and exporting take this computer's processors: one at a time."""

    @classmethod
    def open(cls, session: Session, place: str) -> "Workshop":
        """Say where copies go; each is made when one more is needed.

        Raises:
            UserError: Where the place is in no folder that can be copied.
        """
        path = parse_place(split_place(place)[0])[0].resolve()
        root = workspace_of(place, session.asked.options.root)
        if not path.is_relative_to(root):
            raise UserError(f"{path} is not in the workspace {root}: name it with --root")
        folders = TemporaryDirectory(prefix="hwlint-search-")
        python = session.asked.options.python or environment_of(None, root)
        options = replace(session.asked.options, root=root, python=python)
        session = evolve(session, asked=evolve(session.asked, options=options))
        return cls(session, place, root, folders)

    @property
    def parallel(self) -> int:
        """How many can be worked on at once."""
        session = self.session
        farm = session.destination.target.transport == "dask" and session.asked.runner != "vela"
        return MOST_AT_ONCE if farm else 1

    @property
    def in_turns(self) -> bool:
        """Whether two can be measured in turns: not by a program that is given one model, nor
        where a compiler is asked what one would take."""
        destination, runner = self.session.destination, self.session.asked.runner
        return destination.target.transport != "command" and runner != "vela"

    def close(self) -> None:
        """Take the copies away."""
        self._folders.cleanup()

    @contextmanager
    def shadow(self, candidate: Candidate) -> Generator[Shadow]:
        """Lend a copy that holds a candidate."""
        shadow = self._lent()
        try:
            shadow.write(candidate.contents)
            yield shadow
        finally:
            self._free.append(shadow)

    def kept(self, candidate: Candidate) -> Shadow:
        """Return a copy that holds a candidate until the end."""
        shadow = self._lent()
        shadow.write(candidate.contents)
        return shadow

    def _lent(self) -> Shadow:
        with self.turn:
            if self._free:
                return self._free.pop()
            self._made += 1
            shadow = Shadow(self.root, Path(self._folders.name).resolve() / str(self._made))
            shadow.fill()
            return shadow

    def read(self, shadow: Shadow) -> tuple[Subject, Job]:
        """Read what stands in a copy. Raises `UserError`."""
        text, mark, part = self.place.partition("#")
        path, name = parse_place(text)
        there = shadow.moved(path)
        place = f"{there}{':' + name if name else ''}{mark}{part}"
        options = replace(self.session.asked.options, root=shadow.into)
        inside = evolve(self.session, asked=evolve(self.session.asked, options=options))
        subject, job = inside.read(place)
        return subject, evolve(job, place=self.place)

    def bench(self) -> Bench:
        """Return where and with what things are measured."""
        return bench_for(self.session.asked, self.session.destination, self.root)


@define
class DeviceGauge:
    """Measures candidates on one target, where it can be in turns with the original; see
    `hwlint.search.loop.Gauge`.

    What a machine does besides changes how long the same run takes, for seconds at a time, by more
    than most candidates gain. So a candidate's time is its ratio to the original's, both measured
    in turns, times what the original took when it was measured first.
    """

    workshop: Workshop
    original: Candidate
    assessor: Assessor | None = None
    store: bool = True
    """Whether what was measured is kept, and what was kept is not measured again."""
    told: Callable[[str], None] = lambda _: None
    """Told what could not be kept."""
    environment: Mapping[str, str] | None = None
    """Which machine and versions it measures with, as the first result of the search has it."""
    original_s: float | None = None
    """What the original took when it was measured first."""
    _own: Job | None = None
    _once: threading.Lock = field(factory=threading.Lock)

    @property
    def parallel(self) -> int:
        """How many at once."""
        return self.workshop.parallel

    def observe(
        self, candidate: Candidate, *, cancelled: Cancelled, progress: Progress
    ) -> Observation:
        """Measure one, and assess it where that is asked for."""
        try:
            paired = self.workshop.in_turns and candidate.choices and self.original_s
            beside = self._beside() if paired else None
            with self.workshop.shadow(candidate) as shadow:
                return self._observed(shadow, beside, cancelled, progress)
        except UserError as problem:
            return Observation(Result("", failure=Failure("setup", str(problem))))
        except Exception as problem:  # noqa: BLE001 - one candidate must not end the search
            line = " ".join(f"{type(problem).__name__}: {problem}".split())
            return Observation(Result("", failure=Failure("internal", line)))

    def _observed(
        self, shadow: Shadow, beside: Job | None, cancelled: Cancelled, progress: Progress
    ) -> Observation:
        shop = self.workshop
        with shop.turn:
            progress("reading")
            _, job = shop.read(shadow)
            known = self._known(job) if beside is None else None
            result = known or self._measured(job, beside, cancelled, progress)
        if result.failure is not None or self.assessor is None:
            return Observation(result, known=known is not None)
        progress("evaluating")
        value = self.assessor.assess(job, cancelled=cancelled, progress=progress)
        if isinstance(value, str):
            # People know their own file, not its copy.
            value = value.replace(str(shadow.into), str(shop.root))
            return Observation(result, problem=value, known=known is not None)
        return Observation(result, value=value, known=known is not None)

    def _measured(
        self, job: Job, beside: Job | None, cancelled: Cancelled, progress: Progress
    ) -> Result:
        bench = self.workshop.bench()
        bench = evolve(bench, transport=OutOfTurn(bench.transport, self.workshop.turn))
        if beside is None:
            result = bench.measure(job, cancelled=cancelled, progress=progress)
            if result.failure is None:
                self._keep(job, result)
                self.original_s = self.original_s or result.median_s
            return result
        both = bench.compare(beside, job, cancelled=cancelled, progress=progress)
        if both.rival is None:
            return evolve(both, failure=_of_one(both.failure))
        self._keep(job, both.rival)
        return self._by_ratio(both, both.rival)

    def _by_ratio(self, original: Result, candidate: Result) -> Result:
        """Return a candidate's result, its times by what the original took in the same turns."""
        assert self.original_s is not None
        shares = ratios(original, candidate)
        return evolve(candidate, **summary([self.original_s * share for share in shares]))

    def _keep(self, job: Job, result: Result) -> None:
        if self.environment is None:
            self.environment = result.environment
        if self.store:
            problem = keep([(job, result)], self.workshop.session.destination)
            if problem:
                self.store = False
                self.told(f"not kept: {problem}")

    def _beside(self) -> Job:
        """Return the job that measures the original, in a copy of its own."""
        with self._once:
            if self._own is None:
                shadow = self.workshop.kept(self.original)
                with self.workshop.turn:
                    _, self._own = self.workshop.read(shadow)
            return self._own

    def _known(self, job: Job) -> Result | None:
        """Return what the store has of the same content, on the machine and in the versions that
        this search measures with; None before anything was measured."""
        if not self.store or self.environment is None:
            return None
        from hwlint.measure.store.store import Query, open_store  # noqa: PLC0415 - heavy, optional

        store = open_store(create=False)
        if store is None:
            return None
        try:
            target = self.workshop.session.destination.target.name
            found = store.find(Query(keys=[job.key], target=target))
        finally:
            store.close()
        told = Result("", environment=self.environment)
        same = (device_of(told), versions_of(told))
        return next((m.result for m in found if (m.device, m.versions) == same), None)

    def compare(self, candidate: Candidate, cancelled: Cancelled, progress: Progress) -> Result:
        """Measure the original and a candidate in turns; the candidate is the result's rival."""
        shop = self.workshop
        own = self._beside()
        with shop.shadow(candidate) as shadow:
            with shop.turn:
                _, job = shop.read(shadow)
            return shop.bench().compare(own, job, cancelled=cancelled, progress=progress)

    def scores(
        self, candidate: Candidate, cancelled: Cancelled, progress: Progress
    ) -> Scores | str:
        """Return the training-free scores of a candidate, or why there are none."""
        shop = self.workshop
        with shop.shadow(candidate) as shadow:
            with shop.turn:
                _, job = shop.read(shadow)
            python = shop.bench().user
            return scores_of(job, python, cancelled=cancelled, progress=progress)


def _of_one(failure: Failure | None) -> Failure | None:
    """Say of which of two it is in the words of a search."""
    if failure is None:
        return None
    side, _, message = failure.message.partition(": ")
    named = {"A": f"the original: {message}", "B": message}
    return evolve(failure, message=named.get(side, failure.message))
