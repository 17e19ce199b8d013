"""HW202."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._operators import costly

__all__ = ["FloatOnlyNormalization"]

_INSTEAD = {
    "GroupNorm": ("BatchNorm2d",),
    "InstanceNorm1d": ("BatchNorm1d",),
    "InstanceNorm2d": ("BatchNorm2d",),
    "InstanceNorm3d": ("BatchNorm3d",),
}
"""Norms whose statistics are constants at inference; a layer norm has no such stand-in."""


class FloatOnlyNormalization(Rule):
    """Normalisation layers without a kernel in the data type that is deployed.

    What it checks
    --------------
    Every normalisation layer that is built, against what the profile says of it in the deployed
    data type: run in float, not supported, or decomposed into several operators. Batch norms are
    fine on most devices: their statistics are constants at inference and fold into the layer
    before them.

    Why it costs
    ------------
    Layer, group and instance norms compute means and variances from the data at every inference.
    Integer runtimes have no kernel for that: they run a chain of means, squares, a reciprocal root
    and multiplications, each a pass over the tensor, or fall back to float.

    Example
    -------
        self.norm = nn.GroupNorm(8, 64)

    Use instead
    -----------
        self.norm = nn.BatchNorm2d(64)

    Fix safety
    ----------
    Unsafe: another norm computes something else, so the model has to be trained again; batch norms
    also need batches of some size in training.

    Profile fields
    --------------
    `operators.<dtype>.support`, `operators.<dtype>.why`, `deploy`.

    References
    ----------
    - https://arxiv.org/abs/1712.05877 (batch norm folding for integer inference)
    - https://github.com/google-ai-edge/LiteRT (tflite/delegates/xnnpack/README.md)
    """

    code = "HW202"
    name = "float-only-normalization"
    example_devices = ("ethos-u55-128", "stm32h743", "raspberry-pi-5")
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 64, 3, bias=False)
                self.norm = nn.BatchNorm2d(64)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, norm_layer=nn.LayerNorm):
                super().__init__()
                self.fc = nn.Linear(64, 64)
                self.norm = norm_layer(64)
        """,
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 64, 3, bias=False)
                self.norm = nn.GroupNorm(8, 64)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds such a norm."""
        change = "changes results: train again"
        return costly(reading, "norm", _INSTEAD, change)
