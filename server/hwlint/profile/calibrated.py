"""How long single operations take on a machine, as `hwlint device calibrate` found it."""

from attrs import frozen

from hwlint.profile.shapes import Kernel
from hwlint.profile.sourced import LayerKind, Sourced

__all__ = ["Calibrated", "PassTime", "ProductTime"]


@frozen(kw_only=True)
class ProductTime:
    """What one kind of layer takes: a sum of parts, corrected by what the sum missed at sizes that
    were timed (Gaussian process regression of the logarithm, with a squared exponential kernel)."""

    layers: tuple[LayerKind, ...]
    """Which layers."""
    kernel: Kernel = "any"
    """Of convolutions: only kernels of one point, only larger ones, or both."""
    functions: tuple[str, ...] = ()
    """Only these functions of torch; empty: all that no other entry names."""
    us: float = 0.0
    """Microseconds for starting it."""
    us_per_gop: float = 0.0
    """For 10^9 operations; one multiply-accumulate is two, tiles filled up."""
    us_per_mega_input: float = 0.0
    """For 10^6 numbers of the input."""
    us_per_mega_weight: float = 0.0
    """For 10^6 numbers of the other factor: the weights, of a product of activations the second."""
    us_per_mega_output: float = 0.0
    """For 10^6 numbers of the result."""
    reach: float = 1.0
    """Length scale of the correction, in natural logarithms of sizes."""
    points: tuple[tuple[float, ...], ...] = ()
    """Rows, depth, columns, groups, channels of one group and numbers of the input of each product
    that was timed, and its weight in the correction."""
    error: float | None = None
    """Mean relative error, 0 to 1, each product foretold by a fit to all others."""


@frozen(kw_only=True)
class PassTime:
    """What functions take that go through numbers once."""

    functions: tuple[str, ...] = ()
    """Names of torch's functions; empty: all that no other entry names."""
    points: tuple[tuple[float, ...], ...]
    """How many numbers (of the input or of the result, whichever are more; of a pooling, as often
    as windows overlap), and microseconds: rising, straight on a logarithmic scale in between."""


@frozen(kw_only=True)
class Calibrated(Sourced):
    """What kernels take in one number format, timed on the machine. It goes before all rates."""

    runner: str
    """What ran them: "torch", "torch-compile", "onnxruntime"."""
    threads: int
    """Threads of one operator."""
    products: tuple[ProductTime, ...] = ()
    """Layers that multiply matrices."""
    passes: tuple[PassTime, ...] = ()
    """All else."""
    us_between: float = 0.0
    """Microseconds more that a kernel takes after another one than over and over by itself."""
