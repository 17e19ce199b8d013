"""Fit the coefficients of a device to measured models, and say how well they foretell others.

latency = a x operations + b x bytes + c x kernels + d, by least squares of the relative error, so
that a model of one millisecond counts as much as one of a second. What work takes is not
negative: of all subsets of the coefficients the best is taken in which a, b and c are above zero.
d is what is left over, and may be anything. How a fit is judged is what the field reports:
MAPE, hit rates, Spearman, Kendall, beside a fit of operations and a constant alone.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from hwlint.cost.plan import Amounts

__all__ = [
    "LEAST",
    "Accuracy",
    "Coefficients",
    "Sample",
    "accuracy",
    "cross_validated",
    "fit",
    "fit_flops",
    "least_squares",
]

LEAST = 5
"""Samples that four coefficients take to be fitted and judged."""


class Sample(NamedTuple):
    """One measured model."""

    amounts: Amounts
    flops: float
    """Twice its multiply-accumulates as written, for the baseline."""
    ms: float
    """Milliseconds, above zero."""


class Coefficients(NamedTuple):
    """What turns amounts into milliseconds."""

    ms_per_gop: float
    ms_per_mb: float
    ms_per_kernel: float
    ms: float

    def predict(self, sample: Sample) -> float:
        """Return the milliseconds of a model."""
        return sum(c * x for c, x in zip(self, _row(sample), strict=True))


class Accuracy(NamedTuple):
    """How predictions compare with what was measured."""

    mape: float
    """Mean of |predicted / measured - 1|."""
    within_5: float
    """Share of samples, 0 to 1, whose error is at most 5 %."""
    within_10: float
    spearman: float
    """Correlation of ranks; 0 where one side is all alike."""
    kendall: float
    """Tau-b."""
    samples: int


def fit(samples: Sequence[Sample]) -> Coefficients:
    """Return the coefficients with the least squared relative error.

    Raises:
        ValueError: With no sample, or where nothing but zeros can be told from them.
    """
    rows = [tuple(x / sample.ms for x in _row(sample)) for sample in samples]
    found = least_squares(rows, free=3)
    return Coefficients(*found)


def fit_flops(samples: Sequence[Sample]) -> Callable[[Sample], float]:
    """Return the baseline: FLOPs times a number and a constant, fitted in the same way."""
    slope, constant = least_squares([(s.flops / s.ms, 1 / s.ms) for s in samples], free=1)
    return lambda sample: slope * sample.flops + constant


def cross_validated(
    samples: Sequence[Sample], make: Callable[[Sequence[Sample]], Callable[[Sample], float]]
) -> Accuracy:
    """Return how well each sample is foretold by a fit to all others."""
    foretold = [make([*samples[:n], *samples[n + 1 :]])(sample) for n, sample in enumerate(samples)]
    return accuracy(foretold, [sample.ms for sample in samples])


def accuracy(predicted: Sequence[float], measured: Sequence[float]) -> Accuracy:
    """Compare predictions with what was measured."""
    errors = [abs(p / m - 1) for p, m in zip(predicted, measured, strict=True)]
    count = len(errors)
    return Accuracy(
        sum(errors) / count,
        sum(error <= 0.05 for error in errors) / count,
        sum(error <= 0.10 for error in errors) / count,
        _correlation(_ranks(predicted), _ranks(measured)),
        _tau(predicted, measured),
        count,
    )


def _row(sample: Sample) -> tuple[float, float, float, float]:
    operations, moved, kernels = sample.amounts
    return operations / 1e9, moved / 1e6, float(kernels), 1.0


def least_squares(rows: Sequence[Sequence[float]], free: int | None = None) -> list[float]:
    """Solve rows x w = 1 with all of w but w[free] not negative, by trying all subsets.

    Raises:
        ValueError: With no row, or where nothing but zeros can be told from them.
    """
    width = len(rows[0]) if rows else 0
    best: tuple[float, list[float]] | None = None
    for chosen in _subsets(width):
        weights = _solved(rows, chosen)
        if weights is None or any(weights[n] < 0 for n in chosen if n != free):
            continue
        left = sum((sum(w * x for w, x in zip(weights, row, strict=True)) - 1) ** 2 for row in rows)
        if best is None or left < best[0]:
            best = (left, weights)
    if best is None:
        raise ValueError("nothing can be fitted to these samples")
    return best[1]


def _subsets(width: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, width + 1):
        yield from combinations(range(width), size)


def _solved(rows: Sequence[Sequence[float]], chosen: Sequence[int]) -> list[float] | None:
    """Solve the normal equations of the chosen columns; None where they depend on each other."""
    scale = [max(abs(row[n]) for row in rows) for n in chosen]
    if not all(scale):
        return None
    scaled = [[row[n] / size for n, size in zip(chosen, scale, strict=True)] for row in rows]
    size = len(chosen)
    matrix = [
        [sum(row[i] * row[j] for row in scaled) for j in range(size)]
        + [sum(row[i] for row in scaled)]
        for i in range(size)
    ]
    found = _eliminated(matrix)
    if found is None:
        return None
    weights = [0.0] * len(rows[0])
    for n, value, by in zip(chosen, found, scale, strict=True):
        weights[n] = value / by
    return weights


def _eliminated(matrix: list[list[float]]) -> list[float] | None:
    """Solve a system by Gaussian elimination; None where it has no single solution."""
    size = len(matrix)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(matrix[row][column]))
        if abs(matrix[pivot][column]) < _SINGULAR:
            return None
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        top = matrix[column]
        for row in range(size):
            if row != column:
                times = matrix[row][column] / top[column]
                matrix[row] = [a - times * b for a, b in zip(matrix[row], top, strict=True)]
    return [matrix[row][size] / matrix[row][row] for row in range(size)]


_SINGULAR = 1e-9
"""Below this a pivot of scaled columns is rounding."""


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; what is equal shares the mean of its ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and values[order[stop]] == values[order[start]]:
            stop += 1
        for position in order[start:stop]:
            ranks[position] = (start + stop + 1) / 2
        start = stop
    return ranks


def _correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Pearson's, which of ranks is Spearman's."""
    middle_left, middle_right = sum(left) / len(left), sum(right) / len(right)
    pairs = [(a - middle_left, b - middle_right) for a, b in zip(left, right, strict=True)]
    spread = (sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs)) ** 0.5
    return sum(a * b for a, b in pairs) / spread if spread else 0.0


def _tau(left: Sequence[float], right: Sequence[float]) -> float:
    agree, ties_left, ties_right, pairs = 0, 0, 0, 0
    for (a, b), (c, d) in combinations(zip(left, right, strict=True), 2):
        one, other = (a > c) - (a < c), (b > d) - (b < d)
        agree += one * other
        ties_left += not one
        ties_right += not other
        pairs += 1
    spread = ((pairs - ties_left) * (pairs - ties_right)) ** 0.5
    return agree / spread if spread else 0.0
