"""HW603."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._budgets import exceeded

__all__ = ["SramBudget"]


class SramBudget(Rule):
    """Activations that do not fit the SRAM they may use.

    What it checks
    --------------
    A budget `sram_kb` under `[[tool.hwlint.budgets]]` bounds the inputs and activations that are
    alive at one time, in the order in which the model runs, each counted in the number format of
    the target. The lines whose results are alive at the peak are named. A budget of a model that
    could not be read is HW005. What no device of that kind could hold is HW503.

    Why it costs
    ------------
    Activations have to lie in SRAM while they are needed. What exceeds it ends the program when
    its memory is planned.

    Example
    -------
        [[tool.hwlint.budgets]]
        model = "pkg.net:Net"
        device = "stm32h743"
        sram_kb = 300

    Use instead
    -----------
        # a stride earlier in the model, or fewer channels where the map is largest

    Fix safety
    ----------
    No fix: what may go is a question of the model.

    Profile fields
    --------------
    None: the budget says what there is.

    References
    ----------
    - https://arxiv.org/abs/2110.15352 (MCUNetV2: the first layers set the peak)
    """

    code = "HW603"
    name = "sram-budget"
    default_severity = "error"
    example_devices = ("stm32h743",)
    example_budget = (("sram_kb", 64),)
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
        return exceeded(reading, "sram_kb")
