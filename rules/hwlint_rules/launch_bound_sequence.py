"""HW505."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Related, Rule
from hwlint_rules._runs import given_run, home, steps
from hwlint_rules._text import count, percent

__all__ = ["LaunchBoundSequence"]


class LaunchBoundSequence(Rule):
    """A model that spends most of its time on starting kernels.

    What it checks
    --------------
    The kernels of which the estimate says that starting them takes longer than what they do,
    where all starting together is most of the model's time. Only inputs that somebody has given
    are judged, because a larger batch does more in each kernel.
    One finding for the model names the lines that start most kernels. Devices whose profile has no
    time for starting a kernel are left alone.

    Why it costs
    ------------
    The host starts one kernel after the other, each for some microseconds, however little it does.
    Below that, smaller layers save nothing: only fewer kernels do.

    Example
    -------
        model(image)        # a small network, one image a call

    Use instead
    -----------
        model = torch.compile(model, mode="reduce-overhead")    # all launches as one graph
        # or more images a call

    Fix safety
    ----------
    No fix: how the model is run is not in its source.

    Profile fields
    --------------
    `dispatch.kernel_us`, `dispatch.graph_kernel_us`, `reporting.launch_model_share`.

    References
    ----------
    - https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/
    - https://docs.pytorch.org/docs/stable/generated/torch.compile.html
    """

    code = "HW505"
    name = "launch-bound-sequence"
    default_severity = "info"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(*[nn.Conv2d(3, 3, 3, padding=1) for _ in range(20)])

            def forward(self, x):
                return self.body(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(8192, 8192)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8192, 8192)

            def forward(self, x):
                return self.fc(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)

            def forward(self, x):
                return self.fc(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 32, 32)
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(*[nn.Conv2d(16, 16, 3, padding=1) for _ in range(20)])

            def forward(self, x):
                return self.body(x)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield at most one finding for a model."""
        limits, dispatch = reading.profile.reporting, reading.profile.dispatch
        known, flow = reading.estimate, given_run(reading)
        if reading.graph is None or limits is None or known is None or flow is None:
            return
        if dispatch is None or dispatch.kernel_us is None or not known.seconds:
            return
        small = [kernel for kernel in known.kernels if kernel.bound == "dispatch"]
        each = dispatch.kernel_us / 1e6
        share = len(known.kernels) * each / known.seconds
        if len(small) <= 1 or share < limits.launch_model_share:
            return
        yield Finding(
            home(reading.graph),
            f"starting {count(len(known.kernels), 'kernel')} takes {percent(share)} of the "
            f"estimated {1000 * known.seconds:.2g} ms; {len(small)} do less than that",
            f"{dispatch.kernel_us:g} us for each kernel that the host starts [{dispatch.evidence}]",
            _advice(reading, len(known.kernels), known.seconds),
            related=_lines(reading),
            model_share=share,
            data={"kernels": len(known.kernels), "small": len(small)},
        )


def _advice(reading: Reading, kernels: int, seconds: float) -> str:
    dispatch = reading.profile.dispatch
    if dispatch is None or dispatch.graph_kernel_us is None or dispatch.kernel_us is None:
        return "fewer, larger kernels: a larger batch, fused operators"
    saved = kernels * (dispatch.kernel_us - dispatch.graph_kernel_us) / 1e6 / seconds
    return (
        f'record the launches as one graph (mode="reduce-overhead"): about {percent(saved)} less '
        f"at {dispatch.graph_kernel_us:g} us each; or a larger batch"
    )


_NAMED = 3
"""Lines that are named: those that start most kernels."""


def _lines(reading: Reading) -> tuple[Related, ...]:
    """Return the lines that start most kernels."""
    known, flow = reading.estimate, given_run(reading)
    if reading.graph is None or known is None or flow is None:
        return ()
    by_place: dict[object, set[int]] = {}
    for work in steps(reading.graph):
        kernel = known.operations[work.number].kernel
        if kernel is not None:
            by_place.setdefault(work.place, set()).add(kernel)
    places = {work.place for work in steps(reading.graph)}
    top = sorted(places, key=lambda place: (-len(by_place.get(place, ())), place))[:_NAMED]
    return tuple(Related(p, count(len(by_place.get(p, ())), "kernel")) for p in top)
