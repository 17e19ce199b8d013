"""Where a forward method needs the values of tensors: the host waits there for the device."""

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hwlint.reader.forward.recording import Event
from hwlint.reader.values import Tensor
from hwlint.source import Place, SourceError, decode_source, read_regular

if TYPE_CHECKING:
    from hwlint.reader.compile_names import Site
    from hwlint.reader.interpreter import Interpreter

__all__ = ["WAITS", "is_aside", "note_wait"]

WAITS = frozenset(("bool", "item", "tolist", "numpy", "cpu", "print", "nonzero", "masked_select"))
"""What needs values: a condition, a number, a list, an array, a copy, an output, and how many items
there are that are not zero, or that a mask picks."""

_METHODS = frozenset(("item", "tolist", "numpy"))
"""What only the program calls."""

_ASIDE = re.compile(r"compil|tracing|scripting|exporting|onnx|debug|fullgraph", re.IGNORECASE)
"""Names in conditions that ask whether the model is being compiled or examined: what stands behind
such a condition is not what runs in the end."""


def note_wait(interp: "Interpreter", name: str, tensor: Tensor | None) -> None:
    """Keep that the values of a tensor are needed here, if that is certain and meant to run.

    Not on one side of a branch whose condition is not known, not where the reader knows the
    values, not in assertions and not behind a question whether the model is being compiled.
    """
    flow = interp.flow
    if flow is None or interp.maybe or interp.probing or interp.place is None:
        return
    if flow.quiet and name not in _METHODS:
        return  # a rule of the table is at work, not the program
    if tensor is not None and (tensor.data is not None or tensor.kind == "ndarray"):
        return
    if name == "bool" and not _is_condition(interp.place):
        return  # the last call is not in the condition: where that stands is not known
    sites = [frame.site for frame in interp.callers]
    places = [interp.place, *(site.place for site in sites if site is not None)]
    if any(_is_aside(place) for place in places):
        return
    waiting = [tensor] if tensor is not None else []
    flow.record(Event(name, interp.place, waiting, [], 0, "same"), interp.budget)


@lru_cache(maxsize=4096)
def is_aside(site: "Site | None") -> bool:
    """Say whether a call stands behind a question whether the model is being compiled, or in an
    assertion."""
    return site is not None and _is_aside(site.place)


Lines = tuple[int, int]
"""First and last line, from 1."""


def _is_aside(place: Place) -> bool:
    return _is_in(place, 0)


def _is_condition(place: Place) -> bool:
    return _is_in(place, 1)


def _is_in(place: Place, kind: int) -> bool:
    """Say whether a place is in lines that `_read` tells of: those that do not count, or those of
    conditions."""
    starts, texts = _statements(place.path)
    number = bisect_right(starts, place.line) - 1
    if number < 0:
        return False
    line = place.line - starts[number] + 1
    return any(first <= line <= last for first, last in _read(texts[number])[kind])


def _statements(path: str) -> tuple[list[int], list[str]]:
    """Return where each statement at the top level of a file begins, from 0, and its text."""
    try:
        return _split(path, read_regular(path))
    except SourceError:
        return [], []


@lru_cache(maxsize=64)
def _split(path: str, content: bytes) -> tuple[list[int], list[str]]:
    segments = decode_source(path, content).segments
    return [segment.line for segment in segments], [segment.text for segment in segments]


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[tuple[Lines, ...], tuple[Lines, ...]]:
    """Return the lines of a statement that do not count, and those of conditions."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ((1, len(text)),), ()
    tests = [node.test for node in nodes if isinstance(node, ast.If | ast.IfExp | ast.While)]
    return (
        tuple(span for node in nodes for span in _spans(node)),
        tuple(_lines(test) for test in tests),
    )


def _spans(node: ast.AST) -> Iterator[tuple[int, int]]:
    if isinstance(node, ast.Assert):
        yield _lines(node)
    if isinstance(node, ast.If | ast.IfExp | ast.While) and _asks(node.test):
        yield _lines(node)
    if isinstance(node, ast.BoolOp) and _asks(node):
        yield _lines(node)
    body = getattr(node, "body", None)
    if isinstance(body, list):
        yield from _after_leaving(body)  # pyright: ignore[reportUnknownArgumentType] - statements


def _after_leaving(body: list[ast.stmt]) -> Iterator[tuple[int, int]]:
    """Lines that are reached only where such a condition did not leave the function."""
    for number, statement in enumerate(body[:-1]):
        if isinstance(statement, ast.If) and _asks(statement.test):
            leaves = isinstance(statement.body[-1], ast.Return | ast.Raise)
            if leaves:
                yield (body[number + 1].lineno, body[-1].end_lineno or body[-1].lineno)


def _asks(test: ast.expr) -> bool:
    names = (
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(test)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return any(_ASIDE.search(name) for name in names)


def _lines(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return (node.lineno, node.end_lineno or node.lineno)
