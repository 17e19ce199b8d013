"""Weights that are computed while the model runs."""

from collections.abc import Iterator

from hwlint.api import LAYERS, Links, Step

__all__ = ["WEIGHT", "computed_weights", "lead_up"]

WEIGHT = 1
"""Where convolutions and linear layers take their weight."""


def computed_weights(links: Links) -> Iterator[tuple[Step, tuple[Step, ...]]]:
    """Yield each product whose weight is computed from weights alone, with what computes it, the
    last one last."""
    for step in links.by_number.values():
        spec = LAYERS.get(step.op)
        if spec is None or spec.family not in ("conv", "linear"):
            continue
        found = lead_up(step, WEIGHT)
        if found:
            yield step, found


def lead_up(step: Step, number: int) -> tuple[Step, ...]:
    """Return the steps that make an input out of the model's own tensors alone, in order; none
    where anything that is given to the model goes in, or nothing has to be made."""
    maker = step.maker(number)
    found: dict[int, Step] = {}
    waiting = [maker] if maker is not None else []
    while waiting:
        current = waiting.pop()
        if current.number in found:
            continue
        found[current.number] = current
        for index in range(len(current.taken)):
            before, tensor = current.maker(index), current.tensor(index)
            if before is not None:
                waiting.append(before)
            elif tensor is None or tensor.kind == "input":
                return ()
    return tuple(found[key] for key in sorted(found))
