"""Words and numbers that several rules share."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from hwlint.api import Argument, Layer, Place, Related

__all__ = ["count", "counts", "listed", "number", "percent", "related", "widths"]

Places = tuple[Related, ...]


def count(number: int, one: str, many: str = "") -> str:
    """Return "1 norm", "7 norms"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def counts(numbers: Iterable[int], one: str, many: str = "") -> str:
    """Return "7 norms", "4 or 7 norms" where there are not as many everywhere."""
    *others, last = sorted({*numbers})
    return "".join(f"{other} or " for other in others) + count(last, one, many)


def number(argument: Argument | None) -> int | None:
    """Return a known, positive, whole argument."""
    if argument is None or not argument.known:
        return None
    value = argument.value
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return None
    return value


def percent(share: float) -> str:
    """Return a share in percent with two figures at most: "3.8 %", "12 %", "0.04 %", "<0.01 %"."""
    value = 100 * share
    if value >= 9.95:
        return f"{value:.0f} %"
    if 0 < value < 0.01:
        return "<0.01 %"
    return f"{value:.1f} %" if value >= 0.095 else f"{value:.1g} %"


def listed(words: Iterable[str], most: int = 4) -> str:
    """Return "a, b, c and 3 more"."""
    known = list(words)
    if len(known) <= most:
        return ", ".join(known)
    return f"{', '.join(known[:most])} and {len(known) - most} more"


class Placed(Protocol):
    """A layer, or what else has a place."""

    @property
    def place(self) -> Place:
        """The call that builds it."""
        ...


L = TypeVar("L", bound=Placed)


def related(layers: Iterable[L], anchor: Place, say: Callable[[L], str]) -> Places:
    """Return one related place for each call elsewhere that builds any of the layers."""
    said: dict[Place, dict[str, None]] = {}
    for layer in layers:
        if layer.place != anchor:
            said.setdefault(layer.place, {})[say(layer)] = None
    return tuple(Related(place, listed(texts, 2)) for place, texts in said.items())


def widths(layer: Layer) -> tuple[Argument, Argument] | None:
    """Return what goes in and what comes out of a convolution or a linear layer, else None."""
    for noun in ("channels", "features"):
        into, out = layer.args.get(f"in_{noun}"), layer.args.get(f"out_{noun}")
        if into is not None and out is not None:
            return into, out
    return None
