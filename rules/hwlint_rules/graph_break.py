"""HW305."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._waits import times, waits

__all__ = ["GraphBreak"]

_WHAT = {
    "bool": "a condition depends on values of a tensor",
    "print": "print() in forward",
    "nonzero": "nonzero() gives as many items as there are values",
    "masked_select": "masked_select() gives as many items as the mask has",
}
_INSTEAD = {
    "bool": "torch.where or torch.cond keeps the graph whole",
    "print": "take it out, or put it behind a question whether the model is being compiled",
    "nonzero": "torch.where with a mask keeps the shape",
    "masked_select": "torch.where with the mask keeps the shape",
}


class GraphBreak(Rule):
    """A construct in forward at which the compiler cuts the graph.

    What it checks
    --------------
    Conditions on values of tensors, output, and functions whose result has as many items as there
    are values, where forward runs them for certain in evaluation mode, on deploy paths of which the
    profile says that they cut the graph there. Assertions, and what stands behind a question
    whether the model is being compiled, traced or exported, are left alone. Reading single values
    (`item`, `tolist`) is HW306's.

    Why it costs
    ------------
    The graph ends there and another one begins: nothing fuses across the cut, tensors go to memory,
    the interpreter of Python runs in between, and the host waits for the value. Graphs that are
    recorded and launched as a whole become several.

    Example
    -------
        if x.abs().max() > 1:
            x = x / x.abs().max()

    Use instead
    -----------
        top = x.abs().amax()
        x = x / top.clamp(min=1)

    Fix safety
    ----------
    No fix: what is meant is for the author to say.

    Profile fields
    --------------
    `requirements.breaks`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/torch.compiler_faq.html (graph breaks)
    - https://docs.pytorch.org/docs/stable/cond.html (torch.cond)
    """

    code = "HW305"
    name = "graph-break"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                if x.shape[0] > 1:
                    x = x + 1
                if self.training:
                    print(x.mean())
                if not torch.compiler.is_compiling() and torch.any(x > 100):
                    print("large")
                assert x.sum() < 1e9
                return self.conv(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                x = self.conv(x)
                if x.abs().max() > 1:
                    x = x / x.abs().max()
                return x
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                print(x.shape)
                return self.conv(x)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each such call."""
        known = reading.profile.requirements
        names = [name for name in _WHAT if known is not None and name in known.breaks]
        for place, found in waits(reading, names).items() if known is not None and names else ():
            name = found[0].name
            counted = times(reading, len(found))
            often = f", {counted} in one run" if counted else ""
            yield Finding(
                place,
                f"{_WHAT[name]}: the graph is cut here{often}",
                f"the compiler cannot follow it [{known.evidence if known is not None else ''}]",
                _INSTEAD[name],
                data={"construct": name, "times": len(found)},
            )
