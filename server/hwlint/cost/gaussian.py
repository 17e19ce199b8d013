"""Gaussian process regression in a few dimensions, for some dozens of points.

Rasmussen and Williams, Gaussian Processes for Machine Learning (2006): algorithm 2.1 for the
weights, equation 5.12 for what each point is foretold by all others.
"""

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

__all__ = ["Smooth", "likeness", "smooth"]

Point = Sequence[float]


class Smooth(NamedTuple):
    """A correction that was found."""

    reach: float
    weights: tuple[float, ...]
    left_out: tuple[float, ...]
    """What is foretold at each point by all others."""


def likeness(a: Point, b: Point, reach: float) -> float:
    """Return the squared exponential kernel of two points, 0 to 1."""
    return exp(-sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (2 * reach * reach))


def smooth(points: Sequence[Point], values: Sequence[float]) -> Smooth:
    """Return the correction that foretells left out points best (mean absolute error), among some
    length scales and noises; one of zeros where none is better than none."""
    none = Smooth(1.0, (0.0,) * len(points), (0.0,) * len(points))
    best, least = none, sum(map(abs, values))
    spread = (sum(v * v for v in values) / len(values)) ** 0.5
    if not spread:
        return none
    for reach in _REACHES:
        matrix = [[likeness(a, b, reach) for b in points] for a in points]
        for noise in _NOISES:
            inverse = _inverse(
                [[v + noise * (i == j) for j, v in enumerate(row)] for i, row in enumerate(matrix)]
            )
            weights = [sum(k * v for k, v in zip(row, values, strict=True)) for row in inverse]
            left_out = [
                v - w / row[i]
                for i, (v, w, row) in enumerate(zip(values, weights, inverse, strict=True))
            ]
            error = sum(abs(v - f) for v, f in zip(values, left_out, strict=True))
            if error < least:
                best, least = Smooth(reach, tuple(weights), tuple(left_out)), error
    return best


_REACHES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
_NOISES = (0.02, 0.1, 0.3, 1.0)
"""Variance of what is measured by chance, as a share of that of the correction."""


def _inverse(matrix: list[list[float]]) -> list[list[float]]:
    """Invert a positive definite matrix by Gauss and Jordan's elimination."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = rows[column][column]
        top = [value / pivot for value in rows[column]]
        rows[column] = top
        for other in range(size):
            times = rows[other][column]
            if other != column and times:
                rows[other] = [a - times * b for a, b in zip(rows[other], top, strict=True)]
    return [row[size:] for row in rows]
