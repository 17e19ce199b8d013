"""HW504."""

from collections.abc import Iterable

from hwlint.api import Finding, Flow, Place, Reading, Rule, item_bytes
from hwlint_rules._runs import cost_words, run_of, steps
from hwlint_rules._text import count

__all__ = ["WideDtype"]


class WideDtype(Rule):
    """Numbers of 64 bits in a model that is deployed in fewer.

    What it checks
    --------------
    Operations that depend on the model's inputs and make floating-point tensors of 64 bits: a
    cast, a layer that is built with `dtype=torch.float64`, an array of numpy that went into a
    buffer. Where one hands on to the next, the first is named. Integers are left alone, because
    positions and indices have 64 bits everywhere, and so is what is computed once from constants.

    Why it costs
    ------------
    Eight bytes are read and written for each number, where two or one would do, matrix units and
    the units of small cores do not take that format at all, and exporters to integer devices
    refuse it.

    Example
    -------
        x = x.double()

    Use instead
    -----------
        x = x.float()

    Fix safety
    ----------
    Unsafe: results are rounded differently.

    Profile fields
    --------------
    `peak`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/tensor_attributes.html (type promotion)
    """

    code = "HW504"
    name = "wide-dtype"
    example_devices = ("h100-sxm", "ethos-u55-128")
    VALID = (
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)
                self.register_buffer("table", torch.linspace(0, 1, 64, dtype=torch.float64).float())

            def forward(self, x):
                order = torch.arange(64)
                return self.fc(x)[:, order] + self.table
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)

            def forward(self, x):
                x = self.fc(x).double()
                return x * 2
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)
                self.register_buffer("table", torch.linspace(0, 1, 64, dtype=torch.float64))

            def forward(self, x):
                return self.fc(x) + self.table
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each line that makes the first of such tensors."""
        flow, narrow = run_of(reading), item_bytes(reading.dtype)
        rates = reading.profile.peak
        if reading.graph is None or flow is None or narrow is None or rates is None:
            return
        if "fp64" in rates.tops or reading.dtype == "fp64":
            return
        found: dict[Place, list[int]] = {}
        for work in steps(reading.graph):
            given = _run(flow, work.operation.inputs)
            if _is_wide(flow, work.operation.outputs) and not _is_wide(flow, given):
                found.setdefault(work.place, []).append(work.number)
        for place, numbers in found.items():
            name = flow.operations[numbers[0]].name
            yield Finding(
                place,
                f"{name} makes float64 of what is deployed in {reading.dtype}, "
                f"{count(len(numbers), 'time')}{cost_words(reading, (), numbers)}",
                f"8 bytes a number instead of {narrow:g}; the profile has no rate for that format "
                f"[{rates.evidence}]",
                "keep it in float32 or what comes in",
                severity="warning",
                model_share=reading.share(operations=numbers),
                data={"operation": name, "times": len(numbers)},
            )


def _run(flow: Flow, inputs: Iterable[int]) -> list[int]:
    """Leave out what belongs to the model: that a buffer is wide is what is to be said."""
    return [i for i in inputs if flow.tensors[i].producer is not None]


def _is_wide(flow: Flow, tensors: Iterable[int]) -> bool:
    return any(flow.tensors[i].dtype == "float64" for i in tensors)
