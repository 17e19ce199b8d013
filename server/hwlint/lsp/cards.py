"""What hovering shows: a small card for a layer, a model, a finding."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import cast

from hwlint.engine.findings import Diagnostic
from hwlint.engine.registry import Page, pages
from hwlint.lsp.measured import Measurements, Said, moment_text, share_of_layer
from hwlint.lsp.views import ArgumentView, CostView, LayerView, ModelView
from hwlint.report.inspect_text import human

__all__ = [
    "compiled_line",
    "cost_line",
    "finding_card",
    "layer_card",
    "measured_line",
    "model_card",
    "model_line",
    "rule_card",
    "shape_text",
    "time_text",
]

Shape = tuple[int | None, ...]


def shape_text(shape: Shape | None) -> str:
    """Return "1×64×56×56", with "?" for what is not known."""
    if shape is None:
        return "?"
    return "×".join("?" if d is None else str(d) for d in shape) if shape else "scalar"


def layer_card(layer: LayerView, model: ModelView, others: int, measurements: Measurements) -> str:
    """Return a layer in Markdown. `others`: further ways of building that have it."""
    said = ", ".join(_argument(a) for a in layer.arguments)
    times = f" · {layer.times} of them" if layer.times > 1 else ""
    lines = [f"**{layer.class_name}({said})**{times}", "", " · ".join(_numbers(layer))]
    rows = [*map(_cost, layer.costs), *_measured_layer(layer, model, measurements)]
    if rows:
        lines += ["", *rows]
    sources = [f"- {_argument(a)}: {a.source}" for a in layer.arguments if a.source]
    if sources:
        lines += ["", *sources]
    lines += ["", f"*{_context(model, others)}*"]
    return "\n".join(lines)


def model_card(model: ModelView, others: int, measurements: Measurements) -> str:
    """Return a model in Markdown."""
    lines = [f"**{model.name}**", "", model_line(model)]
    if model.inputs:
        given = ", ".join(f"{n + ' ' if n else ''}{shape_text(s)} {d}" for n, s, d in model.inputs)
        lines += ["", f"called with {given}"]
    said = [_measured(one, model) for one in measurements.of(model)]
    said += map(_compiled, measurements.estimates(model))
    if model.costs or said:
        lines += ["", *map(_cost, model.costs), *said]
    if model.unknown:
        lines += ["", "Not known:", *(f"- {reason}" for _, reason in model.unknown[:5])]
    lines += ["", f"*{_context(model, others)}*"]
    return "\n".join(lines)


def model_line(model: ModelView) -> str:
    """Return what a model comes to, in one line."""
    parts = [f"{human(model.params)} params" if model.params is not None else "params not known"]
    if model.macs is not None:
        parts.append(f"{human(model.macs)} MACs")
    if model.peak is not None:
        parts.append(f"{human(model.peak)}B peak activations")
    if not model.complete:
        parts.append("not fully read")
    return " · ".join(parts)


def cost_line(model: ModelView) -> str:
    """Return the estimate for each target in one line; "" where there is none."""
    return " · ".join(f"{time_text(c.seconds)} on {c.device} ({c.bound})" for c in model.costs)


def time_text(seconds: float) -> str:
    """Return "0.21 ms" with three digits."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _cost(cost: CostView) -> str:
    share = f", {100 * cost.share:.1f} % of the model" if cost.share < 1 else ""
    bound = f", {cost.bound}-bound" if cost.bound else ""
    return f"- {cost.device} {cost.dtype}: {time_text(cost.seconds)} estimated{share}{bound}"


def _measured(said: Said, model: ModelView) -> str:
    """Return "- measured 3.41 ms (IQR 0.05 ms) on local, torch; estimated 3.1 ms"."""
    figure = said.figure
    when = "" if said.current else " before the last edit"
    spread = figure.result.iqr_s
    iqr = f" (IQR {time_text(spread)})" if spread is not None else ""
    on = f"on {figure.target}, {figure.job.runner} {figure.job.dtype}"
    age = moment_text(figure.taken, dt.datetime.now(dt.UTC))
    costs = [c for c in model.costs if said.current and c.device == figure.profile]
    estimates = "".join(f"; estimated {time_text(c.seconds)}" for c in costs[:1])
    return f"- measured{when} {time_text(figure.seconds)}{iqr} {on}, {age}{estimates}"


