"""How fast a device is at what, as its profile says."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from hwlint.cost.calibrated import CalibratedRates
from hwlint.cost.tensors import item_bytes
from hwlint.cost.work import Product
from hwlint.profile import Fit, Profile
from hwlint.profile.sourced import LayerKind

__all__ = ["Fitted", "Rates", "Roof", "Roofline", "calibrated_of", "rates_of", "roof_of", "wanting"]


class Roof(NamedTuple):
    """What no kernel can exceed, by the profile."""

    ops: float
    """Operations in a second at the peak; one multiply-accumulate is two."""
    bandwidth: float | None
    """Bytes in a second from and to the outermost memory; None where no one rate is known."""


def roof_of(profile: Profile, dtype: str) -> Roof | None:
    """Return the roof of the roofline model (Williams, Waterman, Patterson 2009: attainable rate =
    min(peak, bandwidth x operations per byte)); None where the profile has no peak rate."""
    ops = profile.peak_ops(dtype)
    if ops is None:
        return None
    # An engine that works in blocks keeps maps in another memory than weights: no one rate holds.
    blocks = profile.blocks is not None and dtype in profile.blocks.dtypes
    return Roof(ops, None if blocks else _bandwidth(profile))


class Rates(Protocol):
    """What turns amounts into seconds."""

    overhead: float
    """Seconds for starting one kernel."""
    constant: float
    """Seconds that each run takes on top of its kernels."""
    cache: float
    """Bytes that stay on the chip from one kernel to the next."""
    peak: float | None
    """Operations in a second on paper; None where that is not known."""

    def compute(self, product: Product, macs: float) -> float:
        """Return the seconds for multiply-accumulates of one kind of layer."""
        ...

    def other(self, outputs: float, loads: float) -> float:
        """Return the seconds of computing outside of products: numbers that an operation makes,
        and numbers that it looks at more than once."""
        ...

    def memory(self, moved: float, touched: float) -> float:
        """Return the seconds for bytes from and to the outermost memory (`moved`), of all that a
        kernel loads and stores (`touched`)."""
        ...

    def together(self, compute: float, memory: float) -> float:
        """Return the seconds of a kernel without its overhead."""
        ...


def wanting(profile: Profile, dtype: str) -> str | None:
    """Return the field for want of which there is no estimate; None where there can be one."""
    if item_bytes(dtype) is None:
        return "a number format with a known size"
    if dtype in profile.fits or dtype in profile.calibrated:
        return None
    if profile.blocks is not None and dtype in profile.blocks.dtypes:
        return None
    if profile.achievable_ops(dtype) is None:
        if profile.peak_ops(dtype) is None:
            return f"achievable.tops.{dtype}"
        if not _shares(profile):
            return "achievable.peak_share"
    memory = profile.memory
    if profile.kind != "mcu" and _bandwidth(profile) is None:
        return "memory" if memory is None else "memory.bandwidth_gb_s"
    if profile.kind == "gpu" and (profile.dispatch is None or profile.dispatch.kernel_us is None):
        return "dispatch.kernel_us"
    return None


def rates_of(profile: Profile, dtype: str) -> Rates:
    """Return the rates of a device in a number format; only where nothing is `wanting`."""
    fit = profile.fits.get(dtype)
    if fit is not None:
        return Fitted(fit, profile, dtype)
    return Roofline(profile, dtype)


def calibrated_of(profile: Profile, dtype: str) -> CalibratedRates | None:
    """Return what operations take on a machine that was calibrated in a number format; None where
    it was not, or where a fit to measured models goes before that."""
    found = profile.calibrated.get(dtype)
    if found is None or dtype in profile.fits:
        return None
    return CalibratedRates(found, profile.peak_ops(dtype))


class Roofline:
    """Rates on paper and as reached: a kernel takes as long as computing or moving its bytes
    does, whichever is longer."""

    constant = 0.0

    def __init__(self, profile: Profile, dtype: str) -> None:
        self.peak = profile.peak_ops(dtype)
        self._shares = _shares(profile)
        shares = [*self._shares.values(), 0.0]
        peak = self.peak or 0.0
        # An engine whose blocks are known needs no rate: it only shares out what they take.
        self._reached = profile.achievable_ops(dtype) or max(shares) * peak or peak
        self._effort = profile.effort
        self._vector = _vector(profile)
        self.overhead = _overhead(profile)
        self._bandwidth = _bandwidth(profile)
        memory = profile.memory
        self.cache = (memory.l2_mib or 0) * 2**20 if memory is not None else 0.0

    def compute(self, product: Product, macs: float) -> float:
        """Return the seconds at the rate that is reached, with what finishing the outputs takes."""
        effort = self._effort
        if effort is None:
            return 2 * macs / self._rate(product.kind)
        outputs = product.rows * product.columns * product.groups
        macs = macs * effort.relative.get(product.kind, 1.0) + effort.per_output * outputs
        return 2 * macs / self._reached

    def _rate(self, kind: LayerKind) -> float:
        share = self._shares.get(kind)
        if share is not None and self.peak is not None:
            return share * self.peak
        if kind == "depthwise" and self._vector is not None:
            return min(self._vector, self._reached)
        return self._reached

    def other(self, outputs: float, loads: float) -> float:
        """Return what finishing the outputs takes, where that is known: elsewhere such work waits
        for memory."""
        if self._effort is None:
            return 0.0
        return 2 * (outputs * self._effort.per_output + loads) / self._reached

    def memory(self, moved: float, touched: float) -> float:
        """Return the seconds for what leaves the chip; none where a model stays on it."""
        del touched
        return moved / self._bandwidth if self._bandwidth else 0.0

    def together(self, compute: float, memory: float) -> float:
        """Return the longer of the two: they overlap."""
        return max(compute, memory)


class Fitted:
    """Fitted to measured models: time = a x operations + b x bytes + c x kernels + d."""

    cache = 0.0

    def __init__(self, fit: Fit, profile: Profile, dtype: str) -> None:
        self._fit = fit
        self.peak = profile.peak_ops(dtype)
        self.overhead = fit.ms_per_kernel / 1e3
        self.constant = fit.ms / 1e3

    def compute(self, product: Product, macs: float) -> float:
        """Return a x operations."""
        del product
        return 2 * macs * self._fit.ms_per_gop / 1e12

    def other(self, outputs: float, loads: float) -> float:
        """Return nothing: bytes and kernels stand for it."""
        del outputs, loads
        return 0.0

    def memory(self, moved: float, touched: float) -> float:
        """Return b x bytes that are loaded and stored."""
        del moved
        return touched * self._fit.ms_per_mb / 1e9

    def together(self, compute: float, memory: float) -> float:
        """Return the sum."""
        return compute + memory


def _shares(profile: Profile) -> Mapping[LayerKind, float]:
    return profile.achievable.peak_share if profile.achievable is not None else {}


def _vector(profile: Profile) -> float | None:
    """Operations in a second of a GPU outside of its matrix units, which take no convolutions of
    one channel each."""
    return profile.peak_ops("fp32") if profile.kind == "gpu" else None


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
