"""Which line of the model's own file builds a layer that a helper elsewhere makes."""

from collections.abc import Iterator

from hwlint.api import Layer, ModelGraph, Node, Place
from hwlint_rules._runs import home

__all__ = ["Homes"]


class Homes:
    """Places of layers as whoever works on the model would look for them.

    What a helper in another file builds (`Conv2dNormActivation`, `create_act`) is what the model
    asks of it: the line to change is the one that calls the helper.
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._own = home(graph).path
        self._found: dict[Layer, Place | None] = {}
        """None where several lines of the model build it."""
        self._named: dict[str, Place] = {}
        for name, node, place in self._walk(graph.root) if graph.root is not None else ():
            layer = node.layer
            if layer is None:
                continue
            asked = layer.place if place is None or layer.place.path == self._own else place
            self._named[name] = asked
            if self._found.setdefault(layer, asked) != asked:
                self._found[layer] = None

    def of(self, layer: Layer) -> Place:
        """Return the line of the model's own file that builds a layer; the call itself where there
        is none, or more than one."""
        return self._found.get(layer) or layer.place

    def called(self, module: str, layer: Layer) -> Place:
        """Return the same for one layer by its name."""
        return self._named.get(module, layer.place)

    def _walk(self, root: Node) -> Iterator[tuple[str, Node, Place | None]]:
        """Yield each module with its name and the nearest call in the model's own file that builds
        it or what it is in."""
        stack: list[tuple[str, Node, Place | None]] = [("", root, None)]
        while stack:
            name, node, place = stack.pop()
            if node.place is not None and node.place.path == self._own:
                place = node.place
            yield name, node, place
            prefix = f"{name}." if name else ""
            below = [(prefix + key, child, place) for key, child in node.children.items()]
            stack.extend(reversed(below))
