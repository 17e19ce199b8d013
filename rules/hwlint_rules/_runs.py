"""What runs: operations of the model's work, where they stand, how much of the time they take."""

from collections.abc import Iterable
from dataclasses import dataclass

from hwlint.api import LAYERS, Flow, Layer, ModelGraph, Operation, Place, Reading
from hwlint_rules._text import percent

__all__ = [
    "Work",
    "cost_words",
    "given_run",
    "home",
    "run_of",
    "share_words",
    "steps",
]


@dataclass(frozen=True, slots=True)
class Work:
    """One operation that works on what the model is given."""

    number: int
    """Index into `Flow.operations`."""
    operation: Operation
    layer: Layer | None
    """The torch layer that runs it, None where the model's own code calls the function."""
    place: Place
    """Where it is decided: the call that builds the layer, else the line that calls."""


def run_of(reading: Reading) -> Flow | None:
    """Return the run, where all of it is known: on one side of a branch nothing is proved."""
    flow = reading.graph.flow if reading.graph is not None else None
    return flow if flow is not None and flow.complete else None


def given_run(reading: Reading) -> Flow | None:
    """Return the run where somebody has said what the model is called with: what depends on the
    batch or on the size of an image does not hold for what hwlint assumes."""
    flow = run_of(reading)
    return flow if flow is not None and not flow.assumed else None


def steps(graph: ModelGraph) -> tuple[Work, ...]:
    """Return the operations that depend on the model's inputs; exporters compute the others once.

    Views and what passes a tensor through are left out: they take no time.
    """
    return graph.derived(_works)


def _works(graph: ModelGraph) -> tuple[Work, ...]:
    layers, flow = graph.named_layers, graph.flow
    if flow is None:
        return ()
    found: list[Work] = []
    for number in graph.driven:
        operation = flow.operations[number]
        layer = layers.get(operation.module)
        place = layer.place if layer is not None else operation.place
        if operation.effect not in ("view", "same") and place is not None:
            found.append(Work(number, operation, layer, place))
    return tuple(found)


def home(graph: ModelGraph) -> Place:
    """Return where the model itself is defined: its class, else the entry point."""
    root = graph.root
    return root.defined if root is not None and root.defined is not None else graph.entry.place


def share_words(reading: Reading, share: float | None) -> str:
    """Return "12 % of the estimated time"; "" where it is not known."""
    return f"{percent(share)} of {reading.share_of}" if share is not None else ""


def cost_words(reading: Reading, layers: Iterable[Layer], numbers: Iterable[int]) -> str:
    """Return ": 12 % of the estimated time" for layers and operations, "" where not known."""
    share = reading.share(tuple(layers), tuple(numbers))
    return f": {share_words(reading, share)}" if share else ""


def family(op: str) -> str:
    """Return the family of a torch layer, "" for what is none."""
    return LAYERS[op].family if op in LAYERS else ""
