"""Layers that are proved to run one after the other."""

from collections import Counter
from collections.abc import Iterator

from hwlint.api import LAYERS, Layer, ModelGraph, Node, Place
from hwlint_rules._text import widths

__all__ = ["fits", "plain_runs", "runs"]


def runs(graph: ModelGraph, length: int) -> Iterator[tuple[Layer, ...]]:
    """Yield each run of `length` neighbouring layers in the model's `nn.Sequential`s.

    Only what construction alone proves: children of an `nn.Sequential` (one with a forward of its
    own is none to the reader) that are layers built for certain, stand nowhere else in the model
    (a shared layer may run elsewhere with another neighbour) and are torch's own classes.
    """
    if graph.root is None:
        return
    shared = _shared(graph)
    for node in graph.root.walk():
        if node.kind != "Sequential":
            continue
        children = [_certain(child, shared) for child in node.children]
        for start in range(len(children) - length + 1):
            window = children[start : start + length]
            found = tuple(layer for layer in window if layer is not None)
            if len(found) == length:
                yield found


def _shared(graph: ModelGraph) -> frozenset[Place]:
    """Return the calls of layers that stand in the tree more than once. Parameters count where
    they come first, so a convolution without any is one that came before."""
    layers = list(graph.layers())
    uses = Counter(id(layer) for layer in layers)
    return frozenset(
        layer.place
        for layer in layers
        if uses[id(layer)] > 1 or (layer.params == 0 and widths(layer) is not None)
    )


def _certain(node: Node, shared: frozenset[Place]) -> Layer | None:
    layer = node.layer
    if layer is None or layer.maybe or layer.place in shared:
        return None
    return layer if layer.class_name.rpartition(".")[2] == layer.op else None


def plain_runs(graph: ModelGraph, families: tuple[str, ...]) -> Iterator[tuple[Layer, ...]]:
    """Yield the runs whose layers are of these families ("conv|linear" allows both)."""
    for run in runs(graph, len(families)):
        if all(
            LAYERS[layer.op].family in family.split("|")
            for layer, family in zip(run, families, strict=True)
        ):
            yield run


def fits(producer: Layer, norm: Layer) -> bool:
    """Whether the norm's features are the channels that the producer gives."""
    made = producer.args.get("out_channels") or producer.args.get("out_features")
    taken = norm.args.get("num_features")
    if made is None or taken is None or not (made.known and taken.known):
        return False
    return made.value == taken.value
