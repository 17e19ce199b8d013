"""Findings as the protocol has them."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls import uris
from pygls.workspace import PositionCodec, TextDocument

from hwlint.engine.errors import UserError
from hwlint.engine.findings import Diagnostic
from hwlint.lsp.documents import Document, Lines
from hwlint.lsp.state import Known, Open, State
from hwlint.lsp.views import ModelView
from hwlint.source import SourceError, read_source
from hwlint.source.spans import Place

if TYPE_CHECKING:
    from hwlint.measure.regression import Regression

__all__ = ["diagnostics_of", "location_of", "slower_diagnostic"]

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}


def diagnostics_of(state: State, uri: str, known: Known) -> Iterator[types.Diagnostic]:
    """Yield the findings of an open document where they stand now; those on lines that have
    changed since wait for the next reading."""
    entry = state.open[uri]
    lines = Lines(entry.document)
    for found in known.snapshot.diagnostics:
        anchor = known.shift(found.anchor)
        if anchor is not None:
            yield _diagnostic(state, found, lines.range(anchor), _page(state, entry.root, found))
    for found in _slower(state, entry, known):
        anchor = known.shift(found.anchor)
        if anchor is not None:
            yield _diagnostic(state, found, lines.range(anchor), _page(state, entry.root, found))
    for missing in known.snapshot.unbuilt:
        place = known.shift(missing.place)
        if place is not None:
            yield _unbuilt(missing.name, missing.hint, lines.range(place))


def _slower(state: State, entry: Open, known: Known) -> Iterator[Diagnostic]:
    """Yield HW607 for each model of a document, at its class or `def`."""
    seen: set[Place] = set()
    for model in known.snapshot.models:
        if model.place.path != entry.path or model.place in seen:
            continue
        for found in state.measurements.slower(model):
            seen.add(model.place)
            finding = slower_diagnostic(found, model, Path(entry.root))
            if finding is not None:
                yield finding


def slower_diagnostic(found: "Regression", model: ModelView, root: Path) -> Diagnostic | None:
    """Return HW607 for a model; None where the configuration or a comment has it silent."""
    from hwlint.engine.apart import allowed  # noqa: PLC0415 - where something was measured
    from hwlint.report.measured_slower import slower_finding  # noqa: PLC0415

    layers = {layer.name: layer.place for layer in model.layers}
    finding = slower_finding(found, model.place, lambda time: layers.get(time.module or ""))
    try:
        return allowed(finding, root)
    except UserError:
        return None  # the reading says what is wrong with the configuration


def _page(state: State, root: str, found: Diagnostic) -> str | None:
    """Return where the rule is described: there is a copy on this machine, the docstring of the
    rule itself."""
    answer = state.answers.get(root)
    file = answer.pages.get(found.code) if answer is not None else None
    return uris.from_fs_path(file) if file else None


def _diagnostic(
    state: State, found: Diagnostic, where: types.Range, page: str | None
) -> types.Diagnostic:
    related = [
        types.DiagnosticRelatedInformation(location, place.message)
        for place in found.related
        if (location := location_of(state, place.place)) is not None
    ]
    return types.Diagnostic(
        range=where,
        message=_message(found),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        code_description=types.CodeDescription(page) if page else None,
        source="hwlint",
        related_information=related or None,
        data={"code": found.code, "name": found.name, **found.data},
    )


def _message(found: Diagnostic) -> str:
    """What and how much, then for each device how it is known."""
    lines = [found.message]
    for row in found.rows:
        said = row.message if row.message != found.message else ""
        text = "; ".join(part for part in (said, row.why) if part)
        if text:
            lines.append(f"{row.device} {row.dtype}: {text}")
    return "\n".join(lines)


def _unbuilt(name: str, hint: str, where: types.Range) -> types.Diagnostic:
    return types.Diagnostic(
        range=where,
        message=f"nothing builds {name}, so it is not read; say how above it: {hint}",
        severity=types.DiagnosticSeverity.Hint,
        code="entry-point-unread",
        source="hwlint",
        data={"hint": hint},
    )


def location_of(state: State, place: Place) -> types.Location | None:
    """Return where a place is, None where its file cannot be read or its lines have changed."""
    entry = state.by_path(place.path)
    if entry is not None:
        known = state.known(entry.uri)
        moved = place if known is None else known.shift(place)
        if moved is None:
            return None
        return types.Location(entry.uri, Lines(entry.document).range(moved))
    codec = next(iter(state.open.values())).document.position_codec if state.open else None
    document = _closed(state.uri_of(place.path), place.path, codec, _stamp(place.path))
    return None if document is None else types.Location(document.uri, Lines(document).range(place))


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _closed(
    uri: str,
    path: str,
    codec: PositionCodec | None,
    stamp: tuple[int, int],  # noqa: ARG001 - part of what is remembered
) -> TextDocument | None:
    try:
        text = read_source(path).text
    except SourceError:
        return None
    return Document(uri, source=text, position_codec=codec)
