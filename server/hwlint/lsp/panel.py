"""The hardware report of a model for a panel of the editor: rows, charts, devices, as JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hwlint.lsp.lookup import layer_at, model_at
from hwlint.lsp.measured import Figure, Said, module_times
from hwlint.lsp.state import LONG_PATIENCE, Known, Open, State
from hwlint.lsp.views import ModelView
from hwlint.report.charts import charts_of
from hwlint.report.costs import Cost, DeviceCosts, amount
from hwlint.report.inspect_text import human
from hwlint.report.lines import where
from hwlint.report.sheet import Row, Sheet
from hwlint.source.spans import Place

__all__ = ["model_for", "report_of"]

Data = dict[str, object]
_TRIES = 10
"""Times that a report is asked for while somebody types or other files are being read."""


async def report_of(state: State, uri: str, point: tuple[int, int] | None) -> Data | None:
    """Return the report of the model at a point of a document; None where there is no model."""
    for _ in range(_TRIES):
        known, entry = await state.fresh(uri, LONG_PATIENCE), state.open.get(uri)
        model = model_for(known, entry.path, point) if known and entry else None
        if model is None or known is None or entry is None:
            return None
        sheet = await state.sheet_of(entry.root, model)
        if sheet is not None:
            return _Report(state, known, entry, sheet, state.measurements.of(model)).whole()
    return None


def model_for(known: Known, path: str, point: tuple[int, int] | None) -> ModelView | None:
    """Return the model that a point belongs to: of its layer, its name, its line of forward; else
    the one that is named last above it, else the first of the document."""
    models = known.snapshot.models
    if point is not None:
        layer, named = layer_at(known, path, point), model_at(known, path, point)
        if layer is not None:
            return layer[1]
        if named is not None:
            return named[0]
        line = [m for m in models if any(_on(known, part.place, path, point) for part in m.lines)]
        if line:
            return line[0]
        above = [(place.line, -n) for n, place in _headings(known, path) if place.line <= point[0]]
        if above:
            return models[-max(above)[1]]
    return models[0] if models else None


def _on(known: Known, place: Place, path: str, point: tuple[int, int]) -> bool:
    now = known.shift(place) if place.path == path else None
    return now is not None and now.line <= point[0] <= now.end_line


def _headings(known: Known, path: str) -> Iterator[tuple[int, Place]]:
    for number, model in enumerate(known.snapshot.models):
        now = known.shift(model.place) if model.place.path == path else None
        if now is not None:
            yield number, now


class _Report:
    def __init__(
        self, state: State, known: Known, entry: Open, sheet: Sheet, said: Sequence[Said]
    ) -> None:
        self._state = state
        self._known = known
        self._entry = entry
        self._sheet = sheet
        self._said = said
        # Rows of a text that has changed since may be other layers.
        self._shares = [(one.figure, module_times(one.figure)) for one in said if one.current]

    def whole(self) -> Data:
        """Return the answer to `hwlint.report`. Lines count from 0, as everywhere in the protocol;
        what is not known is null."""
        sheet, base = self._sheet, Path(self._entry.root)

        def said(place: Place) -> str:
            return f"{where(place.path, base)}:{place.line + 1}"

        return {
            "model": sheet.entry.name,
            "about": _about(sheet),
            "uri": self._state.uri_of(sheet.entry.path),
            "line": self._line(sheet.entry.place),
            "rows": [self._row(number, row) for number, row in enumerate(sheet.rows)],
            "charts": [
                {"id": chart.id, "title": chart.title, "spec": chart.spec}
                for chart in charts_of(sheet, said)
            ],
            "devices": [_device(device) for device in sheet.devices],
            "measured": [_measured(one) for one in self._said],
            "note": "; ".join(_notes(sheet)),
        }

    def _line(self, place: Place) -> int:
        """Where a place is now: only the document at hand is known to have moved."""
        now = self._known.shift(place) if place.path == self._entry.path else place
        return (now or place).line

    def _row(self, number: int, row: Row) -> Data:
        sheet, place = self._sheet, row.place
        shares = [sheet.share(number, device) for device in sheet.devices]
        costs = [
            _cost(device, cost, share)
            for device, share in zip(sheet.devices, shares, strict=True)
            if (cost := device.parts[number]) is not None
        ]
        return {
            "name": row.name,
            "kind": row.what,
            "line": self._line(place) if place is not None else None,
            "uri": self._state.uri_of(place.path) if place is not None else None,
            "output": row.output_text,
            "params": row.params,
            "macs": row.macs,
            "bytes": row.bytes,
            "share": next((share for share in shares if share is not None), None),
            "costs": costs,
            "measured": [
                {**_named(figure), "seconds": share * figure.seconds, "share": share}
                for figure, shares in self._shares
                if (share := shares.get(row.name)) is not None
            ],
        }


def _cost(device: DeviceCosts, cost: Cost, share: float | None) -> Data:
    return {
        "device": device.device,
        "dtype": device.dtype,
        "seconds": cost.seconds,
        "bound": cost.bound,
        "share": share,
        "joules": cost.joules,
        "breaks": list(cost.breaks),
    }


def _named(figure: Figure) -> Data:
    return {"target": figure.target, "runner": figure.job.runner, "dtype": figure.job.dtype}


def _measured(said: Said) -> Data:
    figure = said.figure
    return {
        **_named(figure),
        "profile": figure.profile,
        "seconds": figure.seconds,
        "iqr": figure.result.iqr_s,
        "taken": figure.taken.isoformat(),
        "current": said.current,
    }


def _device(device: DeviceCosts) -> Data:
    total = device.total
    return {
        "device": device.device,
        "dtype": device.dtype,
        "seconds": total.seconds if total is not None and device.silent is None else None,
        "bound": total.bound if total is not None else "",
        "joules": total.joules if total is not None else None,
        "breaks": list(total.breaks) if total is not None else [],
        "weightBytes": device.weight_bytes,
        "peakBytes": device.peak_bytes,
        "silentFor": device.silent,
    }


def _about(sheet: Sheet) -> str:
    parts = [f"{human(sheet.params)} params" if sheet.params is not None else "params not known"]
    if sheet.macs is not None:
        parts.append(f"{human(sheet.macs)} MACs")
    weights = next((d.weight_bytes for d in sheet.devices if d.weight_bytes is not None), None)
    if weights is not None:
        parts.append(f"{amount(weights)} of weights")
    return " · ".join(parts)


def _notes(sheet: Sheet) -> Iterator[str]:
    """What the report cannot say, and why."""
    yield from (f"{d.device} {d.dtype}: no estimate, {d.silent}" for d in sheet.devices if d.silent)
    yield from dict.fromkeys(reason for _, reason in sheet.unknown[:_FEW])


_FEW = 5
