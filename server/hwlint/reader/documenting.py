"""Decorators that only write documentation: they need not run, and what they are given is what
they give.

Found by what the code does, not by its name: a function that gives back its argument, or what
another such function makes of it, writes to nothing but its own local names and `__doc__` of the
argument, and calls for an effect nothing but what tells people something.
"""

import ast
from typing import TYPE_CHECKING

from hwlint.reader.values import Function, Value
from hwlint.source.walking import children, walk

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["only_documents"]

_EFFECTS = (
    ast.ClassDef, ast.Global, ast.Nonlocal, ast.Delete, ast.NamedExpr, ast.Yield, ast.YieldFrom,
    ast.Await,
)  # fmt: skip
_TOLD = frozenset(("print", "warnings", "logger", "logging"))
"""Functions and modules that are called to tell people something."""


_DEEPEST = 8
"""Functions that hand what they are given to one another, beyond which nobody looks."""


def only_documents(interp: "Interpreter", decorator: Value, depth: int = 0) -> bool:
    """Say whether calling a function with a function or class gives that back as it is, but for its
    documentation. `depth`: how many others hand it over."""
    if not isinstance(decorator, Function) or depth > _DEEPEST:
        return False
    code = decorator.code

    def look() -> frozenset[str] | None:
        interp.cells.add(code.cell)
        try:
            node = code.function_node()
        except Exception:  # noqa: BLE001 - whatever does not parse is not judged here
            return None
        found = (
            isinstance(node, ast.FunctionDef)
            and _Reading(interp, decorator, node, depth).documents()
        )
        code.forget_tree()
        return frozenset() if found else None

    return interp.verdicts.judge(("documents", code), look) is not None


class _Reading:
    """One function that is looked at."""

    def __init__(
        self, interp: "Interpreter", function: Function, node: ast.FunctionDef, depth: int
    ) -> None:
        self._interp = interp
        self._function = function
        self._node = node
        self._depth = depth
        args = [*node.args.posonlyargs, *node.args.args]
        self._given = args[0].arg if args else ""
        inner = (n for n in node.body if isinstance(n, ast.FunctionDef))
        self._inner = {n.name: n for n in inner}
        self._writes = False

    def documents(self) -> bool:
        """Say whether that is all that it does."""
        statements = [s for s in self._statements() if not isinstance(s, ast.FunctionDef)]
        nodes = (n for s in statements for n in walk(s) if not isinstance(n, ast.FunctionDef))
        if not self._given or any(isinstance(node, _EFFECTS) for node in nodes):
            return False
        return all(map(self._is_harmless, statements)) and self._writes

    def _statements(self) -> list[ast.stmt]:
        """Return all statements but those of functions inside."""
        found: list[ast.stmt] = []
        todo: list[ast.AST] = [*self._node.body]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.stmt):
                found.append(node)
            if not isinstance(node, ast.FunctionDef | ast.expr):
                todo += children(node)
        return found

    def _is_harmless(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Return):
            return self._gives_back(node.value)
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant) or _tells(node.value)
        if isinstance(node, ast.Assign):
            return all(map(self._is_own, node.targets))
        if isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
            return self._is_own(node.target)
        return True

    def _is_own(self, target: ast.expr) -> bool:
        """Whether what is written to is a local name, or the documentation."""
        if isinstance(target, ast.Tuple):
            return all(map(self._is_own, target.elts))
        if isinstance(target, ast.Attribute):
            is_doc = target.attr == "__doc__" and self._is_given(target.value)
            self._writes = self._writes or is_doc
            return is_doc
        return isinstance(target, ast.Name) and target.id != self._given

    def _is_given(self, value: ast.expr | None) -> bool:
        return isinstance(value, ast.Name) and value.id == self._given

    def _gives_back(self, value: ast.expr | None) -> bool:
        if self._is_given(value):
            return True
        if isinstance(value, ast.Name):  # where it is given nothing: to be called with the function
            return value.id in self._inner and self._passes_to(value)
        if not isinstance(value, ast.Call) or not value.args:
            return False
        return self._is_given(value.args[0]) and self._passes_to(value.func)

    def _passes_to(self, function: ast.expr) -> bool:
        """Whether a function that is named here only documents."""
        if not isinstance(function, ast.Name):
            return False
        inner = self._inner.get(function.id)
        if inner is not None:
            fine = self._depth < _DEEPEST and self._deeper(inner)
        else:
            found = self._function.module.frame.vars.get(function.id)
            fine = found is not self._function and only_documents(
                self._interp, found, self._depth + 1
            )
        self._writes = self._writes or fine
        return fine

    def _deeper(self, inner: ast.FunctionDef) -> bool:
        return _Reading(self._interp, self._function, inner, self._depth + 1).documents()


def _tells(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    while isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, ast.Name) and function.id in _TOLD
