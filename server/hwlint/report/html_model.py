"""Tables of a model for the page: what it takes on each device, and each of its parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from hwlint.report.costs import Cost, DeviceCosts, amount, duration, energy
from hwlint.report.inspect_text import human
from hwlint.report.lines import where
from hwlint.report.sheet import Row, Sheet

__all__ = ["Tables"]

_PART = ("layer", "runs", "line", "output", "params", "MACs", "bytes")
_NUMBERS = frozenset(("params", "MACs", "bytes"))


@dataclass(frozen=True)
class Tables:
    """The tables of one model; `key` begins its ids."""

    key: str
    sheet: Sheet
    base: Path
    found: Mapping[tuple[str, int], Sequence[str]]
    """By path and line (from 0): links to findings."""

    def devices(self) -> str:
        """Return the model as a whole, a row for each device."""
        if not self.sheet.devices:
            return ""
        cells = [list(_device(device)) for device in self.sheet.devices]
        used = [n for n in range(len(_DEVICE)) if any(row[n] for row in cells)]
        columns = "".join(f'<th scope="col">{_DEVICE[n]}</th>' for n in used)
        rows = "\n".join(f"<tr>{_filled([row[n] for n in used])}</tr>" for row in cells)
        body = f"<thead><tr>{columns}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
        return _scrolled("Devices", body)

    def layers(self) -> str:
        """Return the parts of the model in the order in which they run."""
        sheet = self.sheet
        if not sheet.rows:
            return ""
        heads = [_head(name, numeric=name in _NUMBERS) for name in _PART]
        for device in sheet.devices:
            heads += [_head(device.device, numeric=True), _head("bound by"), _head("share", True)]
        if self._marked:
            heads.append(_head("findings"))
        rows = "\n".join(self._row(number, row) for number, row in enumerate(sheet.rows))
        body = f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
        return f"<h3>Layers</h3>\n{_scrolled('Layers', body + self._total())}"

    @property
    def _marked(self) -> bool:
        return any(self._links(row) for row in self.sheet.rows)

    def _links(self, row: Row) -> Sequence[str]:
        place = row.place
        return self.found.get((place.path, place.line), ()) if place is not None else ()

    def _row(self, number: int, row: Row) -> str:
        cells = [*self._own(row)]
        for device in self.sheet.devices:
            cells += _priced(device.parts[number], self.sheet.share(number, device))
        if self._marked:
            cells.append(f"<td>{' '.join(self._links(row))}</td>")
        return f'<tr id="{self.key}-row-{number}" tabindex="-1">{"".join(cells)}</tr>'

    def _own(self, row: Row) -> Iterator[str]:
        place = row.place
        yield f'<td class="name">{escape(row.name or ".")}</td>'
        yield f"<td>{escape(row.what)}</td>"
        at = f"{where(place.path, self.base)}:{place.line + 1}" if place is not None else ""
        line = place.line + 1 if place is not None else ""
        yield f'<td class="line" data-v="{escape(at)}" title="{escape(at)}">{line}</td>'
        yield f"<td>{escape(row.output_text)}</td>"
        for value in (row.params, row.macs, row.bytes):
            shown = "?" if value is None else human(value) if value else ""
            yield f'<td class="number" data-v="{"" if value is None else value}">{shown}</td>'

    def _total(self) -> str:
        sheet = self.sheet
        cells = ['<td colspan="4">total</td>']
        for value in (sheet.params, sheet.macs):
            shown = human(value) if value is not None else "?"
            cells.append(f'<td class="number">{shown}</td>')
        cells.append("<td></td>")
        for device in sheet.devices:
            cells += _priced(device.total if device.silent is None else None, None)
        if self._marked:
            cells.append("<td></td>")
        return f"\n<tfoot><tr>{''.join(cells)}</tr></tfoot>"


def _head(name: str, numeric: bool = False) -> str:
    kind = ' class="number"' if numeric else ""
    return f'<th scope="col"{kind}><button type="button">{escape(name)}</button></th>'


def _priced(cost: Cost | None, share: float | None) -> Iterator[str]:
    """Cells for time, what bounds it, and share of the model; what takes no time has none."""
    timed = cost if cost is not None and cost.seconds > 0 else None
    seconds = cost.seconds if cost is not None else ""
    yield f'<td class="number" data-v="{seconds}">{duration(timed.seconds) if timed else ""}</td>'
    breaks = escape("; ".join(cost.breaks)) if cost is not None else ""
    said = escape(timed.bound) if timed else ""
    yield f"<td>{said}{f' <span class=bad>{breaks}</span>' if breaks else ''}</td>"
    if share is None or timed is None:
        yield '<td class="number"></td>'
        return
    part = f"{100 * share:.1f}"
    yield f'<td class="number share" data-v="{share}" style="--part:{part}%">{part} %</td>'


_DEVICE = (
    "device", "estimate", "bound by", "activations at the peak", "weights", "energy",
    "does not fit", "no estimate",
)  # fmt: skip


def _device(device: DeviceCosts) -> Iterator[str]:
    """A cell for each of `_DEVICE`; "" where there is nothing to say."""
    total = device.total if device.silent is None else None
    dtype = f'<span class="faint">{escape(device.dtype)}</span>'
    yield f'<th scope="row">{escape(device.device)} {dtype}</th>'
    if total is not None:
        yield f'<td data-v="{total.seconds}">{duration(total.seconds)}</td>'
        yield f"<td>{escape(total.bound)}</td>"
    else:
        yield from ("", "")
    for size in (device.peak_bytes, device.weight_bytes):
        yield f"<td>{amount(size)}</td>" if size is not None else ""
    used = energy(total.joules) if total is not None else ""
    yield f"<td>{used}</td>" if used else ""
    breaks = "; ".join(device.total.breaks) if device.total is not None else ""
    yield f'<td class="wrap bad">{escape(breaks)}</td>' if breaks else ""
    yield f'<td class="wrap">{escape(device.silent)}</td>' if device.silent else ""


def _filled(cells: Sequence[str]) -> str:
    return "".join(cell or "<td></td>" for cell in cells)


def _scrolled(name: str, inside: str) -> str:
    """A table in a box that scrolls by itself, also by keys."""
    kind = f'class="scroll {name.lower()}" role="region" tabindex="0"'
    box = f'<div {kind} aria-label="{escape(name)}">'
    return f"{box}<table>\n{inside}\n</table></div>"
