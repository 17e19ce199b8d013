"""What a model costs: numbers worked out from the graph."""

from hwlint.cost.memory import Peak, peak_memory

__all__ = ["Peak", "peak_memory"]
