"""Squeeze-and-excite gates, told by what they are made of."""

import re

from hwlint.api import LAYERS, Layer, ModelGraph, Node
from hwlint_rules._text import number

__all__ = ["gate_layers"]

_SQUASH = re.compile("sigmoid|gate|tanh|softmax", re.IGNORECASE)


def gate_layers(graph: ModelGraph) -> frozenset[int]:
    """Return the ids of layers that squeeze and excite.

    They hold parameters, but work on one position of the map, so that their share of the
    parameters says nothing about their share of the time. A gate is a module with two point-wise
    layers of which the first narrows and the second widens to what came in, and a squashing
    function.
    """
    found: set[int] = set()
    for node in graph.root.walk() if graph.root is not None else ():
        inner = _squeeze_and_excite(node)
        found.update(id(layer) for layer in inner)
    return frozenset(found)


def _squeeze_and_excite(node: Node) -> tuple[Layer, ...]:
    if not 3 <= len(node.children) <= 8:
        return ()
    if not any(_SQUASH.search(child.class_name) for child in node.children):
        return ()
    layers = [child.layer for child in node.children if child.layer is not None]
    weighted = [layer for layer in layers if LAYERS[layer.op].family in {"conv", "linear"}]
    if len(weighted) != 2:
        return ()
    (wide, narrow), (back, out) = (_ends(layer) for layer in weighted)
    if wide is None or narrow is None or narrow != back or wide != out or narrow >= wide:
        return ()
    return tuple(weighted)


def _ends(layer: Layer) -> tuple[int | None, int | None]:
    """Return what goes in and out; None where that is not known or the kernel is no point."""
    kernel = layer.args.get("kernel_size")
    if kernel is not None and kernel.value not in (1, (1,), (1, 1), (1, 1, 1)):
        return None, None
    noun = "channels" if kernel is not None else "features"
    return number(layer.args.get(f"in_{noun}")), number(layer.args.get(f"out_{noun}"))
