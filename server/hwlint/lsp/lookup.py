"""What of a snapshot stands at a place in the text as it is now."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from hwlint.lsp.state import Known
from hwlint.lsp.views import LayerView, LineView, ModelView
from hwlint.source.spans import Place

__all__ = ["headings", "layer_at", "layers_in", "lines_in", "model_at"]


class _Placed(Protocol):
    @property
    def place(self) -> Place: ...


T = TypeVar("T", bound=_Placed)


def layer_at(
    known: Known, path: str, point: tuple[int, int]
) -> tuple[LayerView, ModelView, int] | None:
    """Return the innermost layer around a point, in the first way of building that has it, and in
    how many others it is."""
    found: list[tuple[LayerView, ModelView]] = []
    line = known.shift.back(point[0])
    if line is None:
        return None
    for model in known.snapshot.models:
        # Of tens of thousands of layers a few are on the line that was there.
        near = [part for part in model.layers if part.place.line <= line <= part.place.end_line]
        here = [part for part in near if _covers(known, part.place, path, point)]
        if here:
            found.append((min(here, key=_extent), model))
    return (*found[0], len(found) - 1) if found else None


def model_at(known: Known, path: str, point: tuple[int, int]) -> tuple[ModelView, int] | None:
    """Return the model whose name is at a point, and how many other ways of building are there."""
    found = [m for m in known.snapshot.models if _covers(known, m.place, path, point)]
    return (found[0], len(found) - 1) if found else None


def headings(known: Known, path: str) -> Iterator[tuple[Place, list[ModelView]]]:
    """Yield each place that names models, with the models."""
    groups: dict[Place, list[ModelView]] = {}
    for model in known.snapshot.models:
        place = known.shift(model.place) if model.place.path == path else None
        if place is not None:
            groups.setdefault(place, []).append(model)
    yield from sorted(groups.items(), key=lambda item: item[0])


def layers_in(known: Known, path: str) -> Iterator[tuple[Place, LayerView]]:
    """Yield the layers of a file, each place once, as the first way of building has it."""
    return _first(known, path, lambda model: model.layers)


def lines_in(known: Known, path: str) -> Iterator[tuple[Place, LineView]]:
    """Yield what flows at each line, as the first way of building has it."""
    return _first(known, path, lambda model: model.lines)


def _first(
    known: Known, path: str, parts: Callable[[ModelView], tuple[T, ...]]
) -> Iterator[tuple[Place, T]]:
    seen: set[Place] = set()
    for model in known.snapshot.models:
        for part in parts(model):
            if part.place.path != path or part.place in seen:
                continue
            seen.add(part.place)
            place = known.shift(part.place)
            if place is not None:
                yield place, part


def _covers(known: Known, place: Place, path: str, point: tuple[int, int]) -> bool:
    if place.path != path:
        return False
    now = known.shift(place)
    if now is None:
        return False
    return (now.line, now.col) <= point <= (now.end_line, now.end_col)


def _extent(layer: LayerView) -> tuple[int, int]:
    place = layer.place
    return (place.end_line - place.line, place.end_col - place.col)
