"""The end of a search: the best are measured again, in turns with the original."""

from collections.abc import Callable, Iterator, Sequence

from hwlint.measure.compare import Comparison, compared, is_unsteady
from hwlint.search.gauge import DeviceGauge
from hwlint.search.model import Candidate, Refusal, Space
from hwlint.search.objectives import Objectives, front
from hwlint.search.trial import Trial

__all__ = ["faster", "finalists", "judged"]

_TRIES = 3
"""Of a comparison in which one of the two was unsteady."""


def faster(trials: Sequence[Trial], original: Trial, objectives: Objectives) -> list[Trial]:
    """Return the trials of the front that took less time than the original, the fastest first."""
    assert original.median_s is not None
    least = original.median_s
    found = front(trials, objectives)
    return [t for t in found if t.choices and t.median_s is not None and t.median_s < least]


def finalists(
    space: Space, trials: Sequence[Trial], most: int
) -> Iterator[tuple[Trial, Candidate]]:
    """Yield so many of the trials with their candidates: the fastest, then evenly over the rest."""
    count = min(most, len(trials))
    last = len(trials) - 1
    chosen = {round(i * last / max(count - 1, 1)) for i in range(count)}
    for index in sorted(chosen):
        made = space.candidate(trials[index].choices)
        if not isinstance(made, Refusal):
            yield trials[index], made


def judged(
    gauge: DeviceGauge, candidate: Candidate, progress: Callable[[str], None]
) -> Comparison | str:
    """Measure a candidate in turns with the original; return what came of it, or why nothing.
    Where something else was at work meanwhile it is measured anew, a few times at most."""
    found: Comparison | str = ""
    for _ in range(_TRIES):
        result = gauge.compare(candidate, lambda: False, progress)
        if result.failure is not None:
            return result.failure.message
        found = compared(result)
        if not is_unsteady(found.first) and not is_unsteady(found.second):
            return found
    return found
