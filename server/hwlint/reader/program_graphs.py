"""The models of one program over all its runs, each once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hwlint.graph import ModelGraph
from hwlint.source import Place

__all__ = ["ProgramGraphs"]


class ProgramGraphs:
    """Hands every distinct model on as it comes; one that is not complete waits: another run may
    show how the same call is made with all that it needs."""

    def __init__(self, each: Callable[[ModelGraph], Any]) -> None:
        self._each = each
        self._seen: dict[object, None] = {}
        self._texts: dict[object, None] = {}
        self._complete: set[tuple[str, Place]] = set()
        self._found: list[Any] = []
        self._waiting: list[ModelGraph] = []

    def add(self, graph: ModelGraph, said: str) -> None:
        """Take the graph of one model. `said`: what tells its run from others."""
        key = (graph.entry.name, graph.entry.place, _content(graph))
        if key in self._seen:
            return
        self._seen[key] = None
        text = (graph.entry.name, graph.entry.place, graph.entry.built_with)
        if text in self._texts and said:
            entry = replace(graph.entry, built_with=f"{graph.entry.built_with} ({said})")
            graph = replace(graph, entry=entry)
        self._texts[text] = None
        if not graph.complete:
            self._waiting.append(graph)
            return
        self._complete.add(key[:2])
        self._found.append(self._each(graph))

    @property
    def lacking(self) -> bool:
        """Whether some call was in no run made with all that it needs."""
        return bool(self._left())

    def graphs(self) -> list[Any]:
        """Return what was made of the graphs."""
        return [*self._found, *map(self._each, self._left())]

    def _left(self) -> list[ModelGraph]:
        return [g for g in self._waiting if (g.entry.name, g.entry.place) not in self._complete]


def _content(graph: ModelGraph) -> object:
    return tuple(
        [
            (layer.place, layer.op, tuple([repr(a.value) for a in layer.args.values()]))
            for layer in graph.constructed
        ]
    )
