"""HW606."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._runs import home
from hwlint_rules._text import count

__all__ = ["NoFpu"]


class NoFpu(Rule):
    """Floating point on a core that has none.

    What it checks
    --------------
    Models that are deployed in a floating-point type to a device of which the profile says that
    its core computes no floats in hardware. Single operators that run in float in an integer model
    are a matter of HW201, HW202 and HW206.

    Why it costs
    ------------
    Every float operation is a call of a routine of some dozens of integer instructions, where a
    core with a floating-point unit takes one to three.

    Example
    -------
        devices = ["rp2040"]
        dtype = "fp32"

    Use instead
    -----------
        dtype = "int8"      # and quantise the model

    Fix safety
    ----------
    No fix: quantising changes results.

    Profile fields
    --------------
    `core.floats`.

    References
    ----------
    - https://datasheets.raspberrypi.com/rp2040/rp2040-product-brief.pdf
    - https://developer.arm.com/Processors/Cortex-M0-Plus
    """

    code = "HW606"
    name = "no-fpu"
    example_devices = ("rp2040 fp32",)
    VALID = (
        """
        import torch.nn as nn

        def helper(width):
            return [width]
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield at most one finding for a model."""
        core, graph = reading.profile.core, reading.graph
        if graph is None or core is None or core.floats is None or core.floats:
            return
        layers = sum(number for layer, number in graph.layers.items() if layer.params)
        if layers and reading.dtype.startswith(("fp", "bf")):
            yield Finding(
                home(graph),
                f"{reading.dtype} is emulated in software: {count(layers, 'layer')} with weights",
                f"{core.architecture or 'the core'} has no floating-point unit [{core.evidence}]",
                "quantise the model to int8",
                severity="warning",
            )
