"""Goes through trees faster than the `ast` module does: a reader that starts does little else."""

import ast
from collections import deque
from collections.abc import Iterator

__all__ = ["children", "walk"]


def children(node: ast.AST) -> list[ast.AST]:
    """Return what stands directly below a node, in the order of its fields."""
    found: list[ast.AST] = []
    for value in vars(node).values():
        if isinstance(value, ast.AST):
            found.append(value)
        elif type(value) is list:  # lists are never of a class of their own here
            found += [part for part in value if isinstance(part, ast.AST)]  # pyright: ignore[reportUnknownVariableType] - of anything
    return found


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, those nearer to it first."""
    todo = deque([node])
    while todo:
        node = todo.popleft()
        todo += children(node)
        yield node
