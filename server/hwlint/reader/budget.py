"""Limits on what one entry point may cost. They count steps, depth and sizes, never time, so that
results do not depend on the machine or its load."""

__all__ = ["Budget", "Exhausted"]


class Exhausted(Exception):
    """A budget ran out; the entry point is not fully read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Budget:
    """Counters and their limits."""

    __slots__ = ("limit", "max_depth", "max_items", "steps")

    def __init__(
        self, limit: int = 400_000, max_depth: int = 120, max_items: int = 100_000
    ) -> None:
        self.limit = limit
        self.max_depth = max_depth
        self.max_items = max_items
        self.steps = 0

    def restart(self) -> None:
        """Begin a new entry point."""
        self.steps = 0
