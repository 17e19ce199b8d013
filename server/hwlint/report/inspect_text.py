"""The model as read, for people: a tree with lines, arguments, where they come from, parameters,
and what flows through it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from hwlint.cost import peak_memory
from hwlint.graph import Argument, Called, Flow, Layer, Mismatch, ModelGraph, Node
from hwlint.report.lines import by_cell, clean, line_of, spot, where
from hwlint.report.origins import explain
from hwlint.source.spans import Place

__all__ = ["TextTree", "human", "shape_text"]

SORTS = ("tree", "macs", "bytes", "params")


@dataclass(frozen=True)
class TextTree:
    """Shows a graph as a tree, with paths relative to `base`."""

    base: Path
    sort: str = "tree"
    """"tree", or the layers alone with the largest "macs", "bytes" or "params" first."""

    def __call__(self, graph: ModelGraph) -> str:
        """Return the text of one entry point."""
        lines = [self._head(graph)]
        if graph.root is not None:
            rows = self._sorted(list(_Rows(graph, self.base)("", graph.root, 0)))
            lines += _aligned(rows, flow=graph.flow is not None)
        lines += self._unknown(graph)
        if graph.flow is not None:
            lines += self._flow(graph.flow)
        return "\n".join(lines) + "\n"

    def _head(self, graph: ModelGraph) -> str:
        entry = graph.entry
        parts = [
            f"{entry.name} ({entry.kind})",
            f"{where(entry.path, self.base)}:{line_of(entry.place)}",
        ]
        if entry.built_with:
            word = "by" if entry.kind == "call" else "with"
            parts.append(f"built {word} {by_cell(entry.built_with, entry.path)}")
        known = graph.params is not None
        parts.append(f"{human(graph.params)} parameters" if known else "parameters not known")
        return clean("   ".join(parts))

    def _sorted(self, rows: list["_Row"]) -> list["_Row"]:
        if self.sort == "tree":
            return rows
        leaves = [replace(row, name=f"  {row.path or '.'}") for row in rows if row.leaf]
        return sorted(leaves, key=lambda row: -(getattr(row.numbers, self.sort) or 0))

    def _unknown(self, graph: ModelGraph) -> list[str]:
        if not graph.missing:
            return ["  unknown: nothing" if graph.complete else "  not read fully"]
        reasons = (clean(f"    {self._at(m.place)}{m.reason}") for m in graph.missing)
        return ["  unknown:", *reasons]

    def _flow(self, flow: Flow) -> list[str]:
        given = ", ".join(_input(*part) for part in flow.inputs)
        assumed = " (hwlint's default: --input says otherwise)" if flow.assumed else ""
        lines = [f"  forward with {given}{assumed}"]
        if flow.macs is not None:
            outputs = ", ".join(shape_text(shape) for shape in flow.outputs)
            lines.append(f"    returns {outputs}")
            lines.append(
                f"    {human(flow.macs)} MACs (multiply-accumulates; FLOPs are twice that)"
            )
            peak = peak_memory(flow)
            if peak is not None:
                lines.append(f"    {human(int(peak.bytes))} bytes of activations at the peak")
        else:
            lines.append("    not followed to the end, so there is no total:")
        lines += (clean(f"    {self._at(u.place)}{u.reason}") for u in flow.missing)
        if flow.mismatch is not None:
            lines.append(clean(f"    {self._mismatch(flow.mismatch)}"))
        if flow.uncounted:
            lines.append(f"    not in the table of operations: {', '.join(flow.uncounted)}")
        return lines

    def _mismatch(self, found: Mismatch) -> str:
        built = f"; the layer is built at {self._at(found.layer)}"[:-2] if found.layer else ""
        return f"HW002 shape-mismatch: {self._at(found.place)}{found.message}{built}"

    def _at(self, place: Place | None) -> str:
        return f"{spot(place, self.base)}: " if place else ""


@dataclass(frozen=True, slots=True)
class _Numbers:
    params: int | None = None
    macs: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    call: str
    line: str
    output: str
    numbers: _Numbers
    share: str
    origins: tuple[str, ...]
    leaf: bool
    path: str
    """Qualified name."""


class _Rows:
    """The rows of one graph's tree."""

    def __init__(self, graph: ModelGraph, base: Path) -> None:
        self.graph = graph
        self.base = base
        self.calls: dict[str, list[Called]] = {}
        for call in graph.flow.calls if graph.flow is not None else ():
            self.calls.setdefault(call.name, []).append(call)
        self.macs = graph.flow.macs if graph.flow is not None else None

    def __call__(self, name: str, node: Node, depth: int) -> Iterator[_Row]:
        """Yield the rows of a node and all below it."""
        if node.layer is not None:
            yield self._layer(name, node, node.layer, depth)
        elif depth > 0 or not node.children:
            yield self._row(name, node, depth, node.class_name, self._line(node.place))
        below = f"{name}." if name else ""
        for key, child in node.children.items():
            yield from self(below + key, child, depth + 1)

    def _layer(self, name: str, node: Node, layer: Layer, depth: int) -> _Row:
        call = f"{layer.class_name}({', '.join(_spoken(layer))})"
        if layer.class_name != layer.op:
            call += f" is a {layer.op}"
        if layer.maybe:
            call += "  (only perhaps)"
        return self._row(name, node, depth, call, self._line(layer.place), layer)

    def _row(
        self,
        path: str,
        node: Node,
        depth: int,
        call: str,
        line: str,
        layer: Layer | None = None,
    ) -> _Row:
        name = "  " * max(depth, 1) + (path.rpartition(".")[2] or ".")
        made = self.calls.get(path, [])
        output = ", ".join(map(shape_text, made[0].outputs)) if made else ""
        if len(made) > 1:
            output += f"  x{len(made)}"
        numbers = _Numbers(
            layer.params if layer is not None else None,
            _total([c.macs for c in made]),
            _total([c.moved for c in made]),
        )
        origins = tuple(_origins(layer)) if layer is not None else ()
        share = self._share(numbers, layer)
        return _Row(name, call, line, output, numbers, share, origins, not node.children, path)

    def _share(self, numbers: _Numbers, layer: Layer | None) -> str:
        part, whole = numbers.macs, self.macs
        if self.graph.flow is None and layer is not None:
            part, whole = numbers.params, self.graph.params
        return f"{100 * part / whole:.1f} %" if part and whole else ""

    def _line(self, place: Place | None) -> str:
        if place is None:
            return ""
        file = "" if place.path == self.graph.entry.path else where(place.path, self.base)
        return f"{file}:{line_of(place)}"


