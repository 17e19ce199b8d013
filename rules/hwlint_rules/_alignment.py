"""Dimensions that do not fill the device's tiles: what HW101 and HW102 share."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from hwlint.api import (
    LAYERS,
    Argument,
    Finding,
    Layer,
    ModelGraph,
    Origin,
    Place,
    Reading,
    Reporting,
    Tile,
)
from hwlint_rules._gates import gate_layers
from hwlint_rules._origins import describe, evaluate, owner
from hwlint_rules._text import count, listed, percent, related

__all__ = ["Dimension", "misaligned"]

_GIVEN = re.compile(
    r"(^|_)(n|num|nb)?_?"
    r"(class(es)?|labels?|targets?|outputs?|vocab(ulary)?(_size)?|(attention_)?heads?"
    r"|patch(es)?(_size)?|(img|image|input|window|grid)_size|(seq|sequence|context)_len(gth)?"
    r"|tokens?|positions?)$",
    re.IGNORECASE,
)
"""Names of numbers that are no channel counts, though layers are made as wide as them: what the
task gives, heads of attention, positions of an image or a sequence."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One channel or feature count of one layer, with the tile that it should fill."""

    layer: Layer
    operand: str
    """"in" or "out"."""
    argument: Argument
    value: int
    """What the tile counts: channels, of a grouped convolution those of one group."""
    tile: Tile
    groups: int = 1

    @property
    def padded(self) -> int:
        """The next multiple of the tile."""
        return -(-self.value // self.tile.minimum) * self.tile.minimum

    @property
    def misses(self) -> bool:
        """Whether the last tile is not filled. Less than one tile is thin, not misaligned."""
        return self.value != self.padded and self.value > self.tile.minimum


@dataclass(slots=True)
class _Cause:
    """All dimensions that one literal decides, or the same literals together, or one call."""

    literal: Origin | None
    anchor: Place
    dims: list[Dimension] = field(default_factory=list[Dimension])
    exempt: list[Dimension] = field(default_factory=list[Dimension])

    def concerned(self) -> list[Dimension]:
        """Dimensions that miss their tile; those that the task gives only if there is no other."""
        missing = [dim for dim in self.dims if dim.misses]
        return missing or [dim for dim in self.exempt if dim.misses]

    def by_task(self) -> bool:
        """Whether only the task decides what is concerned."""
        return not any(dim.misses for dim in self.dims)


@dataclass(frozen=True, slots=True)
class _Waste:
    """What filling the tiles would add, in parameters."""

    layers: tuple[Layer, ...]
    params: int
    padding: float
    model: int
    """Parameters of the model, or of all layers that are known where the model is not."""
    whole: bool
    """Whether `model` is the whole model."""

    @property
    def share(self) -> float:
        """Padding as a share of the padded layers."""
        return self.padding / (self.params + self.padding)


def misaligned(
    reading: Reading, dimensions: Callable[[Reading, Layer], Iterable[Dimension]], noun: str
) -> Iterator[Finding]:
    """Yield one finding for each literal (or call) whose dimensions miss their tiles."""
    graph, limits = reading.graph, reading.profile.reporting
    if graph is None or limits is None:
        return
    layers, owners = _unique(graph), _Owners(reading)
    for cause in _causes(reading, layers, dimensions, owners):
        waste = _waste(graph, layers, cause.concerned())
        if waste is not None and _worth_reading(limits, cause, waste):
            norms = _norms(layers, cause, owners)
            yield _finding(reading, cause, waste, _things(waste, noun, norms))


def _worth_reading(limits: Reporting, cause: _Cause, waste: _Waste) -> bool:
    """Whether what is missed is worth a line. A slower kernel slows down all of the layer, how
    little of its last tile may be empty."""
    if cause.by_task():
        return waste.padding >= limits.exempt_model_share * waste.model
    if any(dim.tile.effect == "slower" for dim in cause.concerned()):
        return waste.params >= limits.slower_model_share * waste.model
    if waste.share < limits.padding_layer_share:
        return False
    return waste.padding >= limits.padding_model_share * waste.model


def _unique(graph: ModelGraph) -> list[Layer]:
    """Layers that are built for certain, each once: a shared one stands in the tree twice."""
    return list({id(layer): layer for layer in graph.layers() if not layer.maybe}.values())


def _causes(
    reading: Reading,
    layers: list[Layer],
    dimensions: Callable[[Reading, Layer], Iterable[Dimension]],
    owners: "_Owners",
) -> Iterable[_Cause]:
    """Group dimensions by the literal that decides them, else by those that they come from."""
    limits = reading.profile.reporting
    few = limits.image_channels if limits is not None else 0
    ends = _Ends(layers)
    gates = gate_layers(reading.graph) if reading.graph is not None else frozenset[int]()
    causes: dict[object, _Cause] = {}
    for layer in layers:
        if id(layer) in gates:
            continue
        for dim in dimensions(reading, layer):
            if dim.value * dim.groups <= few:
                continue
            literal = owners.deciding(dim)
            place = literal.place if literal is not None else None
            key = place or owners.leaves(dim.argument.origin) or layer.place
            cause = causes.setdefault(key, _Cause(literal, place or layer.place))
            (cause.exempt if ends.given(dim, literal) else cause.dims).append(dim)
    return _joined(causes.values())


def _joined(causes: Iterable[_Cause]) -> Iterable[_Cause]:
    """Put together what would be said at the same place."""
    joined: dict[Place, _Cause] = {}
    for cause in causes:
        if not any(dim.misses for dim in (*cause.dims, *cause.exempt)):
            continue
        first = joined.setdefault(cause.anchor, cause)
        if first is not cause:
            first.dims += cause.dims
            first.exempt += cause.exempt
    return joined.values()


class _Owners:
    """Owners of origins, each found once: thousands of layers share a few chains."""

    def __init__(self, reading: Reading) -> None:
        self._known: dict[int, Origin | None] = {}
        self._leaves: dict[int, frozenset[Place]] = {}
        # What is no wider than the smallest tile cannot be the width that misses one.
        steps = [t.minimum for t in reading.profile.tiles if reading.dtype in t.dtypes]
        self._scale = min(steps, default=0)

    def deciding(self, dim: Dimension) -> Origin | None:
        """Return the literal that decides a dimension. One that fills tiles itself is not to
        blame for what arithmetic makes of it."""
        literal = self.of(dim.argument.origin)
        value = literal.value if literal is not None else None
        blameless = isinstance(value, int) and value % dim.tile.minimum == 0
        return None if dim.misses and blameless else literal

    def leaves(self, origin: Origin | None) -> frozenset[Place]:
        """Return the places of all literals that a number comes from."""
        key = id(origin)
        if key not in self._leaves:
            places = (leaf.place for leaf in _leaves(origin))
            self._leaves[key] = frozenset(place for place in places if place is not None)
        return self._leaves[key]

    def of(self, origin: Origin | None) -> Origin | None:
        """Return the literal that decides a number."""
        key = id(origin)
        if key not in self._known:
            self._known[key] = owner(origin, self._scale)
        return self._known[key]


class _Ends:
    """What is not the author's to choose: the ends of the model, class counts, 1 + 2 * width."""

    def __init__(self, layers: list[Layer]) -> None:
        weighted = [layer for layer in layers if LAYERS[layer.op].family in {"conv", "linear"}]
        self._first = weighted[0] if weighted else None
        self._last = weighted[-1] if weighted else None

    def given(self, dim: Dimension, literal: Origin | None) -> bool:
        """Whether the dimension is given."""
        if _plus_few(dim):
            return True
        if dim.layer is (self._first if dim.operand == "in" else self._last):
            return True
        names = [literal] if literal is not None else _leaves(dim.argument.origin)
        return any(leaf.name and _GIVEN.search(leaf.name) for leaf in names)


def _plus_few(dim: Dimension) -> bool:
    """Whether the number is whole tiles and a few more: a score beside keys and values,
    coordinates beside features. The few are the odd ones out, and they are needed."""
    origin, step = dim.argument.origin, dim.tile.minimum
    if origin is None or origin.operation != "+" or len(origin.operands) != 2:
        return False
    parts = [operand.value for operand in origin.operands]
    numbers = sorted(part for part in parts if isinstance(part, int))
    return len(numbers) == 2 and 0 < numbers[0] < step and numbers[1] % step == 0


def _leaves(origin: Origin | None) -> list[Origin]:
    return list(origin.leaves()) if origin is not None else []


def _waste(graph: ModelGraph, layers: list[Layer], dims: list[Dimension]) -> _Waste | None:
    """Add up what filling the tiles takes; None where a layer's parameters are not known."""
    growth: dict[int, float] = {}
    concerned: dict[int, Layer] = {}
    for dim in dims:
        key = id(dim.layer)
        concerned[key] = dim.layer
        growth[key] = growth.get(key, 1.0) * dim.padded / dim.value
    params, padding = 0, 0.0
    for key, layer in concerned.items():
        if layer.params is None:
            return None
        params += layer.params
        padding += layer.params * (growth[key] - 1)
    if not padding:
        return None
    known = sum(layer.params or 0 for layer in layers)
    model = known if graph.params is None else graph.params
    return _Waste(tuple(concerned.values()), params, padding, model, graph.params is not None)


def _finding(reading: Reading, cause: _Cause, waste: _Waste, things: str) -> Finding:
    dims = cause.concerned()
    place = cause.anchor
    padded = _padded(dims)
    solved = _solved(cause)
    value = cause.literal.value if cause.literal is not None else None
    model_share = waste.padding / waste.model if waste.whole and waste.model else None
    return Finding(
        place,
        _message(padded, (value, solved), things, waste),
        _why(reading, dims, padded, place, waste),
        _advice(dims, waste),
        alternatives=_alternatives(dims, place),
        related=related(waste.layers, place, _described),
        share=waste.share,
        model_share=model_share,
        data={
            "value": value if solved is not None else None,
            "padded": solved,
            "dimensions": [[before, after] for before, after in padded.items()],
            "layers": len(waste.layers),
        },
    )


def _padded(dims: list[Dimension]) -> dict[int, int]:
    """Each number of channels as it stands in the source, and what would fill all its tiles."""
    steps: dict[int, int] = {}
    for dim in dims:
        value = dim.value * dim.groups
        steps[value] = math.lcm(steps.get(value, 1), dim.tile.minimum * dim.groups)
    return {value: -(-value // step) * step for value, step in sorted(steps.items())}


def _solved(cause: _Cause) -> int | None:
    """Return the least greater value of the literal with which all it decides fills its tiles."""
    literal = cause.literal
    if literal is None or isinstance(literal.value, bool) or not isinstance(literal.value, int):
        return None
    dims = [*cause.dims, *cause.exempt]
    highest = literal.value + max(64, literal.value // 2)
    for candidate in range(literal.value + 1, highest + 1):
        if all(_fills(dim, cause.anchor, candidate) for dim in dims):
            return candidate
    return None


def _fills(dim: Dimension, place: Place, candidate: int) -> bool:
    origin = dim.argument.origin
    then = evaluate(origin, place, candidate) if origin is not None else None
    whole = dim.value * dim.groups
    return then is not None and then >= whole and then % (dim.tile.minimum * dim.groups) == 0


def _things(waste: _Waste, noun: str, norms: int) -> str:
    """What would be aligned: "7 convolutions and 7 norms"."""
    text = count(len(waste.layers), noun)
    return f"{text} and {count(norms, 'norm')}" if norms else text


def _norms(layers: list[Layer], cause: _Cause, owners: _Owners) -> int:
    """Count the norms whose width the same literal decides."""
    literal = cause.literal
    if literal is None:
        return 0
    values = {dim.value * dim.groups for dim in cause.concerned()}
    arguments = [
        layer.args.get("num_features") or layer.args.get("num_channels")
        for layer in layers
        if LAYERS[layer.op].family == "norm"
    ]
    wide = [a for a in arguments if a is not None and a.value in values]
    found = [owners.of(argument.origin) for argument in wide]
    return sum(decides is not None and decides.place == literal.place for decides in found)


def _message(
    padded: dict[int, int], literal: tuple[object, int | None], things: str, waste: _Waste
) -> str:
    value, solved = literal
    changes = listed(f"{before} -> {after}" for before, after in padded.items())
    if solved is None or padded == {value: solved}:
        text = f"{changes} would align {things}"
    else:
        text = f"{value} -> {solved} would align {things} ({listed(map(str, padded))})"
    if not waste.whole or not waste.model:
        return text
    return f"{text}: {percent(waste.params / waste.model)} of the parameters"


def _why(
    reading: Reading, dims: list[Dimension], padded: dict[int, int], place: Place, waste: _Waste
) -> str:
    tile = max((dim.tile for dim in dims), key=lambda tile: tile.minimum)
    largest = max(dims, key=lambda dim: (dim.layer.params or 0, dim.value))
    parts = [describe(largest.argument.origin, place)]
    if tile.effect == "padded":
        first = largest.value * largest.groups
        cost = f"computed in steps of {largest.tile.minimum} in {reading.dtype}"
        parts.append(f"{cost}, {largest.value} costs as {largest.padded}")
        if len(padded) == 1 and first in padded:
            parts.append(f"{percent(waste.share)} of these layers is padding")
    else:
        step = f"multiples of {tile.minimum}"
        parts.append(f"less efficient in {reading.dtype} than {step}")
    return f"{'; '.join(part for part in parts if part)} [{tile.evidence}]"


def _advice(dims: list[Dimension], waste: _Waste) -> str:
    steps = " and ".join(str(step) for step in sorted({dim.tile.minimum for dim in dims}))
    grown = f"+{percent(waste.padding / waste.params)} parameters in these layers"
    if waste.whole and waste.model:
        grown += f", +{percent(waste.padding / waste.model)} in the model"
    return f"use multiples of {steps} ({grown}; changes the checkpoint)"


def _alternatives(dims: list[Dimension], place: Place) -> tuple[Place, ...]:
    """Where else the cause can be met: literals on the way, then the calls."""
    leaves = [leaf.place for dim in dims for leaf in _leaves(dim.argument.origin) if leaf.name]
    calls = [dim.layer.place for dim in dims]
    unique = dict.fromkeys(p for p in (*leaves, *calls) if p is not None and p != place)
    return tuple(unique)


def _described(layer: Layer) -> str:
    ends = ("in_channels", "out_channels", "in_features", "out_features")
    sizes = [str(layer.args[end].value) for end in ends if end in layer.args]
    return f"{layer.op} {' -> '.join(sizes)}"
