"""HW310."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Fusion, Links, Place, Reading, Rule, Step
from hwlint_rules._flow import (
    costly,
    grouped,
    instances,
    is_activation,
    most_alike,
    parting,
    places,
    said_share,
    share_of,
    stays,
    title,
)
from hwlint_rules._producers import fused_after, one_by_one, producer
from hwlint_rules._text import count

__all__ = ["SharedProducer"]


class SharedProducer(Rule):
    """A layer whose raw output something else reads, so that what follows cannot fuse into it.

    What it checks
    --------------
    A batch norm that would go into the weights of the layer before it, or an activation that the
    layer would take up, where the layer's output is also read by something else or returned.

    Why it costs
    ------------
    The raw output has to exist for its other readers, so the norm or the activation becomes a pass
    of its own (2 x items x bytes) where it would cost nothing, and both tensors are in memory at
    the same time.

    Example
    -------
        y = self.conv(x)
        return self.norm(y) + y

    Use instead
    -----------
        y = self.norm(self.conv(x))
        return self.act(y) + y

    Fix safety
    ----------
    Unsafe: reading the result after the norm computes something else, so the model has to be
    trained again.

    Profile fields
    --------------
    `fusion.batch_norm_folds_into`, `fusion.batch_norm_folds_shared`,
    `fusion.pointwise_chains`, `fusion.activations`, `reporting.pass_model_share`.

    References
    ----------
    - https://arxiv.org/abs/1712.05877 (folding into the convolution)
    - https://pypi.org/project/ethos-u-vela/ (fuses only what has one consumer)
    """

    code = "HW310"
    name = "shared-producer"
    example_devices = ("raspberry-pi-5", "stm32h743")
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1 = nn.Conv2d(3, 32, 3, padding=1, bias=False)
                self.norm1 = nn.BatchNorm2d(32)
                self.conv2 = nn.Conv2d(32, 32, 3, padding=1, bias=False)
                self.norm2 = nn.BatchNorm2d(32)
                self.relu = nn.ReLU()

            def forward(self, x):
                x = self.relu(self.norm1(self.conv1(x)))
                return self.relu(self.norm2(self.conv2(x)) + x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3, padding=1, bias=False)
                self.norm = nn.BatchNorm2d(32)

            def forward(self, x):
                y = self.conv(x)
                return self.norm(y) + y
        """,
        """
        import torch
        import torch.nn as nn

        class Both(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)
                self.relu = nn.ReLU()

            def forward(self, x):
                y = self.conv(x)
                return torch.cat([y, self.relu(y)], dim=1)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that hands such a layer's output to another reader."""
        fusion = one_by_one(reading)
        links = reading.graph.links if reading.graph is not None else None
        if fusion is None or links is None:
            return
        for place, every in grouped(_shared(links, fusion, reading.dtype)).items():
            found = most_alike(every, lambda one: title(one[0]))
            steps = [step for step, _, _ in found]
            share = share_of(links, reading, steps)
            if not costly(reading, share):
                continue
            step = found[0][0]
            befores = " or ".join(dict.fromkeys(title(b) for _, b, _ in found))
            verb = "fold" if step.name == "batch_norm" else "fuse"
            yield Finding(
                place,
                f"{title(step)} cannot {verb} into {befores}: {_readers(found)}"
                f"{instances(len(found))}{said_share(reading, steps, share)}",
                f"it stays one more pass over what {befores} makes [{fusion.evidence}]",
                _advice(found),
                related=places(_places(found), place),
                model_share=share,
                data={"op": step.op, "layers": len(found)},
            )


Found = tuple[Step, Step, Step]
"""What could fuse, into which layer, and what makes the value that it reads with others."""


def _shared(links: Links, fusion: Fusion, dtype: str) -> Iterator[tuple[Place | None, Found]]:
    """Yield what is found, with the line that hands the value to another reader."""
    folds = () if fusion.batch_norm_folds_shared else fusion.batch_norm_folds_into or ()
    for norm in links.called(("batch_norm",)):
        before = norm.maker()
        shared = before is not None and (before.is_returned or _others(before, norm))
        if before is not None and before.op in folds and stays(norm) and shared:
            yield parting(_other(before, norm), norm), (norm, before, before)
    for step in links.by_number.values():
        maker = step.maker() if is_activation(step) else None
        before = producer(fusion, maker)
        if maker is None or before is None or step.operation.inputs[1:]:
            continue
        if not _is_first(maker, step) or not (maker.is_returned or _others(maker, step)):
            continue
        if step.op in fused_after(fusion, dtype, before.op):
            yield parting(_other(maker, step), step), (step, before, maker)


def _others(maker: Step, step: Step) -> list[Step]:
    """Return what reads a value besides a step, and is not the same once more: exporters keep one
    of several that are alike."""
    return [reader for reader in maker.readers if not _alike(reader, step)]


def _alike(one: Step, other: Step) -> bool:
    return one is other or (one.name == other.name and one.taken == other.taken)


def _is_first(maker: Step, step: Step) -> bool:
    """Whether a reader of a value is the one that is kept of those that are alike."""
    return next((r for r in maker.readers if _alike(r, step)), step) is step


def _other(maker: Step, step: Step) -> Step:
    """Return what else reads a value: the end of the model stands at what makes it."""
    return next(iter(_others(maker, step)), maker)


def _advice(found: "list[Found]") -> str:
    step = found[0][0]
    return f"let the others read it after {title(step)} (changes results: train again)"


def _readers(found: "list[Found]") -> str:
    """Say what else reads what comes before, and in how many places where it is always as many."""
    every = [_others(shared, step) for step, _, shared in found]
    if not any(every):
        return "the model returns what comes before"
    names = ", ".join(dict.fromkeys(title(reader) for others in every for reader in others))
    numbers = {len(others) for others in every}
    where = count(numbers.pop(), "more place") if len(numbers) == 1 else "other places too"
    return f"what comes before is read in {where} ({names})"


def _places(found: list[Found]) -> Iterator[tuple[Step, str]]:
    for step, before, _ in found:
        yield before, f"the {title(before)} that it follows"
        yield step, f"the {title(step)} that stays apart"
