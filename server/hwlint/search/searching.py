"""`hwlint suggest` from end to end: a place to what may stand there instead."""

import socket
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from attrs import evolve, field, frozen

from hwlint.engine.errors import UserError
from hwlint.measure.interpreters import user_interpreter
from hwlint.measure.job import Limits
from hwlint.measure.session import Session
from hwlint.search.bounds import Bound, violations
from hwlint.search.evaluating import Evaluate, parse_function
from hwlint.search.finals import faster, finalists, judged
from hwlint.search.gauge import DeviceGauge, Workshop
from hwlint.search.loop import Effort, Ended, Heard, Search
from hwlint.search.model import Candidate, Kind, Refusal
from hwlint.search.objectives import Objective, Objectives
from hwlint.search.outcome import Outcome, Row, how_by
from hwlint.search.scores import compared_scores, said_of
from hwlint.search.space import SourceSpace, find_space
from hwlint.search.steering import Steering
from hwlint.search.storage import need_search, open_storage, study_name
from hwlint.search.study import SamplerName, Study, find_study, open_study
from hwlint.search.trial import Trial
from hwlint.source.edits import encoded

__all__ = ["Searching", "Wanted"]


@frozen
class Wanted:
    """What is asked for."""

    place: str
    profile: str
    """Whose alignment, fused operators and estimate count."""
    only: frozenset[Kind] = frozenset()
    bounds: tuple[Bound, ...] = ()
    evaluate: str = ""
    """"pkg.mod:fn"; "" where nothing says what a candidate is worth."""
    evaluate_s: float = 120.0
    """Seconds that it may take for one candidate."""
    also: tuple[Objective, ...] = ()
    sampler: SamplerName = "nsga2"
    effort: Effort = field(factory=Effort)
    finalists: int = 3
    """How many are measured again."""
    seed: int | None = None
    scores: bool = True
    """Whether those that are measured again are scored without training."""

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What the search is after."""
        return ("latency", "evaluate" if self.evaluate else "kept", *self.also)


@frozen
class Searching:
    """One search over one module."""

    wanted: Wanted
    session: Session
    space: SourceSpace

    @classmethod
    def begin(cls, wanted: Wanted, session: Session) -> "Searching":
        """Read the module and find what may change in it.

        Raises:
            UserError: Where that cannot be, or the extra is missing.
        """
        need_search()
        asked = session.asked
        space = find_space(
            wanted.place,
            asked.options,
            wanted.profile,
            only=wanted.only,
            keep=wanted.bounds,
            context=asked.context,
            inputs=asked.inputs,
            build=asked.build,
        )
        return cls(wanted, session, space)

    def run(
        self,
        heard: Heard,
        told: Callable[[str], None],
        show: Callable[[Trial], None] = lambda _: None,
    ) -> Outcome:
        """Search, and measure the best again. `told`: hears what else people should know. `show`:
        is given each trial as it comes.

        Raises:
            UserError: Where the module itself cannot be measured.
        """
        wanted = self.wanted
        study = open_study(
            open_storage(),
            self.name,
            self.space.points,
            self.objectives,
            sampler=wanted.sampler,
            trials=wanted.effort.trials,
            seed=wanted.seed,
        )
        workshop = Workshop.open(self.session, wanted.place)
        try:
            return self._run(study, workshop, heard, told, show)
        finally:
            workshop.close()

    def _run(
        self,
        study: Study,
        workshop: Workshop,
        heard: Heard,
        told: Callable[[str], None],
        show: Callable[[Trial], None],
    ) -> Outcome:
        gauge = DeviceGauge(workshop, self.space.original, self._assessor(workshop), told=told)
        earlier = next((t for t in study.trials() if not t.choices and t.median_s), None)
        if earlier is not None:
            gauge.environment, gauge.original_s = earlier.environment, earlier.median_s
        broken = partial(_broken, self.space.original, self.wanted.bounds)
        steering = Steering(self.space, _before(self.wanted.bounds), Random(self.wanted.seed))
        search = Search(
            self.space,
            study,
            gauge,
            self.wanted.effort,
            broken,
            heard,
            steered=steering.steered,
            show=show,
        )
        ended = search.run()
        if search.lost:
            told(f"{search.lost} trials of a run that was killed are given up")
        outcome = self.outcome(search.trials, ended)
        # A compiler says the same however often it is asked.
        if ended == "interrupted" or outcome.how == "compiled":
            return outcome
        try:
            return evolve(outcome, rows=self._finals(outcome, gauge, heard, told))
        except KeyboardInterrupt:
            return evolve(outcome, ended="interrupted")

    def resumed(self) -> Outcome:
        """Return what the search has come to, without going on with it.

        Raises:
            UserError: Where there was none for what stands there now.
        """
        study = find_study(open_storage(), self.name, self.objectives)
        return self.outcome(study.trials(), "interrupted")

    @property
    def objectives(self) -> Objectives:
        """What it is after."""
        return Objectives(self.wanted.objectives, self.space.original.facts)

    @property
    def name(self) -> str:
        """Of its study: the same search over the same text has the same one."""
        asked, where = self.session.asked, self.session.destination
        machine = socket.gethostname() if where.is_here else ""
        means = (
            asked.runner,
            where.unit(asked.runner, asked.device),
            asked.dtype or where.dtype(asked.runner),
            asked.threads,
        )
        after = (self.wanted.objectives, self.wanted.evaluate)
        return study_name(self.space.key, where.target.name, machine, means, after)

    def candidate(self, trial: Trial) -> Candidate | None:
        """Make the candidate of a trial again; None where that cannot be."""
        made = self.space.candidate(trial.choices)
        return None if isinstance(made, Refusal) else made

    def chosen(self, number: int) -> Candidate:
        """Make the candidate of a trial by its number.

        Raises:
            UserError: Where there is no such trial, or it is no candidate any more.
        """
        outcome = self.resumed()
        trial = next((t for t in outcome.trials if t.number == number and t.choices), None)
        if trial is None:
            known = ", ".join(str(row.trial.number) for row in outcome.rows)
            raise UserError(f"there is no trial {number}{f'; shown are {known}' if known else ''}")
        candidate = self.candidate(trial)
        if candidate is None:
            raise UserError(f"trial {number}: {trial.why or 'it is no candidate any more'}")
        return candidate

    def texts(self, candidate: Candidate) -> dict[str, bytes]:
        """Return what the files that a candidate changes held when they were read, by path."""
        bench = self.space.rereading.bench
        found = ((path, bench.source(path)) for path in candidate.contents)
        return {path: encoded(source, source.text) for path, source in found if source is not None}

    def outcome(self, trials: Sequence[Trial], ended: Ended) -> Outcome:
        """Return what trials come to. Raises `UserError` where the original was not measured."""
        original = next((t for t in trials if not t.choices and t.state == "measured"), None)
        if original is None:
            raise UserError("the module itself was not measured yet: there is nothing to compare")
        asked, where = self.session.asked, self.session.destination
        flow = self.space.rereading.graph.flow
        found = faster(trials, original, self.objectives)
        how = how_by(asked.runner)
        rows = [Row(t, made, how=how) for t in found if (made := self.candidate(t)) is not None]
        return Outcome(
            place=self.wanted.place,
            device=where.target.name,
            profile=self.wanted.profile,
            runner=asked.runner,
            dtype=asked.dtype or where.dtype(asked.runner),
            study=self.name,
            points=self.space.points,
            original=original,
            rows=rows,
            trials=trials,
            ended=ended,
            evaluated=self.wanted.evaluate,
            bounds=[str(bound) for bound in self.wanted.bounds],
            inputs=[shape for _, shape, _ in flow.inputs] if flow is not None else (),
            assumed=flow is not None and flow.assumed,
        )

    def _finals(
        self, outcome: Outcome, gauge: DeviceGauge, heard: Heard, told: Callable[[str], None]
    ) -> list[Row]:
        rows = {row.trial.number: row for row in outcome.rows}
        trials = [row.trial for row in outcome.rows]
        done = len([t for t in outcome.trials if t.took_time and t.choices])
        for trial, candidate in finalists(self.space, trials, self.wanted.finalists):
            said = f"trial {trial.number} again, in turns with the original"
            found = judged(
                gauge,
                candidate,
                lambda text, trial=trial, said=said: heard(done, trial, f"{said}: {text}"),
            )
            if isinstance(found, str):
                told(f"{said}: {found}")
            else:
                rows[trial.number] = evolve(rows[trial.number], comparison=found)
        if self.wanted.scores and not self.wanted.evaluate:
            self._score(rows, gauge, lambda text: heard(done, None, text))
        return list(rows.values())

    def _score(
        self, rows: dict[int, Row], gauge: DeviceGauge, progress: Callable[[str], None]
    ) -> None:
        """Score those that were measured again, and the original."""
        chosen = [row for row in rows.values() if row.comparison is not None]
        own = gauge.scores(self.space.original, lambda: False, progress) if chosen else ""
        if isinstance(own, str):
            return
        for row in chosen:
            its = gauge.scores(row.candidate, lambda: False, progress)
            if not isinstance(its, str):
                found = compared_scores(own, its)
                rows[row.trial.number] = evolve(row, scores=found, scored=said_of(found))

    def _assessor(self, workshop: Workshop) -> Evaluate | None:
        if not self.wanted.evaluate:
            return None
        module, name = parse_function(self.wanted.evaluate)
        asked = self.session.asked
        python = user_interpreter(asked.options.python, workshop.root)
        limits = Limits(self.wanted.evaluate_s, asked.limits.memory)
        return Evaluate(module, name, python, limits)


def _broken(
    original: Candidate, bounds: Sequence[Bound], candidate: Candidate, measured_s: float | None
) -> Sequence[str]:
    """Return which bounds a candidate breaks. A bound on latency waits for what is measured."""
    if measured_s is None:
        bounds = _before(bounds)
    return violations(candidate, original, bounds, measured_s)


def _before(bounds: Sequence[Bound]) -> list[Bound]:
    """Return the bounds that need no measurement."""
    return [bound for bound in bounds if bound.what != "latency_ms"]
