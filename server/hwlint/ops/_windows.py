"""How many windows fit: convolutions and pools."""

from collections.abc import Sequence
from math import ceil, floor

from hwlint.ops._dims import shown
from hwlint.ops.calls import Dim, Dims, ShapeMismatch

__all__ = ["placed", "scaled", "split_spatial", "windows"]


def placed(
    length: Dim, kernel: Dim, stride: Dim, before: Dim, dilation: Dim = 1, *, up: bool = False
) -> Dim:
    """Number of windows along one dimension with `before` items of padding on each side.

    `up`: round up as ceil_mode does, where the last window has to start inside.
    """
    if length is None or kernel is None or stride is None or before is None or dilation is None:
        return None
    span = length + 2 * before - dilation * (kernel - 1) - 1
    if stride <= 0:
        raise ShapeMismatch("stride should not be zero")
    if not up:
        return span // stride + 1
    count = -(-span // stride) + 1
    return count - 1 if (count - 1) * stride >= length + before else count


def windows(
    spatial: Dims,
    kernel: Sequence[Dim],
    stride: Sequence[Dim],
    padding: Sequence[Dim],
    dilation: Sequence[Dim],
    *,
    up: bool = False,
) -> Dims:
    """The spatial shape that a convolution or a pool gives; refuses a window that is too large."""
    found = tuple(
        placed(*dims, up=up)
        for dims in zip(spatial, kernel, stride, padding, dilation, strict=True)
    )
    if any(d is not None and d <= 0 for d in found):
        raise ShapeMismatch(
            f"window {shown(tuple(kernel))} is larger than the input {shown(spatial)}: "
            f"the output would be {shown(found)}"
        )
    return found


def split_spatial(shape: Dims, count: int, what: str) -> tuple[Dims, Dims]:
    """The leading dims (batch and channels, or channels alone) and the spatial ones."""
    if len(shape) not in (count + 1, count + 2):
        raise ShapeMismatch(
            f"{what} expects {count + 1}D (unbatched) or {count + 2}D (batched) input, "
            f"got {shown(shape)}"
        )
    return shape[:-count], shape[-count:]


def adapted(length: Dim, wanted: Dim) -> Dim:
    """One dimension of an adaptive pool."""
    return length if wanted is None else wanted


def scaled(length: Dim, factor: float | None) -> Dim:
    """One dimension of a resized image."""
    if length is None or factor is None:
        return None
    try:
        return floor(float(length) * factor)
    except (OverflowError, ValueError):  # infinite, or no number
        return None


def halves(total: int) -> tuple[int, int]:
    """Padding in front and behind where both add up to `total`."""
    return total // 2, ceil(total / 2)
