"""Reading variables, and where calls stand."""

import ast
from collections.abc import Callable
from typing import Any

from hwlint.reader.code import Compiled
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.lazy_import import LazyImport
from hwlint.reader.values import Instance, LazyModule, ModuleInstance, Tensor, Value

__all__ = ["CALLED", "Site", "Truth", "compile_load", "compile_site", "compile_truth"]

Truth = Callable[[Frame, Value], bool | None]
CALLED = frozenset((Tensor, Instance, ModuleInstance, LazyModule))
"""Types of values whose operators are calls: these stand where the operator does."""


class _Position:
    """What `Segment.place` needs of a node, without the tree below it."""

    __slots__ = ("col_offset", "end_col_offset", "end_lineno", "lineno")

    def __init__(self, node: Any) -> None:
        self.lineno = node.lineno
        self.col_offset = node.col_offset
        self.end_lineno = node.end_lineno
        self.end_col_offset = node.end_col_offset


class Site:
    """A call in the source and the function whose code has it."""

    __slots__ = ("_place", "node", "owner", "segment")

    def __init__(self, scope: Scope, node: ast.AST) -> None:
        self.segment = scope.segment
        self.node: Any = _Position(node)
        self.owner = scope.qualname
        self._place: Any = None

    @property
    def place(self) -> Any:
        """Where the call stands."""
        if self._place is None:
            self._place = self.segment.place(self.node)
            self.node = None
        return self._place


_PLACED = (ast.BoolOp, ast.Call, ast.Compare, ast.UnaryOp)
"""What says itself where it stands, `and` and `or` by their parts."""


def compile_site(scope: Scope, test: ast.expr) -> Site | None:
    """Return where a condition is asked whether it is true; None where evaluating it says so."""
    return None if isinstance(test, _PLACED) else Site(scope, test)


def compile_truth(scope: Scope, test: ast.expr) -> Truth:
    """Return what says whether the value of a condition is true, None where it is not known. Asking
    a tensor is a call: it stands where the condition does."""
    site = compile_site(scope, test)
    if site is None:
        return lambda fr, value: fr.interp.truth(value)

    def truth(fr: Frame, value: Value) -> bool | None:
        if type(value) in CALLED:
            fr.interp.site = site
        return fr.interp.truth(value)

    return truth


def compile_load(scope: Scope, name: str, node: ast.AST) -> Compiled:
    """Compile reading a variable."""
    where, depth, key = scope.resolve(scope.mangle(name))
    if scope.kind == "class" and where != "local":
        fallback = _load_free(depth, key) if where == "free" else _load_global(key)
        return _load_in_class(name, fallback)
    if where == "local":
        return _load_local(key)
    if where == "free":
        return _load_free(depth, key)
    return _load_global(key)


def _load_local(key: str) -> Compiled:
    def load(fr: Frame) -> Value:
        try:
            return fr.vars[key]
        except KeyError:
            pass
        return fr.interp.unbound(fr, key)

    return load


def _load_free(depth: int, key: str) -> Compiled:
    def load(fr: Frame) -> Value:
        frame: Any = fr.parent
        for _ in range(depth - 1):
            frame = frame.parent if frame is not None else None
        if frame is not None and key in frame.vars:
            return frame.vars[key]
        return fr.interp.unbound(fr, key)

    return load


def _load_global(key: str) -> Compiled:
    cell = ("", key)

    def load(fr: Frame) -> Value:
        nonlocal cell
        module = fr.module
        value = module.frame.vars.get(key, _UNREAD)
        if value is _UNREAD or type(value) is LazyImport:
            return module.load(key)
        if cell[0] is not module.path:
            cell = (module.path, key)
        fr.interp.cells.add(cell)
        return value

    return load


_UNREAD = object()


def _load_in_class(key: str, fallback: Compiled) -> Compiled:
    def load(fr: Frame) -> Value:
        try:
            return fr.vars[key]
        except KeyError:
            return fallback(fr)

    return load