def _total(numbers: list[int | None]) -> int | None:
    return None if None in numbers else sum(n for n in numbers if n is not None)


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """Return (1, 3, None) as "1x3x?"."""
    if shape is None:
        return "?"
    return "x".join("?" if d is None else str(d) for d in shape) or "scalar"


def _input(name: str, shape: tuple[int | None, ...] | None, dtype: str) -> str:
    return f"{name}={shape_text(shape)} {dtype}" if name else f"{shape_text(shape)} {dtype}"


def human(number: int | None) -> str:
    """Return 25557032 as "25.6M"."""
    if number is None:
        return "?"
    for unit, size in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)


def _count(number: int | None) -> str:
    return "?" if number is None else human(number) if number else ""


def _aligned(rows: list[_Row], *, flow: bool) -> list[str]:
    names = max((len(row.name) for row in rows), default=0)
    calls = min(60, max((len(row.call) for row in rows), default=0))
    places = max((len(row.line) for row in rows), default=0)
    outputs = min(40, max((len(row.output) for row in rows), default=0))
    lines: list[str] = []
    if flow:
        head = f"{'':{names}}  {'':{calls}}  {'line':{places}}  {'output':{outputs}}"
        lines.append(f"{head}  {'params':>6}  {'MACs':>6}  {'bytes':>6}  {'share':>7}")
    for row in rows:
        text = f"{row.name:{names}}  {row.call:{calls}}  {row.line:{places}}"
        lines.append(clean(f"{text}{_figures(row, outputs, flow=flow)}".rstrip()))
        lines += (f"{' ' * (names + 4)}{origin}" for origin in row.origins)
    return lines


def _figures(row: _Row, outputs: int, *, flow: bool) -> str:
    numbers = row.numbers
    params = _count(numbers.params) if numbers.params is not None or row.origins else ""
    if not flow:
        return f"  {params:>6}  {row.share:>7}"
    macs = _count(numbers.macs) if row.output else ""
    moved = _count(numbers.bytes) if row.output else ""
    return f"  {row.output:{outputs}}  {params:>6}  {macs:>6}  {moved:>6}  {row.share:>7}"


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
