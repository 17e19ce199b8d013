"""A call in words: "args.width=100, depth=2"."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import ast
from collections.abc import Iterator

from hwlint.reader.roots import Root
from hwlint.reader.values import (
    Class,
    Function,
    ListValue,
    Unknown,
    Value,
)
from hwlint.source import SourceError, read_source

__all__ = ["spoken_call"]

_MAX_PARTS = 6
_MAX_WRITTEN = 40


def spoken_call(root: Root) -> str:
    """Return what a module was built with: the expressions at the call with their values, where
    the call names the class itself; else the parameters of the class."""
    node = _call_node(root) if root.direct is root.site else None
    parts = list(_by_expression(root, node) if node is not None else _by_parameter(root))
    more = ", ..." if len(parts) > _MAX_PARTS else ""
    return ", ".join(parts[:_MAX_PARTS]) + more


def _call_node(root: Root) -> ast.Call | None:
    assert root.site is not None
    place = root.site.place
    try:
        lines = list(read_source(place.path).lines[place.line : place.end_line + 1])
        lines[-1] = lines[-1][: place.end_col]
        lines[0] = lines[0][place.col :]
        node = ast.parse("\n".join(lines), mode="eval").body
    except (SourceError, SyntaxError, ValueError, IndexError):
        return None
    if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    named = all(k.arg is not None for k in node.keywords)
    return node if named and len(node.args) == len(root.args) else None


def _by_expression(root: Root, node: ast.Call) -> Iterator[str]:
    names = _parameters(root.cls)
    given = zip(node.args, root.args, root.spoken, strict=True)
    for index, (expression, value, said) in enumerate(given):
        yield _part(names[index] if index < len(names) else "", expression, value, said)
    for keyword in node.keywords:
        name = keyword.arg or ""
        said = root.spoken_by_name.get(name, "?")
        yield _part(name, keyword.value, root.kwargs.get(name), said)


def _part(name: str, expression: ast.expr, value: Value, said: str) -> str:
    written = ast.unparse(expression)
    if isinstance(expression, ast.Name | ast.Attribute | ast.Subscript) and _is_plain(value):
        name = written if len(written) <= _MAX_WRITTEN else name
    return f"{name}={said}" if name else said


def _by_parameter(root: Root) -> Iterator[str]:
    names = _parameters(root.cls)
    for index, said in enumerate(root.spoken):
        name = names[index] if index < len(names) else ""
        yield f"{name}={said}" if name else said
    for name, said in root.spoken_by_name.items():
        yield f"{name}={said}"


def _parameters(cls: Class) -> list[str]:
    init = cls.find("__init__")
    if isinstance(init, Function) and init.code.ready:
        return init.code.params[1:]
    return [p.name for p in cls.spec.parameters] if cls.spec is not None else []


def _is_plain(value: Value) -> bool:
    return value is None or isinstance(value, int | float | str | tuple | ListValue | Unknown)
