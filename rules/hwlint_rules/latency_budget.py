"""HW601."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._budgets import exceeded

__all__ = ["LatencyBudget"]


class LatencyBudget(Rule):
    """A model that takes longer than it may.

    What it checks
    --------------
    A budget `latency_ms` under `[[tool.hwlint.budgets]]` bounds the time of one inference of one
    model on one device. It is compared with the estimate for the inputs that are configured. The
    lines that take most of the time are named. A budget of a model that could not be read, or
    without an estimate, is HW005.

    Why it costs
    ------------
    The time of every kernel is its work over the rate that is reached, or its bytes over the
    bandwidth, whichever is longer, and what it takes to start it. A frame, a control loop or a
    user does not wait.

    Example
    -------
        [[tool.hwlint.budgets]]
        model = "pkg.net:Net"
        device = "stm32h743"
        latency_ms = 50

    Use instead
    -----------
        # fewer or narrower layers at the lines that are named; `hwlint inspect --device` shows all

    Fix safety
    ----------
    No fix: what may go is a question of the model.

    Profile fields
    --------------
    `memory`.

    References
    ----------
    - https://doi.org/10.1145/1498765.1498785 (Roofline)
    """

    code = "HW601"
    name = "latency-budget"
    default_severity = "error"
    example_devices = ("h100-sxm",)
    example_budget = (("latency_ms", 0.007),)
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
        return exceeded(reading, "latency_ms")
