"""Which line of the model's own code builds a layer that a helper elsewhere makes."""

from collections.abc import Iterator
from functools import cache

from hwlint.api import Layer, ModelGraph, Node, Place
from hwlint_rules._runs import home

__all__ = ["Homes"]

Places = tuple[Place, ...]

_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
"""Kinds of modules whose call says nothing of what is in them, where they are torch's own."""


class Homes:
    """Places of layers as whoever works on the model would look for them.

    What a helper in another file builds (`Conv2dNormActivation`, `create_act`) is what the model
    asks of it: the line to change is the one that calls the helper.
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._own = _parts(home(graph).path)
        self._common: dict[Layer, Places] = {}
        """What all instances of a layer have in common."""
        self._named: dict[str, Place] = {}
        for name, layer, around in self._walk(graph.root) if graph.root is not None else ():
            places = (*((layer.asked,) if layer.asked is not None else ()), layer.place, *around)
            self._named[name] = self._nearest(layer, places)
            known = self._common.setdefault(layer, places)
            if known is not places:
                self._common[layer] = tuple(place for place in known if place in places)

    def of(self, layer: Layer) -> Place:
        """Return the line nearest to the model's own code that builds all instances of a layer."""
        return self._nearest(layer, self._common.get(layer, (layer.place,)))

    def called(self, module: str, layer: Layer) -> Place:
        """Return the same for one layer by its name."""
        return self._named.get(module, layer.place)

    def _nearest(self, layer: Layer, places: Places) -> Place:
        """Choose what shares most of its path with the file of the model."""
        if _parts(layer.place.path) == self._own:
            return layer.place
        return max(places, key=lambda place: _shared(_parts(place.path), self._own))

    def _walk(self, root: Node) -> Iterator[tuple[str, Layer, Places]]:
        """Yield each layer with its name and the calls that build the modules that it is in, the
        nearest first, up to what holds a container: that is no helper but a model."""
        stack: list[tuple[str, Node, Places]] = [("", root, ())]
        while stack:
            name, node, around = stack.pop()
            if _is_container(node) or any(map(_is_container, node.children.values())):
                around = ()
            elif node.place is not None and node is not root:
                around = (node.place, *around)
            if node.layer is not None:
                yield name, node.layer, around
            prefix = f"{name}." if name else ""
            below = [(prefix + key, child, around) for key, child in node.children.items()]
            stack.extend(reversed(below))


def _is_container(node: Node) -> bool:
    return node.kind in _CONTAINERS and node.defined is None


@cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.replace("\\", "/").split("/"))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Count the parts that two paths begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
