"""Squeeze-and-excite gates, told by what they are made of."""

import re

from hwlint.api import Layer, ModelGraph, Node
from hwlint_rules._text import number, widths

__all__ = ["gate_layers"]

_SQUASH = re.compile("sigmoid|gate|tanh|softmax", re.IGNORECASE)


def gate_layers(graph: ModelGraph) -> frozenset[int]:
    """Return the ids of layers that squeeze and excite.

    They hold parameters, but work on one position of the map, so that their share of the
    parameters says nothing about their share of the time. A gate is a module with a squashing
    function beside two point-wise layers, of which the first narrows and the second widens to
    what came in; a global context has two such pairs.
    """
    found: set[int] = set()
    for node in graph.nodes:
        inner = _squeeze_and_excite(node) if node is not graph.root else ()
        found.update(id(layer) for layer in inner)
    return frozenset(found)


def _squeeze_and_excite(node: Node) -> tuple[Layer, ...]:
    # A whole model that narrows, widens and squashes is an autoencoder.
    if not any(_SQUASH.search(child.class_name) for child in node.children.values()):
        return ()
    layers = [below.layer for _, below in node.walk() if below.layer is not None]
    weighted = [layer for layer in layers if widths(layer) is not None]
    # A layer that makes one channel weighs the positions before they are pooled.
    weighted = [layer for layer in weighted if _ends(layer)[1] != 1]
    if len(weighted) not in {2, 4}:
        return ()
    pairs = zip(weighted[::2], weighted[1::2], strict=True)
    return tuple(weighted) if all(_narrows(*pair) for pair in pairs) else ()


def _narrows(squeeze: Layer, excite: Layer) -> bool:
    """Whether the first narrows and the second widens to what came in."""
    (wide, narrow), (back, out) = _ends(squeeze), _ends(excite)
    if wide is None or narrow is None:
        return False
    return narrow < wide and (back, out) == (narrow, wide)


def _ends(layer: Layer) -> tuple[int | None, int | None]:
    """Return what goes in and out; None where that is not known or the kernel is no point."""
    kernel, ends = layer.args.get("kernel_size"), widths(layer)
    if ends is None or (kernel is not None and kernel.value not in (1, (1,), (1, 1), (1, 1, 1))):
        return None, None
    return number(ends[0]), number(ends[1])
