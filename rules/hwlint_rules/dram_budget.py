"""HW605."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._budgets import exceeded, too_large

__all__ = ["DramBudget"]


class DramBudget(Rule):
    """Weights and activations that do not fit the memory they may use.

    What it checks
    --------------
    A budget `dram_mb` under `[[tool.hwlint.budgets]]` bounds the weights of one model on one
    device together with the activations that are alive at one time, each counted in the number
    format of the target. Without a budget, the memory of the device is the bound. The lines that
    hold most are named. A budget of a model that could not be read is HW005.

    Why it costs
    ------------
    What does not fit is not run, or is swapped at every inference over a link that is a hundred
    times slower than the memory.

    Example
    -------
        [[tool.hwlint.budgets]]
        model = "pkg.net:Net"
        device = "jetson-orin-nano-8gb"
        dram_mb = 4096

    Use instead
    -----------
        # a smaller model, fewer bits for its weights, or several devices

    Fix safety
    ----------
    No fix: what may go is a question of the model.

    Profile fields
    --------------
    `memory.dram_gb`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/torch_cuda_memory.html
    """

    code = "HW605"
    name = "dram-budget"
    default_severity = "error"
    example_devices = ("h100-sxm",)
    example_budget = (("dram_mb", 1),)
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
        return (*exceeded(reading, "dram_mb"), *too_large(reading, "dram_mb"))
