"""What HW101 and HW102 say of a cause: the change, the reason, the advice."""

import math
from collections.abc import Collection, Mapping

from hwlint.api import Argument, Finding, Layer, Place, Reading
from hwlint_rules._agreement import agrees
from hwlint_rules._changes import padded as padded_literal
from hwlint_rules._dimensions import Cause, Dimension, Waste
from hwlint_rules._growth import grown
from hwlint_rules._origins import describe, evaluate, leaves_of
from hwlint_rules._steps import Step, Steps
from hwlint_rules._text import listed, number, percent, related

__all__ = ["finding", "is_proved"]

_SIDES = {"in": "inputs", "out": "outputs"}
_TIED = "; grouped convolutions tie it to other widths, change these with it"


def finding(
    reading: Reading,
    cause: Cause,
    waste: Waste,
    things: tuple[str, str],
    steps: Steps,
    every: Collection[Dimension],
) -> Finding | None:
    """Return the finding of one cause; `things` are what misses the tile, and what would be aligned
    where the model is known to fit together with another number. None where the number
    that would align them is not the next that fills the tile and adds more to the model than they
    are of it: nobody would pay that.

    `every`: all dimensions of the model, which are not to miss their tiles instead.
    """
    dims = cause.concerned()
    stepping = [(dim, step) for dim in dims if (step := steps.of(dim)) is not None]
    found = [step for _, step in stepping]
    worst = max(stepping, key=lambda one: one[1].waste, default=None)
    place = cause.anchor
    padded = _padded(dims)
    tied = _tied(reading, cause.places)
    filled = [dim for dim in every if dim.value % dim.multiple == 0]
    solved = _solved(cause, tied, filled)
    alone = _solved(cause, [], []) if solved is None else None
    loose = alone is not None
    bought = _bought(reading, waste, cause.places, solved)
    value = cause.literal.value if cause.literal is not None else None
    if bought is not None and _is_too_dear(dims, value, solved, bought[1] - waste.taken):
        return None
    proved = not loose and _fits(reading, cause, solved)
    known = waste.time is not None or (waste.whole and waste.model)
    model_share = waste.lost if known else None
    return Finding(
        place,
        _message(
            (padded, _together(cause, dims, solved or alone)),
            (value, solved if proved else None),
            things,
            waste,
            thin=_is_thin(dims),
        ),
        _why(reading, dims, padded, place, waste, worst),
        _advice(dims, waste, bought if proved and _is_all(reading, place, value) else None)
        + (_TIED if loose else ""),
        alternatives=_alternatives(dims, place),
        related=related(waste.layers, place, _described),
        share=waste.share if worst is None else worst[1].waste,
        model_share=model_share,
        saves=waste.saved,
        data={
            "value": value if solved is not None else None,
            "padded": solved,
            "dimensions": [[before, after] for before, after in padded.items()],
            "layers": waste.number,
            "steps": [[step.value, step.before, round(step.times, 3)] for step in found],
        },
        changes=() if cause.alike else padded_literal(cause.literal, solved),
    )


def is_proved(reading: Reading, cause: Cause, every: Collection[Dimension]) -> bool:
    """Say whether a number is known for the literal of a cause with which the model fits together;
    see `finding`."""
    filled = [dim for dim in every if dim.value % dim.multiple == 0]
    solved = _solved(cause, _tied(reading, cause.places), filled)
    return _fits(reading, cause, solved)


def _fits(reading: Reading, cause: Cause, solved: int | None) -> bool:
    links = reading.graph.links if reading.graph is not None else None
    return solved is not None and not cause.alike and agrees(links, cause.anchor, solved)


def _is_thin(dims: list[Dimension]) -> bool:
    return any(dim.thin for dim in dims)


