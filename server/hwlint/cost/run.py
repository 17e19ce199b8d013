"""A run of a model as every device sees it, worked out once for all of them."""

from collections.abc import Mapping, Sequence

from hwlint.cost.work import Product, layer_op, product_of
from hwlint.graph import Flow, Layer, ModelGraph, Operation

__all__ = ["Run", "products"]


def products(graph: ModelGraph) -> tuple[Product | None, ...]:
    """Return the matrix product that each operation of a run is, None for one that is none."""
    flow = graph.flow
    return () if flow is None else tuple([product_of(flow, one) for one in flow.operations])


class Run:
    """The run of a graph that has a flow."""

    def __init__(self, graph: ModelGraph) -> None:
        self.flow = graph.flow or _NONE
        self.roots = _roots(self.flow)
        """Of each tensor the one whose memory it shows in the end."""
        roots, operations = self.roots, self.flow.operations
        self.taken = [tuple([roots[i] for i in one.inputs]) for one in operations]
        """Of each operation the memory that it is given."""
        self.made = [tuple([roots[i] for i in one.outputs]) for one in operations]
        """The same of what it makes."""
        layers = graph.named_layers
        self.ops = [_op(one, layers.get(one.module)) for one in operations]
        """torch.nn's name of each operation, "" where there is none."""
        self.products = graph.derived(products)
        self._running: dict[bool, frozenset[int]] = {}
        self._readers: dict[bool, Mapping[int, frozenset[int]]] = {}

    def running(self, drops_unused: bool) -> frozenset[int]:
        """Return the operations that run, views among them. `drops_unused`: those whose results
        nobody uses do not."""
        if drops_unused not in self._running:
            every = frozenset(range(len(self.flow.operations)))
            self._running[drops_unused] = self._used() if drops_unused else every
        return self._running[drops_unused]

    def readers(self, drops_unused: bool) -> Mapping[int, frozenset[int]]:
        """Return the operations that read the memory of each tensor; views read nothing by
        themselves. What the model returns has a reader at the end."""
        if drops_unused not in self._readers:
            self._readers[drops_unused] = self._read_by(self.running(drops_unused))
        return self._readers[drops_unused]

    def _read_by(self, running: frozenset[int]) -> Mapping[int, frozenset[int]]:
        found: dict[int, set[int]] = {}
        for number, operation in enumerate(self.flow.operations):
            if operation.effect not in ("view", "same") and number in running:
                for root in self.taken[number]:
                    found.setdefault(root, set()).add(number)
        for index in self.flow.returned:
            found.setdefault(self.roots[index], set()).add(len(self.flow.operations))
        return {index: frozenset(numbers) for index, numbers in found.items()}

    def _used(self) -> frozenset[int]:
        needed = {self.roots[index] for index in self.flow.returned}
        running: set[int] = set()
        for number in range(len(self.made) - 1, -1, -1):
            made = self.made[number]
            if not made or not needed.isdisjoint(made):
                running.add(number)
                needed.update(self.taken[number])
        return frozenset(running)


_NONE = Flow((), assumed=True)


def _op(operation: Operation, layer: Layer | None) -> str:
    return layer_op(operation, layer.op if layer is not None else None)


def _roots(flow: Flow) -> Sequence[int]:
    tensors = flow.tensors
    found = [tensor.storage for tensor in tensors]
    for index, root in enumerate(found):
        while tensors[root].storage != root:
            root = tensors[root].storage  # noqa: PLW2901 - from view to view
        found[index] = root
    return found
