"""What stands in and above the text: inlay hints, code lenses, symbols."""

from collections.abc import Iterator, Sequence

from lsprotocol import types

from hwlint.lsp.cards import compiled_line, cost_line, measured_line, model_line, shape_text
from hwlint.lsp.documents import Lines
from hwlint.lsp.lookup import headings, layers_in, lines_in
from hwlint.lsp.state import State
from hwlint.lsp.views import CostView, LayerView, ModelView

__all__ = ["code_lenses", "document_symbols", "inlay_hints"]


def inlay_hints(state: State, uri: str, asked: types.Range) -> Iterator[types.InlayHint]:
    """Yield the output shape at each layer and each line of forward; with "costs" the share too."""
    entry, known = state.open.get(uri), state.known(uri)
    if entry is None or known is None or state.settings.inlay_hints == "off":
        return
    lines = Lines(entry.document)
    costs = state.settings.inlay_hints == "costs"
    texts: dict[int, str] = {}
    for place, layer in layers_in(known, entry.path):
        text = _layer_text(layer, costs=costs)
        if text:
            texts.setdefault(place.end_line, text)
    for place, line in lines_in(known, entry.path):
        share = f" · {_share(line.costs)}" if costs and line.costs else ""
        texts.setdefault(place.end_line, f"{shape_text(line.shape)}{share}")
    for number, text in sorted(texts.items()):
        if asked.start.line <= number <= asked.end.line:
            yield types.InlayHint(lines.end_of(number), text, padding_left=True)


def _layer_text(layer: LayerView, *, costs: bool) -> str:
    parts = [", ".join(map(shape_text, layer.outputs))] if layer.outputs else []
    if costs and layer.costs:
        parts.append(_share(layer.costs))
    return " · ".join(parts)


def _share(costs: Sequence[CostView]) -> str:
    """The share of the model's time on the first target."""
    return f"{100 * costs[0].share:.1f} %"


def code_lenses(state: State, uri: str) -> Iterator[types.CodeLens]:
    """Yield what is said over each name that builds a model, what measures it, and what searches
    for a faster variant."""
    entry, known = state.open.get(uri), state.known(uri)
    if entry is None or known is None or not state.settings.code_lens:
        return
    lines = Lines(entry.document)
    above: tuple[str, int] | None = None
    for place, models in headings(known, entry.path):
        more = f" (1 of {len(models)} ways of building)" if len(models) > 1 else ""
        title = f"{cost_line(models[0]) or model_line(models[0])}{more}"
        # What a factory says is not said again over the call in it.
        if above is None or title != above[0] or place.col <= above[1]:
            said = state.measurements.of(models[0])
            compiled = compiled_line(state.measurements.estimates(models[0]))
            text = " · ".join(part for part in (measured_line(said), compiled, title) if part)
            # Nothing to run: it only says.
            yield types.CodeLens(lines.range(place), types.Command(text, ""))
            if state.trusted and not entry.loose and models[0].expression:
                again = "Measure again" if said else "Measure"
                yield _running_lens(uri, lines.range(place), again, "hwlint.measure")
                yield _running_lens(uri, lines.range(place), "Suggest", "hwlint.suggest")
            above = title, place.col


def _running_lens(uri: str, where: types.Range, title: str, command: str) -> types.CodeLens:
    """Return what runs the model there when it is clicked."""
    at = {"line": where.start.line, "character": where.start.character}
    asked = {"uri": uri, "position": at}
    return types.CodeLens(where, types.Command(title, command, arguments=[asked]))


def document_symbols(state: State, uri: str) -> Iterator[types.DocumentSymbol]:
    """Yield each model with the layers that this file builds for it."""
    entry, known = state.open.get(uri), state.known(uri)
    if entry is None or known is None:
        return
    lines = Lines(entry.document)
    for place, models in headings(known, entry.path):
        where = lines.range(place)
        yield types.DocumentSymbol(
            models[0].name,
            types.SymbolKind.Class,
            where,
            where,
            detail=model_line(models[0]),
            children=[
                types.DocumentSymbol(
                    layer.name or layer.op, types.SymbolKind.Field, at, at, detail=_detail(layer)
                )
                for layer in _own_layers(models[0], entry.path)
                if (now := known.shift(layer.place)) is not None
                for at in (lines.range(now),)
            ],
        )


def _own_layers(model: ModelView, path: str) -> Iterator[LayerView]:
    return (layer for layer in model.layers if layer.place.path == path)


def _detail(layer: LayerView) -> str:
    shape = ", ".join(map(shape_text, layer.outputs))
    return f"{layer.class_name} {shape}".strip()
