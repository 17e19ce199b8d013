"""HW101."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._alignment import misaligned
from hwlint_rules._shapes import channels

__all__ = ["MisalignedChannels"]


class MisalignedChannels(Rule):
    """Convolution channels that do not fill the device's tiles.

    What it checks
    --------------
    The input and output channels of every convolution that is built, with the numbers that reach
    it through arguments, configuration and arithmetic, against the smallest tile that the profile
    gives for the data type, the kind of convolution (plain, grouped, depthwise) and the operand.
    Missing a tile that is merely recommended is not reported, nor is a layer thinner than one
    tile. Left alone are image channels, counts of attention heads and of positions, numbers
    that are a few more than another on purpose (1 + 2 * width), squeeze-and-excite gates (they
    hold parameters but work on one position), and class counts and the ends of a model unless
    they cost much.

    Why it costs
    ------------
    Matrix units work on whole tiles: with a tile of t, c channels are computed as ceil(c / t) * t,
    or by a kernel with narrower, slower loads. The share of a layer that is padding is
    1 - c / (ceil(c / t) * t); with both channels off it is a product of the two.

    Example
    -------
        self.conv = nn.Conv2d(64, 100, 3)   # 100 is computed as 104 in tiles of 8

    Use instead
    -----------
        self.conv = nn.Conv2d(64, 104, 3)

    Fix safety
    ----------
    Unsafe: the number of parameters changes, so a checkpoint no longer fits and the model has to
    be trained again.

    Profile fields
    --------------
    `tiles` (layers "conv", "grouped", "depthwise"), `reporting.padding_layer_share`,
    `reporting.padding_model_share`, `reporting.slower_model_share`,
    `reporting.exempt_model_share`, `reporting.image_channels`.

    References
    ----------
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-convolutional/index.html
    - https://pypi.org/project/ethos-u-vela/ (estimates of the Ethos-U compiler)
    - https://github.com/google/XNNPACK (src/configs/gemm-config.c)
    """

    code = "HW101"
    name = "misaligned-channels"
    example_devices = ("h100-sxm", "ethos-u55-128")
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, width=96):
                super().__init__()
                self.stem = nn.Conv2d(3, width, 3)
                self.conv = nn.Conv2d(width, 2 * width, 3)
                self.head = nn.Conv2d(2 * width, 21, 1)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.conv = nn.Conv2d(width, width, 3)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, width=100):
                super().__init__()
                self.stem = nn.Conv2d(3, width, 3)
                self.conv = nn.Conv2d(width, width, 3)
                self.head = nn.Conv2d(width, 64, 1)

            def forward(self, x):
                return self.head(self.conv(self.stem(x)))
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, width=50):
                super().__init__()
                self.stem = nn.Conv2d(3, 64, 3)
                self.conv = nn.Conv2d(64, width * 2, 3)
                self.head = nn.Conv2d(width * 2, 64, 3)

            def forward(self, x):
                return self.head(self.conv(self.stem(x)))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each literal or call whose channels miss their tile."""
        return misaligned(reading, channels, "convolution", with_norms=True)
