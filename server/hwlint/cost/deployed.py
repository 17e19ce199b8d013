"""Which parameters of a model are deployed: an exporter drops what only training uses."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from hwlint.graph import Flow, Layer, ModelGraph

__all__ = ["Kept", "kept"]


class Kept(NamedTuple):
    """What of a model is deployed."""

    params: int | None
    """Its parameters; None where that is not known."""
    layers: Mapping[Layer, int]
    """Its layers, with the number of instances of each."""


def kept(graph: ModelGraph) -> Kept:
    """Return what is left without the layers that a run known to its end never calls. That is
    believed only where what is left has just the parameters that the run reads: a weight may be
    read by another module. Else all is kept."""
    every = Kept(graph.params, graph.layers)
    flow = graph.flow
    if graph.params is None or flow is None or not flow.complete:
        return every
    idle = _idle(graph, flow)
    if any(layer.params is None for layer in idle):
        return every
    params = graph.params - sum((layer.params or 0) * number for layer, number in idle.items())
    if not idle or params != _read(flow):
        return every
    left = {layer: number - idle[layer] for layer, number in graph.layers.items()}
    return Kept(params, {layer: number for layer, number in left.items() if number > 0})


def _idle(graph: ModelGraph, flow: Flow) -> Counter[Layer]:
    """Layers with parameters that no operation runs in, with how many there are."""
    running = {operation.module for operation in flow.operations}
    return Counter(
        layer
        for name, layer in graph.named_layers.items()
        if layer.params != 0 and name not in running
    )


def _read(flow: Flow) -> int | None:
    """Parameters that operations read; None where the size of one is not known."""
    read = {flow.tensors[i].storage for one in flow.operations for i in one.inputs}
    sizes = [flow.tensors[i].items for i in read if flow.tensors[i].kind == "parameter"]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None
