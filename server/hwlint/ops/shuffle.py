"""Layers that move elements about: shuffles, folds, flattening."""

from hwlint.ops._rows import is_plain, is_whole, items, layer
from hwlint.ops.spec import Values

__all__ = ["ROWS"]

_WINDOW = "kernel_size, dilation=1, padding=0, stride=1"


def _check_unflatten(values: Values) -> None:
    size = values["unflattened_size"]
    if is_plain(size) and not isinstance(size, tuple | list):
        kind = type(size).__name__
        raise TypeError(f"unflattened_size must be a tuple of ints, but found type {kind}")
    for index, item in enumerate(items(values["unflattened_size"])):
        if is_plain(item) and not is_whole(item):
            raise TypeError(
                "unflattened_size must be tuple of ints, "
                f"but found element of type {type(item).__name__} at pos {index}"
            )


ROWS = (
    layer("ChannelShuffle", "shuffle", "", "groups"),
    layer("PixelShuffle", "shuffle", "", "upscale_factor"),
    layer("PixelUnshuffle", "shuffle", "", "downscale_factor"),
    layer("Fold", "shuffle", "", f"output_size, {_WINDOW}"),
    layer("Unfold", "shuffle", "", _WINDOW),
    layer("Flatten", "shuffle", "", "start_dim=1, end_dim=-1"),
    layer("Unflatten", "shuffle", "", "dim, unflattened_size", check=_check_unflatten),
)
