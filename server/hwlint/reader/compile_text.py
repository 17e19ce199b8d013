"""`eval` and `exec` of a text that is known: its code is interpreted like any other."""

import ast
from collections.abc import Callable
from typing import Any

from hwlint.reader.code import Compiled
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.compile_names import Site
from hwlint.reader.frame import Frame, Scope, assigned_names
from hwlint.reader.values import DictValue, PyRaise, Unknown, Value
from hwlint.source.parsing import FaultError, parse_text

__all__ = ["evaluated", "executed"]

_MAX_TEXT = 20_000
_NOT_RUN = Unknown("not run while reading")

_POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")

Arguments = Callable[[Frame], tuple[list[Value], dict[str, Value]]]


def evaluated(scope: Scope, node: ast.Call, site: Site, arguments: Arguments) -> Compiled:
    """Compile a call of `eval`."""

    def run(fr: Frame) -> Value:
        args, kwargs = arguments(fr)
        if kwargs or len(args) != 1 or not isinstance(args[0], str):
            return _NOT_RUN
        tree = _parsed(fr, node, f"({str(args[0]).strip()}\n)")
        statement = tree[0] if len(tree) == 1 else None
        if not isinstance(statement, ast.Expr):
            raise fr.interp.error("SyntaxError", "invalid syntax")
        return compile_expression(_inner(scope, fr), statement.value)(fr)

    return run


def executed(scope: Scope, node: ast.Call, site: Site, arguments: Arguments) -> Compiled:
    """Compile a call of `exec`. What an unknown text binds is unknown, and so is everything that it
    may bind anew."""

    def run(fr: Frame) -> Value:
        args, kwargs = arguments(fr)
        given = args[1] if len(args) > 1 else kwargs.get("globals")
        if isinstance(given, DictValue) and given.home is not fr.module:
            fr.interp.touch(given)
            given.unknown = _NOT_RUN
        elif given is None or isinstance(given, DictValue):
            return _run(scope, node, fr, args[0] if args else None)
        return None

    return run


def _run(scope: Scope, node: ast.Call, fr: Frame, text: Value) -> Value:
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        _forget(fr)
        return None
    body = _parsed(fr, node, str(text))
    inner = _inner(scope, fr)
    inner.locals |= assigned_names(body, inner)
    from hwlint.reader.compile_statements import compile_body

    try:
        compile_body(inner, body)(fr)
    except PyRaise:
        _forget(fr)  # what the rest of it would have bound
        raise
    return None


def _forget(fr: Frame) -> None:
    for name, value in list(fr.vars.items()):
        if value is None or isinstance(value, bool | int | float | str | tuple):
            if fr is fr.module.frame:
                fr.module.store(name, _NOT_RUN)
            else:
                fr.vars[name] = _NOT_RUN


def _inner(scope: Scope, fr: Frame) -> Scope:
    """Return the scope of the text: the names are those that the frame has by now."""
    kind = "module" if fr is fr.module.frame else "function"
    made = Scope(kind, None, scope.segment, scope.qualname, scope.cls)
    if kind == "function":
        made.locals = set(fr.vars)
    return made


def _parsed(fr: Frame, node: ast.Call, text: str) -> list[ast.stmt]:
    """Parse; whatever the text builds is built where the call stands."""
    fr.interp.budget.steps += len(text) // 16
    try:
        tree, _ = parse_text(text)
    except FaultError:
        raise fr.interp.error("SyntaxError", "invalid syntax") from None
    here: dict[str, Any] = {name: getattr(node, name) for name in _POSITION}
    for part in ast.walk(tree):
        if hasattr(part, "lineno"):
            part.__dict__.update(here)
    return tree.body
