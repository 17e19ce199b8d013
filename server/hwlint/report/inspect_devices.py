"""The model as it runs, for people: a row for each part of it and columns for each device."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwlint.engine.targets import Target
from hwlint.graph import Flow, ModelGraph
from hwlint.report.costs import (
    Cost,
    DeviceCosts,
    Part,
    amount,
    costs_on,
    duration,
    energy,
    parts_of,
)
from hwlint.report.inspect_text import human, shape_text
from hwlint.report.lines import clean, line_of, spot, where
from hwlint.report.sheet import amount_of
from hwlint.source.spans import Place

__all__ = ["TextDevices"]


@dataclass(frozen=True)
class TextDevices:
    """Shows a graph with what its parts take on some devices, paths relative to `base`."""

    base: Path
    targets: tuple[Target, ...]
    sort: str = "tree"
    """"tree": as it runs; "time", "macs", "bytes" or "params": the largest first."""

    def __call__(self, graph: ModelGraph) -> str:
        """Return the text of one entry point."""
        head = clean(self._head(graph))
        flow = graph.flow
        if flow is None:
            return f"{head}\n  forward was not followed, so nothing is known of any device\n"
        parts = parts_of(graph)
        found = [costs_on(graph, t.profile, t.dtype, parts) for t in self.targets]
        rows = [_cells(part, number, flow, found) for number, part in enumerate(parts)]
        order = sorted(range(len(rows)), key=lambda n: self._key(parts[n], n, flow, found))
        lines = [head, *_table(rows, order, found, _total(graph, found)), *self._notes(found)]
        lines += [f"  unknown: {clean(self._at(u.place))}{clean(u.reason)}" for u in flow.missing]
        return "\n".join(lines) + "\n"

    def _head(self, graph: ModelGraph) -> str:
        entry, flow = graph.entry, graph.flow
        given = ""
        if flow is not None:
            inputs = ", ".join(shape_text(shape) for _, shape, _ in flow.inputs)
            given = f"   input {inputs}{' (assumed)' if flow.assumed else ''}"
        return f"{entry.name}{given}   {where(entry.path, self.base)}:{line_of(entry.place)}"

    def _at(self, place: Place | None) -> str:
        return f"{spot(place, self.base)}: " if place is not None else ""

    def _key(
        self, part: Part, number: int, flow: Flow, found: Sequence[DeviceCosts]
    ) -> tuple[float, int]:
        if self.sort == "tree":
            return (0.0, number)
        if self.sort == "time":
            costs = [device.parts[number] for device in found]
            return (-sum(cost.seconds for cost in costs if cost is not None), number)
        return (-float(amount_of(part, flow, self.sort) or 0), number)

    def _notes(self, found: Sequence[DeviceCosts]) -> list[str]:
        lines: list[str] = []
        for device in found:
            said: list[str] = []
            if device.silent is not None:
                said.append(f"no estimate, {device.silent}")
            if device.weight_bytes is not None:
                said.append(f"weights {amount(device.weight_bytes)}")
            if device.peak_bytes is not None:
                said.append(f"activations {amount(device.peak_bytes)} at the peak")
            if said:
                lines.append(f"  {device.device} ({device.dtype}): {'; '.join(said)}")
        return lines


def _cells(part: Part, number: int, flow: Flow, found: Sequence[DeviceCosts]) -> tuple[str, ...]:
    outputs = flow.operations[part.numbers[-1]].outputs
    shape = shape_text(flow.tensors[outputs[0]].shape) if outputs else ""
    own = [_human(amount_of(part, flow, what)) for what in ("params", "macs", "bytes")]
    line = line_of(part.place) if part.place is not None else ""
    head = (part.name or ".", part.what, line, shape, *own)
    return (*head, *_columns([device.parts[number] for device in found]))


def _total(graph: ModelGraph, found: Sequence[DeviceCosts]) -> tuple[str, ...]:
    flow = graph.flow
    macs = _human(flow.macs) if flow is not None else ""
    head = ("total", "", "", "", _human(graph.params), macs, "")
    return (*head, *_columns([device.total for device in found]))


def _columns(costs: Sequence[Cost | None]) -> list[str]:
    """The cells of all devices: with one device every number, with several time and what bounds
    it."""
    if len(costs) == 1:
        return _in_full(costs[0])
    return [_in_short(cost) for cost in costs]


def _in_full(cost: Cost | None) -> list[str]:
    if cost is None:
        return [""] * len(FULL)
    achieved = f"{100 * cost.achieved:.0f} %" if cost.achieved is not None else ""
    timed = cost.seconds > 0
    return [
        duration(cost.seconds) if timed else "",
        cost.bound,
        achieved,
        amount(cost.moved) if timed else "",
        energy(cost.joules),
        "; ".join(cost.breaks),
    ]


FULL = ("time", "bound by", "of peak", "moved", "energy", "breaks")


def _in_short(cost: Cost | None) -> str:
    if cost is None:
        return ""
    timed = f"{duration(cost.seconds)} {cost.bound}".strip() if cost.seconds else ""
    return "; ".join(part for part in (timed, *cost.breaks) if part)


def _table(
    rows: Sequence[tuple[str, ...]],
    order: Sequence[int],
    found: Sequence[DeviceCosts],
    total: tuple[str, ...],
) -> list[str]:
    devices = FULL if len(found) == 1 else tuple(device.device for device in found)
    head = ("", "", "line", "output", "params", "MACs", "bytes", *devices)
    lines = [head, *(rows[n] for n in order), total]
    used = [i for i in range(len(head)) if i < 2 or any(line[i] for line in lines[1:])]
    widths = {i: max(len(line[i]) for line in lines) for i in used}
    widths[1] = min(_WIDEST, widths[1])
    return [
        clean("  " + "  ".join(_padded(line[i], widths[i], i) for i in used).rstrip())
        for line in lines
    ]


_WIDEST = 40
"""Cells for what a part runs."""


def _padded(text: str, width: int, column: int) -> str:
    if len(text) > width:
        text = f"{text[: width - 1]}…"
    numbers = column in (2, 4, 5, 6)
    return text.rjust(width) if numbers else text.ljust(width)


def _human(number: int | None) -> str:
    return human(number) if number else "" if number == 0 else "?"
