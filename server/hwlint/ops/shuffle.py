"""Layers that move elements about: shuffles, folds, flattening."""

from hwlint.ops._rows import calls, is_plain, is_whole, items, layer
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
    layer("ChannelShuffle", "shuffle", "", "groups", forward=calls("channel_shuffle")),
    layer("PixelShuffle", "shuffle", "", "upscale_factor", forward=calls("pixel_shuffle")),
    layer("PixelUnshuffle", "shuffle", "", "downscale_factor", forward=calls("pixel_unshuffle")),
    layer("Fold", "shuffle", "", f"output_size, {_WINDOW}", forward=calls("fold")),
    layer("Unfold", "shuffle", "", _WINDOW, forward=calls("unfold")),
    layer(
        "Flatten",
        "shuffle",
        "",
        "start_dim=1, end_dim=-1",
        forward=calls("torch.flatten"),
    ),
    layer(
        "Unflatten",
        "shuffle",
        "",
        "dim, unflattened_size",
        check=_check_unflatten,
        forward=calls("torch.unflatten", given="sizes=unflattened_size"),
    ),
)
