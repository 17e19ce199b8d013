"""What kernels take by a profile that was calibrated: `Profile.calibrated`."""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import exp, log
from typing import NamedTuple

from hwlint.cost.gaussian import likeness
from hwlint.cost.work import Product
from hwlint.profile import Calibrated, PassTime, ProductTime

__all__ = ["CalibratedRates", "Spent", "parts_of", "place_of", "sizes_of"]


class Spent(NamedTuple):
    """Seconds of one operation, and of what."""

    seconds: float
    memory: float = 0.0
    overhead: float = 0.0


def sizes_of(product: Product, inputs: float) -> tuple[float, ...]:
    """Return what a point of a `ProductTime` says of a product. `inputs`: numbers of its first
    input."""
    said = (product.rows, product.depth, product.columns, product.groups, product.channels_in)
    return (*said, inputs)


def place_of(sizes: Sequence[float]) -> tuple[float, ...]:
    """Return where a product lies among others, from `sizes_of`: logarithms of rows, depth,
    columns and groups, of the window's area, and of how many numbers are read for one that a row
    starts from: a stride of two jumps over three of four, and kernels for that are others."""
    rows, depth, columns, groups, channels, inputs = (max(size, 1.0) for size in sizes)
    area, skipped = depth / channels, inputs / (rows * channels * groups)
    return (log(rows), log(depth), log(columns), log(groups), log(area), _STRIDE * log(skipped))


_STRIDE = 2.0
"""How much further apart different strides lie than sizes that differ as much."""


def parts_of(
    product: Product, macs: float, inputs: float
) -> tuple[float, float, float, float, float]:
    """Return what the sum of a `ProductTime` is made of, each to be multiplied by its field: 1,
    10^9 operations, 10^6 numbers of the input, of the other factor, of the result."""
    other = product.depth * product.columns * product.groups
    outputs = product.rows * product.columns * product.groups
    return 1.0, 2 * macs / 1e9, inputs / 1e6, other / 1e6, outputs / 1e6


class CalibratedRates:
    """What single operations take on a machine, each by its own curve."""

    def __init__(self, found: Calibrated, peak: float | None) -> None:
        """Take what was found; `peak`: operations in a second on paper, None where not known."""
        self._found = found
        self.peak = peak
        self.between = found.us_between / 1e6
        """Seconds more of a kernel that comes after another one."""

    def product(self, product: Product, macs: float, inputs: float, function: str) -> Spent | None:
        """Return what a product takes; None where no kind of product was timed."""
        curve = _curve_of(self._found.products, product, function)
        if curve is None:
            return None
        parts = parts_of(product, macs, inputs)
        factors = (
            curve.us,
            curve.us_per_gop,
            curve.us_per_mega_input,
            curve.us_per_mega_weight,
            curve.us_per_mega_output,
        )
        each = [part * factor for part, factor in zip(parts, factors, strict=True)]
        here = place_of(sizes_of(product, inputs))
        missed = sum(
            point[-1] * likeness(here, place_of(point[:-1]), curve.reach) for point in curve.points
        )
        times = exp(missed) / 1e6
        return Spent(sum(each) * times, sum(each[2:]) * times, each[0] * times)

    def passed(self, function: str, items: float) -> Spent:
        """Return what going through so many numbers takes."""
        points = self._passes.get(function) or self._passes.get("")
        if points is None or not items:
            return Spent(0.0)
        us, least = between(points, items), points[0][1]
        return Spent(us / 1e6, max(0.0, us - least) / 1e6, min(us, least) / 1e6)

    @cached_property
    def _passes(self) -> dict[str, Sequence[Sequence[float]]]:
        return {name: one.points for one in self._found.passes for name in _names(one)}


def between(points: Sequence[Sequence[float]], x: float) -> float:
    """Return y at x: straight between points on a logarithmic scale, the first y before them, in
    proportion to x behind them."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 * exp(log(y1 / y0) * log(x / x0) / log(x1 / x0))
    return points[-1][1] * x / points[-1][0]


def _names(one: PassTime) -> Sequence[str]:
    return one.functions or ("",)


def _curve_of(curves: Sequence[ProductTime], product: Product, function: str) -> ProductTime | None:
    """The curve that is most exactly about a product; where none is, the first one."""

    def fits(curve: ProductTime) -> tuple[bool, bool, bool]:
        return (
            function in curve.functions,
            product.kind in curve.layers and not curve.functions,
            curve.kernel in (product.kernel, "any"),
        )

    return max(curves, key=fits, default=None)
