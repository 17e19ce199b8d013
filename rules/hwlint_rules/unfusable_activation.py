"""HW308."""

from collections.abc import Iterable, Iterator

from hwlint.api import Change, Finding, Fusion, Links, Place, Reading, Rule, Step
from hwlint_rules._activations import CLOSEST
from hwlint_rules._changes import activation_for
from hwlint_rules._flow import (
    by_anchor,
    costly,
    instances,
    is_activation,
    most_alike,
    places,
    said_share,
    shape,
    share_of,
    title,
)
from hwlint_rules._producers import fused_after, one_by_one, producer

__all__ = ["UnfusableActivation"]


class UnfusableActivation(Rule):
    """An activation that costs a pass of its own where another would cost nothing.

    What it checks
    --------------
    Activations that directly follow a convolution, a linear layer or another operator of which the
    profile says that it takes up some activations and no others (a batch norm between them that
    goes into the weights does not count), and that are none of these. Only activations that have a
    kernel of their own in the deployed data type: others are HW201's. Gates (sigmoid, tanh) are
    left alone, since nothing that fuses would do in their place.

    Why it costs
    ------------
    The kernel of the layer before clamps its result for nothing while it writes it. An activation
    that it does not know reads the whole tensor and writes it once more (2 x items x bytes).

    Example
    -------
        nn.Sequential(nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64), nn.Hardswish())

    Use instead
    -----------
        nn.Sequential(nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64), nn.ReLU6())

    Fix safety
    ----------
    Unsafe: another activation computes something else, so the model has to be trained again.

    Profile fields
    --------------
    `fusion.activations`, `fusion.pointwise_chains`, `operators.<dtype>.support`,
    `reporting.pass_model_share`.

    References
    ----------
    - https://arxiv.org/abs/1704.04861 (MobileNets: activations of layers that are fused)
    - https://github.com/ARM-software/CMSIS-NN (clamp inside the kernels)
    """

    code = "HW308"
    name = "unfusable-activation"
    example_devices = ("stm32h743",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(
                    nn.Conv2d(3, 32, 3, bias=False), nn.BatchNorm2d(32), nn.ReLU6(),
                    nn.Conv2d(32, 32, 3), nn.ReLU(),
                )

            def forward(self, x):
                return self.body(x)
        """,
        """
        import torch.nn as nn

        class Gate(nn.Module):
            def __init__(self):
                super().__init__()
                self.mask = nn.Conv2d(3, 32, 3)
                self.body = nn.Conv2d(3, 32, 3)
                self.act = nn.Sigmoid()

            def forward(self, x):
                return self.body(x) * self.act(self.mask(x))
        """,
        """
        import torch.nn as nn

        class Pooled(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)
                self.relu = nn.ReLU()
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.fc = nn.Conv2d(32, 32, 1)
                self.act = nn.Hardswish()

            def forward(self, x):
                return self.act(self.fc(self.pool(self.relu(self.conv(x)))))
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, act=nn.Hardswish):
                super().__init__()
                self.body = nn.Sequential(
                    nn.Conv2d(3, 32, 3, bias=False), nn.BatchNorm2d(32), act(),
                )

            def forward(self, x):
                return self.body(x)
        """,
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)

            def forward(self, x):
                return F.hardswish(self.conv(x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that makes such activations."""
        fusion = one_by_one(reading)
        if fusion is None or not fusion.activations or reading.graph is None:
            return
        links = reading.graph.links
        if links is None:
            return
        for place, every in by_anchor(_unfused(links, fusion, reading), reading.graph).items():
            found = most_alike(every, lambda one: (one[0].op, *one[1][1]))
            steps = [step for step, _ in found]
            share = share_of(links, reading, steps)
            if not costly(reading, share):
                continue
            act, (before, instead) = found[0]
            befores = " or ".join(dict.fromkeys(title(b) for _, (b, _) in found))
            yield Finding(
                place,
                f"{title(act)} does not fuse into {befores}: one more pass over "
                f"{shape(act)}{instances(len(found))}{said_share(reading, steps, share)}",
                f"{title(before)} takes up {', '.join(instead)} here [{_evidence(fusion, before)}]",
                f"{instead[0]} would cost nothing (changes results: train again)",
                alternatives=_calls(steps, place),
                related=places(_around(found), place),
                model_share=share,
                data={"op": act.op, "layers": len(found)},
                changes=_changes(act, place, instead[0]),
            )


def _unfused(
    links: Links, fusion: Fusion, reading: Reading
) -> Iterator[tuple[Step, tuple[Step, list[str]]]]:
    for step in links.by_number.values():
        if step.op not in CLOSEST or not is_activation(step):
            continue
        maker = step.maker()
        before = producer(fusion, maker)
        if maker is None or before is None or maker.next is not step:
            continue
        fused = fused_after(fusion, reading.dtype, before.op)
        instead = [name for name in CLOSEST[step.op] if name in fused]
        native = reading.profile.support(reading.dtype, step.op) == "native"
        every = _is_complete(fusion, before.op)
        if instead and native and every and step.op not in fused:
            yield step, (before, instead)


def _is_complete(fusion: Fusion, op: str) -> bool:
    """Say whether nothing fuses into an operator but what the profile names."""
    return all(known.complete for known in fusion.activations if op in known.producers)


def _around(
    found: list[tuple[Step, tuple[Step, list[str]]]],
) -> Iterator[tuple[Step, str]]:
    """Yield what comes before, and the activation where a helper builds it."""
    for act, (before, _) in found:
        yield before, f"the {title(before)} before"
        yield act, f"{title(act)} is built here"


def _calls(steps: list[Step], place: Place) -> tuple[Place, ...]:
    """Return where the activations are built, where a helper does it."""
    known = dict.fromkeys(step.anchor for step in steps)
    return tuple(call for call in known if call is not None and call != place)


def _changes(act: Step, place: Place, instead: str) -> tuple[Change, ...]:
    return activation_for(act.op, place, instead, _called(act)) if act.anchor == place else ()


def _called(act: Step) -> str:
    """Return the function that forward calls, "" for a layer."""
    return act.name if act.layer is None else ""


def _evidence(fusion: Fusion, before: Step) -> str:
    return next(known.evidence for known in fusion.activations if before.op in known.producers)
