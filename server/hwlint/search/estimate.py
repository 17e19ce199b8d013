"""What the static estimate is worth, by what was measured so far."""

import math
from collections.abc import Iterable
from statistics import median

from attrs import frozen

from hwlint.search.trial import Trial

__all__ = ["Refit", "refitted"]

_FEWEST = 4
"""Trials without which there is no telling how far off the estimate is."""
_LEAST = 0.1
"""Margin that is left in any case: the share that medians of processes which are not run in turns
lie apart (`hwlint.measure.regression.APART`)."""
_SPREADS = 2.0
"""Median absolute deviations that count as within the estimate's error."""


@frozen
class Refit:
    """How measured times relate to estimated ones."""

    scale: float
    """Median of measured over estimated."""
    margin: float
    """Share of the refitted estimate that it may be off by."""
    trials: int

    def least(self, estimate_s: float) -> float:
        """Return the seconds below which the latency is not likely to lie."""
        return estimate_s * self.scale / (1 + self.margin)


def refitted(trials: Iterable[Trial]) -> Refit | None:
    """Return the estimate's scale and error over what was measured; None where that is too little.

    The scale is the median of the ratios and the error twice their median absolute deviation, both
    in logarithms, so that a few odd ones do not count.
    """
    logs = [
        math.log(t.median_s / t.facts.estimate_s)
        for t in trials
        if t.state == "measured" and t.median_s and t.facts is not None and t.facts.estimate_s
    ]
    if len(logs) < _FEWEST:
        return None
    middle = median(logs)
    apart = median(abs(value - middle) for value in logs)
    return Refit(math.exp(middle), max(_LEAST, math.expm1(_SPREADS * apart)), len(logs))
