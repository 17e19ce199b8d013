"""The model as read: what the reader gives and the rules, the cost model and the reports take."""

from hwlint.graph.model import (
    Argument,
    EntryPoint,
    Layer,
    Missing,
    ModelGraph,
    Node,
    Origin,
)

__all__ = ["Argument", "EntryPoint", "Layer", "Missing", "ModelGraph", "Node", "Origin"]
