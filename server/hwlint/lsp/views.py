"""What an editor shows of a model as read: plain data that a graph is boiled down to.

Made in the process that reads, so that graphs need not travel; one `ModelView` an entry point.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hwlint.api import Reading
from hwlint.cost import peak_memory
from hwlint.graph import Argument, Called, Flow, Layer, ModelGraph
from hwlint.report.origins import explain
from hwlint.source.spans import Place

__all__ = ["ArgumentView", "CostView", "LayerView", "LineView", "ModelView", "view"]

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ArgumentView:
    """One constructor argument, as resolved."""

    name: str
    value: object
    """None with `known` False: not known."""
    known: bool
    source: str
    """In words, where it comes from; "" where it stands at the call."""
    place: Place | None
    """The literal it comes from, where there is just one."""


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer at the call that builds it."""

    place: Place
    op: str
    class_name: str
    name: str
    """Qualified name of the first instance: "layer1.0.conv1"."""
    times: int
    """Instances."""
    arguments: tuple[ArgumentView, ...]
    inputs: tuple[Shape | None, ...] = ()
    """Of the first call of the first instance; () where forward is not known."""
    outputs: tuple[Shape | None, ...] = ()
    params: int | None = None
    """Of one instance."""
    macs: int | None = None
    """Of one call of one instance."""
    moved: int | None = None
    """Bytes read and written by it."""
    costs: "tuple[CostView, ...]" = ()
    """All instances together, one for each target that there is an estimate for."""


@dataclass(frozen=True, slots=True)
class CostView:
    """What something takes on one target, by the estimate."""

    device: str
    dtype: str
    seconds: float
    share: float
    """Of the model's time, 0 to 1."""
    bound: str
    """What decides most of the time: "compute", "memory", "dispatch"; "" where nothing runs."""


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of forward: what its last operation gives."""

    place: Place
    """The operation's place."""
    name: str
    shape: Shape
    macs: int | None
    """Of all operations that stand on this line, all calls together."""
    costs: tuple[CostView, ...] = ()


@dataclass(frozen=True)
class ModelView:
    """One way of building a model."""

    name: str
    kind: str
    built_with: str
    place: Place
    """The `def` or `class` name, or the building call."""
    class_name: str
    params: int | None
    complete: bool
    unknown: tuple[tuple[Place | None, str], ...]
    """What is not known, of construction and forward."""
    inputs: tuple[tuple[str, Shape | None, str], ...] = ()
    """(name, shape, dtype) of what it is called with."""
    macs: int | None = None
    peak: int | None = None
    """Bytes of activations at the peak."""
    costs: tuple[CostView, ...] = ()
    """Of the whole model, one for each target that there is an estimate for."""
    layers: tuple[LayerView, ...] = ()
    lines: tuple[LineView, ...] = field(default=())
    expression: str = ""
    """What builds it again: that of its `Recipe`; "" where nothing does."""
    files: tuple[str, ...] = ()
    """What was read on the way."""


def view(graph: ModelGraph, readings: Sequence[Reading]) -> ModelView:
    """Boil a graph down to what editors show."""
    flow = graph.flow
    unread = () if flow is None else flow.missing
    peak = None if flow is None else peak_memory(flow)
    prices = [_Prices(reading) for reading in readings if reading.estimate is not None]
    return ModelView(
        graph.entry.name,
        graph.entry.kind,
        graph.entry.built_with,
        graph.entry.place,
        "" if graph.root is None else graph.root.class_name,
        graph.params,
        graph.complete,
        tuple((m.place, m.reason) for m in (*graph.missing, *unread)),
        () if flow is None else flow.inputs,
        None if flow is None else flow.macs,
        None if peak is None else round(peak.bytes),
        tuple(price.all() for price in prices),
        tuple(_layers(graph, prices)),
        () if flow is None else tuple(_lines(flow, prices)),
        "" if graph.entry.recipe is None else graph.entry.recipe.expression,
        graph.files,
    )


class _Prices:
    """What one target's estimate says of groups of operations."""

    def __init__(self, reading: Reading) -> None:
        assert reading.estimate is not None
        self._estimate = reading.estimate
        self._device, self._dtype = reading.profile.id, reading.dtype

    def all(self) -> CostView:
        """Return the cost of the model."""
        return self.of(range(len(self._estimate.operations)))

    def of_layer(self, layer: Layer) -> CostView:
        """Return the cost of all instances of a layer."""
        return self.of(self._estimate.of_layers([layer]))

    def of(self, numbers: Iterable[int]) -> CostView:
        """Return the cost of operations."""
        by_bound: dict[str, float] = {}
        for number in numbers:
            cost = self._estimate.operations[number]
            by_bound[cost.bound] = by_bound.get(cost.bound, 0.0) + cost.seconds
        seconds = sum(by_bound.values())
        bound = max(by_bound, key=lambda name: by_bound[name], default="") if seconds else ""
        share = seconds / self._estimate.seconds if self._estimate.seconds else 0.0
        return CostView(self._device, self._dtype, seconds, share, bound)


def _layers(graph: ModelGraph, prices: Sequence[_Prices]) -> Iterator[LayerView]:
    calls: dict[str, Called] = {}
    for call in graph.flow.calls if graph.flow is not None else ():
        calls.setdefault(call.name, call)
    names = _names(graph, calls)
    for layer, times in graph.layers.items():
        call = calls.get(names.get(layer, ""))
        yield LayerView(
            layer.place,
            layer.op,
            layer.class_name,
            names.get(layer, ""),
            times,
            tuple(_arguments(layer)),
            () if call is None else call.inputs,
            () if call is None else call.outputs,
            layer.params,
            None if call is None else call.macs,
            None if call is None else call.moved,
            tuple(price.of_layer(layer) for price in prices) if call is not None else (),
        )


def _names(graph: ModelGraph, calls: Mapping[str, Called]) -> dict[Layer, str]:
    """Name each layer after its first instance that is called, else its first."""
    called: dict[Layer, str] = {}
    standing: dict[Layer, str] = {}
    for name, node in graph.walk():
        if node.layer is None:
            continue
        standing.setdefault(node.layer, name)
        if name in calls:
            called.setdefault(node.layer, name)
    return {**standing, **called}


def _arguments(layer: Layer) -> Iterator[ArgumentView]:
    for name, argument in layer.args.items():
        if argument.default:
            continue
        known = argument.known
        source = explain(argument.origin, layer.place) if known else ""
        yield ArgumentView(name, argument.value, known, source, _literal(argument))


def _literal(argument: Argument) -> Place | None:
    """The one literal that a value comes from."""
    if argument.origin is None:
        return None
    leaves = list(argument.origin.leaves())
    return leaves[0].place if len(leaves) == 1 else None


def _lines(flow: Flow, prices: Sequence[_Prices]) -> Iterator[LineView]:
    """Sum the operations up by the line that they stand on."""
    groups: dict[tuple[str, int], list[int]] = {}
    for number, operation in enumerate(flow.operations):
        if operation.place is not None and operation.outputs:
            groups.setdefault((operation.place.path, operation.place.line), []).append(number)
    for numbers in groups.values():
        last = flow.operations[numbers[-1]]
        shape = flow.tensors[last.outputs[-1]].shape
        if shape is None or last.place is None:
            continue
        macs = [flow.operations[number].macs for number in numbers]
        known = None if None in macs else sum(m or 0 for m in macs)
        costs = tuple(price.of(numbers) for price in prices)
        yield LineView(last.place, last.name, shape, known, costs)