def _is_too_dear(dims: list[Dimension], value: object, solved: int | None, more: float) -> bool:
    """Say whether the number that is said is not the next that fills the tile, and adds more to the
    model than what it aligns is of it: by the share `more`."""
    if not isinstance(value, int) or solved is None:
        return False
    step = max(dim.multiple for dim in dims)
    return solved > -(-value // step) * step and more > 0


def _padded(dims: list[Dimension]) -> dict[int, int]:
    """Each number of channels as it stands in the source, and what would fill all its tiles."""
    steps: dict[int, int] = {}
    for dim in dims:
        value = dim.value * dim.groups
        steps[value] = math.lcm(steps.get(value, 1), dim.multiple * dim.groups)
    return {value: -(-value // step) * step for value, step in sorted(steps.items())}


def _tied(reading: Reading, places: Collection[Place]) -> list[Layer]:
    """Return the grouped convolutions with a width or groups that the literal decides."""
    layers = reading.graph.layers if reading.graph is not None else ()
    grouped = [layer for layer in layers if (number(layer.args.get("groups")) or 1) > 1]
    return [
        layer
        for layer in grouped
        if any(
            leaf.place in places
            for argument in _grouping(layer)
            for leaf in leaves_of(argument.origin)
        )
    ]


def _grouping(layer: Layer) -> list[Argument]:
    """Return the groups and what they divide."""
    return [layer.args[name] for name in ("groups", "in_channels", "out_channels")]


def _solved(cause: Cause, tied: list[Layer], filled: list[Dimension]) -> int | None:
    """Return the least greater value of the literal with which all it decides fills its tiles,
    with which the grouped convolutions can be built, and what is filled now still is."""
    literal = cause.literal
    if literal is None or isinstance(literal.value, bool) or not isinstance(literal.value, int):
        return None
    highest = literal.value + max(64, literal.value // 2)
    for candidate in range(literal.value + 1, highest + 1):
        fills = all(_fills(dim, cause.places, candidate) for dim in cause.to_fill())
        divides = fills and all(_divides(layer, cause.places, candidate) for layer in tied)
        if divides and all(_stays(dim, cause.places, candidate) for dim in filled):
            return candidate
    return None


def _divides(layer: Layer, places: Collection[Place], candidate: int) -> bool:
    """Whether the groups still divide both widths; True where that cannot be told."""
    then = [
        evaluate(argument.origin, places, candidate) if argument.origin else number(argument)
        for argument in _grouping(layer)
    ]
    groups, *ends = then
    return not groups or all(end is None or end % groups == 0 for end in ends)


def _stays(dim: Dimension, places: Collection[Place], candidate: int) -> bool:
    """Whether a dimension that fills its tiles still does; True where the literal is not in it."""
    groups = dim.layer.args.get("groups") if dim.groups > 1 else None
    parts = [argument for argument in (dim.argument, groups) if argument is not None]
    if all(x.place not in places for argument in parts for x in leaves_of(argument.origin)):
        return True
    then = [
        evaluate(argument.origin, places, candidate) if argument.origin else number(argument)
        for argument in parts
    ]
    whole, share = then[0], then[1] if len(then) > 1 else 1
    return whole is not None and bool(share) and whole % (dim.multiple * (share or 1)) == 0


def _fills(dim: Dimension, places: Collection[Place], candidate: int) -> bool:
    origin = dim.argument.origin
    then = evaluate(origin, places, candidate) if origin is not None else None
    whole = dim.value * dim.groups
    return then is not None and then >= whole and then % (dim.multiple * dim.groups) == 0


def _together(cause: Cause, dims: list[Dimension], solved: int | None) -> dict[int, int]:
    """Return each number of channels with what it is next: by itself, or where a literal decides
    it, with the least one that fills the tiles of all that it decides. Nothing where there is
    none."""
    padded = _padded(dims)
    if cause.literal is None or cause.literal.place is None:
        return padded
    if solved is None:
        return {}
    then: dict[int, int] = {}
    for dim in dims:
        origin = dim.argument.origin
        after = evaluate(origin, cause.places, solved) if origin is not None else None
        if after is None or then.setdefault(dim.value * dim.groups, after) != after:
            return {}
    return dict(sorted(then.items()))


def _message(
    numbers: tuple[dict[int, int], dict[int, int]],
    literal: tuple[object, int | None],
    things: tuple[str, str],
    waste: Waste,
    *,
    thin: bool,
) -> str:
    (padded, together), (value, solved) = numbers, literal
    missing, aligned = things
    changes = listed(f"{before} -> {after}" for before, after in padded.items())
    if thin:
        costs = listed(f"{before} cost as {after}" for before, after in padded.items())
        text = f"{costs} in {missing}"
    elif solved is None:
        # No number of the literal is known with which they all fill their tiles, and run.
        text = f"{listed(map(str, padded))} miss{'es' * (len(padded) == 1)} the tile in {missing}"
        text += f" (next: {listed(map(str, together.values()))})" if together else ""
    elif padded == {value: solved}:
        text = f"{changes} would align {aligned}"
    else:
        text = f"{value} -> {solved} would align {aligned} ({listed(map(str, padded))})"
    if waste.time is not None:
        return f"{text}: {percent(waste.time)} of the estimated time"
    if not waste.whole or not waste.model:
        return text
    return f"{text}: {percent(waste.taken)} of the parameters"


def _why(
    reading: Reading,
    dims: list[Dimension],
    padded: dict[int, int],
    place: Place,
    waste: Waste,
    worst: tuple[Dimension, Step] | None,
) -> str:
    tile = max(dims, key=lambda dim: dim.multiple).tile
    largest = max(dims, key=lambda dim: (dim.layer.params or 0, dim.value))
    parts = [describe(largest.argument.origin, place)]
    if worst is not None:
        tile = worst[0].tile
        parts.append(f"by the estimate in {reading.dtype}, {_stepping(*worst)}")
    elif tile.effect == "padded":
        first = largest.value * largest.groups
        cost = f"computed in steps of {largest.multiple} in {reading.dtype}"
        parts.append(f"{cost}, {largest.value} costs as {largest.padded}")
        if len(padded) == 1 and first in padded:
            about = f", about {percent(waste.saved)} of the model's time" if waste.saved else ""
            parts.append(f"{percent(waste.share)} of these layers is padding{about}")
    else:
        parts.append(f"less efficient in {reading.dtype} than multiples of {tile.minimum}")
    return f"{'; '.join(part for part in parts if part)} [{tile.evidence}]"


def _stepping(dim: Dimension, step: Step) -> str:
    """Say what a step costs, and what it has to do with the tile, which may be less."""
    what = f"{step.value} {_SIDES[dim.operand]}"
    if dim.tile.kernel != "any":
        what += f" of a {dim.tile.kernel} kernel"
    text = f"{what} take {step.times:.2f} times as long as {step.before}"
    if dim.step is None:
        return f"{text} (tile of {dim.tile.minimum})"
    return f"{text}: the time steps every {dim.step}, tiles are of {dim.tile.minimum}"


def _bought(
    reading: Reading, waste: Waste, places: Collection[Place], solved: int | None
) -> tuple[float, float] | None:
    """Return by what share the parameters of these layers and of the model grow: with the one
    number that is said, else with each filled up by itself. None where that is not known."""
    if solved is None:
        return waste.padding / waste.params, waste.padding / waste.model if waste.model else 0.0
    layers: Mapping[Layer, int] = reading.graph.layers if reading.graph is not None else {}
    then = grown(layers, places, solved)
    if then is None:
        return None
    more: dict[Layer, int] = {
        layer: after - (layer.params or 0) * layers[layer] for layer, after in then.items()
    }
    here = sum(more.get(layer, 0) for layer in waste.layers)
    return here / waste.params, sum(more.values()) / waste.model if waste.model else 0.0


def _is_all(reading: Reading, place: Place, value: object) -> bool:
    """Say whether what the literal changes is known to be all that changes with it: it reaches
    layers as it is, and no other layer has the same width for a reason that is not seen."""
    layers = reading.graph.layers if reading.graph is not None else ()
    for argument in (argument for layer in layers for argument in layer.args.values()):
        from_here = any(leaf.place == place for leaf in leaves_of(argument.origin))
        plain = argument.origin is not None and argument.origin.operation is None
        if from_here != (number(argument) == value) or (from_here and not plain):
            return False
    return True


def _advice(dims: list[Dimension], waste: Waste, bought: tuple[float, float] | None) -> str:
    if _is_thin(dims):
        return "more channels take about as long (changes the checkpoint); or fewer layers so thin"
    steps = " and ".join(str(step) for step in sorted({dim.multiple for dim in dims}))
    said = ["changes the checkpoint"]
    if bought is not None:
        grows = f"+{percent(bought[0])} parameters in these layers"
        if waste.whole and waste.model:
            grows += f", +{percent(bought[1])} in the model"
        said.insert(0, grows)
    return f"use multiples of {steps} ({'; '.join(said)})"


def _alternatives(dims: list[Dimension], place: Place) -> tuple[Place, ...]:
    """Where else the cause can be met: literals on the way, then the calls."""
    leaves = [leaf.place for dim in dims for leaf in leaves_of(dim.argument.origin) if leaf.name]
    calls = [dim.layer.place for dim in dims]
    unique = dict.fromkeys(p for p in (*leaves, *calls) if p is not None and p != place)
    return tuple(unique)


def _described(layer: Layer) -> str:
    ends = ("in_channels", "out_channels", "in_features", "out_features")
    sizes = [str(layer.args[end].value) for end in ends if end in layer.args]
    return f"{layer.op} {' -> '.join(sizes)}"
