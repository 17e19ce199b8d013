"""Parallel branches that are one convolution together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from hwlint.api import Links, Step
from hwlint_rules._flow import stays

__all__ = ["CONVOLUTIONS", "Branches", "parallel_branches"]

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
_PAIR = 2
_ALIKE = ("stride", "groups", "dilation", "padding_mode")


@dataclass(frozen=True)
class Branches:
    """Branches of one input that are added up."""

    ends: tuple[tuple[Step, ...], ...]
    """The steps of each branch, from the input on; none for the input itself."""
    adds: tuple[Step, ...]
    largest: Step
    """The convolution that does most of the work."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, additions last."""
        return (*(step for branch in self.ends for step in branch), *self.adds)

    @property
    def superfluous(self) -> tuple[Step, ...]:
        """What one convolution would save: all but the largest and its norm."""
        kept = next(branch for branch in self.ends if self.largest in branch)
        return tuple(step for step in self.steps if step not in kept)


def parallel_branches(links: Links) -> Iterator[Branches]:
    """Yield the sums of branches that are one convolution together, the largest ones: what is added
    besides, a shortcut around them, is another matter."""
    found: dict[int, Branches] = {}
    within = set[int]()
    for total in reversed(list(links.called(("add",)))):
        branches = _branches(total) if total.number not in within else None
        if branches is not None:
            found[total.number] = branches
            within.update(add.number for add in branches.adds)
    yield from (found[number] for number in sorted(found))


def _branches(total: Step) -> Branches | None:
    adds, ends = [total], list[tuple[int, Step | None]]()
    for add in adds:
        if len(add.taken) != _PAIR:
            return None
        for number, value in enumerate(add.taken):
            maker = add.maker(number)
            if maker is not None and maker.name == "add" and maker.next is add:
                adds.append(maker)
            else:
                ends.append((value, maker))
    branches = _common(ends)
    if branches is None:
        return None
    convs = [step for branch in branches for step in branch if step.name in CONVOLUTIONS]
    weighted = [branch for branch in branches if branch]
    if not convs or len(weighted) < _PAIR or not _alike(convs):
        return None
    largest = max(convs, key=lambda step: step.operation.macs or 0)
    return Branches(tuple(branches), tuple(adds), largest)


def _common(ends: Sequence[tuple[int, Step | None]]) -> list[tuple[Step, ...]] | None:
    """Return the steps of each branch from the input that all have; None where there is none."""
    sources = dict.fromkeys(_branch(value, maker)[0] for value, maker in ends)
    for source in sources:
        found = [_from(source, value, maker) for value, maker in ends] if source is not None else []
        branches = [branch for branch in found if branch is not None]
        if found and len(branches) == len(found):
            return branches
    return None


def _branch(value: int, maker: Step | None) -> tuple[int | None, tuple[Step, ...]]:
    """Return what a linear branch begins with, and its steps."""
    steps: list[Step] = []
    while maker is not None and len(steps) < _PAIR:
        is_norm = maker.name == "batch_norm" and stays(maker) and not steps
        if not is_norm and maker.name not in CONVOLUTIONS:
            break
        steps.insert(0, maker)
        value = maker.taken[0]
        if maker.name in CONVOLUTIONS:
            break
        before = maker.maker()
        if before is None or before.name not in CONVOLUTIONS or before.next is not maker:
            break
        maker = before
    return (value if steps else None), tuple(steps)


def _from(source: int, value: int, maker: Step | None) -> tuple[Step, ...] | None:
    """Return the steps that lead from the input to a branch's end, None where others do."""
    if value == source:
        return ()
    begin, steps = _branch(value, maker)
    single = all(step.next is not None for step in steps)
    return steps if begin == source and steps and single else None


def _alike(convs: list[Step]) -> bool:
    """Whether the convolutions can be one: the same steps, centred on the same position."""
    layers = [step.layer for step in convs]
    if any(layer is None or layer.class_name.rpartition(".")[2] != layer.op for layer in layers):
        return False
    known = [layer.args for layer in layers if layer is not None]
    for name in _ALIKE:
        values = [args[name].value if args[name].known else object() for args in known]
        if any(value != values[0] for value in values):
            return False
    return all(_is_centred(step) for step in convs)


def _is_centred(step: Step) -> bool:
    """Whether zeros around the input keep the kernel's centre where the output is."""
    layer, weight = step.layer, step.tensor(1)
    if layer is None or weight is None or weight.shape is None:
        return False
    names = ("padding", "dilation")
    given = [layer.args[name].value if layer.args[name].known else None for name in names]
    kernel = weight.shape[_PAIR:]
    padding, dilation = (_each(value, len(kernel)) for value in given)
    if padding is None or dilation is None:
        return given[0] == "same"
    return all(
        size is not None and size % 2 and 2 * pad == gap * (size - 1)
        for size, pad, gap in zip(kernel, padding, dilation, strict=True)
    )


def _each(value: object, rank: int) -> tuple[int, ...] | None:
    if isinstance(value, int):
        return (value,) * rank
    if not isinstance(value, tuple):
        return None
    items = cast("tuple[object, ...]", value)
    numbers = tuple(item for item in items if isinstance(item, int))
    return numbers if len(numbers) == len(items) == rank else None
