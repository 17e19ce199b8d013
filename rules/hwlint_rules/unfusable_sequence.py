"""HW309."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Fusion, Links, Reading, Rule, Step
from hwlint_rules._flow import (
    by_anchor,
    costly,
    instances,
    most_alike,
    places,
    said_share,
    share_of,
    stays,
    title,
)
from hwlint_rules._producers import fused_after, one_by_one, producer

__all__ = ["UnfusableSequence"]

_PICKS = ("max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool2d", "adaptive_max_pool1d")
"""The largest of some items: the same before and after a function that never falls."""
_MOVES = ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")
"""The same items in other places."""
_AVERAGES = ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "interpolate")
"""Means with weights that add up to one: the same before and after a scale and a shift."""


class UnfusableSequence(Rule):
    """An operator between two that would fuse, which could as well stand after them.

    What it checks
    --------------
    A convolution or linear layer, then an operator that changes nothing about what follows, then
    an activation that the layer would take up or a batch norm that would go into its weights:
    a max pooling, pixel shuffle or upsampling by the nearest neighbour before an activation that
    never falls; an average over whole positions or an upsampling before a batch norm. In the other
    order the result is the same. Only where each is read by the next one alone, and where the
    operator between does not take up the activation itself.

    Why it costs
    ------------
    What follows the operator stays a pass of its own: it reads the tensor and writes it once more
    (2 x items x bytes). Directly after the layer it costs nothing.

    Example
    -------
        x = F.relu(F.max_pool2d(self.conv(x), 2))

    Use instead
    -----------
        x = F.max_pool2d(F.relu(self.conv(x)), 2)

    Fix safety
    ----------
    The result is the same but for rounding; names of layers in a Sequential change.

    Profile fields
    --------------
    `fusion.activations`, `fusion.batch_norm_folds_into`, `fusion.pointwise_chains`,
    `reporting.pass_model_share`.

    References
    ----------
    - https://arxiv.org/abs/1712.05877 (folding and fusing for integer arithmetic)
    - https://docs.pytorch.org/tutorials/intermediate/custom_function_conv_bn_tutorial.html
    """

    code = "HW309"
    name = "unfusable-sequence"
    example_devices = ("ethos-u55-128", "raspberry-pi-5")
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2))

            def forward(self, x):
                return self.body(x)
        """,
        """
        import torch.nn as nn

        class Skip(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)
                self.pool = nn.MaxPool2d(2)
                self.act = nn.ReLU()
                self.rest = nn.Conv2d(32, 32, 1)

            def forward(self, x):
                raw = self.pool(self.conv(x))
                return self.act(raw) + self.rest(raw)
        """,
        """
        import torch.nn as nn

        class Averaged(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(3, 32, 3), nn.AvgPool2d(2), nn.ReLU())

            def forward(self, x):
                return self.body(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)

            def forward(self, x):
                return F.relu(F.max_pool2d(self.conv(x), 2))
        """,
        """
        import torch.nn as nn

        class Up(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(
                    nn.Conv2d(3, 32, 3, bias=False), nn.Upsample(scale_factor=2),
                    nn.BatchNorm2d(32), nn.ReLU(),
                )

            def forward(self, x):
                return self.body(x)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that makes what is kept apart."""
        fusion = one_by_one(reading)
        links = reading.graph.links if reading.graph is not None else None
        if fusion is None or links is None:
            return
        apart = _kept_apart(links, fusion, reading.dtype)
        for place, every in by_anchor(apart, reading.graph).items():
            found = most_alike(every, lambda one: tuple(map(title, (one[0], *one[1]))))
            steps = [step for step, _ in found]
            share = share_of(links, reading, steps)
            if not costly(reading, share):
                continue
            step, (between, before) = found[0]
            yield Finding(
                place,
                f"{title(step)} does not fuse into {title(before)}: {title(between)} stands "
                f"between{instances(len(found))}{said_share(reading, steps, share)}",
                f"it stays one more pass, and gives the same before {title(between)} "
                f"[{fusion.evidence}]",
                f"{title(before)}, {title(step)}, {title(between)} fuses (same result)",
                related=places(
                    ((s, f"the {title(s)} before") for _, pair in found for s in pair), place
                ),
                model_share=share,
                data={"op": step.op, "layers": len(found)},
            )


def _kept_apart(
    links: Links, fusion: Fusion, dtype: str
) -> Iterator[tuple[Step, tuple[Step, Step]]]:
    for between in links.called((*_PICKS, *_MOVES, *_AVERAGES)):
        maker, step = between.maker(), between.next
        before = producer(fusion, maker)
        if maker is None or before is None or step is None or maker.next is not between:
            continue
        if step.maker() is not between:
            continue
        if _would_fuse(step, between, before, fusion, dtype) or (
            maker is before and _would_fold(step, between, before, fusion)
        ):
            yield step, (between, before)


def _would_fuse(step: Step, between: Step, before: Step, fusion: Fusion, dtype: str) -> bool:
    """Whether it is an activation that the layer takes up, and the operator between does not."""
    if between.name not in (*_PICKS, *_MOVES) and not _is_nearest(between):
        return False
    fused = fused_after(fusion, dtype, before.op)
    return step.op in fused and step.op not in fused_after(fusion, dtype, between.op)


def _would_fold(step: Step, between: Step, before: Step, fusion: Fusion) -> bool:
    """Whether it is a batch norm that goes into the layer's weights."""
    if step.name != "batch_norm" or not stays(step) or between.name not in _AVERAGES:
        return False
    return before.op in (fusion.batch_norm_folds_into or ())


def _is_nearest(step: Step) -> bool:
    layer = step.layer
    mode = layer.args.get("mode") if layer is not None else None
    if layer is not None and layer.op == "UpsamplingNearest2d":
        return True
    return mode is not None and mode.known and mode.value in ("nearest", "nearest-exact")
