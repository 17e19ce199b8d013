"""Layers that are proved to run one after the other."""

from collections import Counter
from collections.abc import Iterator

from hwlint.api import LAYERS, Layer, ModelGraph, Node

__all__ = ["fits", "plain_runs", "runs"]


def runs(graph: ModelGraph, length: int) -> Iterator[tuple[Layer, ...]]:
    """Yield each run of `length` neighbouring layers in the model's `nn.Sequential`s.

    Only what construction alone proves: children of an `nn.Sequential` (one with a forward of its
    own is none to the reader) that are layers built for certain, stand nowhere else in the model
    (a shared layer may run elsewhere with another neighbour) and are torch's own classes.
    """
    if graph.root is None:
        return
    uses = Counter(id(node.layer) for node in graph.root.walk() if node.layer is not None)
    for node in graph.root.walk():
        if node.kind != "Sequential":
            continue
        children = [_certain(child, uses) for child in node.children]
        for start in range(len(children) - length + 1):
            window = children[start : start + length]
            found = tuple(layer for layer in window if layer is not None)
            if len(found) == length:
                yield found


def _certain(node: Node, uses: "Counter[int]") -> Layer | None:
    layer = node.layer
    if layer is None or layer.maybe or uses[id(layer)] != 1 or layer.name != node.name:
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
