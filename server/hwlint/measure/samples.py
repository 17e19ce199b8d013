"""Where samples lie."""

from collections.abc import Sequence
from typing import TypedDict

__all__ = ["Summary", "quantile", "summary"]


class Summary(TypedDict):
    """The fields of a result that samples give."""

    median_s: float
    iqr_s: float
    p10_s: float
    p90_s: float
    samples: tuple[float, ...]


def summary(samples: Sequence[float]) -> Summary:
    """Return the fields of a result that samples, in seconds, give."""
    return {
        "median_s": quantile(samples, 0.5),
        "iqr_s": quantile(samples, 0.75) - quantile(samples, 0.25),
        "p10_s": quantile(samples, 0.1),
        "p90_s": quantile(samples, 0.9),
        "samples": tuple(samples),
    }


def quantile(samples: Sequence[float], share: float) -> float:
    """Return a quantile, between two samples by their distance (Hyndman and Fan's type 7), as the
    runners do."""
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
