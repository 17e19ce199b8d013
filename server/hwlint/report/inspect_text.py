"""The model as read, for people: a tree with lines, arguments, where they come from, parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from hwlint.graph import Argument, Layer, ModelGraph, Node
from hwlint.report.lines import clean, where
from hwlint.report.origins import explain
from hwlint.source.spans import Place

__all__ = ["TextTree", "human"]


@dataclass(frozen=True)
class TextTree:
    """Shows a graph as a tree, with paths relative to `base`."""

    base: Path

    def __call__(self, graph: ModelGraph) -> str:
        """Return the text of one entry point."""
        lines = [self._head(graph)]
        if graph.root is not None:
            rows = list(self._rows(graph.root, 1, graph))
            lines += _aligned(rows)
        lines += self._unknown(graph)
        return "\n".join(lines) + "\n"

    def _head(self, graph: ModelGraph) -> str:
        entry = graph.entry
        parts = [
            f"{entry.name} ({entry.kind})",
            f"{where(entry.path, self.base)}:{entry.place.line + 1}",
        ]
        if entry.built_with:
            word = "by" if entry.kind == "call" else "with"
            parts.append(f"built {word} {entry.built_with}")
        known = graph.params is not None
        parts.append(f"{human(graph.params)} parameters" if known else "parameters not known")
        return clean("   ".join(parts))

    def _rows(self, node: Node, depth: int, graph: ModelGraph) -> Iterator["_Row"]:
        if node.layer is not None:
            yield self._layer_row(node, node.layer, depth, graph)
        elif depth > 1 or not node.children:
            name = node.name.rpartition(".")[2] or "."
            yield _Row(
                "  " * depth + name, node.class_name, self._line(node.place, graph), "", "", ()
            )
        for child in node.children:
            yield from self._rows(child, depth + 1 if node.name else depth, graph)

    def _layer_row(self, node: Node, layer: Layer, depth: int, graph: ModelGraph) -> "_Row":
        name = node.name.rpartition(".")[2] or "."
        share = ""
        if layer.params and graph.params:
            share = f"{100 * layer.params / graph.params:.1f} %"
        params = "?" if layer.params is None else human(layer.params) if layer.params else ""
        call = f"{layer.class_name}({', '.join(_spoken(layer))})"
        if layer.class_name != layer.op:
            call += f" is a {layer.op}"
        if layer.maybe:
            call += "  (only perhaps)"
        line = self._line(layer.place, graph)
        return _Row("  " * depth + name, call, line, params, share, tuple(_origins(layer)))

    def _line(self, place: Place | None, graph: ModelGraph) -> str:
        if place is None:
            return ""
        file = "" if place.path == graph.entry.path else where(place.path, self.base)
        return f"{file}:{place.line + 1}"

    def _unknown(self, graph: ModelGraph) -> list[str]:
        if not graph.missing:
            return ["  unknown: nothing" if graph.complete else "  not read fully"]
        lines = ["  unknown:"]
        for missing in graph.missing:
            place = missing.place
            at = f"{where(place.path, self.base)}:{place.line + 1}: " if place else ""
            lines.append(clean(f"    {at}{missing.reason}"))
        return lines


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    call: str
    line: str
    params: str
    share: str
    origins: tuple[str, ...]


def human(number: int | None) -> str:
    """Return 25557032 as "25.6M"."""
    if number is None:
        return "?"
    for unit, size in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)


def _aligned(rows: list[_Row]) -> list[str]:
    names = max((len(row.name) for row in rows), default=0)
    calls = min(60, max((len(row.call) for row in rows), default=0))
    places = max((len(row.line) for row in rows), default=0)
    lines: list[str] = []
    for row in rows:
        text = f"{row.name:{names}}  {row.call:{calls}}  {row.line:{places}}"
        lines.append(clean(f"{text}  {row.params:>6}  {row.share:>7}".rstrip()))
        lines += (f"{' ' * (names + 4)}{origin}" for origin in row.origins)
    return lines


def _spoken(layer: Layer) -> Iterator[str]:
    """The arguments that were given."""
    for name, argument in layer.args.items():
        if not argument.default:
            yield f"{name}={_shown(argument)}"


def _shown(argument: Argument) -> str:
    if not argument.known:
        return "?"
    value = argument.value
    if isinstance(value, tuple):
        items = ("?" if i is None else repr(i) for i in cast("tuple[object, ...]", value))
        return f"({', '.join(items)})"
    return repr(value)


def _origins(layer: Layer) -> Iterator[str]:
    for name, argument in layer.args.items():
        said = explain(argument.origin, layer.place) if argument.known else ""
        if said:
            yield f"{name} {_shown(argument)} = {said}"
