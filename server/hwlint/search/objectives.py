"""What a search is after, and what is better than what."""

from collections.abc import Iterable, Sequence
from typing import Literal

from attrs import frozen

from hwlint.search.model import Facts
from hwlint.search.trial import Trial

__all__ = ["Objective", "Objectives", "dominates", "front"]

Objective = Literal["latency", "kept", "params", "evaluate", "memory", "energy"]
"""latency: the measured median. kept: parameters, those of the original at most: more of them are
no merit. params: parameters. evaluate: what the user's function returns. memory: the most bytes of
activations, as they were read. energy: of one run, where the device tells it."""

_MORE = frozenset({"kept", "params", "evaluate"})
"""Those of which more is better."""


@frozen
class Objectives:
    """Some of them, for one module."""

    names: tuple[Objective, ...]
    original: Facts

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """As optuna says it."""
        return ["maximize" if name in _MORE else "minimize" for name in self.names]

    def values(self, trial: Trial) -> tuple[float, ...] | None:
        """Return the values of a trial; None where one is not known."""
        found = [self._value(name, trial) for name in self.names]
        known = tuple(value for value in found if value is not None)
        return known if len(known) == len(found) else None

    def costs(self, trial: Trial, median_s: float | None = None) -> tuple[float | None, ...]:
        """Return values of which less is better. `median_s`: in place of what was measured."""
        found = [self._value(name, trial) for name in self.names]
        if median_s is not None:
            found = [
                median_s if n == "latency" else v for n, v in zip(self.names, found, strict=True)
            ]
        pairs = zip(self.names, found, strict=True)
        return tuple(-v if v is not None and n in _MORE else v for n, v in pairs)

    def _value(self, name: Objective, trial: Trial) -> float | None:
        facts = trial.facts
        if name == "latency":
            return trial.median_s
        if name == "evaluate":
            return trial.value
        if name == "energy":
            return trial.energy_j
        if facts is None:
            return None
        if name == "memory":
            return facts.peak_bytes
        if name == "kept" and facts.params is not None and self.original.params is not None:
            return min(facts.params, self.original.params)
        return facts.params


def dominates(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    """Say whether the first one is nowhere worse and somewhere better, less being better. Where
    something is not known it is not."""
    better = False
    for mine, its in zip(one, other, strict=True):
        if mine is None or its is None or mine > its:
            return False
        better = better or mine < its
    return better


def front(trials: Iterable[Trial], objectives: Objectives) -> list[Trial]:
    """Return the measured trials that no other one dominates, the fastest first; of several that
    are alike the first."""
    found = [(objectives.costs(t), t) for t in trials if t.state == "measured"]
    kept: dict[tuple[float | None, ...], Trial] = {}
    for costs, trial in found:
        if not any(dominates(other, costs) for other, _ in found):
            kept.setdefault(costs, trial)
    return sorted(kept.values(), key=lambda trial: trial.median_s or 0.0)
