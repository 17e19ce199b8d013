"""HW306."""

from collections.abc import Iterable

from hwlint.api import Change, Finding, Place, Reading, Rule, Unwrap
from hwlint_rules._waits import waits

__all__ = ["HostSynchronization"]

_WHAT = {
    "item": "a tensor's value is taken to the host",
    "tolist": "tolist() takes a tensor to the host",
    "numpy": "numpy() takes a tensor to the host",
    "cpu": "cpu() copies a tensor to the host",
}


class HostSynchronization(Rule):
    """A value that forward takes from the device to the host.

    What it checks
    --------------
    `item`, `int`, `float`, `tolist`, `numpy` and `cpu` of tensors that come from the input or from
    weights, where forward runs them for certain in evaluation mode, on devices that work through a
    queue. Values that the reader knows, tensors made of sizes alone, assertions, and what stands
    behind a question whether the model is being compiled are left alone.

    Why it costs
    ------------
    The host queues work ahead of the device. To hand over a value it has to wait until everything
    before is done, and the device is idle afterwards until new work arrives: the time of at least
    one launch, and of all launches that were to be hidden behind the work.

    Example
    -------
        scale = x.abs().max().item()
        return x / scale

    Use instead
    -----------
        return x / x.abs().amax()

    Fix safety
    ----------
    Unsafe: `x / x.abs().max().item()` becomes `x / x.abs().max()`, which has the same result;
    gradients flow through it. Nothing else is fixed: what the value is for is for the author to
    say.

    Profile fields
    --------------
    `dispatch.asynchronous`, `requirements.breaks`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/notes/cuda.html (asynchronous execution)
    - https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html (avoid unnecessary
      CPU-GPU synchronization)
    """

    code = "HW306"
    name = "host-synchronization"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.rates = [rate.item() for rate in torch.linspace(0, 1, 4)]

            def forward(self, x):
                size = torch.tensor(x.shape[-2:]).prod().item()
                if self.training:
                    self.seen = x.mean().item()
                return self.conv(x) / size * self.rates[1]
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
                return x / x.abs().max().item()
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                x = self.conv(x)
                return x, x.argmax(dim=1).cpu()
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each such call."""
        dispatch, known = reading.profile.dispatch, reading.profile.requirements
        if dispatch is None or not dispatch.asynchronous:
            return
        for place, found in waits(reading, _WHAT).items():
            name = found[0].name
            times = f", {len(found)} times in one run" if len(found) > 1 else ""
            cut = "; the graph is cut there" if known is not None and name in known.breaks else ""
            yield Finding(
                place,
                f"{_WHAT[name]}: it waits for all work before{times}",
                f"the host queues work ahead of the device{cut} [{dispatch.evidence}]",
                "let nothing in Python depend on it: torch.where in place of a branch",
                data={"construct": name, "times": len(found)},
                changes=_changes(place) if name == "item" else (),
            )


def _changes(place: Place) -> tuple[Change, ...]:
    """Return the change that leaves `item` out of arithmetic."""
    return (Change("Keep it a tensor", (Unwrap(place, "item"),), "numerics", ("operations",)),)
