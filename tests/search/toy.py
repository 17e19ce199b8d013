"""A module with a few points, and a device that takes as long as its widths say: for tests of the
loop, where neither the reader nor torch has a part."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import define, field, frozen

from hwlint.measure.job import Failure, Result
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.search.loop import Effort, Gauge, Search
from hwlint.search.model import Candidate, Choices, Facts, Point, Refusal
from hwlint.search.objectives import Objectives
from hwlint.search.storage import open_storage
from hwlint.search.study import SamplerName, open_study
from hwlint.search.trial import Observation, Trial
from hwlint.source.spans import Place

VALUES = (8, 16, 24, 32, 40, 48)
HEIGHT = 24


def points(count: int = 3) -> tuple[Point, ...]:
    return tuple(
        Point(f"net.py:{n + 1}:1 width", "width", Place("/net.py", n, 0, n, 2), HEIGHT, VALUES)
        for n in range(count)
    )


@frozen
class Toy:
    """Widths in a row; an odd product of the first two does not read."""

    points: tuple[Point, ...] = field(factory=points)
    key: str = "toy"
    refused: tuple[int, ...] = ()
    """Values of the first point that do not read."""

    @property
    def original(self) -> Candidate:
        made = self.candidate({})
        assert isinstance(made, Candidate)
        return made

    def candidate(self, choices: Choices) -> Candidate | Refusal:
        widths = [int(choices.get(p.name, p.present)) for p in self.points]
        if widths[0] in self.refused:
            return Refusal(f"width {widths[0]} does not read")
        others = {p.name: w for p, w in zip(self.points, widths, strict=True) if w != p.present}
        text = "\n".join(map(str, widths)).encode()
        facts = Facts(params=sum(widths), macs=sum(widths), estimate_s=sum(widths) / 1e6)
        return Candidate(others, (), {"/net.py": text} if others else {}, facts)


@define
class ToyDevice:
    """Takes twice what is estimated, and 24 widths are a third slower than the others."""

    parallel: int = 1
    log: Path | None = None
    seconds: float = 0.0
    """That a measurement takes."""
    failing: dict[int, str] = field(factory=dict[int, str])
    """Kind of failure by the first width."""
    running: int = 0
    most: int = 0
    """So many have run at once."""
    asked: list[Candidate] = field(factory=list[Candidate])

    def observe(
        self, candidate: Candidate, *, cancelled: Cancelled, progress: Progress
    ) -> Observation:
        self.asked.append(candidate)
        text = repr(sorted(candidate.choices.items()))
        self._say(f"begin {text}")
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return self._observed(candidate, text, cancelled)
        finally:
            self.running -= 1

    def _observed(self, candidate: Candidate, text: str, cancelled: Cancelled) -> Observation:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            if cancelled():
                return Observation(Result("", failure=Failure("cancelled", "cancelled")))
            time.sleep(0.01)
        first = int(next(iter(candidate.choices.values()), HEIGHT))
        if first in self.failing:
            kind = self.failing[first]
            return Observation(Result("", failure=Failure(kind, f"width {first}")))
        assert candidate.facts.estimate_s is not None
        median = candidate.facts.estimate_s * 2 * (4 / 3 if len(candidate.choices) < 2 else 1)
        self._say(f"end {text}")
        return Observation(Result(text, median, median / 50, samples=(median,) * 20))

    def _say(self, line: str) -> None:
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(line + "\n")


def nothing(done: int, best: Trial | None, doing: str) -> None:
    """Hear nothing."""


def search(
    url: str,
    device: Gauge,
    *,
    space: Toy | None = None,
    trials: int = 12,
    seconds: float = 60.0,
    sampler: SamplerName = "nsga2",
    prune: bool = True,
    broken: Callable[[Candidate, float | None], Sequence[str]] = lambda *_: (),
) -> Search:
    """Make a search that is kept at `url`."""
    space = space or Toy()
    objectives = Objectives(("latency", "kept"), space.original.facts)
    study = open_study(
        open_storage(url),
        f"hwlint-{space.key}",
        space.points,
        objectives,
        sampler=sampler,
        trials=trials,
        seed=1,
    )
    return Search(space, study, device, Effort(trials, seconds), broken, nothing, prune)


def measured(trials: list[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.state == "measured"]
