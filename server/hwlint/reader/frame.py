"""Frames at run time and scopes at compile time."""

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hwlint.reader.values import Function, ListValue, Value

if TYPE_CHECKING:
    from hwlint.reader.compile_names import Site
    from hwlint.reader.imports import PythonModule
    from hwlint.reader.interpreter import Interpreter
    from hwlint.reader.unread import UnreadLoop
    from hwlint.source import Segment

__all__ = ["BREAK", "CONTINUE", "RETURN", "Frame", "Scope", "assigned_names"]

BREAK, CONTINUE, RETURN = 1, 2, 3
"""Signals of statements; None = go on."""


class Frame:
    """The variables of one call, one class body or one module."""

    __slots__ = (
        "at_yield",
        "function",
        "interp",
        "maybe",
        "module",
        "opened",
        "parent",
        "pending",
        "result",
        "self_value",
        "site",
        "skipped",
        "stamp",
        "vars",
        "why",
        "yielded",
    )

    def __init__(
        self, interp: "Interpreter", module: "PythonModule", parent: "Frame | None"
    ) -> None:
        self.vars: dict[str, Value] = {}
        self.parent = parent
        self.module = module
        self.interp = interp
        self.result: Value = None
        self.function: Function | None = None
        self.self_value: Value = None
        self.site: Site | None = None
        self.pending: list[Value] | None = None
        self.why: Value = None
        self.maybe = 0
        self.opened = 0
        self.skipped = 0
        self.yielded: ListValue | None = None
        self.at_yield: Callable[[Value], Value] | None = None
        self.stamp = interp.clock


class Scope:
    """Names of one function, class or module, known before it runs."""

    def __init__(
        self, kind: str, parent: "Scope | None", segment: "Segment", qualname: str, cls: str = ""
    ) -> None:
        self.kind = kind
        self.parent = parent
        self.segment = segment
        self.qualname = qualname
        self.cls = cls
        self.body: Sequence[ast.stmt] = ()
        """The statements of a function while it is compiled."""
        self.locals: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.renames: list[dict[str, str]] = []
        self.captured: dict[str, str] = {}  # comprehension variables of the frame around
        self.unread: dict[ast.For, UnreadLoop] = {}
        self.sourced = True
        """Whether literals are a source of what is built: those of a comment are not."""
        self.counter = 0

    def inner_qualname(self, name: str) -> str:
        """Return the qualified name of something defined in here."""
        if self.kind == "module":
            return name
        middle = ".<locals>" if self.kind == "function" else ""
        return f"{self.qualname}{middle}.{name}"

    def renamed(self, name: str) -> str | None:
        """Return the key of a comprehension variable of that name."""
        for table in reversed(self.renames):
            if name in table:
                return table[name]
        return None

    def comprehension_variables(self) -> dict[str, str]:
        """Return the keys of all comprehension variables that are in sight here."""
        return {name: key for table in self.renames for name, key in table.items()}

    def function_parent(self) -> "Scope | None":
        """Return the nearest enclosing function scope."""
        scope = self.parent
        while scope is not None and scope.kind != "function":
            scope = scope.parent
        return scope

    def resolve(self, name: str) -> tuple[str, int, str]:
        """Return ("local" | "free" | "class" | "global", depth, key)."""
        renamed = self.renamed(name)
        if renamed is not None:
            return ("local", 0, renamed)
        if self.kind == "module" or name in self.globals:
            return ("global", 0, name)
        if self.kind == "function" and name in self.locals:
            return ("local", 0, name)
        return self._resolve_outside(name)

    def _resolve_outside(self, name: str) -> tuple[str, int, str]:
        depth = 1
        scope: Scope | None = self
        while scope is not None:
            outer = scope.function_parent()
            if name in scope.captured:
                return ("free" if outer else "global", depth if outer else 0, scope.captured[name])
            if outer is not None:
                key = outer.renamed(name) or (name if name in outer.locals else None)
                if key is not None:
                    return ("free", depth, key)
                if name in outer.globals:
                    break
            depth, scope = depth + 1, outer
        return ("global", 0, name)

    def mangle(self, name: str) -> str:
        """Return a private name as Python mangles it inside a class."""
        if self.cls and name.startswith("__") and not name.endswith("__"):
            return f"_{self.cls.lstrip('_')}{name}"
        return name

    def fresh(self, name: str) -> str:
        """Return a key that no other variable has."""
        self.counter += 1
        return f"{name}@{self.counter}"


_SKIP = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def assigned_names(body: list[ast.stmt], scope: Scope | None = None) -> set[str]:
    """Return every name that the statements bind in their own scope.

    With a `scope`, its `globals` and `nonlocals` are filled from the declarations met.
    """
    names: set[str] = set()
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                names.add(node.id)
        elif isinstance(node, _SKIP):
            _bind_definition(node, names, stack)
        elif isinstance(node, _COMPREHENSIONS):
            stack.extend(_walrus(node))
        else:
            _bind_other(node, names, scope)
            stack.extend(ast.iter_child_nodes(node))
    if scope is not None:
        names -= scope.globals | scope.nonlocals
    return names


def weigh(nodes: "Iterable[ast.AST]", each: int = 128) -> int:
    """Return how many steps running statements or expressions once counts for, beyond the one that
    every call and turn counts for: one for `each` nodes of the tree, so only what is long counts
    for more."""
    return sum([1 for node in nodes for _ in ast.walk(node)]) // each


TURN_NODES = 16
"""Nodes of a loop's body that count for one more step: unlike a call, a turn has no other cost."""


def _bind_definition(node: ast.AST, names: set[str], stack: list[ast.AST]) -> None:
    if isinstance(node, ast.Lambda):
        return
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    names.add(node.name)
    stack.extend(node.decorator_list)


def _walrus(node: ast.AST) -> list[ast.AST]:
    return [n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]


def _bind_other(node: ast.AST, names: set[str], scope: Scope | None) -> None:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            if alias.name != "*":
                names.add(alias.asname or alias.name.split(".")[0])
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        names.add(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        names.add(node.rest)
    elif isinstance(node, ast.Global) and scope is not None:
        scope.globals.update(node.names)
    elif isinstance(node, ast.Nonlocal) and scope is not None:
        scope.nonlocals.update(node.names)


def parameter_names(args: ast.arguments) -> list[Any]:
    """Return every parameter name of a signature in order."""
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    names = [a.arg for a in every]
    if args.vararg:
        names.append(args.vararg.arg)
    if args.kwarg:
        names.append(args.kwarg.arg)
    return names
