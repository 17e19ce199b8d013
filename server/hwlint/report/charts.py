"""The charts of a model: Vega-Lite templates filled with its numbers.

The templates are made by altair (`docs/charts.py`); nothing here needs it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, inf, isfinite, log10, sqrt
from pathlib import Path
from typing import Any, cast

from hwlint.cost import Roof
from hwlint.report.costs import Cost, DeviceCosts, amount, duration
from hwlint.report.sheet import Row, Sheet, rate_of
from hwlint.source.spans import Place

__all__ = ["Chart", "Said", "charts_of", "template"]

Data = dict[str, object]
Said = Callable[[Place], str]
"""How a place reads: "net.py:12"."""

_FOLDER = Path(__file__).parent / "templates"
_MOST_LINES = 20
"""Source lines with bars of their own; the others are one bar together."""


@dataclass(frozen=True)
class Chart:
    """One chart, whole: nothing is to be loaded."""

    id: str
    """"roofline", "latency", "memory" or "devices"."""
    title: str
    spec: Mapping[str, object]
    """Vega-Lite. Each datum of a layer has its `row`: an index into `Sheet.rows`."""


@cache
def template(name: str) -> str:
    """Return the JSON text of a template."""
    return (_FOLDER / f"{name}.json").read_text(encoding="utf-8")


def charts_of(sheet: Sheet, said: Said) -> list[Chart]:
    """Return the charts that there are numbers for."""
    totals = list(_totals(sheet))
    wanted: list[tuple[str, str, Mapping[str, list[Data]]]] = [
        ("roofline", "Roofline", _roofline(sheet, said)),
        ("memory", "Activations in memory", {"moments": list(_moments(sheet))}),
        ("latency", "Latency by source line", {"lines": list(_lines(sheet, said))}),
        ("devices", "Devices", {"totals": totals if len(totals) > 1 else []}),
    ]
    return [
        Chart(name, title, _filled(name, data, sheet))
        for name, title, data in wanted
        if data[_NEEDS[name]]
    ]


_NEEDS = {"roofline": "points", "latency": "lines", "memory": "moments", "devices": "totals"}
"""The data without which there is nothing to see."""


def _filled(name: str, data: Mapping[str, list[Data]], sheet: Sheet) -> Mapping[str, object]:
    spec: dict[str, Any] = json.loads(template(name))
    if name in ("latency", "memory"):  # one device has one colour in both
        domain = [_named(device) for device in sheet.devices]
        spec["encoding"]["color"]["scale"] = {"domain": domain}
    return {**spec, "datasets": data}


def _named(device: DeviceCosts) -> str:
    return f"{device.device} {device.dtype}"


def _of_row(row: Row, number: int, said: Said) -> Data:
    at = said(row.place) if row.place is not None else ""
    return {"row": number, "layer": row.name or ".", "kind": row.what, "at": at}


def _priced(sheet: Sheet) -> Iterator[tuple[int, Row, DeviceCosts, Cost]]:
    """Each row that takes time on a device, with what it takes there."""
    for device in sheet.devices:
        for number, (row, cost) in enumerate(zip(sheet.rows, device.parts, strict=True)):
            if cost is not None and cost.seconds > 0:
                yield number, row, device, cost


def _points(sheet: Sheet, said: Said) -> Iterator[Data]:
    for number, row, device, cost in _priced(sheet):
        rate = rate_of(row, cost)
        if rate is not None:
            yield {
                **_of_row(row, number, said),
                "device": _named(device),
                "intensity": rate[0],
                "per_byte": f"{rate[0]:.3g}" if isfinite(rate[0]) else "all bytes stay on the chip",
                "rate": rate[1],
                "achieved": rate[1] / device.roof.ops if device.roof is not None else None,
                "time": duration(cost.seconds),
                "bound": cost.bound,
            }


def _roofline(sheet: Sheet, said: Said) -> dict[str, list[Data]]:
    """Points, and the lines that none can be above, over a range that has all points and ridges.
    Where no byte leaves the chip the point stands behind all others."""
    points = list(_points(sheet, said))
    shown = {point["device"] for point in points}
    named = ((_named(device), device.roof) for device in sheet.devices)
    known = [(name, roof) for name, roof in named if roof is not None and name in shown]
    reach = [x for point in points if isfinite(x := cast("float", point["intensity"]))]
    reach += [roof.ops / roof.bandwidth for _, roof in known if roof.bandwidth]
    low = 10.0 ** floor(log10(min(reach, default=1.0)))
    high = 10.0 ** ceil(log10(max(reach, default=1.0)) + 0.01)
    for point in points:
        if point["intensity"] == inf:
            point["intensity"] = high * _BEHIND
    roofs: list[Data] = [
        {"device": name, "intensity": x, "rate": _attainable(roof, x)}
        for name, roof in known
        for x in _corners(roof, low, high * _BEHIND**2)
    ]
    labels: list[Data] = [
        {"text": f"{name} peak", "intensity": high * _BEHIND**2, "rate": roof.ops}
        for name, roof in known
    ]
    return {"points": points, "roofs": roofs, "labels": labels}


_BEHIND = sqrt(10)
"""Times the largest intensity of the plot."""


def _corners(roof: Roof, low: float, high: float) -> list[float]:
    ridge = roof.ops / roof.bandwidth if roof.bandwidth else low
    return [low, ridge, high] if low < ridge < high else [low, high]


def _attainable(roof: Roof, intensity: float) -> float:
    return min(roof.ops, roof.bandwidth * intensity) if roof.bandwidth else roof.ops


def _lines(sheet: Sheet, said: Said) -> Iterator[Data]:
    """The rows of each source line together, the dearest lines first."""
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(sheet.rows):
        groups.setdefault(said(row.place) if row.place is not None else "", []).append(number)
    ranked = sorted(groups.items(), key=lambda item: -_dearest(sheet, item[1]))
    shown = ranked[:_MOST_LINES]
    rest = [number for _, numbers in ranked[_MOST_LINES:] for number in numbers]
    if rest:
        shown.append((f"{len(ranked) - _MOST_LINES} other lines", rest))
    for at, numbers in shown:
        yield from _bars(sheet, at, numbers)


def _dearest(sheet: Sheet, numbers: Sequence[int]) -> float:
    shares = [
        sum(sheet.share(number, device) or 0.0 for number in numbers) for device in sheet.devices
    ]
    return max(shares, default=0.0)


def _bars(sheet: Sheet, at: str, numbers: Sequence[int]) -> Iterator[Data]:
    first, alone = sheet.rows[numbers[0]], len(numbers) == 1
    for device in sheet.devices:
        costs = [cost for n in numbers if (cost := device.parts[n]) is not None and cost.seconds]
        total = device.total
        if not costs or total is None or not total.seconds:
            continue
        seconds = sum(cost.seconds for cost in costs)
        yield {
            "row": numbers[0],
            "label": f"{at}  {_together(sheet, numbers)}",
            "layer": first.name if alone else f"{first.name} and {len(numbers) - 1} more",
            "kind": ", ".join(dict.fromkeys(sheet.rows[n].what for n in numbers[:_FEW])),
            "at": at,
            "device": _named(device),
            "share": seconds / total.seconds,
            "time": duration(seconds),
            "bound": max(costs, key=lambda cost: cost.seconds).bound,
        }


_FEW = 4
"""Kinds of layers that a tooltip names."""


def _together(sheet: Sheet, numbers: Sequence[int]) -> str:
    """What several rows are: "Conv2d 3->64", "Conv2d ×16"; "" where they are unlike."""
    whats = {sheet.rows[n].what for n in numbers}
    ops = {what.partition(" ")[0] for what in whats}
    if len(whats) == 1:
        return whats.pop()
    return f"{ops.pop()} ×{len(numbers)}" if len(ops) == 1 else ""


def _moments(sheet: Sheet) -> Iterator[Data]:
    for device in sheet.devices:
        timed = device.total is not None and device.total.seconds > 0
        last = max(1, len(device.course) - 1)
        for number, held in enumerate(device.course):
            seconds = device.total.seconds if device.total is not None and timed else 0.0
            yield {
                "number": number,
                "progress": min(1.0, held.before / seconds) if timed else number / last,
                "bytes": held.bytes,
                "size": amount(held.bytes),
                "device": _named(device),
                "layer": held.module or ".",
                "time": duration(held.before) if timed else "",
            }


def _totals(sheet: Sheet) -> Iterator[Data]:
    for device in sheet.devices:
        total = device.total
        if total is not None and total.seconds > 0:
            yield {
                "device": _named(device),
                "seconds": total.seconds,
                "time": duration(total.seconds),
                "bound": total.bound,
            }
