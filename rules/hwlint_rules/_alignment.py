"""Dimensions that do not fill the device's tiles: what HW101 and HW102 share."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from math import prod

from hwlint.api import (
    LAYERS,
    Estimate,
    Finding,
    Layer,
    ModelGraph,
    Origin,
    Place,
    Reading,
    Reporting,
)
from hwlint_rules._alignment_text import finding, is_proved
from hwlint_rules._dimensions import Cause, Dimension, Waste
from hwlint_rules._gates import gate_layers
from hwlint_rules._given import Ends
from hwlint_rules._homes import Homes
from hwlint_rules._origins import breaker, leaves_of, owner
from hwlint_rules._steps import Steps
from hwlint_rules._text import count, widths

__all__ = ["misaligned"]


def misaligned(
    reading: Reading,
    dimensions: Callable[[Reading, Layer], Iterable[Dimension]],
    noun: str,
    *,
    with_norms: bool = False,
    thin: bool = False,
) -> Iterator[Finding]:
    """Yield one finding for each literal (or call) whose dimensions miss their tiles.

    `with_norms`: also count the norms that the same literal makes as wide. `thin`: the dimensions
    are those below one tile.
    """
    graph, limits = reading.graph, reading.profile.reporting
    if graph is None or limits is None:
        return
    layers, owners, steps = graph.derived(_certain), graph.derived(_Owners), Steps(reading)
    causes = list(_causes(reading, layers, dimensions, owners, steps))
    every = [dim for cause in causes for dim in (*cause.dims, *cause.exempt)]
    causes = list(_merged(reading, causes, every))
    sides = Counter(key for cause in causes for key in {id(d.layer) for d in cause.concerned()})
    for cause in causes:
        waste = _waste(reading, graph, layers, cause.concerned(), steps)
        worth = _worth_filling if thin else _worth_reading
        if waste is not None and worth(limits, cause, waste):
            norms = _norms(layers, cause, owners) if with_norms else 0
            partly = sum(layers[layer] for layer in waste.layers if sides[id(layer)] > 1)
            missing = _missing(waste, cause, layers, noun)
            things = missing, _things((waste.number, partly), noun, norms)
            found = finding(reading, cause, waste, things, steps, every)
            if found is not None:
                yield found


def _worth_reading(limits: Reporting, cause: Cause, waste: Waste) -> bool:
    """Whether what is missed is worth a line. A slower kernel slows down all of the layer, how
    little of its last tile may be empty."""
    if cause.by_task():
        return waste.lost >= limits.exempt_model_share
    if any(dim.tile.effect == "slower" for dim in cause.concerned()):
        return waste.taken >= limits.slower_model_share
    if waste.share < limits.padding_layer_share:
        return False
    return waste.lost >= limits.padding_model_share


def _worth_filling(limits: Reporting, cause: Cause, waste: Waste) -> bool:
    """Whether layers below one tile are worth a line: where their time is known, and it counts."""
    padded = all(dim.tile.effect == "padded" for dim in cause.concerned())
    if cause.by_task() or not padded or waste.saved is None:
        return False
    return waste.saved >= limits.thin_model_share


def _certain(graph: ModelGraph) -> Mapping[Layer, int]:
    """Layers that are built for certain, with how many there are of each."""
    return {layer: number for layer, number in graph.layers.items() if not layer.maybe}


def _causes(
    reading: Reading,
    layers: Mapping[Layer, int],
    dimensions: Callable[[Reading, Layer], Iterable[Dimension]],
    owners: "_Owners",
    steps: Steps,
) -> Iterable[Cause]:
    """Group dimensions by the literal that decides them, else by those that they come from."""
    limits = reading.profile.reporting
    few = limits.image_channels if limits is not None else 0
    if reading.graph is None:
        return ()
    found = [
        steps.stepped(dim)
        for layer in layers
        for dim in dimensions(reading, layer)
        if dim.value * dim.groups > few and (dim.thin or steps.passes(dim))
    ]
    if not any(dim.misses for dim in found):
        return ()  # Nothing asks where a number comes from unless one of them is off.
    gates = reading.graph.derived(gate_layers)
    found = [dim for dim in found if id(dim.layer) not in gates]
    if not any(dim.misses for dim in found):
        return ()
    causes: dict[object, Cause] = {}
    homes, ends = reading.graph.derived(Homes), reading.graph.derived(Ends)
    for dim in found:
        literal = owners.deciding(dim)
        place = literal.place if literal is not None else owners.breaking(dim)
        built = homes.of(dim.layer)
        key = place or owners.leaves(dim.argument.origin) or built
        cause = causes.setdefault(key, Cause(literal, place or built))
        (cause.exempt if ends.given(dim, literal) else cause.dims).append(dim)
    return _joined(causes.values())


def _joined(causes: Iterable[Cause]) -> Iterable[Cause]:
    """Put together what would be said at the same place."""
    joined: dict[Place, Cause] = {}
    for cause in causes:
        if not any(dim.misses for dim in (*cause.dims, *cause.exempt)):
            continue
        first = joined.setdefault(cause.anchor, cause)
        if first is not cause:
            first.dims += cause.dims
            first.exempt += cause.exempt
    return joined.values()


def _merged(
    reading: Reading, causes: Iterable[Cause], every: Collection[Dimension]
) -> Iterator[Cause]:
    """Put together what literals decide that are the same number on one line, `[152, 152]`, unless
    each is known to have another number with which the model fits together."""
    lines: dict[tuple[object, ...], list[Cause]] = {}
    for cause in causes:
        place, literal = cause.anchor, cause.literal
        value = literal.value if literal is not None else None
        key = (place.path, place.line, value) if isinstance(value, int) else (id(cause),)
        lines.setdefault(key, []).append(cause)
    for same in lines.values():
        first, *others = same
        if others and not all(is_proved(reading, cause, every) for cause in same):
            for cause in others:
                first.dims += cause.dims
                first.exempt += cause.exempt
            first.alike = tuple([cause.anchor for cause in others])
            yield first
        else:
            yield from same


class _Owners:
    """Owners of origins, each found once: thousands of layers share a few chains."""

    def __init__(self, _graph: ModelGraph) -> None:
        """Know of none. They are known by their ids, so that the graph has to be there."""
        self._known: dict[tuple[int, int], Origin | None] = {}
        self._breaking: dict[tuple[int, int], Origin | None] = {}
        self._leaves: dict[int, frozenset[Place]] = {}

    def deciding(self, dim: Dimension) -> Origin | None:
        """Return the literal that decides a dimension. One that fills tiles itself is not to
        blame for what arithmetic makes of it."""
        literal = self.of(dim.argument.origin, dim.tile.minimum)
        value = literal.value if literal is not None else None
        blameless = isinstance(value, int) and value % dim.tile.minimum == 0
        return None if dim.misses and blameless else literal

    def breaking(self, dim: Dimension) -> Place | None:
        """Return the place of what makes a number miss its tile where no width is to blame."""
        if not dim.misses:
            return None
        key = (id(dim.argument.origin), dim.tile.minimum)
        if key not in self._breaking:
            self._breaking[key] = breaker(dim.argument.origin, dim.tile.minimum)
        found = self._breaking[key]
        return found.place if found is not None else None

    def leaves(self, origin: Origin | None) -> frozenset[Place]:
        """Return the places of all literals that a number comes from."""
        key = id(origin)
        if key not in self._leaves:
            places = (leaf.place for leaf in leaves_of(origin))
            self._leaves[key] = frozenset(place for place in places if place is not None)
        return self._leaves[key]

    def of(self, origin: Origin | None, step: int) -> Origin | None:
        """Return the literal that decides whether a number is a multiple of `step`."""
        key = (id(origin), step)
        if key not in self._known:
            self._known[key] = owner(origin, step)
        return self._known[key]


def _waste(
    reading: Reading,
    graph: ModelGraph,
    layers: Mapping[Layer, int],
    dims: list[Dimension],
    steps: Steps,
) -> Waste | None:
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
        params += layer.params * layers[layer]
        padding += layer.params * layers[layer] * (growth[key] - 1)
    if not padding:
        return None
    known = sum((layer.params or 0) * number for layer, number in layers.items())
    model = known if graph.params is None else graph.params
    number = sum(layers[layer] for layer in concerned.values())
    whole = graph.params is not None
    every = tuple(concerned.values())
    waste = Waste(every, number, params, padding, model, whole)
    known = reading.estimate
    if known is None:
        return waste
    # What fills up tiles of other dimensions of these layers is not this cause's.
    time = known.share_of_layers(every)
    thin = all(dim.thin for dim in dims)
    saved = _free(known, dims) if thin else _stepped(known, dims, steps)
    if saved is None:
        saved = min(known.wasted_share(every), waste.share * time)
    return replace(waste, time=time, saved=saved)


def _stepped(known: Estimate, dims: list[Dimension], steps: Steps) -> float | None:
    """Return the share of the model's time that going over steps takes; None where the estimate
    does not know of steps."""
    worst: dict[Layer, float] = {}
    for dim in dims:
        step = steps.of(dim)
        if step is not None:
            worst[dim.layer] = max(step.waste, worst.get(dim.layer, 0.0))
    if not worst:
        return None
    return sum(waste * known.share_of_layers([layer]) for layer, waste in worst.items())


def _free(known: Estimate, dims: list[Dimension]) -> float | None:
    """Return the share of the model's time that would also fill the tiles, where the estimate
    knows the time with other channels: of a layer that takes r times as long for f times the work,
    that is 1 - r / f. None where it does not know that."""
    sides: dict[Layer, dict[str, Dimension]] = {}
    for dim in dims:
        sides.setdefault(dim.layer, {})[dim.operand] = dim
    total = 0.0
    for layer, of in sides.items():
        ins, outs = (of[side].padded if side in of else None for side in ("in", "out"))
        times = known.resized(layer, ins, outs)
        if times is None:
            return None
        work = prod(dim.padded / dim.value for dim in of.values())
        total += max(0.0, 1 - times / work) * known.share_of_layers([layer])
    return total


def _norms(layers: Mapping[Layer, int], cause: Cause, owners: _Owners) -> int:
    """Count the norms whose width the same literal decides."""
    literal = cause.literal
    if literal is None:
        return 0
    values = {dim.value * dim.groups for dim in cause.concerned()}
    step = max(dim.tile.minimum for dim in cause.concerned())
    total = 0
    for layer, number in layers.items():
        wide = layer.args.get("num_features") or layer.args.get("num_channels")
        if LAYERS[layer.op].family != "norm" or wide is None or wide.value not in values:
            continue
        decides = owners.of(wide.origin, step)
        total += number if decides is not None and decides.place == literal.place else 0
    return total


def _missing(waste: Waste, cause: Cause, layers: Mapping[Layer, int], noun: str) -> str:
    """What misses the tile: "7 convolutions", "4 of the 6 convolutions with it" where the others
    that have the same numbers have them for another reason."""
    values = {dim.value * dim.groups for dim in cause.concerned()}
    families = {LAYERS[layer.op].family for layer in waste.layers}
    every = sum(
        number
        for layer, number in layers.items()
        if LAYERS[layer.op].family in families
        and not values.isdisjoint(end.value for end in widths(layer) or ())
    )
    if every <= waste.number:
        return count(waste.number, noun)
    having = "it" if len(values) == 1 else "them"
    return f"{waste.number} of the {count(every, noun)} with {having}"


def _things(layers: tuple[int, int], noun: str, norms: int) -> str:
    """What would be aligned: "7 convolutions and 7 norms". Of the layers so many are aligned on
    one side only: something else decides the other."""
    number, partly = layers
    text = count(number, noun)
    if partly:
        text = f"one side of {text}" if partly == number else f"{text} ({partly} on one side only)"
    return f"{text} and {count(norms, 'norm')}" if norms else text
