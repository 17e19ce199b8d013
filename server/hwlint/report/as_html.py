"""The report as one page that needs nothing else: models, charts, layers, findings."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from string import Template

from hwlint import __version__
from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import CheckResult
from hwlint.report.charts import Chart, Said, charts_of
from hwlint.report.html_findings import finding
from hwlint.report.html_model import Tables
from hwlint.report.inspect_text import human, shape_text
from hwlint.report.lines import where
from hwlint.report.sheet import Sheet
from hwlint.report.words import (
    coverage_lines,
    devices,
    incomplete_lines,
    loss_lines,
    note_lines,
    summary_line,
)
from hwlint.source.spans import Place

__all__ = ["Page"]

_FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Page:
    """A page of models and of what was found around them, paths relative to `base`."""

    title: str
    """What was asked about: "models/net.py:Net"."""
    base: Path
    sheets: Sequence[Sheet]
    result: CheckResult

    def text(self, vega: str) -> str:
        """Return the page. `vega`: a script that defines `vegaEmbed`."""
        drawn = {f"{key}-{chart.id}": chart.spec for key, _, own in self._models for chart in own}
        return Template(_file("page.html")).substitute(
            version=escape(__version__),
            title=escape(f"hwlint: {self.title}"),
            heading=escape(self.title),
            style=_file("page.css"),
            summary="\n".join(self._summary()),
            contents=self._contents(),
            models="\n".join(self._model(*model) for model in self._models),
            findings=self._findings(),
            footer=f"hwlint {escape(__version__)} read the source and ran nothing: estimates.",
            charts=_as_data(drawn),
            vega=vega.replace("</script", "<\\/script"),
            script=_file("page.js"),
        )

    @cached_property
    def _models(self) -> list[tuple[str, Sheet, list[Chart]]]:
        """Each model with its charts and a key that its ids begin with."""
        return [
            (f"model-{number}", sheet, charts_of(sheet, self._said))
            for number, sheet in enumerate(self.sheets)
        ]

    @cached_property
    def _found_at(self) -> Mapping[tuple[str, int], list[str]]:
        """The numbers of the findings by the lines that they are about."""
        places: dict[tuple[str, int], list[str]] = {}
        for number, found in enumerate(self.result.findings):
            about = (found.anchor, *(related.place for related in found.related))
            for path, line in dict.fromkeys((place.path, place.line) for place in about):
                link = f'<a href="#finding-{number}">{escape(found.code)}</a>'
                places.setdefault((path, line), []).append(link)
        return places

    def _said(self, place: Place) -> str:
        return f"{where(place.path, self.base)}:{place.line + 1}"

    def _summary(self) -> Iterator[str]:
        result, base = self.result, self.base
        yield f"<p>{escape(summary_line(result))}</p>"
        said = [*loss_lines(result), *coverage_lines(result.coverage, base)]
        said += [*incomplete_lines(result, base), *note_lines(result, base)]
        yield from (f'<p class="faint">{escape(line)}</p>' for line in said)

    def _contents(self) -> str:
        links = [(key, _name(sheet)) for key, sheet, _ in self._models]
        links.append(("findings", f"Findings ({len(self.result.findings)})"))
        items = (f'<li><a href="#{key}">{escape(name)}</a></li>' for key, name in links)
        return f"<ul>{''.join(items)}</ul>"

    def _model(self, key: str, sheet: Sheet, charts: Sequence[Chart]) -> str:
        tables = Tables(key, sheet, self.base, self._found_at)
        parts = [
            f'<details class="model" id="{key}"{" open" if key == "model-0" else ""}>',
            f"<summary><h2>{escape(_name(sheet))}</h2>",
            f'<span class="place faint">{escape(self._said(sheet.entry.place))}</span></summary>',
            f"<p>{escape(_about(sheet))}</p>",
            tables.devices(),
            *self._charts(key, charts),
            tables.layers(),
            *_unknown(sheet, self._said),
            "</details>",
        ]
        return "\n".join(part for part in parts if part)

    def _charts(self, key: str, charts: Sequence[Chart]) -> Iterator[str]:
        if charts:
            yield '<h3>Charts</h3><div class="charts">'
        for chart in charts:
            yield f"<figure><figcaption>{escape(chart.title)}</figcaption>"
            yield f'<div class="chart" data-model="{key}" data-chart="{key}-{chart.id}"></div>'
            yield "</figure>"
        if charts:
            yield "</div>"

    def _findings(self) -> str:
        found: Sequence[Diagnostic] = self.result.findings
        cards = [finding(number, one, self.base) for number, one in enumerate(found)]
        on = f"for {escape(devices(self.result))}"
        body = "\n".join(cards) if cards else f"<p>Nothing was found {on}.</p>"
        return f'<section id="findings"><h2>Findings</h2>\n{body}\n</section>'


def _name(sheet: Sheet) -> str:
    entry = sheet.entry
    by = "by" if entry.kind == "call" else "with"
    return f"{entry.name} {by} {entry.built_with}" if entry.built_with else entry.name


def _about(sheet: Sheet) -> str:
    parts = [f"{human(sheet.params)} parameters" if sheet.params is not None else ""]
    parts.append(f"{human(sheet.macs)} MACs" if sheet.macs is not None else "")
    given = ", ".join(f"{shape_text(shape)} {dtype}" for _, shape, dtype in sheet.inputs)
    parts.append(f"input {given}{' (assumed)' if sheet.assumed else ''}" if given else "")
    return " · ".join(part for part in parts if part)


def _unknown(sheet: Sheet, said: Said) -> Iterable[str]:
    if not sheet.unknown:
        return
    yield "<h3>Not known</h3><ul>"
    for place, reason in sheet.unknown:
        at = f"{said(place)}: " if place is not None else ""
        yield f"<li>{escape(at + reason)}</li>"
    yield "</ul>"


def _file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _as_data(value: object) -> str:
    """JSON that a script element can hold: nothing in it ends the element."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
