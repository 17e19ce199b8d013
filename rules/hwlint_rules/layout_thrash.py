"""HW307."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hwlint.api import POINTWISE, Finding, Fusion, Links, Reading, Rule, Step
from hwlint_rules._flow import by_call, costly, instances, places, said_share, shape, share_of
from hwlint_rules._text import counts

__all__ = ["LayoutThrash"]

_COPIES = ("contiguous", "clone")


class LayoutThrash(Rule):
    """A tensor that is copied into another order of its axes and back again for nothing.

    What it checks
    --------------
    Calls that only put axes into another order (`permute`, `transpose`, `movedim`) with copies
    after them (`contiguous`, `clone`), until the axes are in the order that they began in, with
    nothing between that could tell: only functions of each item alone, that take no other tensor.
    Each is read by the next one alone. Where the runtime makes one kernel of element-wise
    operators in a row, all copies are one pass, and beside an element-wise operator they cost
    nothing and are left alone.

    Why it costs
    ------------
    A call to `permute` is free: it only says in which order the numbers are to be read. A copy
    reads all of them across the order in which they lie and writes them anew
    (2 x items x bytes), and the copy back does so once more.

    Example
    -------
        x = x.permute(0, 2, 3, 1).contiguous()
        x = self.act(x)
        x = x.permute(0, 3, 1, 2).contiguous()

    Use instead
    -----------
        x = self.act(x)     # the same for each item, in whichever order they lie

    Fix safety
    ----------
    The result is the same.

    Profile fields
    --------------
    `fusion.reorders`, `fusion.pointwise_chains`, `reporting.pass_model_share`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/tensor_view.html (which functions give views)
    - https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html
    """

    code = "HW307"
    name = "layout-thrash"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64, 64, 32)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, 3)
                self.norm = nn.LayerNorm(64)
                self.last = nn.Conv2d(64, 64, 3)

            def forward(self, x):
                x = self.conv(x).permute(0, 2, 3, 1).contiguous()
                x = self.norm(x).permute(0, 3, 1, 2).contiguous()
                return self.last(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64, 64, 64)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, 3)
                self.last = nn.Conv2d(64, 64, 3)

            def forward(self, x):
                x = self.conv(x).permute(0, 2, 3, 1).contiguous()
                return self.last(x.permute(0, 3, 2, 1).contiguous())
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64, 64, 32)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, 3)
                self.last = nn.Conv2d(64, 64, 3)

            def forward(self, x):
                return self.last(self.conv(x).permute(0, 2, 3, 1).permute(0, 3, 1, 2))
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64, 64, 64)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, 3)
                self.last = nn.Conv2d(64, 64, 3)

            def forward(self, x):
                x = self.conv(x).permute(0, 2, 3, 1).contiguous()
                return self.last(x.permute(0, 3, 1, 2).contiguous())
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call with which a tensor leaves its order for nothing."""
        links = reading.graph.links if reading.graph is not None else None
        fusion = reading.profile.fusion
        if links is None or fusion is None or fusion.reorders is not False:
            return
        found = ((trip.steps[0], trip) for trip in _trips(links, fusion))
        for place, group in by_call(found).items():
            paid = [trip.paid(chains=bool(fusion.pointwise_chains)) for _, trip in group]
            copies = [step for steps in paid for step in steps]
            share = share_of(links, reading, copies)
            if not costly(reading, share):
                continue
            step, trip = group[0]
            numbers = [len(steps) for steps in paid]
            yield Finding(
                place,
                f"{shape(step)} is copied into another order and back: "
                f"{counts(numbers, 'more pass', 'more passes')}{instances(len(group))}"
                f"{said_share(reading, copies, share)}",
                "nothing between them depends on the order, and the runtime keeps such copies "
                f"[{fusion.evidence}]",
                "leave the order as it is (same result)",
                related=places(((s, s.name) for s in trip.steps), place),
                model_share=share,
                saves=share if reading.estimate is not None else None,
                data={"passes": max(numbers), "layers": len(group)},
            )


@dataclass(slots=True)
class _Trip:
    """What happens to a tensor from one order to the same one again."""

    order: tuple[int, ...]
    lies: tuple[int, ...]
    """The order in which the items lie in memory."""
    steps: list[Step] = field(default_factory=list[Step])
    copies: list[Step] = field(default_factory=list[Step])
    alone: bool = True
    """Whether nothing in it works on the items."""

    @property
    def is_back(self) -> bool:
        """Whether all axes are where they were."""
        return self.order == tuple(range(len(self.order)))

    def paid(self, *, chains: bool) -> list[Step]:
        """Return the copies that are passes of their own: element-wise chains are one together."""
        return self.copies[:1] if chains else self.copies

    def take(self, step: Step) -> bool:
        """Go one step on; False where it does something else."""
        order = step.operation.order
        if order and len(order) == len(self.order):
            self.order = tuple(self.order[axis] for axis in order)
        elif step.name in _COPIES:
            if self.order != self.lies:  # else the items lie as they are to be
                self.copies.append(step)
            self.lies = self.order
        elif step.name in POINTWISE and len(step.operation.inputs) == 1:
            self.alone = False
        else:
            return False
        self.steps.append(step)
        return True


def _trips(links: Links, fusion: Fusion) -> Iterator[_Trip]:
    taken: set[int] = set()
    for step in links.by_number.values():
        order = step.operation.order
        if not order or step.number in taken or not _is_made(step):
            continue
        trip = _trip(step)
        if trip is not None and (trip.alone or not fusion.pointwise_chains):
            taken.update(one.number for one in trip.steps)
            if not fusion.pointwise_chains or not _is_beside_pointwise(trip):
                yield trip


def _is_made(step: Step) -> bool:
    """Whether the tensor lies in its own order: it was computed, not looked at in another one."""
    maker = step.maker()
    return maker is None or maker.operation.effect == "new"


def _trip(first: Step) -> _Trip | None:
    """Follow a tensor until it is in its order again, and through copies after that; None where it
    is not, or nothing was copied."""
    begin = tuple(range(len(first.operation.order)))
    trip = _Trip(begin, begin)
    step: Step | None = first
    while step is not None and trip.take(step):
        after = step.next
        copied = after is not None and after.name in _COPIES
        if trip.is_back and trip.copies and not copied:
            return trip
        step = after
    return None


def _is_beside_pointwise(trip: _Trip) -> bool:
    """Whether an element-wise operator before or after it takes up the copies."""
    maker, readers = trip.steps[0].maker(), trip.steps[-1].readers
    return any(step.name in POINTWISE for step in (*readers, *([maker] if maker else [])))
