"""What a search came to, as one page that needs nothing else: a plot, a table, every change."""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Any, cast

from hwlint import __version__
from hwlint.report.charts import template
from hwlint.report.costs import amount, duration
from hwlint.report.inspect_text import human
from hwlint.report.suggested_text import (
    change_of,
    change_text,
    ended_text,
    inputs_text,
    unmeasured_lines,
    without_spread,
)
from hwlint.search.outcome import Outcome
from hwlint.search.trial import Trial

__all__ = ["outcome_page", "pareto_spec"]

_FOLDER = Path(__file__).parent / "templates"
_HEADS = ("trial", "latency", "IQR", "change", "params", "MACs", "memory", "confidence", "changes")
_COMPILED = {
    '"measured"': '"compiled"',
    "measured median": "vendor compiler estimate",
    "Measured latency": "Vendor compiler estimate",
}
"""What the plot says where nothing was measured, by what it says else."""


def pareto_spec(outcome: Outcome) -> dict[str, object]:
    """Return the plot as Vega-Lite, whole. Each candidate that was measured is a point: its median
    against the parameters, or against what the user's function returned."""
    spec: dict[str, object] = json.loads(_drawn(outcome))
    worth = outcome.evaluated or "parameters"
    for layer in cast("list[dict[str, dict[str, Any]]]", spec["layer"]):
        encoding = layer["encoding"]
        encoding["y"]["title"] = worth
        if outcome.how == "compiled" and "tooltip" in encoding:
            # The same however often it is asked: there is no spread.
            encoding["tooltip"] = [tip for tip in encoding["tooltip"] if tip["title"] != "IQR"]
    return {**spec, "datasets": {"candidates": list(_points(outcome))}}


def _drawn(outcome: Outcome) -> str:
    """Return the plot without its numbers."""
    text = template("pareto")
    for usual, instead in _COMPILED.items() if outcome.how == "compiled" else ():
        text = text.replace(usual, instead)
    return text


def _points(outcome: Outcome) -> Iterator[dict[str, object]]:
    suggested = {row.trial.number for row in outcome.rows}
    for trial in outcome.trials:
        worth = _worth(outcome, trial)
        if trial.state != "measured" or trial.median_s is None or worth is None:
            continue
        half = (trial.iqr_s or 0.0) / 2
        what = "suggested" if trial.number in suggested else outcome.how
        yield {
            "trial": trial.number,
            "what": what if trial.choices else "original",
            "ms": trial.median_s * 1e3,
            "low": max(trial.median_s - half, 0.0) * 1e3,
            "high": (trial.median_s + half) * 1e3,
            "worth": worth,
            "time": duration(trial.median_s),
            "iqr": duration(trial.iqr_s) if trial.iqr_s else "0",
            "params": _number(trial.facts.params if trial.facts is not None else None),
            "macs": _number(trial.facts.macs if trial.facts is not None else None),
            "changes": "; ".join(change_of(outcome, trial)) or "none",
        }


def _worth(outcome: Outcome, trial: Trial) -> float | None:
    if outcome.evaluated:
        return trial.value
    return trial.facts.params if trial.facts is not None else None


def _number(value: int | None) -> str:
    return human(value) if value is not None else "?"


def outcome_page(outcome: Outcome, vega: str) -> str:
    """Return the page. `vega`: a script that defines `vegaEmbed`."""
    key = "model-0"
    plot = json.dumps({f"{key}-pareto": pareto_spec(outcome)}, allow_nan=False)
    told = [*unmeasured_lines(outcome), f"Every row: {outcome.label}.", *ended_text(outcome)]
    where = f"{inputs_text(outcome)}on {outcome.device} by {outcome.runner} in {outcome.dtype}"
    return Template(_file("page.html")).substitute(
        version=escape(__version__),
        title=escape(f"hwlint: {outcome.place}"),
        heading=escape(outcome.place),
        style=_file("page.css"),
        summary="\n".join(f"<p>{escape(line)}</p>" for line in (where, *told)),
        contents=f'<ul><li><a href="#{key}">Candidates</a></li></ul>',
        models="\n".join(_model(outcome, key)),
        findings="",
        footer=f"hwlint {escape(__version__)} edited copies of the source and {outcome.how} them.",
        charts=plot.replace("<", "\\u003c"),
        vega=vega.replace("</script", "<\\/script"),
        script=_file("page.js"),
    )


def _model(outcome: Outcome, key: str) -> Iterator[str]:
    yield f'<details class="model" id="{key}" open><summary><h2>Candidates</h2></summary>'
    yield '<div class="charts"><figure><figcaption>Latency and what is left</figcaption>'
    yield f'<div class="chart" data-model="{key}" data-chart="{key}-pareto"></div></figure></div>'
    if not outcome.rows:
        text = f"None found: no candidate that was {outcome.how} is faster than the original."
        yield f"<p>{text}</p>"
    heads = "".join(f'<th scope="col">{head}</th>' for head in without_spread(outcome, _HEADS))
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    yield _line(outcome, outcome.original, "", "the original")
    for row in outcome.rows:
        yield _line(outcome, row.trial, change_text(outcome, row), row.confidence)
    yield "</tbody></table></details>"


def _line(outcome: Outcome, trial: Trial, change: str, confidence: str) -> str:
    cells = [
        str(trial.number),
        duration(trial.median_s or 0.0),
        duration(trial.iqr_s) if trial.iqr_s else "0",
        change,
        _number(trial.facts.params if trial.facts is not None else None),
        _number(trial.facts.macs if trial.facts is not None else None),
        amount(trial.peak_bytes) if trial.peak_bytes else "?",
        confidence,
    ]
    told = "".join(f"<td>{escape(cell)}</td>" for cell in without_spread(outcome, cells))
    changes = "<br>".join(escape(line) for line in change_of(outcome, trial))
    return f"<tr>{told}<td>{changes}</td></tr>"


def _file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
