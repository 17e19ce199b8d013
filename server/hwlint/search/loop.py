"""The search: proposes candidates, measures those that are worth it, keeps what came of each."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from math import prod
from pathlib import Path
from typing import Literal, Protocol

from attrs import define, evolve, field, frozen

from hwlint.engine.errors import UserError
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.search.estimate import refitted
from hwlint.search.model import Candidate, Choices, Refusal, Space
from hwlint.search.objectives import dominates, front
from hwlint.search.study import Proposal, Study
from hwlint.search.trial import Observation, Trial, observed

__all__ = ["Effort", "Ended", "Gauge", "Heard", "Search", "content_of"]

Ended = Literal["trials", "time", "interrupted", "exhausted", "unreachable"]
_IN_VAIN = 150
"""Proposals in a row of which none was worth measuring: there is nothing new to be had."""
_FAILURES = 6
"""Failures in a row, of as many as were measured, after which the device counts as lost."""
_TICK = 0.2


class Gauge(Protocol):
    """Measures candidates; called from several threads at once where `parallel` says so."""

    @property
    def parallel(self) -> int:
        """How many at once."""
        ...

    def observe(
        self, candidate: Candidate, *, cancelled: Cancelled, progress: Progress
    ) -> Observation:
        """Measure one. Never raises for what goes wrong with it: that is its failure."""
        ...


@frozen
class Effort:
    """How much may be spent."""

    trials: int = 40
    """Candidates that are measured, those of earlier runs of the same search among them."""
    seconds: float = 600.0
    """Of this run."""


_Begun = tuple[int, Proposal, Candidate, str]
"""Number of the trial, what was proposed, what it made, and the hash of its text."""


class Heard(Protocol):
    """Is told how far a search is."""

    def __call__(self, done: int, best: Trial | None, doing: str) -> None:
        """`done`: candidates measured. `best`: the fastest so far. `doing`: in words."""
        ...


@define
class Search:
    """One run of a search."""

    space: Space
    study: Study
    gauge: Gauge
    effort: Effort
    broken: Callable[[Candidate, float | None], Sequence[str]]
    """Which bounds a candidate breaks; with its latency where it was measured."""
    heard: Heard
    prune: bool = True
    """Whether candidates that the estimate speaks against are left out."""
    steered: Callable[[Choices], Choices | None] = lambda _: None
    """Moves what does not read, or breaks a bound, to where it does not; None where that cannot
    be."""
    show: Callable[[Trial], None] = lambda _: None
    """Is shown each trial that took the device's time, those of earlier runs first."""
    clock: Callable[[], float] = time.monotonic
    trials: list[Trial] = field(factory=list[Trial])
    """All of the study, also of earlier runs."""
    lost: int = 0
    """Trials that a run which was killed has left."""
    _seen: dict[str, int] = field(factory=dict[str, int])
    """The trial of each text."""
    _running: "dict[Future[Observation], _Begun]" = field(factory=dict)  # pyright: ignore[reportUnknownVariableType] - of the type that stands here
    _stop: bool = False
    _doing: str = ""
    _vain: int = 0

    def run(self) -> Ended:
        """Search until the effort is spent, nothing new is to be had, or on Ctrl-C.

        Raises:
            UserError: Where the module itself cannot be measured.
        """
        self.lost = self.study.give_up_lost()
        self.trials = self.study.trials()
        self._seen = {t.content: t.number for t in self.trials if t.took_time}
        for trial in self.trials:
            self.show(trial)
        end = self.clock() + self.effort.seconds
        pool = ThreadPoolExecutor(max(1, self.gauge.parallel), thread_name_prefix="hwlint-search")
        try:
            return self._run(pool, end)
        except KeyboardInterrupt:
            return "interrupted"
        finally:
            self._stop = True
            self._abandon()
            pool.shutdown(cancel_futures=True)

    @property
    def _all(self) -> int:
        """How many candidates there can be."""
        return prod(len(point.values) for point in self.space.points)

    @property
    def original(self) -> Trial | None:
        """The module as it is, once it was measured."""
        return next((t for t in self.trials if not t.choices and t.state == "measured"), None)

    def measured(self) -> int:
        """Return how many took the device's time, the original not counted."""
        return sum(trial.took_time and bool(trial.choices) for trial in self.trials)

    # --- proposing ----------------------------------------------------------------------------

    def _run(self, pool: ThreadPoolExecutor, end: float) -> Ended:
        if self.original is None:
            self._begin_with_original(pool)
        while True:
            ended = self._ended(end)
            while ended is None and len(self._running) < self.gauge.parallel:
                self._propose(pool)
                ended = self._ended(end)
            if ended is not None and not self._running:
                return ended
            if ended in ("time", "unreachable"):
                return ended
            self._take(end)

    def _ended(self, end: float) -> Ended | None:
        if self.clock() >= end:
            return "time"
        if self.measured() + len(self._running) >= self.effort.trials:
            return "trials"
        if self._vain >= _IN_VAIN or len(self._seen) >= self._all:
            return "exhausted"
        tried = [trial for trial in self.trials if trial.took_time]
        last = tried[-_FAILURES:]
        if len(last) == _FAILURES and all(_is_out_of_reach(trial) for trial in last):
            return "unreachable"
        return None

    def _begin_with_original(self, pool: ThreadPoolExecutor) -> None:
        original = self.space.original
        self._submit(pool, self.study.ask({}), original, content_of(original))
        while self._running:
            self._take(None)
        if self.original is None:
            raise UserError(f"the module itself: {self.trials[-1].why or 'it was not measured'}")

    def _propose(self, pool: ThreadPoolExecutor) -> None:
        """Measure what is proposed next, or keep why not."""
        best = [trial.choices for trial in front(self.trials, self.study.objectives)]
        proposal = self._within(self.study.ask(best=best))
        choices = proposal.choices
        made = self.space.candidate(choices)
        if isinstance(made, Refusal):
            changed = {p.name: v for p in self.space.points if (v := choices[p.name]) != p.present}
            return self._pass_over(proposal, Trial(-1, "refused", changed, why=made.reason))
        content = content_of(made)
        done = self._looked_at(Trial(-1, "seen", made.choices, content, facts=made.facts), made)
        if done is not None:
            return self._pass_over(proposal, done)
        self._vain = 0
        return self._submit(pool, proposal, made, content)

    def _within(self, proposal: Proposal) -> Proposal:
        """Return a proposal like one, which reads and keeps to the bounds where one was found."""
        made = self.space.candidate(proposal.choices)
        refused = isinstance(made, Refusal)
        if not refused and not self.broken(made, None):
            return proposal
        other = self.steered(proposal.choices)
        if other is None:
            return proposal
        state = "refused" if refused else "bounds"
        self.study.pass_over(proposal, Trial(-1, state, proposal.choices))
        return self.study.ask(other)

    def _looked_at(self, trial: Trial, made: Candidate) -> Trial | None:
        """Return the trial of a candidate that is not worth measuring; None where it is."""
        if trial.content in self._seen or not made.choices:
            earlier = self._seen.get(trial.content, 0)
            return evolve(trial, why=f"the same text as trial {earlier}")
        broken = self.broken(made, None)
        if broken:
            return evolve(trial, state="bounds", why=broken[0])
        worse = self._dominated(trial)
        return evolve(trial, state="estimate", why=worse) if worse else None

    def _pass_over(self, proposal: Proposal, done: Trial) -> None:
        self._vain += 1
        self.trials.append(done)
        self.study.pass_over(proposal, done)
        self._tell()

    def _dominated(self, wanted: Trial) -> str:
        """Say by which measured trial a candidate is dominated, were it as fast as the estimate
        allows; "" where there is none."""
        refit = refitted(self.trials) if self.prune else None
        if refit is None or wanted.facts is None or wanted.facts.estimate_s is None:
            return ""
        objectives = self.study.objectives
        least = refit.least(wanted.facts.estimate_s)
        costs = objectives.costs(wanted, least)
        # The user's function knows what is not known here.
        known = [index for index, cost in enumerate(costs) if cost is not None]
        if len(known) < len(costs):
            return ""
        for one in front(self.trials, objectives):
            if dominates(objectives.costs(one), costs):
                return f"estimated to take {least:.3g} s at least: trial {one.number} is better"
        return ""

    # --- measuring ----------------------------------------------------------------------------

    def _submit(
        self, pool: ThreadPoolExecutor, proposal: Proposal, made: Candidate, content: str
    ) -> None:
        number = self.study.begin(proposal)
        self._seen[content] = number

        def said(text: str) -> None:
            self._doing = f"trial {number}: {text}"

        future = pool.submit(self.gauge.observe, made, cancelled=lambda: self._stop, progress=said)
        self._running[future] = (number, proposal, made, content)

    def _take(self, end: float | None) -> None:
        """Wait for something that runs and keep what came of it."""
        while self._running:
            done, _ = wait(self._running, _TICK, FIRST_COMPLETED)
            self._tell()
            for future in done:
                self._finish(future)
            if done or (end is not None and self.clock() >= end):
                return

    def _finish(self, future: "Future[Observation]") -> None:
        number, proposal, made, content = self._running.pop(future)
        done = observed(number, made, content, future.result())
        if done.state == "measured" and done.choices:
            broken = self.broken(made, done.median_s)
            if broken:
                done = evolve(done, state="bounds", why=broken[0])
        self.trials.append(done)
        self.study.finish(proposal, done)
        self.show(done)
        self._tell()

    def _abandon(self) -> None:
        """Give up what still runs."""
        for future, (number, *_) in self._running.items():
            future.cancel()
            self.study.abandon(number)
        self._running.clear()

    def _tell(self) -> None:
        measured = [t for t in self.trials if t.state == "measured" and t.median_s is not None]
        best = min(measured, key=lambda t: t.median_s or 0.0, default=None)
        self.heard(self.measured(), best, self._doing)


def _is_out_of_reach(trial: Trial) -> bool:
    return trial.state == "failed" and trial.why.startswith(("unreachable:", "setup:"))


def content_of(candidate: Candidate) -> str:
    """Return a hash of the files that differ."""
    return _hash(candidate.contents)


def _hash(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path in sorted(contents):
        digest.update(Path(path).name.encode() + b"\0" + contents[path] + b"\0")
    return digest.hexdigest()[:32]
