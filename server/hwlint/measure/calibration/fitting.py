"""From what was timed to what a profile says of it."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp, log
from statistics import median
from typing import NamedTuple, cast

from hwlint.cost.calibrated import parts_of, place_of, sizes_of
from hwlint.cost.fit import least_squares
from hwlint.cost.gaussian import smooth
from hwlint.cost.plan import padded
from hwlint.measure.calibration.cases import Case
from hwlint.measure.calibration.steps import DTYPE, tiles_of
from hwlint.measure.paces import BEST, DISTURBED
from hwlint.measure.samples import quantile
from hwlint.profile import PassTime, ProductTime, Profile, Tile
from hwlint.profile.shapes import Kernel
from hwlint.profile.sourced import LayerKind

__all__ = ["Curves", "Times", "curves_of", "times_of"]

LEAST = 6
"""Products of one kind that a curve takes."""
_NOISY = 0.5
"""A visit whose samples spread (interquartile range over median) by more than this is not used."""

_FEWEST = 3
"""Undisturbed samples that a visit needs, as the runner takes them."""

Times = Mapping[str, float]
"""Seconds by id of the case."""


class Curves(NamedTuple):
    """What operations take."""

    products: tuple[ProductTime, ...]
    passes: tuple[PassTime, ...]
    tiles: tuple[Tile, ...]
    """Steps that were found in widths."""
    us_between: float
    """See `Calibrated`."""
    timed: int
    """How many operations they were fitted to."""


def times_of(visits: Sequence[Mapping[str, object]]) -> Times:
    """Return what each case takes: of each visit its first quartile, which others on the machine
    disturb least, and of several visits the median; noisy ones, and such as were disturbed all the
    time, count where there is no other."""
    calm: dict[str, list[float]] = {}
    every: dict[str, list[float]] = {}
    most = _slowest_pace(visits)
    for visit in visits:
        samples = visit.get("seconds")
        if not isinstance(samples, list) or not samples:
            continue
        whole = cast("list[float]", samples)
        paces = cast("list[float]", visit.get("pace") or [0.0] * len(whole))
        quiet = [s for s, pace in zip(whole, paces, strict=True) if pace <= most]
        ordered = sorted(quiet or whole)
        first, middle, third = (ordered[int(q * (len(ordered) - 1))] for q in (0.25, 0.5, 0.75))
        every.setdefault(str(visit["id"]), []).append(first)
        if len(quiet) >= _FEWEST and third - first <= _NOISY * middle:
            calm.setdefault(str(visit["id"]), []).append(first)
    return {name: median(calm.get(name, values)) for name, values in every.items()}


def _slowest_pace(visits: Sequence[Mapping[str, object]]) -> float:
    """Return the pace beyond which a sample was disturbed: see `Pace` of the runners."""
    paces = [pace for visit in visits for pace in cast("list[float]", visit.get("pace") or ())]
    return DISTURBED * quantile(paces, BEST) if paces else 0.0


def curves_of(cases: Sequence[Case], times: Times) -> Curves:
    """Fit what was timed."""
    timed = [(case, times[case.id] * 1e6) for case in cases if case.id in times and not case.group]
    tiles = tuple(tiles_of(cases, times))
    stepped = Profile(id="", name="", kind="cpu", default_dtype=DTYPE, tiles=tiles)
    products = tuple(_products([(c, us) for c, us in timed if c.product is not None], stepped))
    passes = tuple(_passes([(c, us) for c, us in timed if c.product is None]))
    return Curves(products, passes, tiles, _between(cases, times), len(timed))


def _between(cases: Sequence[Case], times: Times) -> float:
    """What operations in a row take more than each of them over and over, for each but the first:
    the median over the rows, not below zero."""
    more: list[float] = []
    for case in cases:
        if case.parts and all(name in times for name in (case.id, *case.parts)):
            alone = sum(times[name] for name in case.parts)
            more.append((times[case.id] - alone) * 1e6 / (len(case.parts) - 1))
    return max(0.0, median(more)) if more else 0.0


def _products(timed: Sequence[tuple[Case, float]], stepped: Profile) -> Iterator[ProductTime]:
    families: dict[tuple[LayerKind, Kernel, str], list[tuple[Case, float]]] = {}
    for case, us in timed:
        assert case.product is not None
        kernel: Kernel = "any"
        if case.product.kind == "conv":
            kernel = "1x1" if case.product.kernel == "1x1" else "kxk"
        families.setdefault((case.product.kind, kernel, case.function), []).append((case, us))
    known = {key: members for key, members in families.items() if len(members) >= LEAST}
    for (kind, kernel, function), members in sorted(known.items()):
        yield _product(kind, kernel, function, members, stepped)


def _product(
    kind: LayerKind,
    kernel: Kernel,
    function: str,
    members: Sequence[tuple[Case, float]],
    stepped: Profile,
) -> ProductTime:
    rows = [_row(case, stepped) for case, _ in members]
    found = least_squares(
        [[part / us for part in row] for row, (_, us) in zip(rows, members, strict=True)]
    )
    told = [sum(f * part for f, part in zip(found, row, strict=True)) for row in rows]
    missed = [log(us / max(t, us / 1e3)) for t, (_, us) in zip(told, members, strict=True)]
    sizes = [sizes_of(case.product, case.inputs) for case, _ in members if case.product is not None]
    places = [place_of(each) for each in sizes]
    correction = smooth(places, missed)
    errors = [abs(exp(left - m) - 1) for left, m in zip(correction.left_out, missed, strict=True)]
    return ProductTime(
        layers=(kind,),
        kernel=kernel,
        functions=(function,) if function else (),
        us=found[0],
        us_per_gop=found[1],
        us_per_mega_input=found[2],
        us_per_mega_weight=found[3],
        us_per_mega_output=found[4],
        reach=correction.reach,
        points=tuple(
            (*map(round, each), weight)
            for each, weight in zip(sizes, correction.weights, strict=True)
        )
        if any(correction.weights)
        else (),
        error=sum(errors) / len(errors),
    )


def _row(case: Case, stepped: Profile) -> tuple[float, ...]:
    """Parts of a product with its tiles filled up, as an estimate has them."""
    assert case.product is not None
    return parts_of(case.product, padded(case.product, stepped, DTYPE).macs, case.inputs)


_USUAL = ("relu", "add", "mul", "sigmoid", "exp")
"""What a function is taken for that was not timed."""


def _passes(timed: Sequence[tuple[Case, float]]) -> Iterator[PassTime]:
    by_name: dict[str, dict[float, float]] = {}
    for case, us in timed:
        by_name.setdefault(case.function, {})[case.items] = us
    for name, points in sorted(by_name.items()):
        yield PassTime(functions=(name,), points=_rising(points))
    usual = [by_name[name] for name in _USUAL if name in by_name]
    sizes = {size for points in usual for size in points}
    if usual:
        middle = {s: median(p[s] for p in usual if s in p) for s in sizes}
        yield PassTime(points=_rising(middle))


def _rising(points: Mapping[float, float]) -> tuple[tuple[float, ...], ...]:
    """Points in order; one that is dearer than a larger one is taken for noise."""
    found: list[tuple[float, float]] = []
    for size in sorted(points, reverse=True):
        us = min(points[size], found[-1][1]) if found else points[size]
        found.append((size, us))
    return tuple(reversed(found))
