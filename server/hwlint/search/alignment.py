"""Which widths, kernels and operators a device likes."""

from collections.abc import Iterable, Iterator

from hwlint.engine.targets import Target
from hwlint.graph import Layer

__all__ = ["is_legal", "step_of", "widths_around"]

_WITHOUT_TILE = 8
"""Step of widths where the profile knows of none."""
_LEAST_STEPS = 4
"""A width that has fewer tiles than this is tried in parts of a tile as well."""
_TRIED = 4
"""How many widths are tried for one value: heads and groups do not divide all of them."""
_RATIOS = (0.5, 0.625, 0.75, 0.875, 1.125, 1.25, 1.5, 2.0)


def is_legal(op: str, target: Target) -> bool:
    """Whether nothing says that the device does not run an operator, by torch.nn's name or as a
    function."""
    profile, dtype = target.profile, target.dtype
    return "none" not in (profile.support(dtype, op), profile.supports_function(dtype, op))


def step_of(layers: Iterable[Layer], width: int, target: Target) -> int:
    """Return the step of widths: the largest tile that one of the layers has, smaller for what has
    only few of them."""
    tiles = [size for layer in layers for size in _tiles(layer, target)]
    step = max(tiles, default=_WITHOUT_TILE)
    while step > 1 and width < _LEAST_STEPS * step:
        step //= 2
    return max(1, step)


def _tiles(layer: Layer, target: Target) -> Iterator[int]:
    kind, kernel = _kind(layer)
    if kind:
        for operand in ("in", "out"):
            tile = target.profile.tile(target.dtype, kind, operand, kernel)
            if tile is not None:
                yield tile.minimum


def _kind(layer: Layer) -> tuple[str, str]:
    """Return how profiles name the kind of a layer and its kernel."""
    if layer.op in ("Linear", "MultiheadAttention"):
        return "linear", "any"
    if not layer.op.startswith("Conv"):
        return "", "any"
    groups, ins = layer.args["groups"].value, layer.args["in_channels"].value
    kernel = layer.args["kernel_size"].value
    size = "1x1" if isinstance(kernel, tuple) and set(kernel) == {1} else "kxk"  # pyright: ignore[reportUnknownArgumentType] - of numbers
    if groups == 1:
        return "conv", size
    return ("depthwise" if groups == ins else "grouped"), size


def widths_around(width: int, step: int) -> Iterator[tuple[int, ...]]:
    """Yield what is to be tried for each value that a width should get, the likeliest first: the
    multiples of a step just below and just above it, and those near some ratios between half and
    twice."""
    lowest, highest = max(1, -(-width // (2 * step))), max(1, 2 * width // step)
    every = [n for n in range(lowest, highest + 1) if n * step != width]
    below = [n for n in reversed(every) if n * step < width]
    above = [n for n in every if n * step > width]
    around = [sorted(every, key=lambda n, r=r: (abs(n * step - r * width), n)) for r in _RATIOS]
    for near in (below, above, *around):
        yield tuple(n * step for n in near[:_TRIED])
