"""Which names a top-level statement may bind, told from its text where that is plain to see."""

import ast
import re
from collections.abc import Iterator

from hwlint.source.scan import VALUE
from hwlint.source.segments import Segment, SyntaxProblem
from hwlint.source.walking import children

__all__ = ["bound_names"]

_ASSIGNMENT = re.compile(rf"\s*(\w+)[ \t]*(?::[^=\r\n]*)?=(?!=){VALUE}(?!=)", re.DOTALL)
_GUESS = re.compile(r"\b(?:def|class|import|as)[ \t]+(\w+)|\b(\w+)[ \t]*(?::[^=\r\n]*)?=(?!=)")


def assigned_name(text: str) -> str | None:
    """Return the name that a statement does nothing but bind, as far as that is seen without
    parsing; None for any other statement."""
    match = _ASSIGNMENT.match(text)
    return match.group(1) if match and ":=" not in text and ";" not in text else None


def bound_names(segment: Segment) -> set[str]:
    """Names that running the segment may bind in the module; "*" for a star import."""
    if segment.kind != "statements":
        return {segment.name}
    text = segment.text
    name = assigned_name(text)
    if name is not None:
        return {name}
    try:
        return {name for statement in segment.parse() for name in _of_statement(statement)}
    except SyntaxProblem:
        return {name for found in _GUESS.finditer(text) for name in found.groups() if name}


def _of_statement(statement: ast.stmt) -> Iterator[str]:
    """Names bound by a statement and the blocks inside it, function and class bodies left out."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield from _of_node(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            todo += node.decorator_list
        elif not isinstance(node, ast.Lambda):
            todo += children(node)


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
