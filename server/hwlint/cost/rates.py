"""How fast a device is at what, as its profile says: operations and bytes in a second."""

from dataclasses import dataclass
from math import ceil

from hwlint.cost.tensors import item_bytes
from hwlint.cost.work import Product
from hwlint.profile import Profile
from hwlint.profile.sourced import LayerKind

__all__ = ["Padded", "Rates", "wanting"]


@dataclass(frozen=True, slots=True)
class Padded:
    """A matrix product as the device computes it."""

    macs: int
    padding: float
    """Share of `macs` that fills up tiles, 0 to 1."""


def wanting(profile: Profile, dtype: str) -> str | None:
    """Return the field for want of which there is no estimate; None where there can be one."""
    if item_bytes(dtype) is None:
        return "a number format with a known size"
    if profile.achievable_ops(dtype) is None and profile.peak_ops(dtype) is None:
        return f"peak.tops.{dtype}"
    memory = profile.memory
    if profile.kind != "mcu" and _bandwidth(profile) is None:
        return "memory" if memory is None else "memory.bandwidth_gb_s"
    if profile.kind == "gpu" and (profile.dispatch is None or profile.dispatch.kernel_us is None):
        return "dispatch.kernel_us"
    return None


class Rates:
    """The rates of one device in one number format. Only where nothing is `wanting`."""

    def __init__(self, profile: Profile, dtype: str) -> None:
        self._profile = profile
        self._dtype = dtype
        self.peak = profile.peak_ops(dtype)
        """Operations in a second on paper; None where that is not known."""
        self._reached = profile.achievable_ops(dtype) or self.peak or 0.0
        shares = profile.achievable.peak_share if profile.achievable is not None else None
        self._shares = dict(shares) if shares is not None else dict[LayerKind, float]()
        self.overhead = _overhead(profile)
        """Seconds for starting one kernel."""
        self.bandwidth = _bandwidth(profile)
        """Bytes in a second from and to the outermost memory; None: it is not known, and models
        that fit the device stay on the chip."""
        memory = profile.memory
        self.cache = (memory.l2_mib or 0) * 2**20 if memory is not None else 0.0
        """Bytes that stay on the chip from one kernel to the next."""

    def operations(self, product: Product) -> float:
        """Return the operations in a second for a kind of layer."""
        share = self._shares.get(product.kind)
        if share is not None and self.peak is not None:
            return share * self.peak
        return self._reached

    def padded(self, product: Product) -> Padded:
        """Return a product filled up to the tiles of the profile."""
        rows = self._filled(product, "rows", product.rows)
        columns, depth, groups = product.columns, product.depth, product.groups
        if product.kind == "depthwise":
            groups = self._filled(product, "out", groups)
        else:
            columns = self._filled(product, "out", columns)
            filled = self._filled(product, "in", product.channels_in)
            depth = depth // product.channels_in * filled
        macs = rows * columns * depth * groups
        return Padded(macs, 1 - product.macs / macs if macs else 0.0)

    def _filled(self, product: Product, operand: str, size: int) -> int:
        """Fill one dimension. Where missing a tile means a slower kernel, the unit that does the
        work takes whole tiles as well: that much is certain, how much slower is not."""
        tile = self._profile.tile(self._dtype, product.kind, operand, product.kernel)
        if tile is None:
            return size
        return ceil(size / tile.minimum) * tile.minimum


def _overhead(profile: Profile) -> float:
    known = profile.dispatch.kernel_us if profile.dispatch is not None else None
    return (known or 0.0) * 1e-6


def _bandwidth(profile: Profile) -> float | None:
    memory = profile.memory
    if memory is None:
        return None
    if memory.bandwidth_gb_s is not None:
        return memory.bandwidth_gb_s * 1e9
    outer = [level.bandwidth_gb_s for level in memory.levels if level.bandwidth_gb_s is not None]
    return min(outer) * 1e9 if outer else None
