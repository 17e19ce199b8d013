"""What the names in a file stand for, as far as its imports say."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hwlint.source.walking import children, walk

__all__ = ["Scope", "calls_in", "imports_in"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Inner = _Definition | ast.Lambda | _Comprehension


class Scope:
    """What names mean in a function, in a class or at the top of a file."""

    def __init__(
        self, enclosing: str = "", outer: "Scope | None" = None, hidden: Iterable[str] = ()
    ) -> None:
        self.enclosing = enclosing
        """Dotted name of the function or class."""
        self.imports: dict[str, str] = {}
        self.outer = outer
        self.names: dict[str, str | None] = dict.fromkeys(hidden)
        self.stars: tuple[str, ...] = ()

    def bind(self, body: Sequence[ast.stmt]) -> None:
        """Enter what statements bind. An import wins over other bindings of its name: they are
        what stands in for a package that is not installed."""
        nodes = list(_nodes_here(body))
        bound = Counter(name for node in nodes for name in _bound(node))
        self.names.update(dict.fromkeys(bound))
        self.imports = dict(_imports(nodes))
        self.names.update(self.imports)
        self.stars += tuple(_stars(nodes))
        for statement in body:
            self._alias(statement, bound)

    def resolve(self, node: ast.expr) -> str | None:
        """Dotted name of what an expression refers to."""
        words: list[str] = []
        while isinstance(node, ast.Attribute):
            words.append(node.attr)
            node = node.value
        base = self._base(node.id) if isinstance(node, ast.Name) else None
        return None if base is None else ".".join((base, *reversed(words)))

    def _base(self, name: str) -> str | None:
        """What a name stands for; None for what is bound to something that no import says."""
        scope: Scope | None = self
        stars = self.stars
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            stars = scope.stars or stars
            scope = scope.outer
        return f"{stars[-1]}.{name}" if stars and not hasattr(builtins, name) else None

    def _alias(self, statement: ast.stmt, bound: Counter[str]) -> None:
        """Follow `name = dotted.name` where the name is bound only once."""
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and bound[target.id] == 1:
                self.names[target.id] = self.imports.get(target.id) or self.resolve(statement.value)


def calls_in(body: Iterable[ast.AST], scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """Every call and the scope it stands in; `scope` is the one of `body`."""
    todo = [(node, scope, scope) for node in body]
    while todo:
        node, here, functions = todo.pop()
        if isinstance(node, ast.Call):
            yield node, here
        if isinstance(node, _Inner):
            todo += _entered(node, here, functions)
        else:
            todo += ((child, here, functions) for child in children(node))


def imports_in(body: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Local and dotted names of all imports, also inside functions."""
    return _imports([node for statement in body for node in walk(statement)])


def _entered(node: _Inner, here: Scope, functions: Scope) -> Iterator[tuple[ast.AST, Scope, Scope]]:
    """The parts of a definition with the scopes they are in. A function does not see the names of
    the class around it: `functions` is the scope that it does see."""
    name = getattr(node, "name", "")
    path = f"{here.enclosing}.{name}".strip(".")
    if isinstance(node, ast.ClassDef):
        inner = Scope(path, here)
        inner.bind(node.body)
        after = functions
    else:
        inner = after = Scope(path, functions, _hidden(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner.bind(node.body)
    body = set(map(id, node.body)) if isinstance(node, _Definition) else None
    for child in children(node):
        inside = body is None or id(child) in body
        yield (child, inner, after) if inside else (child, here, functions)


def _hidden(node: _Inner) -> Iterator[str]:
    """Parameters of a function, targets of a comprehension."""
    if isinstance(node, _Comprehension):
        parts: list[ast.AST] = [generator.target for generator in node.generators]
    else:
        parts = [] if isinstance(node, ast.ClassDef) else [node.args]
    for part in parts:
        for found in walk(part):
            if isinstance(found, ast.arg):
                yield found.arg
            elif isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store):
                yield found.id


def _nodes_here(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a scope, those of the scopes inside it left out."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _Inner):
            todo += children(node)


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, _Definition):
        yield node.name


def _imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            module = _module(node)
            dot = "" if module.endswith(".") else "."
            for alias in node.names:
                if alias.name != "*":
                    yield alias.asname or alias.name, f"{module}{dot}{alias.name}"


def _stars(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield _module(node)


def _module(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")
