"""HW106."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hwlint.api import Finding, Layer, Reading, Rule
from hwlint_rules._alignment import misaligned
from hwlint_rules._dimensions import Dimension
from hwlint_rules._shapes import channels, features

__all__ = ["ThinChannels"]


class ThinChannels(Rule):
    """Layers with fewer channels than one tile of the device.

    What it checks
    --------------
    The channels of convolutions and the features of linear layers that are less than one tile of
    the profile, where the estimate shows that filling the tile up takes a noticeable share of the
    model's time. Early layers are thin on purpose, and images have three channels: what the task
    gives is left alone, and so is everything of which the time is not known.

    Why it costs
    ------------
    A tile is computed as a whole. With a tile of 32, 8 channels cost what 32 cost: three quarters
    of the unit are idle. More channels there are free, and fewer of such layers save time that
    their operations do not show.

    Example
    -------
        nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3)      # on large maps

    Use instead
    -----------
        nn.Conv2d(8, 32, 3, stride=2)               # narrower maps, whole tiles

    Fix safety
    ----------
    Unsafe: the number of parameters changes, so a checkpoint no longer fits and the model has to
    be trained again.

    Profile fields
    --------------
    `tiles` (layers "conv", "depthwise", "linear"), `reporting.thin_model_share`,
    `reporting.image_channels`.

    References
    ----------
    - https://docs.qualcomm.com/bundle/publicresource/80-63442-10/topics/htp_guidelines_low_depth_activations.md
    - https://docs.cloud.google.com/tpu/docs/performance-guide
    """

    code = "HW106"
    name = "thin-channels"
    default_severity = "info"
    example_devices = ("ethos-u55-128", "tpu-v5e")
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 64, 64)
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 128, 3)
                self.body = nn.Conv2d(128, 128, 3)
                self.head = nn.Conv2d(128, 5, 1)

            def forward(self, x):
                return self.head(self.body(self.stem(x)))
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.a = nn.Conv2d(width, width, 3)
                self.b = nn.Conv2d(width, width, 3)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 64, 64)
            def __init__(self, width=12):
                super().__init__()
                self.stem = nn.Conv2d(3, width, 3)
                self.body = nn.Sequential(*[nn.Conv2d(width, width, 3) for _ in range(4)])
                self.head = nn.Conv2d(width, 128, 3)

            def forward(self, x):
                return self.head(self.body(self.stem(x)))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each literal or call that makes thin layers."""
        return misaligned(reading, _dimensions, "layer", thin=True)


def _dimensions(reading: Reading, layer: Layer) -> Iterator[Dimension]:
    for dim in (*channels(reading, layer), *features(reading, layer)):
        yield replace(dim, thin=True)
