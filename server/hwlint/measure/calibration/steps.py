"""Steps in what a layer takes as it gets wider: the tiles that a machine computes in."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from statistics import median
from typing import cast

from hwlint.measure.calibration.cases import Case
from hwlint.profile import Tile
from hwlint.profile.shapes import Operand
from hwlint.profile.sourced import LayerKind

__all__ = ["DTYPE", "curves_by_width", "tiles_of"]

DTYPE = "fp32"
_TILES = (4, 8, 16, 32, 64)
_EXPLAINS = 0.6
"""A tile leaves at most this share of what a straight line leaves unexplained (squares)."""
_STEP = 0.03
"""Least share by which one channel beyond a tile costs more than that channel's share."""
_WIDTHS = 12
"""Widths that have to be timed before anything is said."""


def curves_by_width(
    cases: Sequence[Case], times: Mapping[str, float]
) -> Mapping[str, Mapping[int, float]]:
    """Return seconds by width for each operand that was gone over: "linear in", "conv out"."""
    found: dict[str, dict[int, float]] = {}
    for case in cases:
        if case.group and case.group != "row" and case.id in times:
            found.setdefault(case.group, {})[int(case.items)] = times[case.id]
    return found


def tiles_of(cases: Sequence[Case], times: Mapping[str, float]) -> Iterator[Tile]:
    """Yield the tiles that explain the times better than the widths themselves do."""
    for group, curve in curves_by_width(cases, times).items():
        tile = _tile(curve)
        if tile is not None:
            layer, _, operand = group.partition(" ")
            yield Tile(
                dtypes=(DTYPE,),
                layers=(cast("LayerKind", layer),),
                operands=(cast("Operand", operand),),
                minimum=tile,
                unit="measured step",
                source=("timed",),
                evidence="measured",
            )


def _tile(curve: Mapping[int, float]) -> int | None:
    if len(curve) < _WIDTHS:
        return None
    straight = _left(curve, 1)
    left = {tile: _left(curve, tile) for tile in _TILES}
    best = min(_TILES, key=left.__getitem__)
    steps = [
        curve[n + 1] / curve[n] - (n + 1) / n for n in curve if n % best == 0 and n + 1 in curve
    ]
    if left[best] > _EXPLAINS * straight or not steps or median(steps) < _STEP:
        return None
    return best


def _left(curve: Mapping[int, float], tile: int) -> float:
    """Squares of the relative errors of a line over widths that are filled up to tiles, each
    width weighing alike."""
    points = [(ceil(n / tile) * tile, seconds) for n, seconds in curve.items()]
    weights = [1 / seconds**2 for _, seconds in points]
    total = sum(weights)
    x = sum(w * n for w, (n, _) in zip(weights, points, strict=True)) / total
    y = sum(w * s for w, (_, s) in zip(weights, points, strict=True)) / total
    spread = sum(w * (n - x) ** 2 for w, (n, _) in zip(weights, points, strict=True))
    both = sum(w * (n - x) * (s - y) for w, (n, s) in zip(weights, points, strict=True))
    slope = both / spread if spread else 0.0
    return sum(((y + slope * (n - x)) / s - 1) ** 2 for n, s in points)
