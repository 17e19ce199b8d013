"""HW604."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._budgets import exceeded

__all__ = ["EnergyBudget"]


class EnergyBudget(Rule):
    """A model that takes more energy than it may.

    What it checks
    --------------
    A budget `energy_mj` under `[[tool.hwlint.budgets]]` bounds the energy of one inference of one
    model on one device, which is estimated from the profile's power and the time, or from its
    energy for operations and bytes. The lines that take most of it are named. Where the profile
    has no such numbers the budget cannot be judged, which is HW005.

    Why it costs
    ------------
    A battery holds so many joules. What an inference takes is work done and bytes moved, and the
    power that the device draws while it waits for both.

    Example
    -------
        [[tool.hwlint.budgets]]
        model = "pkg.net:Net"
        device = "nrf52840"
        energy_mj = 5

    Use instead
    -----------
        # fewer bytes before fewer operations: narrower layers, int8 instead of floats

    Fix safety
    ----------
    No fix: what may go is a question of the model.

    Profile fields
    --------------
    `power.active_w`.

    References
    ----------
    - https://doi.org/10.1109/ISSCC.2014.6757323 (energy of operations and bytes)
    """

    code = "HW604"
    name = "energy-budget"
    default_severity = "error"
    example_devices = ("stm32l4r5",)
    example_budget = (("energy_mj", 1),)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 32, 32)
            def __init__(self, width=8):
                super().__init__()
                self.conv = nn.Conv2d(3, width, 3)

            def forward(self, x):
                return self.conv(x)
        """,
        """
        import torch.nn as nn

        class Other(nn.Module):
            # hwlint: input(1, 3, 64, 64)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 2048, 3)

            def forward(self, x):
                return self.conv(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 64, 64)
            def __init__(self, width=2048):
                super().__init__()
                self.conv = nn.Conv2d(3, width, 3)
                self.last = nn.Conv2d(width, 8, 3)

            def forward(self, x):
                return self.last(self.conv(x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each budget of the model that is exceeded."""
        return exceeded(reading, "energy_mj")
