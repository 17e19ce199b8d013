"""HW502."""

from collections.abc import Iterable, Iterator, Sequence

from hwlint.api import Finding, Flow, ModelGraph, Place, Reading, Rule, product_of
from hwlint_rules._homes import Homes
from hwlint_rules._runs import Work, run_of, share_words, steps
from hwlint_rules._text import count, percent, related

__all__ = ["DepthwiseOnMatrixUnit"]


class DepthwiseOnMatrixUnit(Rule):
    """Depthwise convolutions on a unit that multiplies matrices.

    What it checks
    --------------
    Depthwise convolutions on devices of which the profile says what share of the peak they reach,
    where the estimate says that they take a large part of the time, and a larger one than of the
    operations. Devices without such a figure are left alone, and so are depthwise convolutions
    that memory or starting decides.

    Why it costs
    ------------
    A matrix unit multiplies many input channels with many output channels at once. A depthwise
    convolution has one of each: most of the unit idles, and the operations that it saves on paper
    come back as time.

    Example
    -------
        nn.Conv2d(32, 32, 3, groups=32), nn.Conv2d(32, 64, 1)

    Use instead
    -----------
        nn.Conv2d(32, 64, 3)        # on large maps with few channels; measure both

    Fix safety
    ----------
    Unsafe: another layer has other parameters, so the model has to be trained again.

    Profile fields
    --------------
    `achievable.peak_share.depthwise`, `reporting.time_model_share`.

    References
    ----------
    - https://arxiv.org/abs/2003.02838 (MobileDets: regular convolutions on accelerators)
    - https://arxiv.org/abs/2104.00298 (EfficientNetV2: fused blocks in early stages)
    """

    code = "HW502"
    name = "depthwise-on-matrix-unit"
    default_severity = "info"
    example_devices = ("ethos-u55-128",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 32, 32, 32)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(32, 32, 3)

            def forward(self, x):
                return self.conv(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64, 32, 32)
            def __init__(self):
                super().__init__()
                self.depthwise = nn.Conv2d(64, 64, 5, padding=2, groups=64)
                self.pointwise = nn.Conv2d(64, 64, 1)

            def forward(self, x):
                return self.pointwise(self.depthwise(x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds such convolutions."""
        limits, achieved, flow = (
            reading.profile.reporting,
            reading.profile.achievable,
            run_of(reading),
        )
        peak = achieved.peak_share.get("depthwise") if achieved is not None else None
        if limits is None or peak is None or flow is None or achieved is None:
            return
        total = sum(operation.macs or 0 for operation in flow.operations)
        known = reading.estimate
        if reading.graph is None or known is None:
            return
        homes, groups = reading.graph.derived(Homes), dict[Place, list[Work]]()
        for work in _depthwise(reading.graph, flow):
            at = homes.called(work.operation.module, work.layer) if work.layer else work.place
            groups.setdefault(at, []).append(work)
        number = sum(map(len, groups.values()))
        for place, every in groups.items():
            works = [w for w in every if known.operations[w.number].bound == "compute"]
            share = reading.share(operations=[work.number for work in works])
            macs = sum(work.operation.macs or 0 for work in works) / total
            if share is None or share < max(limits.time_model_share, macs):
                continue
            layers = [work.layer for work in works if work.layer is not None]
            yield Finding(
                place,
                f"{_counted(works, every, number)}: {percent(macs)} of the "
                f"multiply-accumulates, {share_words(reading, share)}",
                f"they reach {percent(peak)} of the peak here [{achieved.evidence}]",
                "regular convolutions where maps are large and channels few; measure both",
                alternatives=tuple(dict.fromkeys(x.place for x in layers if x.place != place)),
                related=related(layers, place, lambda layer: f"{layer.op} is built here"),
                model_share=share,
                data={"layers": len(works), "macs_share": macs},
            )


def _counted(works: Sequence[Work], every: Sequence[Work], number: int) -> str:
    """Say how many there are, of how many the model has, and where memory or starting decides some
    of those that are built here."""
    those = count(len(works), "depthwise convolution")
    if len(works) < number:
        those = f"{len(works)} of the model's {number} depthwise convolutions"
    if len(works) == len(every):
        return those
    return f"{those}, those of the {len(every)} of this call that computing bounds"


def _depthwise(graph: ModelGraph, flow: Flow) -> Iterator[Work]:
    for work in steps(graph):
        product = product_of(flow, work.operation)
        if product is not None and product.kind == "depthwise":
            yield work
