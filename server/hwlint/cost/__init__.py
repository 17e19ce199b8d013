"""What a model costs: numbers worked out from the graph."""

from hwlint.cost.estimate import Estimate, Kernel, OperationCost, estimate, silent_for
from hwlint.cost.memory import Peak, peak_memory
from hwlint.cost.rates import wanting
from hwlint.cost.tensors import item_bytes

__all__ = [
    "Estimate",
    "Kernel",
    "OperationCost",
    "Peak",
    "estimate",
    "item_bytes",
    "peak_memory",
    "silent_for",
    "wanting",
]
