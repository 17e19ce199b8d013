"""The model as read: what the reader gives and the rules, the cost model and the reports take."""

from hwlint.graph.flow import Called, Flow, Mismatch, Operation, TensorInfo, Unread
from hwlint.graph.links import Links, Step
from hwlint.graph.model import (
    Argument,
    EntryPoint,
    Layer,
    Missing,
    ModelGraph,
    Node,
    Origin,
    Recipe,
    Unbuilt,
)

__all__ = [
    "Argument",
    "Called",
    "EntryPoint",
    "Flow",
    "Layer",
    "Links",
    "Mismatch",
    "Missing",
    "ModelGraph",
    "Node",
    "Operation",
    "Origin",
    "Recipe",
    "Step",
    "TensorInfo",
    "Unbuilt",
    "Unread",
]
