"""Which line of the model's own code builds a layer that a helper elsewhere makes."""

from collections.abc import Iterator

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
        self._own = home(graph).path
        self._folder = _folder(self._own)
        self._found: dict[Layer, Place | None] = {}
        """None where several lines of the model build it."""
        self._named: dict[str, Place] = {}
        for name, layer, around in self._walk(graph.root) if graph.root is not None else ():
            asked = self._asked(layer, around)
            self._named[name] = asked
            if self._found.setdefault(layer, asked) != asked:
                self._found[layer] = None

    def of(self, layer: Layer) -> Place:
        """Return the line of the model's own code that builds a layer; the call itself where there
        is none, or more than one."""
        return self._found.get(layer) or layer.place

    def called(self, module: str, layer: Layer) -> Place:
        """Return the same for one layer by its name."""
        return self._named.get(module, layer.place)

    def _asked(self, layer: Layer, around: Places) -> Place:
        """Choose what is nearest in the model's own file, then in its folder, else the line of the
        module's __init__ that it comes from."""
        asked = (layer.asked,) if layer.asked is not None else ()
        places = (layer.place, *asked, *around)
        own = [place for place in places if place.path == self._own]
        beside = [place for place in places if _folder(place.path) == self._folder]
        return next(iter((*own, *beside, *asked, layer.place)))

    def _walk(self, root: Node) -> Iterator[tuple[str, Layer, Places]]:
        """Yield each layer with its name and the calls that build the modules that it is in, the
        nearest first, up to a container."""
        stack: list[tuple[str, Node, Places]] = [("", root, ())]
        while stack:
            name, node, around = stack.pop()
            if node.kind in _CONTAINERS and node.defined is None:
                around = ()
            elif node.place is not None and node is not root:
                around = (node.place, *around)
            if node.layer is not None:
                yield name, node.layer, around
            prefix = f"{name}." if name else ""
            below = [(prefix + key, child, around) for key, child in node.children.items()]
            stack.extend(reversed(below))


def _folder(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]
