"""The model as read, one JSON record a line: what the reader is examined by.

Records: `layer` (no "kind"), `{"kind": "total"}` for each entry point, `{"kind": "row"}` for each
layer of torch and each module without submodules that was called, with the shapes that it gave,
`{"kind": "file"}` for each file that was read. `line` counts from 1, `col` from 0 in bytes of
UTF-8: where the call begins.
`args` has torch's own parameter names, tuples as lists, null for what is not known. `macs` is null
unless all of the model's forward is known. Layers that are built only perhaps are left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from hwlint.graph import Argument, Layer, ModelGraph
from hwlint.ops import LAYERS
from hwlint.ops.spec import LayerSpec
from hwlint.report.lines import byte_column

__all__ = ["JsonLines", "arguments", "file_record"]


@dataclass(frozen=True)
class JsonLines:
    """Shows a graph as its records, with paths relative to `base`."""

    base: Path

    def __call__(self, graph: ModelGraph) -> str:
        """Return the lines of one entry point."""
        lines = dict.fromkeys(
            json.dumps(record)
            for layer in graph.constructed
            if (record := self._layer(layer, graph))
        )
        lines[json.dumps(_total(graph))] = None
        lines.update(dict.fromkeys(json.dumps(row) for row in _rows(graph)))
        return "".join(f"{line}\n" for line in lines)

    def _layer(self, layer: Layer, graph: ModelGraph) -> dict[str, object] | None:
        file = Path(layer.place.path)
        if layer.maybe or not file.is_relative_to(self.base):
            return None
        return {
            "file": file.relative_to(self.base).as_posix(),
            "line": layer.place.line + 1,
            "col": byte_column(layer.place),
            "class": layer.owner.rpartition(".")[0] or layer.owner,
            "op": layer.op,
            "args": dict(arguments(layer)),
            "context": graph.entry.name,
        }


def file_record(path: str, base: Path) -> str:
    """Return the line that says that a file was read."""
    file = Path(path)
    name = file.relative_to(base).as_posix() if file.is_relative_to(base) else str(file)
    return json.dumps({"kind": "file", "file": name}) + "\n"


def _total(graph: ModelGraph) -> dict[str, object]:
    return {
        "kind": "total",
        "context": graph.entry.name,
        "lib": graph.entry.package,
        "params": graph.params,
        "macs": graph.flow.macs if graph.flow is not None else None,
    }


def _rows(graph: ModelGraph) -> Iterator[dict[str, object]]:
    seen: set[str] = set()
    for call in graph.flow.calls if graph.flow is not None else ():
        known = call.outputs and not any(s is None or None in s for s in call.outputs)
        if (call.leaf or call.op) and known and call.name not in seen:
            seen.add(call.name)
            yield {
                "kind": "row",
                "context": graph.entry.name,
                "lib": graph.entry.package,
                "name": call.name,
                "op": call.op,
                "out": [list(shape or ()) for shape in call.outputs],
            }


def arguments(layer: Layer) -> Iterator[tuple[str, object]]:
    """Yield the arguments of a layer as JSON has them."""
    spec = LAYERS.get(layer.op)
    for name, argument in layer.args.items():
        if not argument.known and spec is not None and _none_is_a_value(spec, name):
            continue  # null would say None: an absent key says that nothing is known
        value = _plain(argument)
        if value is not _NOT_JSON:
            yield name, value


def _none_is_a_value(spec: LayerSpec, name: str) -> bool:
    return any(p.name == name and p.default is None for p in spec.parameters)


_NOT_JSON = object()


def _plain(argument: Argument) -> object:
    return _value(argument.value) if argument.known else None


def _value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        items = [_value(item) for item in cast("tuple[object, ...]", value)]
        return _NOT_JSON if _NOT_JSON in items else items
    return _NOT_JSON
