"""HW405."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hwlint.api import LAYERS, Finding, Links, Reading, Rule, Step
from hwlint_rules._branches import CONVOLUTIONS, Branches, parallel_branches
from hwlint_rules._flow import (
    by_anchor,
    by_call,
    costly,
    instances,
    places,
    said_share,
    share_of,
    title,
)
from hwlint_rules._text import count, percent
from hwlint_rules._weights import WEIGHT, computed_weights

__all__ = ["UnremovedReparametrization"]


class UnremovedReparametrization(Rule):
    """What training needs to make a weight, still in the model that is deployed.

    What it checks
    --------------
    Two things. Convolutions and linear layers whose weight is computed from other weights at each
    call (weight norm, spectral norm, standardised weights), where the runtime does not compute
    constants beforehand. And parallel branches that are added up and are one convolution together:
    convolutions of one input with the same stride, groups and dilation, centred on the same
    position, each with or without a batch norm, and batch norms of the input itself (RepVGG and
    the like), on every device: no runtime merges them.

    Why it costs
    ------------
    A weight that is computed anew is read, worked on and written at each call (3 x weights x bytes
    and more). Of n branches n - 1 are for nothing: their multiply-accumulates, their reading of the
    input, and the additions.

    Example
    -------
        return self.act(self.bn3(self.conv3x3(x)) + self.bn1(self.conv1x1(x)) + self.bn0(x))

    Use instead
    -----------
        return self.act(self.conv(x))     # its kernel is the sum of all three

    Fix safety
    ----------
    The result is the same but for rounding; training goes on with the branches only.

    Profile fields
    --------------
    `reporting.pass_model_share`, `fusion.constants`.

    References
    ----------
    - https://arxiv.org/abs/2101.03697 (RepVGG: three branches become one convolution)
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
    """

    code = "HW405"
    name = "unremoved-reparametrization"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
                self.conv2 = nn.Conv2d(3, 32, 3, padding=1)
                self.act = nn.ReLU()

            def forward(self, x):
                return self.act(self.conv1(x)) + self.conv2(x)
        """,
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
                self.conv2 = nn.Conv2d(3, 32, 3, padding=2, dilation=2)

            def forward(self, x):
                return self.conv1(x) + self.conv2(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, wide=32):
                super().__init__()
                self.conv3 = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
                self.bn3 = nn.BatchNorm2d(wide)
                self.conv1 = nn.Conv2d(wide, wide, 1, bias=False)
                self.bn1 = nn.BatchNorm2d(wide)
                self.bn0 = nn.BatchNorm2d(wide)
                self.act = nn.ReLU()

            def forward(self, x):
                return self.act(self.bn3(self.conv3(x)) + self.bn1(self.conv1(x)) + self.bn0(x))

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 32, 3)
                self.body = nn.Sequential(Block(), Block())

            def forward(self, x):
                return self.body(self.stem(x))
        """,
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Standardised(nn.Conv2d):
            def forward(self, x):
                w = self.weight
                w = (w - w.mean(dim=(1, 2, 3), keepdim=True)) / w.std(dim=(1, 2, 3), keepdim=True)
                return F.conv2d(x, w, self.bias, self.stride, self.padding)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 256, 4, stride=16)
                self.body = Standardised(256, 256, 3)

            def forward(self, x):
                return self.body(self.stem(x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that builds such branches or computes such weights."""
        links = reading.graph.links if reading.graph is not None else None
        if links is None:
            return
        yield from _merged(links, reading)
        fusion = reading.profile.fusion
        if fusion is not None and fusion.constants is False:
            yield from _anew(links, reading, fusion.evidence)


