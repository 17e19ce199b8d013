"""Layers that are proved to run one after the other."""

from collections.abc import Iterator
from typing import NamedTuple

from hwlint.api import LAYERS, Layer, ModelGraph, Node, Place

__all__ = ["Part", "Run", "fits", "parts", "plain_runs", "runs"]

Run = tuple[Layer, ...]


class Part(NamedTuple):
    """What runs in a sequence: a layer, or what a forward method calls."""

    op: str
    """torch.nn's name."""
    place: Place
    """The call that builds it, or the call."""


def parts(run: Run) -> tuple[Part, ...]:
    """Return the layers of a run as parts."""
    return tuple(Part(layer.op, layer.place) for layer in run)


def runs(graph: ModelGraph, length: int) -> Iterator[tuple[Run, int]]:
    """Yield each run of `length` neighbouring layers in the model's `nn.Sequential`s, with how
    often it stands in the model.

    Only what construction alone proves: children of an `nn.Sequential` (one with a forward of its
    own is none to the reader) that are layers built for certain, stand nowhere else in the model
    (a shared layer may run elsewhere with another neighbour) and are torch's own classes.
    """
    shared = _shared(graph)
    for node, times in graph.nodes.items():
        if node.kind != "Sequential":
            continue
        children = [_certain(child, shared) for child in node.children.values()]
        for start in range(len(children) - length + 1):
            window = children[start : start + length]
            found = tuple(layer for layer in window if layer is not None)
            if len(found) == length:
                yield found, times


def _shared(graph: ModelGraph) -> frozenset[Place]:
    """Return the calls of layers that the model uses more than once."""
    again = (node.layer for node in graph.nodes if node.again)
    return frozenset(layer.place for layer in again if layer is not None)


def _certain(node: Node, shared: frozenset[Place]) -> Layer | None:
    layer = node.layer
    if layer is None or layer.maybe or layer.place in shared:
        return None
    return layer if layer.class_name.rpartition(".")[2] == layer.op else None


def plain_runs(graph: ModelGraph, families: tuple[str, ...]) -> Iterator[tuple[Run, int]]:
    """Yield the runs whose layers are of these families ("conv|linear" allows both), with how
    often each stands in the model."""
    for run, times in runs(graph, len(families)):
        if all(
            LAYERS[layer.op].family in family.split("|")
            for layer, family in zip(run, families, strict=True)
        ):
            yield run, times


def fits(producer: Layer, norm: Layer) -> bool:
    """Whether the norm's features are the channels that the producer gives."""
    made = producer.args.get("out_channels") or producer.args.get("out_features")
    taken = norm.args.get("num_features")
    if made is None or taken is None or not (made.known and taken.known):
        return False
    return made.value == taken.value
