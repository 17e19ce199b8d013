"""Whether one of two is faster, if that can be said."""

from attrs import frozen

from hwlint.measure.job import Result
from hwlint.measure.samples import quantile

__all__ = ["Comparison", "compared", "is_unsteady", "overlap", "ratios"]

NOISE = 0.25
"""Interquartile range over median beyond which nothing is said: torch.utils.benchmark calls that
"significant environmental influence"."""


@frozen
class Comparison:
    """Two results that were measured in turns."""

    first: Result
    second: Result
    refused: str
    """Why nothing is said of which is faster; "" where it is."""
    ratio: float
    """Of the second one's time to the first one's: the median over the turns, so that what the
    machine did besides meets both sides of each."""

    @property
    def verdict(self) -> str:
        """Say it in words."""
        if self.refused:
            return f"no verdict: {self.refused}"
        if self.ratio < 1:
            return f"B takes {1 - self.ratio:.1%} less time than A"
        return f"B takes {self.ratio - 1:.1%} more time than A"


def compared(result: Result) -> Comparison:
    """Judge a result and its rival. Nothing is said where one of them is unsteady, or where the
    middle halves of the samples overlap."""
    second = result.rival
    assert second is not None
    ratio = quantile(ratios(result, second), 0.5)
    return Comparison(result, second, _refused(result, second), ratio)


def ratios(first: Result, second: Result) -> list[float]:
    """Return what the second one took over what the first one did, turn by turn."""
    return [its / own for own, its in zip(first.samples, second.samples, strict=False)]


def _refused(first: Result, second: Result) -> str:
    for name, one in (("A", first), ("B", second)):
        if is_unsteady(one):
            return (
                f"{name} is unsteady (IQR / median {one.spread or 0:.2f}, "
                f"at most {NOISE:g} is allowed); try again on a quiet machine"
            )
    if overlap(first, second):
        return "the intervals of A and B overlap: the difference is within the noise"
    return ""


def is_unsteady(result: Result) -> bool:
    """Say whether something else than the model decided on how long it took."""
    return result.spread is None or result.spread > NOISE


def overlap(first: Result, second: Result) -> bool:
    """Say whether the middle halves of the samples of two results meet."""
    one, other = sorted((_middle(first), _middle(second)))
    return other[0] <= one[1]


def _middle(result: Result) -> tuple[float, float]:
    """Return the first and the third quartile."""
    return quantile(result.samples, 0.25), quantile(result.samples, 0.75)
