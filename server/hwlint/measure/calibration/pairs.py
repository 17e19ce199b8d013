"""Which layers the runtime makes one kernel of, from rows of layers and each of them alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from hwlint.measure.calibration.cases import Case

__all__ = ["Pair", "pairs_of"]

_SAVED = 0.5
"""Layers are one kernel where running them in a row saves more than this share of the cheaper one:
the rule of nn-Meter (Zhang et al. 2021)."""


class Pair(NamedTuple):
    """A layer, and what comes before it in a row."""

    before: tuple[str, ...]
    """torch.nn's class names, first one first."""
    layer: str
    fused: bool


def pairs_of(cases: Sequence[Case], times: Mapping[str, float]) -> Iterator[Pair]:
    """Yield the pairs that were timed: a layer behind one other, or behind several."""
    by_parts = {case.parts: case for case in cases if case.parts}
    for case in by_parts.values():
        *heads, tail = case.parts
        head = by_parts[tuple(heads)].id if len(heads) > 1 else heads[0]
        if not all(name in times for name in (head, tail, case.id)):
            continue
        first, last, both = times[head], times[tail], times[case.id]
        layers = [
            str(part["layer"]) for part in cast("list[dict[str, object]]", case.spec["chain"])
        ]
        yield Pair(tuple(layers[:-1]), layers[-1], first + last - both > _SAVED * min(first, last))
