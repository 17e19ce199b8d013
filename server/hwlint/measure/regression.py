"""Whether a model takes longer than when it was measured before."""

from collections.abc import Iterable

from attrs import evolve, frozen

from hwlint.measure.compare import is_unsteady, overlap
from hwlint.measure.job import Job, Result
from hwlint.measure.store.measurement import Measurement

__all__ = ["APART", "Regression", "comparable", "is_sure", "regression"]

APART = 0.1
"""Share by which a median has to lie above an earlier one, where nobody says. Our own choice:
`benchmarks/measure.py` holds processes that are not run in turns to the same."""
_FEWEST = 4
"""Samples without which there are no quartiles."""
_SAME = ("processor", "processors", "governor", "threads", "provider", "device")
"""What of an environment has to be the same."""


@frozen
class Regression:
    """A measurement and an earlier one that took less time."""

    before: Measurement
    now: Measurement
    turns: bool = False
    """They were measured in turns."""

    @property
    def ratio(self) -> float:
        """Median now over that before."""
        return self.now.median_s / self.before.median_s


def regression(
    now: Measurement, earlier: Iterable[Measurement], least: float = APART
) -> Regression | None:
    """Return the newest of the earlier measurements that is clearly faster, if there is one.

    `earlier`: in any order; what is not `comparable` does not count.
    `least`: the share of the earlier median by which the new one has to lie above it.
    """
    if not is_sure(now.result):
        return None
    for one in comparable(now, earlier):
        found = Regression(one, now)
        if found.ratio > 1 + least and not overlap(one.result, now.result):
            return found
    return None


def comparable(now: Measurement, earlier: Iterable[Measurement]) -> list[Measurement]:
    """Return what was measured before of the same model from another source, and steadily; the
    newest first."""
    found = [one for one in earlier if one.taken < now.taken and _is_alike(one, now)]
    sure = (one for one in found if is_sure(one.result))
    return sorted(sure, key=lambda one: one.taken, reverse=True)


def is_sure(result: Result) -> bool:
    """Say whether a result can be held against another one: it has quartiles and is steady."""
    return len(result.samples) >= _FEWEST and not is_unsteady(result)


def _is_alike(one: Measurement, other: Measurement) -> bool:
    """Say whether two are the same but for the source. What is at the same path is the same model:
    a store that is shared has other people's nets of that name too."""
    if one.job.key == other.job.key or _about(one.job) != _about(other.job):
        return False
    told = [(m.target, m.profile, m.device, m.versions) for m in (one, other)]
    means = [[m.result.environment.get(name) for name in _SAME] for m in (one, other)]
    return told[0] == told[1] and means[0] == means[1]


def _about(job: Job) -> object:
    """Return what makes two jobs the same one but for what stands in the files."""
    build = job.build
    if build is None:
        return object()
    built = (build.file, build.module, build.expression, build.submodule)
    given = tuple(evolve(one, high=None) for one in job.inputs)
    return (built, given, job.runner, job.dtype, job.threads, job.device)
