"""Which line of the model's own code builds a layer that a helper elsewhere makes."""

from collections.abc import Iterator
from functools import cache

from hwlint.api import Layer, ModelGraph, Node, Place
from hwlint_rules._runs import home

__all__ = ["Homes"]

Places = tuple[Place, ...]

_GIVEN = ("ModuleList", "ModuleDict")
"""Kinds of modules whose call says nothing of what is in them: others are given to them."""


class Homes:
    """Places of layers as whoever works on the model would look for them.

    What a helper in another file builds (`Conv2dNormActivation`, `create_act`) is what the model
    asks of it: the line to change is the one that calls the helper.
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._own = _parts(home(graph).path)
        self._root = graph.root
        self._common: dict[Layer, Places] = {}
        """What all instances of a layer have in common."""
        for layer, around in _around_all(graph.root) if graph.root is not None else ():
            places = _places(layer, around)
            known = self._common.setdefault(layer, places)
            if known is not places:
                self._common[layer] = tuple(place for place in known if place in places)

    def of(self, layer: Layer) -> Place:
        """Return the line nearest to the model's own code that builds all instances of a layer."""
        return self._nearest(layer, self._common.get(layer, (layer.place,)))

    def called(self, module: str, layer: Layer) -> Place:
        """Return the same for one layer by its name."""
        node = self._root
        if node is None:
            return layer.place
        around = _around(node, (), is_root=True)
        for key in module.split(".") if module else ():
            if key not in node.children:
                return layer.place
            node = node.children[key]
            around = _around(node, around, is_root=False)
        found = node.layer
        return self._nearest(found, _places(found, around)) if found is not None else layer.place

    def _nearest(self, layer: Layer, places: Places) -> Place:
        """Choose what shares most of its path with the file of the model."""
        if _parts(layer.place.path) == self._own:
            return layer.place
        return max(places, key=lambda place: _shared(_parts(place.path), self._own))


def _places(layer: Layer, around: Places) -> Places:
    if layer.asked is not None:
        return (layer.asked, layer.place, *around)
    # What no module's __init__ has built was put into the modules that it is in by something else.
    inside = layer.owner.endswith("__init__")
    return (layer.place, *around) if inside else (layer.place,)


def _around(node: Node, around: Places, *, is_root: bool) -> Places:
    """Return the calls that build the modules that something in a node is in, the nearest first,
    up to what holds a container: that is no helper but a model. `around`: those of the node."""
    if _is_container(node) or any(map(_is_container, node.children.values())):
        return ()
    if node.place is None or is_root:
        return around
    return (node.place, *around) if node.asked is None else (node.asked, node.place, *around)


def _around_all(root: Node) -> Iterator[tuple[Layer, Places]]:
    """Yield each layer with the calls that are around all of its instances.

    A node that stands in the tree many times is looked at once, after all that hold it: what is
    common to all ways down to it is what is common to the last steps of these ways.
    """
    common: dict[int, Places] = {id(root): ()}
    for node in reversed(_children_first(root)):
        around = _around(node, common[id(node)], is_root=node is root)
        if node.layer is not None:
            yield node.layer, around
        for child in node.children.values():
            known = common.setdefault(id(child), around)
            if known is not around:
                common[id(child)] = tuple(place for place in known if place in around)


def _children_first(root: Node) -> list[Node]:
    """Return each distinct node after all that are in it."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed([*node.children.values()]))
    return order


def _is_container(node: Node) -> bool:
    return node.kind in _GIVEN or (node.kind == "Sequential" and node.defined is None)


@cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.replace("\\", "/").split("/"))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Count the parts that two paths begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
