"""The module as it is, what may be changed of it, and how it reads with edits made."""

from collections.abc import Mapping, Sequence

from attrs import define, frozen

from hwlint.fix.bench import Bench
from hwlint.graph import Layer, ModelGraph
from hwlint.search.model import Kind, Point
from hwlint.search.proving import fault, same_shapes
from hwlint.search.rereading import Rereading
from hwlint.search.writing import Plan
from hwlint.source.edits import Edit
from hwlint.source.inventory import Number
from hwlint.source.spans import Place

__all__ = ["Budget", "Found", "Known"]


@define
class Budget:
    """How much is read at most, in operations of a run, so that large modules take no hours."""

    left: int = 200_000

    def take(self, amount: int) -> bool:
        """Take some of it; False where it is used up."""
        self.left -= amount
        return self.left >= 0


@frozen
class Known:
    """What is known of the module as it is."""

    rereading: Rereading
    numbers: Mapping[Place, Number]
    """Those that may be changed."""
    budget: Budget

    @property
    def graph(self) -> ModelGraph:
        """The module as it is."""
        return self.rereading.graph

    @property
    def bench(self) -> Bench:
        """Where it is read again."""
        return self.rereading.bench

    def read(self, edits: Sequence[Edit]) -> ModelGraph | None:
        """Read it with edits made; None also where enough was read."""
        flow = self.graph.flow
        if not self.budget.take(len(flow.operations) if flow is not None else 1):
            return None
        return self.rereading.read(edits)

    def holds(self, graph: ModelGraph | None, kind: Kind | None = None) -> bool:
        """Whether a reading may stand in place of the module. Another kernel leaves all shapes as
        they are."""
        if graph is None or fault(self.graph, graph, self.rereading.part) is not None:
            return False
        return kind != "kernel" or same_shapes(self.graph, graph)


@frozen
class Found:
    """A point with what it writes."""

    point: Point
    plan: Plan
    layers: tuple[Layer, ...] = ()
    """Those that it decides on."""
