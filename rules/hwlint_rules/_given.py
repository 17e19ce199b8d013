"""Numbers that are not the author's to choose: what the task gives, the ends of a model."""

import re

from hwlint.api import LAYERS, Argument, Layer, Links, ModelGraph, Origin, Place, Step
from hwlint_rules._dimensions import Dimension
from hwlint_rules._origins import leaves_of
from hwlint_rules._text import widths

__all__ = ["Ends"]

_GIVEN = re.compile(
    r"(^|_)(n|num|nb)?_?"
    r"(class(es)?|labels?|targets?|outputs?|vocab(ulary)?(_size)?|(attention_)?heads?"
    r"|patch(es)?(_size)?|(img|image|input|window|grid)_size|(seq|sequence|context)_len(gth)?"
    r"|tokens?|positions?|bins?|mels?|coord(inate)?s?|corners?|(key_?)?points?|landmarks?)$",
    re.IGNORECASE,
)
"""Names of numbers that are no channel counts, though layers are made as wide as them: what the
task gives, heads of attention, positions of an image or a sequence, bins of a spectrum, coordinates
of points."""


class Ends:
    """What is not the author's to choose: the ends of the model, class counts, 1 + 2 * width."""

    def __init__(self, graph: ModelGraph) -> None:
        layers = graph.layers
        known = [x for x in layers if not x.maybe and widths(x) is not None]
        self._first = known[0] if known else None
        self._last = known[-1] if known else None
        self._ending = _ending(graph.links) if graph.links is not None else None
        self._taken = _Sides()
        self._made = _Sides()
        for layer in layers:
            ends = widths(layer)
            wide = _width_of(layer)
            into, out = ends if ends is not None else (wide, wide)
            self._taken.add(layer, into)
            self._made.add(layer, out)

    def given(self, dim: Dimension, literal: Origin | None) -> bool:
        """Whether the dimension is given."""
        if _plus_few(dim) or _is_count(dim) or self._is_end(dim):
            return True
        names = [literal] if literal is not None else leaves_of(dim.argument.origin)
        return any(leaf.name and _GIVEN.search(leaf.name) for leaf in names)

    def _is_end(self, dim: Dimension) -> bool:
        """Whether nothing in the model makes what the first layer takes, or nothing takes what a
        layer makes: coordinates of a box, scores."""
        if dim.operand == "in":
            return dim.layer is self._first and not self._made.has(dim)
        if self._ending is not None:
            last = id(dim.layer) in self._ending
        else:
            last = dim.layer is self._last
        return last and not self._taken.has(dim)


class _Sides:
    """How wide layers are on one side, and where these numbers come from."""

    def __init__(self) -> None:
        self._found: dict[Place, set[int]] = {}

    def add(self, layer: Layer, argument: Argument | None) -> None:
        """Enter what a layer takes or makes."""
        for leaf in leaves_of(argument.origin) if argument is not None else ():
            if leaf.place is not None:
                self._found.setdefault(leaf.place, set()).add(id(layer))

    def has(self, dim: Dimension) -> bool:
        """Whether another layer is wide by the same numbers of the source."""
        places = (leaf.place for leaf in leaves_of(dim.argument.origin))
        own = {id(dim.layer)}
        return any(place in self._found and self._found[place] - own for place in places)


def _width_of(layer: Layer) -> Argument | None:
    """Return how wide a layer is that has one width."""
    names = ("num_features", "num_channels", "normalized_shape", "embed_dim", "embedding_dim")
    return next((layer.args[name] for name in names if name in layer.args), None)


def _ending(links: Links) -> frozenset[int]:
    """Return the ids of layers of which what they make reaches the end of the run, and no other
    layer with a width on its way."""
    feeding: set[int] = set()
    found: dict[int, bool] = {}
    for step in reversed(links.by_number.values()):
        goes_on = any(_is_wide(after) or after.number in feeding for after in step.readers)
        if goes_on:
            feeding.add(step.number)
        if step.layer is not None:
            found[id(step.layer)] = found.get(id(step.layer), True) and not goes_on
    return frozenset(key for key, ends in found.items() if ends)


def _is_wide(step: Step) -> bool:
    spec = LAYERS.get(step.op)
    return spec is not None and spec.family in ("conv", "linear", "norm", "recurrent", "attention")


def _is_count(dim: Dimension) -> bool:
    """Whether the number is made of numbers that are all less than a tile: four coordinates of
    each of six boxes."""
    origin = dim.argument.origin
    parts = [leaf.value for leaf in leaves_of(origin)]
    small = all(isinstance(part, int) and part < dim.tile.minimum for part in parts)
    return origin is not None and origin.operation == "*" and bool(parts) and small


def _plus_few(dim: Dimension) -> bool:
    """Whether the number is whole tiles and a few more or less: a score beside keys and values,
    features that leave room for coordinates. The few are the odd ones out, and they are needed."""
    origin, step = dim.argument.origin, dim.tile.minimum
    if origin is None or origin.operation not in ("+", "-") or len(origin.operands) != 2:
        return False
    parts = [operand.value for operand in origin.operands]
    numbers = sorted(part for part in parts if isinstance(part, int))
    return len(numbers) == 2 and 0 < numbers[0] < step and numbers[1] % step == 0
