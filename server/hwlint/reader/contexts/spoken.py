"""A call in words: "args.width=100, depth=2"."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import ast
from collections.abc import Iterator

from hwlint.reader.roots import Root
from hwlint.reader.values import (
    Class,
    DictValue,
    External,
    Function,
    Instance,
    ListValue,
    SetValue,
    Unknown,
    Value,
)
from hwlint.source import SourceError, read_source

__all__ = ["spoken_call", "spoken_value"]

_MAX_PARTS = 6
_MAX_VALUE = 40


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
    for index, (expression, value) in enumerate(zip(node.args, root.args, strict=True)):
        yield _part(names[index] if index < len(names) else "", expression, value)
    for keyword in node.keywords:
        yield _part(keyword.arg or "", keyword.value, root.kwargs.get(keyword.arg or ""))


def _part(name: str, expression: ast.expr, value: Value) -> str:
    written = ast.unparse(expression)
    if isinstance(expression, ast.Constant) or len(written) > _MAX_VALUE:
        return f"{name}={spoken_value(value)}" if name else spoken_value(value)
    if isinstance(expression, ast.Name | ast.Attribute | ast.Subscript) and _is_plain(value):
        return f"{written}={spoken_value(value)}"
    return f"{name}={spoken_value(value)}" if name else spoken_value(value)


def _by_parameter(root: Root) -> Iterator[str]:
    names = _parameters(root.cls)
    for index, value in enumerate(root.args):
        name = names[index] if index < len(names) else ""
        yield f"{name}={spoken_value(value)}" if name else spoken_value(value)
    for name, value in root.kwargs.items():
        yield f"{name}={spoken_value(value)}"


def _parameters(cls: Class) -> list[str]:
    init = cls.find("__init__")
    if isinstance(init, Function) and init.code.ready:
        return init.code.params[1:]
    return [p.name for p in cls.spec.parameters] if cls.spec is not None else []


def _is_plain(value: Value) -> bool:
    return value is None or isinstance(value, int | float | str | tuple | ListValue | Unknown)


def spoken_value(value: Value) -> str:
    """Return a short text for a value: what is long or no plain value is only named."""
    if isinstance(value, Unknown):
        return "?"
    if value is None or isinstance(value, bool):
        return str(value)
    for plain in (int, float, str):
        if isinstance(value, plain):
            return _cut(repr(plain(value)))
    if isinstance(value, tuple | ListValue):
        items = ", ".join(spoken_value(v) for v in value[:20])
        return _cut(f"({items})" if isinstance(value, tuple) else f"[{items}]")
    if isinstance(value, DictValue):
        return _cut("{" + ", ".join(f"{k}: {spoken_value(v)}" for k, v in value.items()) + "}")
    return _named(value)


def _named(value: Value) -> str:
    if isinstance(value, Class | Function | External):
        return value.name.rpartition(".")[2]
    if isinstance(value, Instance):
        return f"{value.cls.name}(...)"
    return "set" if isinstance(value, SetValue) else type(value).__name__.lower()


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 3] + "..."
