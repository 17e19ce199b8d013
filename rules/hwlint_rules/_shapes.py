"""Channel and feature counts of a layer with the tiles that they should fill."""

from collections.abc import Iterator
from typing import cast

from hwlint.api import LAYERS, Layer, Reading
from hwlint_rules._dimensions import Dimension
from hwlint_rules._text import number

__all__ = ["channels", "features"]


def channels(reading: Reading, layer: Layer) -> Iterator[Dimension]:
    """Yield the channel counts of a convolution for which the profile has a tile.

    Of grouped convolutions the channels of one group count, which are a matter of their own.
    """
    if LAYERS[layer.op].family != "conv":
        return
    groups = number(layer.args.get("groups"))
    ends = {end: number(layer.args.get(f"{end}_channels")) for end in ("in", "out")}
    if groups is None or None in ends.values() or 1 < groups != ends["in"]:
        return
    kind = "conv" if groups == 1 else "depthwise"
    kernel = _kernel(layer)
    for end, count in ends.items():
        tile = reading.profile.tile(reading.dtype, kind, end, kernel)
        if tile is not None and count is not None:
            yield Dimension(layer, end, layer.args[f"{end}_channels"], count, tile)


def features(reading: Reading, layer: Layer) -> Iterator[Dimension]:
    """Yield the feature counts of a linear layer for which the profile has a tile."""
    if layer.op != "Linear":
        return
    for end in ("in", "out"):
        argument = layer.args.get(f"{end}_features")
        count = number(argument)
        tile = reading.profile.tile(reading.dtype, "linear", end)
        if tile is not None and argument is not None and count is not None:
            yield Dimension(layer, end, argument, count, tile)


def _kernel(layer: Layer) -> str:
    argument = layer.args.get("kernel_size")
    value = argument.value if argument is not None and argument.known else None
    if isinstance(value, int):
        return "1x1" if value == 1 else "kxk"
    if not isinstance(value, tuple) or None in value:
        return "any"
    return "1x1" if set(cast("tuple[object, ...]", value)) == {1} else "kxk"
