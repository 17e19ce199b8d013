"""How many parameters layers get when one literal of the source becomes another number."""

from collections.abc import Collection, Iterable, Mapping
from math import prod

from hwlint.api import LAYERS, Layer, Place
from hwlint_rules._origins import evaluate

__all__ = ["grown"]


def grown(
    layers: Mapping[Layer, int], places: Collection[Place], value: int
) -> Mapping[Layer, int] | None:
    """Return the parameters that each layer with an argument from `places` has with `value` there,
    all of its instances together; None where that is not known of all of them."""
    found: dict[Layer, int] = {}
    for layer, number in layers.items():
        changed: dict[str, object] = {}
        for name, argument in layer.args.items():
            origin = argument.origin
            if origin is None or all(x.place not in places for x in origin.leaves()):
                continue
            then = evaluate(origin, places, value)
            if then is None:
                return None
            changed[name] = then
        if not changed:
            continue
        params = _params(layer, changed)
        if params is None:
            return None
        found[layer] = params * number
    return found


def _params(layer: Layer, changed: Mapping[str, object]) -> int | None:
    """Count the parameters of a layer with some arguments changed; None where the table does not
    give today's number either."""
    spec = LAYERS[layer.op]
    if spec.lazy or any(not argument.known for argument in layer.args.values()):
        return None
    now: dict[str, object] = {name: argument.value for name, argument in layer.args.items()}
    if layer.params != _count(spec.weights(now).values()):
        return None
    then = {**now, **changed}
    return _count(spec.weights({**then, **spec.normalise(then)}).values())


def _count(shapes: Iterable[tuple[int, ...]]) -> int:
    return sum(prod(shape) for shape in shapes)
