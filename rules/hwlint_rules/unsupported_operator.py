"""HW203."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._operators import finding, grouped, uses

__all__ = ["UnsupportedOperator"]


class UnsupportedOperator(Rule):
    """An operator that the way onto the device does not have.

    What it checks
    --------------
    Every layer that is built and every function that forward calls on what depends on the model's
    inputs, against what the profile says of it in the deployed data type. A layer that forward is
    known never to call does not count; a table of embeddings only where it is seen to be called,
    as many a one is there for its weights. Activations and norms
    have rules of their own (HW201, HW202). Left alone are operators of which the profile says
    nothing, what is computed from constants alone (exporters do that once), arithmetic on
    positions and masks, and division by a plain number, which is a scale.

    Why it costs
    ------------
    Where there is a host, the graph is cut: what was computed on the device is copied out,
    converted, computed on a slower core and copied in again, at every such operator. Where there
    is none, the program ends when it starts.

    Example
    -------
        self.embed = nn.Embedding(1000, 64)     # no gather on the NPU

    Use instead
    -----------
        # look the rows up before the model is called, and give it the vectors

    Fix safety
    ----------
    No fix: what to use instead is a question of the model.

    Profile fields
    --------------
    `operators.<dtype>.support`, `operators.<dtype>.functions`, `operators.<dtype>.why`,
    `deploy`.

    References
    ----------
    - https://pypi.org/project/ethos-u-vela/ (vela --supported-ops-report)
    - https://github.com/tensorflow/tflite-micro (micro_mutable_op_resolver.h)
    """

    code = "HW203"
    name = "unsupported-operator"
    example_devices = ("ethos-u55-128", "ethos-u65-256")
    VALID = (
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)

            def forward(self, x):
                scale = torch.gather(torch.arange(4.0), 0, torch.tensor([1]))
                return self.conv(x) / 8 * scale
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3, padding=1)
                self.bias = nn.Embedding(8, 8)

            def forward(self, x):
                return self.conv(x) + self.bias(torch.arange(8))
        """,
        """
        import torch
        import torch.nn as nn

        class Codebook(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Embedding(1000, 64)

            def forward(self, x, scale):
                return x @ self.table.weight.t() * scale
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = nn.Embedding(1000, 64)
                self.fc = nn.Linear(64, 64)

            def forward(self, x):
                return self.fc(self.embed(x))
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3, padding=1)

            def forward(self, x):
                order = x.argmax(1, keepdim=True)
                return torch.gather(self.conv(x), 1, order)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that asks for such an operator."""
        found = [use for use in uses(reading, ("none",)) if use.family not in _ELSEWHERE]
        return [finding(reading, use, others) for use, others in grouped(found)]


_ELSEWHERE = ("activation", "norm")
