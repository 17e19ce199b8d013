"""Steps of a run as findings: where they stand, what they share of the model."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from hwlint.api import LAYERS, POINTWISE, Links, ModelGraph, Place, Reading, Related, Step
from hwlint_rules._homes import Homes
from hwlint_rules._text import count, listed, percent

__all__ = [
    "by_anchor",
    "by_call",
    "costly",
    "grouped",
    "instances",
    "is_activation",
    "left_factor",
    "most_alike",
    "one_axis",
    "parting",
    "places",
    "said_share",
    "shape",
    "share_of",
    "stays",
    "title",
]

T = TypeVar("T")
_MATRIX = 2


def by_anchor(
    found: Iterable[tuple[Step, T]], graph: ModelGraph | None
) -> dict[Place, list[tuple[Step, T]]]:
    """Group what was found by the place that is to change; without a place there is nothing."""
    every = list(found)
    homes = graph.derived(Homes) if every and graph is not None else None
    return grouped((_anchor(step, homes), (step, what)) for step, what in every)


def _anchor(step: Step, homes: Homes | None) -> Place | None:
    """Return the line to change: of a layer that a helper builds, the model's own."""
    place, layer = step.anchor, step.layer
    if homes is None or layer is None or place != layer.place:
        return place
    return homes.called(step.operation.module, layer)


def parting(step: Step, other: Step) -> Place | None:
    """Return the call that leads to a step in the function from which another call leads to another
    step: the innermost one that has both in it."""
    ways = zip(step.way, other.way, strict=False)
    return next((mine[1] for mine, its in ways if mine != its), None)


def by_call(found: Iterable[tuple[Step, T]]) -> dict[Place, list[tuple[Step, T]]]:
    """Group what was found by the call in a forward method, wherever the layer was built."""
    return grouped((step.place, (step, what)) for step, what in found)


def grouped(found: Iterable[tuple[Place | None, T]]) -> dict[Place, list[T]]:
    """Group what was found by its place; without one it is left out."""
    groups: dict[Place, list[T]] = {}
    for place, what in found:
        if place is not None:
            groups.setdefault(place, []).append(what)
    return groups


def most_alike(found: Sequence[T], kind: Callable[[T], Hashable]) -> list[T]:
    """Return the largest part of what one line makes of which one thing can be said, the first of
    several as large: a helper's line makes several kinds."""
    parts: dict[Hashable, list[T]] = {}
    for one in found:
        parts.setdefault(kind(one), []).append(one)
    return max(parts.values(), key=len) if parts else []


def left_factor(name: str) -> int:
    """Return which input of a product is its left factor: what is added to one stands before
    both. `name`: torch's name of the function."""
    return 1 if name == "baddbmm" else 0


def share_of(links: Links, reading: Reading, steps: Iterable[Step]) -> float | None:
    """Return the share of the model that some steps are: of its estimated time where the estimate
    knows what they take, else of the bytes that it moves."""
    every = list(steps)
    if _is_timed(reading, every):
        return reading.share(operations=[step.number for step in every])
    return sum(step.moved for step in every) / links.moved if links.moved else None


def _is_timed(reading: Reading, steps: Iterable[Step]) -> bool:
    """Without a bandwidth in the profile, what only moves bytes takes no time in the estimate."""
    known = reading.estimate
    if known is None or not known.seconds:
        return False
    return any(known.operations[step.number].seconds for step in steps)


def costly(reading: Reading, share: float | None) -> bool:
    """Whether so much of the model is worth a line on this device."""
    least = reading.profile.reporting
    return least is not None and share is not None and share >= least.pass_model_share


def said_share(reading: Reading, steps: Iterable[Step], share: float | None) -> str:
    """Return ", 3.1 % of the estimated time"."""
    if not share:
        return ""
    of = reading.share_of if _is_timed(reading, steps) else "the bytes moved"
    return f", {percent(share)} of {of}"


def instances(number: int) -> str:
    """Return ", in 3 places of the model", nothing for one."""
    return f", in {count(number, 'place')} of the model" if number > 1 else ""


def shape(step: Step) -> str:
    """Return what a step makes: "1x64x56x56"."""
    made = step.result
    return "x".join(map(str, made.shape)) if made is not None and made.shape else "a number"


def title(step: Step) -> str:
    """Return the name of a step as the source has it: "Conv2d", "softmax"."""
    layer = step.layer
    return layer.op if layer is not None else step.name


def places(steps: Iterable[tuple[Step, str]], anchor: Place) -> tuple[Related, ...]:
    """Return one related place for each anchor elsewhere."""
    said: dict[Place, dict[str, None]] = {}
    for step, text in steps:
        if step.anchor is not None and step.anchor != anchor:
            said.setdefault(step.anchor, {})[text] = None
    return tuple(Related(place, listed(texts, 2)) for place, texts in said.items())


def is_activation(step: Step) -> bool:
    """Whether it is one of torch's activations that looks at each item alone."""
    known = LAYERS.get(step.op)
    return known is not None and known.family == "activation" and step.name in POINTWISE


def stays(step: Step) -> bool:
    """Whether a batch norm's mean and variance are fixed at inference."""
    inputs = [step.tensor(i) for i in range(1, len(step.operation.inputs))]
    return sum(tensor is not None and tensor.kind == "buffer" for tensor in inputs) > 1


def one_axis(step: Step) -> bool:
    """Whether the channels that a layer makes are those that a norm after it normalises: a linear
    layer's are the last axis, a norm's the second one."""
    made = step.result
    if made is None or made.shape is None:
        return False
    return step.name != "linear" or len(made.shape) == _MATRIX


def walk_back(step: Step, names: Iterable[str]) -> Iterator[Step]:
    """Yield what made the first input, and so on, as long as it is one of these functions and
    nothing else reads it."""
    wanted = frozenset(names)
    found = step.maker()
    while found is not None and found.name in wanted and found.next is not None:
        yield found
        found = found.maker()
