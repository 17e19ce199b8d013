"""The model as read, one JSON object an entry point. Lines and columns as in `as_json`."""

import json
from dataclasses import dataclass
from pathlib import Path

from hwlint.engine.targets import Target
from hwlint.graph import Layer, Missing, ModelGraph, Node
from hwlint.measure.known import Known
from hwlint.report.costs import Cost, DeviceCosts, Part, costs_on, parts_of
from hwlint.report.inspect_jsonl import arguments
from hwlint.report.lines import cell_of, where
from hwlint.report.measured_known import measured_rows
from hwlint.report.origins import explain
from hwlint.source.spans import Place

__all__ = ["JsonTree", "document"]

_VERSION = 1


def document(entries: list[str]) -> str:
    """Put the texts of the entry points together."""
    inner = ",\n".join(entries)
    return f'{{"version": {_VERSION}, "entry_points": [\n{inner}\n]}}\n'


@dataclass(frozen=True)
class JsonTree:
    """Shows a graph as an object, with paths relative to `base`."""

    base: Path
    targets: tuple[Target, ...] = ()
    """Devices to say costs on."""
    known: Known | None = None
    """What was measured; None: nobody asks."""

    def __call__(self, graph: ModelGraph) -> str:
        """Return the JSON text of one entry point."""
        entry = graph.entry
        shown = {
            "name": entry.name,
            "kind": entry.kind,
            **self._place(entry.place),
            "package": entry.package,
            "built_with": entry.built_with,
            "params": graph.params,
            "complete": graph.complete,
            "model": None if graph.root is None else self._node("", graph.root),
            "unknown": [self._missing(missing) for missing in graph.missing],
        }
        if self.targets:
            parts = parts_of(graph)
            found = [costs_on(graph, t.profile, t.dtype, parts) for t in self.targets]
            shown["devices"] = [_device(device, parts) for device in found]
        if self.known is not None:
            shown["measured"] = list(measured_rows(self.known, graph))
        return json.dumps(shown, ensure_ascii=False)

    def _node(self, name: str, node: Node) -> dict[str, object]:
        shown: dict[str, object] = {
            "name": name,
            "class": node.class_name,
            "kind": node.kind,
            **self._place(node.place),
        }
        if node.layer is not None:
            shown |= self._layer(node.layer)
        if node.children:
            below = f"{name}." if name else ""
            shown["children"] = [self._node(below + k, child) for k, child in node.children.items()]
        return shown

    def _layer(self, layer: Layer) -> dict[str, object]:
        said = ((name, explain(arg.origin, layer.place)) for name, arg in layer.args.items())
        return {
            "op": layer.op,
            "args": dict(arguments(layer)),
            "origins": {name: text for name, text in said if text},
            "params": layer.params,
            "maybe": layer.maybe,
        }

    def _missing(self, missing: Missing) -> dict[str, object]:
        return {**self._place(missing.place), "reason": missing.reason}

    def _place(self, place: Place | None) -> dict[str, object]:
        if place is None:
            return {}
        cell, inside = cell_of(place)
        return {
            "path": where(place.path, self.base),
            **({"cell": cell} if cell else {}),
            "line": inside.line + 1,
            "column": place.col + 1,
        }


def _device(device: DeviceCosts, parts: list[Part]) -> dict[str, object]:
    return {
        "device": device.device,
        "dtype": device.dtype,
        "silent_for": device.silent,
        "weight_bytes": device.weight_bytes,
        "peak_bytes": device.peak_bytes,
        "total": _cost(device.total),
        "parts": [
            {"name": part.name, "what": part.what, **(_cost(cost) or {})}
            for part, cost in zip(parts, device.parts, strict=True)
        ],
    }


def _cost(cost: Cost | None) -> dict[str, object] | None:
    if cost is None:
        return None
    return {
        "seconds": cost.seconds,
        "bound": cost.bound,
        "achieved": cost.achieved,
        "moved_bytes": cost.moved,
        "joules": cost.joules,
        "breaks": list(cost.breaks),
    }
