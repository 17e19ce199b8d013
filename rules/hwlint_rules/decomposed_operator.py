"""HW205."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._operators import finding, grouped, uses

__all__ = ["DecomposedOperator"]


class DecomposedOperator(Rule):
    """An operator that becomes several others on its way onto the device.

    What it checks
    --------------
    Every layer that is built and every function that forward calls, against what the profile says
    of it in the deployed data type: whether the exporter takes it apart. Activations and norms
    have rules of their own (HW201, HW202). An operator of which the profile says nothing is not
    reported, nor is one that takes less of the model's time than is worth a line.

    Why it costs
    ------------
    Each part reads its input from memory and writes its output there, where one kernel would read
    and write once, and each part has a rounding of its own.

    Example
    -------
        self.rnn = nn.LSTM(40, 64)      # products, slices and activations for every step

    Use instead
    -----------
        self.conv = nn.Conv1d(40, 64, 9, padding=4)     # all steps at once

    Fix safety
    ----------
    No fix: what to use instead is a question of the model.

    Profile fields
    --------------
    `operators.<dtype>.support`, `operators.<dtype>.functions`, `operators.<dtype>.why`, `deploy`,
    `reporting.slower_model_share`.

    References
    ----------
    - https://docs.pytorch.org/executorch/stable/ (operators that a backend takes apart)
    - https://github.com/google-ai-edge/LiteRT (tflite/delegates/xnnpack/README.md)
    """

    code = "HW205"
    name = "decomposed-operator"
    example_devices = ("ethos-u55-128",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)
                self.act = nn.SiLU()
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(40, 64)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that asks for such an operator."""
        limits = reading.profile.reporting
        found = [use for use in uses(reading, ("decomposed",)) if use.family not in _ELSEWHERE]
        for use, others in grouped(found):
            share = reading.share(use.layers, use.operations)
            if limits is not None and (share is None or share >= limits.slower_model_share):
                yield finding(reading, use, others)


_ELSEWHERE = ("activation", "norm")