def _merged(links: Links, reading: Reading) -> Iterator[Finding]:
    found = ((branches.adds[0], branches) for branches in parallel_branches(links))
    for place, group in by_call(found).items():
        branches = group[0][1]
        saved = [step for _, inner in group for step in _saved(inner, reading)]
        share = share_of(links, reading, saved)
        if not costly(reading, share):
            continue
        yield Finding(
            place,
            f"{_numbers(group)} of one input are added up: they are one {_made(group)}"
            f"{instances(len(group))}{said_share(reading, saved, share)}",
            "there is no activation between them; no runtime merges them by itself",
            "merge them once after training (same result but for rounding)",
            related=places(((s, title(s)) for s in branches.steps), place),
            model_share=share,
            data={"branches": len(branches.ends), "layers": len(group)},
        )


def _saved(branches: Branches, reading: Reading) -> Sequence[Step]:
    """Return what one convolution saves. A compiler that puts element-wise operators together has
    additions and norms in a kernel with what comes after them, and that stays."""
    fusion = reading.profile.fusion
    if fusion is None or not fusion.pointwise_chains:
        return branches.superfluous
    return [step for step in branches.superfluous if step.name in CONVOLUTIONS]


def _numbers(group: Sequence[tuple[Step, Branches]]) -> str:
    """Say how many branches there are: "3 branches", "3 branches (in 8 places) and 2 (in 2)"."""
    found = Counter(len(branches.ends) for _, branches in group).most_common()
    (first, places), *others = found
    text = count(first, "branch", "branches")
    if not others:
        return text
    more = (f"{number} (in {times})" for number, times in others)
    return f"{text} (in {count(places, 'place')}) and {' and '.join(more)}"


def _made(group: Sequence[tuple[Step, Branches]]) -> str:
    return " or ".join(dict.fromkeys(title(branches.largest) for _, branches in group))


def _anew(links: Links, reading: Reading, evidence: str) -> Iterator[Finding]:
    for place, found in by_anchor(_computed(links), reading.graph).items():
        step = found[0][0]
        steps = [made for _, inner in found for made in inner]
        share = share_of(links, reading, steps) if steps else _traffic(links, found)
        if not costly(reading, share):
            continue
        named = " or ".join(dict.fromkeys(title(each) for each, _ in found))
        said = said_share(reading, steps, share) if steps else f", {percent(share or 0)} more bytes"
        every = {tuple(dict.fromkeys(made.name for made in inner)) for _, inner in found}
        how = f" ({', '.join(names)})" if len(every) == 1 and (names := every.pop()) else ""
        yield Finding(
            place,
            f"the weight of {named} is computed anew at each call{how}"
            f"{instances(len(found))}{said}",
            f"the runtime computes nothing beforehand [{evidence}]",
            "compute it once after training and store the result (same result)",
            related=places(((made, made.name) for made in found[0][1]), place),
            model_share=share,
            data={"op": step.op, "layers": len(found)},
        )


def _computed(links: Links) -> Iterator[tuple[Step, Sequence[Step]]]:
    """Yield the products whose weight is made of weights, with what makes it: nothing where a
    utility of torch's does it unseen. What applies a mask is HW402's."""
    for step, made in computed_weights(links):
        masks = len(made) == 1 and made[0].name in ("mul", "masked_fill", "where")
        if step.layer is not None and not masks and any(s.operation.effect == "new" for s in made):
            yield step, made
    for step in links.by_number.values():
        if _is_hidden(step):
            yield step, ()


def _is_hidden(step: Step) -> bool:
    """Whether a layer's own weight is no parameter, though nothing in sight made it: a utility of
    torch's has put a computed one in its place."""
    layer, weight = step.layer, step.tensor(WEIGHT)
    if layer is None or weight is None or LAYERS[layer.op].family not in ("conv", "linear"):
        return False
    own = layer.class_name.rpartition(".")[2] == layer.op
    return own and weight.kind == "activation" and step.maker(WEIGHT) is None


def _traffic(links: Links, found: Sequence[tuple[Step, Sequence[Step]]]) -> float | None:
    """Return what making the weights moves, at least: each is read and written once."""
    moved = 0
    for step, _ in found:
        weight = step.tensor(WEIGHT)
        moved += 2 * _BYTES * ((weight.items or 0) if weight is not None else 0)
    return moved / (links.moved + moved) if links.moved else None


_BYTES = 4