def _compiled(said: Said) -> str:
    """Return "- vendor compiler estimate 0.58 ms (288k cycles) on npu, vela int8"."""
    figure = said.figure
    when = "" if said.current else " before the last edit"
    cycles = figure.result.cycles
    count = f" ({human(round(cycles))} cycles)" if cycles is not None else ""
    host = len(figure.result.on_host)
    rest = f"; {host} operators stay on the host" if host else ""
    on = f"on {figure.target}, {figure.job.runner} {figure.job.dtype}"
    return f"- {figure.job.claim}{when} {time_text(figure.seconds)}{count} {on}{rest}"


def _measured_layer(
    layer: LayerView, model: ModelView, measurements: Measurements
) -> Iterator[str]:
    alone = measurements.of(model, layer.name) if layer.name else []
    yield from (f"{_measured(one, model)}, by itself" for one in alone)
    if layer.name:
        alone = measurements.estimates(model, layer.name)
        yield from (f"{_compiled(one)}, by itself" for one in alone)
    for said in measurements.estimates(model):
        share = share_of_layer(said.figure, layer) if said.current else None
        if share is not None:
            figure = said.figure
            seconds, claim = time_text(share * figure.seconds), figure.job.claim
            yield f"- {claim} {seconds} on {figure.target}, {100 * share:.1f} % of the model"
    for said in measurements.of(model):
        share = share_of_layer(said.figure, layer) if said.current else None
        if share is not None:
            figure = said.figure
            seconds = time_text(share * figure.seconds)
            on = f"on {figure.target}, {figure.job.runner}"
            yield f"- measured {seconds} {on}, {100 * share:.1f} % of the model"


def measured_line(said: Sequence[Said]) -> str:
    """Return what was measured last in a few words; "" where nothing was."""
    if not said:
        return ""
    first = said[0]
    when = "measured" if first.current else "measured before the last edit:"
    return f"{when} {time_text(first.figure.seconds)} on {first.figure.target}"


def compiled_line(said: Sequence[Said]) -> str:
    """Return the same of what a vendor's compiler estimated last."""
    if not said:
        return ""
    figure = said[0].figure
    when = "" if said[0].current else " before the last edit:"
    return f"{figure.job.claim}{when} {time_text(figure.seconds)} on {figure.target}"


def finding_card(found: Diagnostic) -> str:
    """Return what a rule is about, from its page."""
    page = pages().get(found.code)
    return _card(found.code, found.name, page.text if page is not None else "", found.advice)


def rule_card(page: Page) -> str:
    """Return what a rule is about."""
    return _card(page.code, page.name, page.text, "")


def _card(code: str, name: str, text: str, advice: str) -> str:
    what = _section(text, "Why it costs")
    first = text.strip().splitlines()[0] if text.strip() else name
    lines = [f"**{code} {name}** {first}"]
    if what:
        lines += ["", what]
    if advice:
        lines += ["", advice]
    return "\n".join([*lines, "", f"`hwlint rule {code}` says more."])


def _section(text: str, heading: str) -> str:
    lines = text.splitlines()
    if heading not in lines:
        return ""
    start = lines.index(heading) + 2
    found: list[str] = []
    for number, line in enumerate(lines[start:], start):
        if number + 1 < len(lines) and set(lines[number + 1]) == {"-"}:
            break
        found.append(line)
    return "\n".join(found).strip()


def _argument(argument: ArgumentView) -> str:
    if not argument.known:
        return f"{argument.name}=?"
    value = argument.value
    if isinstance(value, tuple):
        items = cast("Sequence[object]", value)
        return f"{argument.name}=({', '.join('?' if i is None else repr(i) for i in items)})"
    return f"{argument.name}={value!r}"


def _numbers(layer: LayerView) -> Iterator[str]:
    if layer.inputs:
        yield f"in {', '.join(map(shape_text, layer.inputs))}"
    if layer.outputs:
        yield f"out {', '.join(map(shape_text, layer.outputs))}"
    yield f"{human(layer.params)} params" if layer.params is not None else "params not known"
    if layer.macs is not None:
        yield f"{human(layer.macs)} MACs"
    if layer.moved:
        yield f"{human(layer.moved)}B moved"
        if layer.macs is not None:
            yield f"{layer.macs / layer.moved:.3g} MACs/byte"


def _context(model: ModelView, others: int) -> str:
    by = f", built {'by' if model.kind == 'call' else 'with'} {model.built_with}"
    more = f" and {others} other way{'s' if others > 1 else ''} of building" if others else ""
    return f"in {model.name}{by if model.built_with else ''}{more}"
