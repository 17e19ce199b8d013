"""A search as somebody asks for it, in plain data, and its beginning."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from attrs import frozen

from hwlint.engine.inputs import parse_input
from hwlint.engine.inspection import workspace_of
from hwlint.measure.destination import Destination, find_destination
from hwlint.measure.interpreters import most_memory
from hwlint.measure.job import Limits, Method, RunnerName
from hwlint.measure.session import Asked, Session
from hwlint.search.bounds import Bound, parse_budget, parse_keep, parse_only
from hwlint.search.loop import Effort
from hwlint.search.objectives import Objective
from hwlint.search.profiles import options_for, profile_for
from hwlint.search.searching import Searching, Wanted
from hwlint.search.storage import need_search
from hwlint.search.study import SamplerName

__all__ = ["Request"]

_KEPT = ("params=10%", "macs=10%")
"""What is kept where nothing else bounds a candidate or says what it is worth."""
_TIMEOUT: Mapping[str, float] = {"vela": 300.0, "torch-compile": 120.0}
"""Seconds for one candidate, where a runner compiles it first."""


@frozen
class Request:
    """What `hwlint suggest` is asked for. Bounds, inputs and kinds stand in it as they are written
    on the command line."""

    place: str
    """"FILE:Class#part"."""
    target: str | None = None
    """Where it is measured; None: on this computer."""
    profile: str | None = None
    runner: RunnerName | None = None
    trials: int = 40
    minutes: float = 10.0
    only: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    budget: tuple[str, ...] = ()
    evaluate: str = ""
    evaluate_s: float = 120.0
    also: tuple[Objective, ...] = ()
    sampler: SamplerName = "nsga2"
    finalists: int = 3
    seed: int | None = None
    scores: bool = True
    inputs: tuple[str, ...] = ()
    context: str | None = None
    build: str = ""
    accelerator: str | None = None
    """None: what the target's profile is of, cpu or cuda."""
    threads: int = 0
    timeout: float | None = None
    """Seconds for one candidate; None: what is usual for the runner."""
    samples: int = 20
    python: Path | None = None
    root: Path | None = None

    def begin(
        self, status: Callable[[str], None], reading: Callable[[int, int], None]
    ) -> Searching:
        """Read the module and find what may change in it.

        Raises:
            UserError: Where that cannot be, or the extra is missing.
        """
        need_search()
        base = workspace_of(self.place, self.root)
        where = find_destination(self.target, base, compiled=self.runner == "vela")
        own = where.target.runner if self.target is not None else "torch"
        runner = self.runner or cast("RunnerName", own)
        where.unit(runner, self.accelerator)  # before anything is read
        wanted = self._wanted(where, base)
        status(f"Finding what may change in {self.place}")
        asked = self._asked(runner, where.dtype(runner))
        return Searching.begin(wanted, Session(asked, status, lambda: False, reading, where))

    def _wanted(self, where: Destination, base: Path) -> Wanted:
        return Wanted(
            place=self.place,
            profile=profile_for(self.profile, where, base),
            only=parse_only(self.only),
            bounds=self._bounds(),
            evaluate=self.evaluate,
            evaluate_s=self.evaluate_s,
            also=self.also,
            sampler=self.sampler,
            effort=Effort(self.trials, self.minutes * 60),
            finalists=self.finalists,
            seed=self.seed,
            scores=self.scores,
        )

    def _asked(self, runner: RunnerName, dtype: str) -> Asked:
        return Asked(
            runner=runner,
            inputs=tuple(parse_input(text) for text in self.inputs),
            context=self.context,
            build=self.build,
            threads=self.threads,
            device=self.accelerator,
            limits=Limits(self.timeout or _TIMEOUT.get(runner, 60.0), most_memory()),
            method=Method(samples=self.samples),
            operators=False,
            options=options_for(dtype, self.python, self.root),
        )

    def _bounds(self) -> tuple[Bound, ...]:
        if self.keep == ("nothing",):
            return parse_budget(self.budget)
        free = not self.keep and not self.budget and not self.evaluate
        return (*parse_keep(_KEPT if free else self.keep), *parse_budget(self.budget))
