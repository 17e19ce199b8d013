"""HW602."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._budgets import exceeded, too_large

__all__ = ["FlashBudget"]


class FlashBudget(Rule):
    """Weights that do not fit the flash they may use.

    What it checks
    --------------
    A budget `flash_kb` under `[[tool.hwlint.budgets]]` bounds the weights of one model on one
    device, each counted in the number format of the target; the program itself is not counted.
    Without a budget, the flash of the chip is the bound: a model whose weights alone are larger
    does not fit. The layers that hold most of them are named. A budget of a model that could not
    be read is HW005.

    Why it costs
    ------------
    Weights lie in flash beside the program. What does not fit cannot be flashed, or has to be
    fetched from a slower memory at every inference.

    Example
    -------
        [[tool.hwlint.budgets]]
        model = "pkg.net:Net"
        device = "stm32f446"
        flash_kb = 512

    Use instead
    -----------
        # fewer channels in the late layers, which hold most weights; or int4 weights

    Fix safety
    ----------
    No fix: what may go is a question of the model.

    Profile fields
    --------------
    `memory.flash_kib`.

    References
    ----------
    - https://github.com/mlcommons/tiny (benchmark/README.md)
    """

    code = "HW602"
    name = "flash-budget"
    default_severity = "error"
    example_devices = ("stm32h743",)
    example_budget = (("flash_kb", 64),)
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
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 32, 32)
            def __init__(self, width=8):
                super().__init__()
                self.conv = nn.Conv2d(3, width, 3)
                self.auxiliary = nn.Conv2d(width, 8192, 3)

            def forward(self, x):
                x = self.conv(x)
                if self.training:
                    return x, self.auxiliary(x)
                return x
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
        return (*exceeded(reading, "flash_kb"), *too_large(reading, "flash_kb"))
