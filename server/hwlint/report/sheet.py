"""A model with what its parts take on some devices, as plain data: what reports and panels show.

The numbers are those of `inspect --device`: both come from `costs`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from hwlint.engine.targets import Target
from hwlint.graph import EntryPoint, Flow, ModelGraph
from hwlint.report.costs import Cost, DeviceCosts, Part, costs_on, parts_of
from hwlint.report.inspect_text import shape_text
from hwlint.source.spans import Place

__all__ = ["Row", "Sheet", "SheetMaker", "amount_of", "rate_of"]

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A module that runs something itself."""

    name: str
    """Qualified name; "" is the model."""
    what: str
    """"Conv2d 3->100", or what it runs: "add, relu"."""
    place: Place | None
    output: Shape | None
    """Of the last operation that it runs."""
    params: int | None
    macs: int | None
    bytes: int | None
    """Read and written by its operations, each by itself."""

    @property
    def output_text(self) -> str:
        """The output's shape: "1x64x56x56"; "" where it is not known."""
        return shape_text(self.output) if self.output is not None else ""


@dataclass(frozen=True)
class Sheet:
    """One way of building a model."""

    entry: EntryPoint
    params: int | None
    macs: int | None
    inputs: tuple[tuple[str, Shape, str], ...]
    """(name, shape, dtype) of what it is called with."""
    assumed: bool
    """Nobody said what it is called with."""
    rows: tuple[Row, ...]
    """As they run."""
    devices: tuple[DeviceCosts, ...]
    """One for each target; its `parts` are in the order of `rows`."""
    unknown: tuple[tuple[Place | None, str], ...]
    """What is not known, of construction and forward."""

    def share(self, number: int, device: DeviceCosts) -> float | None:
        """Return the share (0 to 1) of a model's time that a row takes; None without estimate."""
        cost, total = device.parts[number], device.total
        if cost is None or total is None or not total.seconds:
            return None
        return cost.seconds / total.seconds


@dataclass(frozen=True)
class SheetMaker:
    """Makes sheets of graphs. Picklable: graphs are looked at where they are read."""

    targets: tuple[Target, ...]

    def __call__(self, graph: ModelGraph) -> Sheet:
        """Return the sheet of one entry point."""
        flow = graph.flow
        parts = parts_of(graph)
        unread = flow.missing if flow is not None else ()
        missing = [(m.place, m.reason) for m in (*graph.missing, *unread)]
        if flow is None:
            missing.append((None, "forward was not followed"))
        return Sheet(
            graph.entry,
            graph.params,
            flow.macs if flow is not None else None,
            flow.inputs if flow is not None else (),
            flow.assumed if flow is not None else False,
            tuple(_rows(flow, parts)) if flow is not None else (),
            tuple(costs_on(graph, t.profile, t.dtype, parts) for t in self.targets)
            if flow is not None
            else (),
            tuple(missing),
        )


def _rows(flow: Flow, parts: list[Part]) -> Iterator[Row]:
    for part in parts:
        outputs = flow.operations[part.numbers[-1]].outputs
        yield Row(
            part.name,
            part.what,
            part.place,
            flow.tensors[outputs[0]].shape if outputs else None,
            amount_of(part, flow, "params"),
            amount_of(part, flow, "macs"),
            amount_of(part, flow, "bytes"),
        )


def amount_of(part: Part, flow: Flow, what: str) -> int | None:
    """Return the "params", "macs" or "bytes" (read and written) of a part; None where not known."""
    if what == "params":
        return part.layer.params if part.layer is not None else 0
    operations = [flow.operations[n] for n in part.numbers]
    if what == "macs":
        return _sum([operation.macs for operation in operations])
    return _sum([x for operation in operations for x in (operation.read, operation.written)])


def _sum(numbers: list[int | None]) -> int | None:
    return None if None in numbers else sum(n for n in numbers if n is not None)


def rate_of(row: Row, cost: Cost) -> tuple[float, float] | None:
    """Return (operations for each byte from and to the outermost memory, operations in a second)
    of a row on a device; the first is infinite where all its bytes stay on the chip. One
    multiply-accumulate is two operations. None where it has no products: it is no point of a
    roofline plot."""
    if not row.macs or cost.seconds <= 0:
        return None
    return 2 * row.macs / cost.moved if cost.moved > 0 else inf, 2 * row.macs / cost.seconds
