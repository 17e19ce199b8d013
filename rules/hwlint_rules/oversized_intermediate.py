"""HW503."""

from collections.abc import Iterable

from hwlint.api import Finding, Flow, Reading, Related, Rule
from hwlint_rules._runs import Work, given_run, steps
from hwlint_rules._text import percent

__all__ = ["OversizedIntermediate"]


class OversizedIntermediate(Rule):
    """Activations that are larger than the memory that holds them.

    What it checks
    --------------
    The most bytes of inputs and activations that are alive at one time, in the order in which the
    model runs and in the number format of the target, against the SRAM of the device. The line
    that runs at the peak is the anchor, those whose results are alive then are related. A device
    of which the profile has no SRAM is left alone, a model whose shapes are not known, and one
    for which nobody has said what it is called with. A model
    that fits has room for nothing else all the same: what it may take is a budget (HW603).

    Why it costs
    ------------
    On a device without other memory, a program that plans more than it has does not start. The
    weights can stay in flash, activations cannot.

    Example
    -------
        x = F.relu(self.stem(x))        # 1x64x112x112 before the first stride

    Use instead
    -----------
        self.stem = nn.Conv2d(3, 16, 3, stride=2)

    Fix safety
    ----------
    No fix: what may become smaller is a question of the model.

    Profile fields
    --------------
    `memory.sram_kib`.

    References
    ----------
    - https://arxiv.org/abs/2110.15352 (MCUNetV2: the first layers set the peak)
    """

    code = "HW503"
    name = "oversized-intermediate"
    example_devices = ("stm32h743",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 64, 3)

            def forward(self, x):
                return self.stem(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 96, 96)
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 16, 3, stride=2)
                self.body = nn.Conv2d(16, 32, 3, stride=2)

            def forward(self, x):
                return self.body(self.stem(x))
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 3, 224, 224)
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 64, 3)
                self.body = nn.Conv2d(64, 32, 3, stride=2)

            def forward(self, x):
                return self.body(self.stem(x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield at most one finding for a model."""
        memory, flow = reading.profile.memory, given_run(reading)
        room = memory.sram_kib if memory is not None else None
        if reading.graph is None or flow is None or memory is None or room is None:
            return
        peak, at = reading.spent("sram_kb"), reading.peak_operation
        if peak is None or peak <= room or at is None:
            return
        works = {work.number: work for work in steps(reading.graph)}
        if at not in works:
            return
        work = works[at]
        inputs = ", ".join("x".join(map(str, shape)) for _, shape, _ in flow.inputs)
        yield Finding(
            work.place,
            f"{peak:,.0f} KiB of activations are alive here; the device has {room:,.0f} KiB",
            f"{_made(flow, work)} in {reading.dtype}, called with {inputs}; all banks "
            f"taken together [{memory.evidence}]",
            "a stride earlier, fewer channels where the map is largest, or a smaller input",
            related=_related(flow, works, at),
            model_share=1 - room / peak,
            severity="warning",
            data={"peak_kib": peak, "sram_kib": room, "over": percent(peak / room - 1)},
        )


def _made(flow: Flow, work: Work) -> str:
    made = [flow.tensors[i].shape for i in work.operation.outputs]
    return ", ".join("x".join(map(str, shape)) for shape in made if shape)


def _related(flow: Flow, works: dict[int, Work], at: int) -> tuple[Related, ...]:
    """What makes the tensors that are read at the peak."""
    made = {i: work for work in works.values() for i in work.operation.outputs}
    here = works[at]
    found: dict[object, Related] = {}
    for i in here.operation.inputs:
        maker = made.get(i) or made.get(flow.tensors[i].storage)
        if maker is not None and maker.place != here.place:
            found[maker.place] = Related(maker.place, f"{_made(flow, maker)} is alive too")
    return tuple(found.values())
