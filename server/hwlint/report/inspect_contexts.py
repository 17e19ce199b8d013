"""The ways in which each model is built, and which of them the editor takes where it takes one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwlint.graph import ModelGraph, Unbuilt
from hwlint.report.inspect_text import human
from hwlint.report.lines import by_cell, cell_of, clean, spot, where
from hwlint.source.spans import Place

__all__ = ["ContextRow", "as_json", "as_text"]

_RANK = ("configured", "hint", "call", "factory", "config-class", "class", "shown")
"""What somebody says comes before what a program does, and that before what might be done."""


@dataclass(frozen=True)
class ContextRow:
    """Shows a graph as one row of the list, with paths relative to `base`."""

    base: Path

    def __call__(self, graph: ModelGraph) -> str:
        """Return one entry point as JSON."""
        entry = graph.entry
        return json.dumps(
            {
                "model": graph.root.class_name if graph.root is not None else entry.name,
                "entry_point": entry.name,
                "kind": entry.kind,
                "file": where(entry.path, self.base),
                **_line_fields(entry.place),
                "built_with": by_cell(entry.built_with, entry.path),
                "parameters": graph.params,
                "complete": graph.complete,
                "missing": [missing.reason for missing in graph.missing[:1]],
            }
        )


def as_text(shown: Iterable[str], unbuilt: Sequence[Unbuilt], base: Path) -> str:
    """Return the list for people; the editor's default is marked by a star."""
    blocks: list[str] = []
    for model, rows in _models(shown):
        lines = [f"{model}  {len(rows)} way{'s' if len(rows) > 1 else ''} to build it"]
        lines += [_line(row) for row in rows]
        blocks.append(clean_lines(lines))
    for item in unbuilt:
        place = spot(item.place, base)
        blocks.append(clean_lines([f"{item.name}  nothing builds it", f"    {place}  {item.hint}"]))
    return "\n".join(blocks)


def as_json(shown: Iterable[str], unbuilt: Sequence[Unbuilt], base: Path) -> str:
    """Return the list for programs."""
    models = [{"model": model, "contexts": rows} for model, rows in _models(shown)]
    left = [
        {
            "model": item.name,
            "file": where(item.place.path, base),
            **_line_fields(item.place),
            "hint": item.hint,
        }
        for item in unbuilt
    ]
    return json.dumps({"models": models, "unbuilt": left}, indent=2) + "\n"


def _line_fields(place: Place) -> dict[str, int]:
    cell, inside = cell_of(place)
    return {**({"cell": cell} if cell else {}), "line": inside.line + 1}


def clean_lines(lines: Iterable[str]) -> str:
    """Return lines that are safe to print, each with its break."""
    return "".join(f"{clean(line)}\n" for line in lines)


def _models(shown: Iterable[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for text in shown:
        row: dict[str, Any] = json.loads(text)
        found.setdefault(row["model"], []).append(row)
    for rows in found.values():
        rows.sort(key=_order)
        for index, row in enumerate(rows):
            row["default"] = index == 0
    return sorted(found.items())


def _order(row: dict[str, Any]) -> tuple[bool, int, str, int, int]:
    return (
        not row["complete"],
        _RANK.index(row["kind"]),
        row["file"],
        row.get("cell", 0),
        row["line"],
    )


def _line(row: dict[str, Any]) -> str:
    mark = "*" if row["default"] else " "
    size = f"{human(row['parameters'])} parameters" if row["parameters"] is not None else ""
    if not row["complete"]:
        size = f"not read fully: {', '.join(row['missing']) or 'no reason known'}"
    if row["kind"] == "call":
        how = row["built_with"]
    elif row["kind"] == "shown":
        how = f"{row['built_with']} (a test or document)"
    else:
        line = f"cell {row['cell']}:{row['line']}" if "cell" in row else row["line"]
        how = f"{row['entry_point']} at {row['file']}:{line}, {row['built_with']}"
    return f"  {mark} {row['kind']:12} {how}   {size}"
