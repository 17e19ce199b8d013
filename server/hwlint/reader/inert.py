"""Code that only fills weights: it builds nothing, so it need not run.

Found by what the code does, not by its name: a body is inert when it assigns nothing but its own
local names and calls nothing but in-place functions, torch.nn.init, pure built-ins and functions
that are inert themselves.
"""

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hwlint.reader.frame import assigned_names, parameter_names
from hwlint.reader.imports import LazyImport
from hwlint.reader.library.modules import MODULE
from hwlint.reader.native_methods import NATIVE_METHODS
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
    ClassMethod,
    External,
    Function,
    Partial,
    StaticMethod,
    Value,
)
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.frame import Frame, Scope
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Verdicts", "is_inert", "loop_is_inert", "may_be_inert"]

_PURE = frozenset(
    "isinstance hasattr getattr len range enumerate zip min max float int bool print type sum abs "
    "issubclass sorted reversed list tuple str round id super any all partial".split()
)
_PURE_ROOTS = frozenset(("math", "torch", "np", "numpy", "init", "nn", "logger", "warnings", "F"))
_PURE_LIBRARIES = frozenset(("math", "torch", "numpy", "warnings"))
_PURE_METHODS = frozenset(
    "size numel dim modules named_modules parameters named_parameters children named_children view "
    "reshape copy clone detach float to item tolist format items keys values get unsqueeze "
    "startswith endswith split join "
    "info warning debug endwith squeeze expand repeat transpose t".split()
)
_STATEMENTS = (
    ast.If, ast.For, ast.With, ast.Pass, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign,
    ast.Raise, ast.Assert, ast.Continue, ast.Break, ast.Return, ast.While, ast.FunctionDef, ast.Try,
)  # fmt: skip
_EFFECTS = (
    ast.ClassDef, ast.Global, ast.Nonlocal, ast.Delete, ast.Import, ast.ImportFrom, ast.NamedExpr,
)  # fmt: skip
_HARMLESS = frozenset(("reset_parameters", "_reset_parameters"))
_NATIVE = frozenset(name for methods in NATIVE_METHODS.values() for name in methods)
_WEIGHT_ATTRIBUTES = frozenset(("data", "requires_grad", "_is_hf_initialized", "grad"))


Conditions = frozenset[str]
"""Names of methods that are called on objects nobody knows when the code is judged. The code is
inert as long as all methods of these names are, of the classes that the entry point has built."""


_NEVER = (None, None, 0, 0, 0)


class Verdicts:
    """What is known to be inert, for one interpreter."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.callables: set[str] = set()
        self._known: dict[Any, Conditions | None] = {}
        self._cells: dict[Any, set[tuple[str, str]]] = {}
        """What each verdict depends on."""
        self._judging: set[Any] = set()
        self._circular = False
        self._met: dict[Conditions, bool] = {}
        self._met_for: tuple[Any, ...] = _NEVER
        """What the answers in `_met` were found for: the sets that an answer adds to or rests on,
        and their sizes."""
        self._noted: set[Any] = set()
        """Whose cells are in `_noted_in` already."""
        self._noted_in: Any = None

    def drop(self, cells: "set[tuple[str, str]]") -> None:
        """Drop the verdicts that rest on any of the cells."""
        for key in [k for k, own in self._cells.items() if not cells.isdisjoint(own)]:
            del self._known[key], self._cells[key]
        self._met_for, self._noted_in = _NEVER, None

    def function(self, func: Function) -> Conditions | None:
        """Return under which conditions a function is inert, None where it never is."""
        return self.judge(func.code, lambda: self._judge_code(func))

    def judge(self, key: Any, look: "Callable[[], Conditions | None]") -> Conditions | None:
        """Return the verdict on code, looking at it where there is none yet."""
        if key in self._known:
            if self._noted_in is not self.interp.cells:
                self._noted_in, self._noted = self.interp.cells, set()
            if key not in self._noted:
                self._noted.add(key)
                self.interp.cells |= self._cells[key]
            return self._known[key]
        if key in self._judging:
            self._circular = True  # adds nothing to what is being looked at
            return frozenset()
        outermost = not self._judging
        self._judging.add(key)
        outer, self.interp.cells = self.interp.cells, set()
        try:
            found = look()
        finally:
            cells, self.interp.cells = self.interp.cells, outer
            self.interp.cells |= cells
            self._judging.discard(key)
        if outermost or not self._circular:
            self._known[key] = found
            self._cells[key] = cells
        self._circular = self._circular and not outermost
        return found

    def met(self, conditions: Conditions | None) -> bool:
        """Say whether conditions hold for the classes that are built so far."""
        if not conditions:
            return conditions is not None
        interp = self.interp
        built, cells, *counts = self._met_for
        now = [len(interp.built), len(self.callables), interp.memo.epoch]
        if built is not interp.built or cells is not interp.cells or now != counts:
            self._met.clear()
            self._met_for = (interp.built, interp.cells, *now)
        found = self._met.get(conditions)
        if found is None:
            found = self._met[conditions] = self._holds(conditions)
        return found

    def _holds(self, conditions: Conditions) -> bool:
        waiting, seen = list(conditions), set(conditions)
        while waiting:
            name = waiting.pop()
            if name in self.callables:
                return False  # some object has a function of its own under that name
            for cls in self.interp.built:
                raw = cls.find(name)
                if raw is None:
                    continue
                more = self._method(raw)
                if more is None:
                    return False
                waiting += more - seen
                seen |= more
        return True

    def _method(self, raw: Value) -> Conditions | None:
        if isinstance(raw, bool | int | float | str):
            return frozenset()  # nobody can call that
        if isinstance(raw, StaticMethod | ClassMethod):
            raw = raw.func
        if isinstance(raw, Function):
            return self.function(raw)
        harmless = isinstance(raw, Builtin) and raw.name in _HARMLESS
        return frozenset() if harmless else None

    def _judge_code(self, func: Function) -> Conditions | None:
        code = func.code
        self.interp.cells.add(code.cell)
        try:
            node = code.function_node()
        except Exception:  # noqa: BLE001 - whatever does not parse is not judged here
            return None
        if isinstance(node, ast.Lambda):
            body = _Body(self.interp, func.module, code.name, set())
            inert = body.expression(node.body)
        else:
            given = parameter_names(node.args)
            names = assigned_names(node.body) | set(given)
            body = _Body(self.interp, func.module, code.name, names, given)
            inert = body.all(node.body)
        code.forget_tree()
        code.raises = inert and (code.name == "<lambda>" or "raise " in code.segment.text)
        return frozenset(body.conditions) if inert else None


def is_inert(interp: "Interpreter", func: Value, args: "list[Value] | None" = None) -> bool:
    """Say whether calling a function can only change the values of tensors. Functions among `args`
    may be called by it, so they have to be inert too."""
    if interp.running:
        return False  # what flows through modules is looked at as well
    while isinstance(func, BoundMethod | Partial):
        func = func.func
    if not isinstance(func, Function):
        return False
    verdicts = interp.verdicts
    if not verdicts.met(verdicts.function(func)):
        return False
    if interp.guarded and func.code.raises:
        return False  # a check that raises may be what the `try` around it is after
    called = [a for a in args or () if isinstance(a, Function | BoundMethod | Partial)]
    return all(is_inert(interp, a) for a in called)


def may_be_inert(scope: "Scope", node: ast.For) -> bool:
    """Say whether a `for` statement goes over modules or parameters and leaves nothing behind: it
    returns nothing, and what it binds is not looked at after it."""
    if not walks_modules(node.iter) or scope.kind != "function":
        return False
    if any(isinstance(n, ast.Return) for s in node.body for n in ast.walk(s)):
        return False
    return not _reads(scope.body, assigned_names([node]), node)


def _reads(nodes: "Iterable[ast.AST]", names: set[str], skipped: ast.For) -> bool:
    """Say whether a name is read outside one loop; other loops bind what they go over anew."""
    for node in nodes:
        if node is skipped:
            continue
        left = names
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.For):
            left = names - {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        if left and _reads(ast.iter_child_nodes(node), left, skipped):
            return True
    return False


def loop_is_inert(interp: "Interpreter", fr: "Frame", node: Any) -> bool:
    """Say whether a loop that `may_be_inert` only fills weights."""
    if interp.running:
        return False
    name = fr.function.code.name if fr.function is not None else ""
    called = [n for n in _called_names(node) if n in fr.vars and fr is not fr.module.frame]

    def look() -> Conditions | None:
        own = assigned_names([node]) | set(called)
        body = _Body(interp, fr.module, name, own, called)
        return frozenset(body.conditions) if body.all(node.body) else None

    verdicts = interp.verdicts
    if not verdicts.met(verdicts.judge(node, look)):
        return False
    return all(is_inert(interp, fr.vars[n]) for n in called)


def _called_names(node: Any) -> list[str]:
    """Return the variables of the function around a loop that the loop calls."""
    cached = getattr(node, "hwlint_called", None)
    if cached is None:
        own = assigned_names([node])
        calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
        names = [f.id for f in calls if isinstance(f, ast.Name) and f.id not in own]
        cached = node.hwlint_called = list(dict.fromkeys(names))
    return cached


def walks_modules(node: ast.expr) -> bool:
    """Say whether an expression gives the modules or parameters of a module."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr
        in ("modules", "named_modules", "parameters", "named_parameters", "children")
    )


class _Body:
    """Judges the statements of one function."""

    def __init__(
        self,
        interp: "Interpreter",
        module: Any,
        own: str,
        names: set[str],
        given: "Iterable[str]" = (),
    ) -> None:
        self.interp = interp
        self.module = module
        self.own = own
        self.names = names
        self.callable = set(given)  # of those names: judged by who calls, or surely harmless
        self.fresh: set[str] = set()
        self.conditions: set[str] = set()

    def all(self, body: list[ast.stmt]) -> bool:
        self.fresh |= _fresh_names(body)
        self.callable |= _harmless_names(body, self._gives_own)
        return all(isinstance(s, _STATEMENTS) and self.expression(s) for s in body)

    def expression(self, node: ast.AST) -> bool:
        return all(self.node(n) for n in ast.walk(node))

    def node(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return self.call(node.func)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            return self.name(node.id)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return all(_target_is_inert(t, self.fresh) for t in targets)
        return not isinstance(node, _EFFECTS)

    def name(self, name: str) -> bool:
        """A function that is named may get called by way of a variable."""
        if name in self.names:
            return True
        found = self.value_of(name)
        return not isinstance(found, Function) or self.function(found)

    def function(self, func: Function) -> bool:
        conditions = self.interp.verdicts.function(func)
        self.conditions.update(conditions or ())
        return conditions is not None

    def _gives_own(self, name: str) -> bool:
        """Say whether a global function returns nothing but functions that it defines."""
        found = self.value_of(name) if name not in self.names else None
        return isinstance(found, Function) and _returns_own(found)

    def value_of(self, name: str) -> Value:
        """Return what a global name stands for."""
        found = self.module.frame.vars.get(name)
        self.interp.cells.add((self.module.path, name))
        return self.interp.imports.resolve(found) if isinstance(found, LazyImport) else found

    def call(self, func: ast.expr) -> bool:
        if isinstance(func, ast.Attribute):
            return self.method(func)
        if not isinstance(func, ast.Name):
            return isinstance(func, ast.Call)  # judged by itself
        name = func.id
        if name in self.names:
            return name in self.callable
        if name in _PURE or name.endswith("Error") or name == self.own or _is_in_place(name):
            return True
        found = self.value_of(name)
        if isinstance(found, External | Builtin):
            root, _, last = found.name.partition(".")
            return root in _PURE_LIBRARIES and not last.rpartition(".")[2][:1].isupper()
        return isinstance(found, Function) and self.function(found)

    def method(self, func: ast.Attribute) -> bool:
        if _is_in_place(func.attr) or func.attr in _PURE_METHODS:
            return True
        if func.attr == self.own and not self.own.startswith("__"):
            return True
        root = func.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in _PURE_ROOTS:
            return not func.attr[:1].isupper()
        if func.attr.startswith("__"):
            return False  # object.__setattr__() and the like do what statements do
        if func.attr in _NATIVE or MODULE.find(func.attr) is not None:
            return False
        self.conditions.add(func.attr)
        return True


def _harmless_names(body: list[ast.stmt], gives_own: Callable[[str], bool]) -> set[str]:
    """Return the local names that are functions defined there, torch's own, or what a function
    gives that is judged where it is called."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    given = [
        (n.targets[0].id, _is_torch(n.value) or _is_made(n.value, gives_own))
        for n in nodes
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
    ]
    bound = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    counted = {name for name, harmless in given if harmless}
    only = {n for n in counted if bound.count(n) == sum(n == g and ok for g, ok in given)}
    return only | {n.name for n in nodes if isinstance(n, ast.FunctionDef)}


def _is_made(value: ast.expr, gives_own: Callable[[str], bool]) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and gives_own(value.func.id)
    )


def _returns_own(func: Function) -> bool:
    try:
        node = func.code.function_node()
    except SyntaxProblem:
        return False
    func.code.forget_tree()
    if not isinstance(node, ast.FunctionDef):
        return False
    own = {s.name for s in node.body if isinstance(s, ast.FunctionDef)}
    given = [n.value for s in node.body for n in _own_nodes(s) if isinstance(n, ast.Return)]
    stored = assigned_names([s for s in node.body if not isinstance(s, ast.FunctionDef)])
    named = {value.id if isinstance(value, ast.Name) else "" for value in given}
    return bool(named) and named <= own - stored


def _own_nodes(statement: ast.stmt) -> Iterable[ast.AST]:
    """Yield what stands in a statement, but not in functions that it defines."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield node
            stack.extend(ast.iter_child_nodes(node))


def _is_torch(value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        named = value.func.id in ("getattr", "partial") and bool(value.args)
        return named and _is_torch(value.args[0])
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in _PURE_ROOTS


def _is_in_place(name: str) -> bool:
    """Say whether a name is one that torch gives to what changes a tensor in place."""
    return name.endswith("_") and not name.endswith("__")


def _target_is_inert(target: ast.expr, fresh: set[str]) -> bool:
    if isinstance(target, ast.Name):
        return True
    if isinstance(target, ast.Tuple):
        return all(_target_is_inert(t, fresh) for t in target.elts)
    if isinstance(target, ast.Attribute):
        return target.attr in _WEIGHT_ATTRIBUTES
    if isinstance(target, ast.Subscript):
        if isinstance(target.value, ast.Name) and target.value.id in fresh:
            return True
        text = ast.unparse(target.value)
        return "data" in text or "weight" in text or "bias" in text
    return False


def _fresh_names(body: list[ast.stmt]) -> set[str]:
    """Return the local names that only ever hold tensors which the function made itself."""
    given: dict[str, list[ast.expr]] = {}
    other: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
                for target in node.targets:
                    assert isinstance(target, ast.Name)
                    given.setdefault(target.id, []).append(node.value)
            elif isinstance(node, ast.Assign | ast.For | ast.NamedExpr | ast.With | ast.AnnAssign):
                other |= assigned_names([node]) if isinstance(node, ast.stmt) else set()
    found = set(given) - other
    while True:
        kept = {n for n in found if all(_is_fresh(value, found) for value in given[n])}
        if kept == found:
            return kept
        found = kept


def _is_fresh(value: ast.expr, fresh: set[str]) -> bool:
    """Say whether an expression makes a new tensor, or a view of one."""
    while True:
        if isinstance(value, ast.Name):
            return value.id in fresh
        if isinstance(value, ast.BinOp | ast.Compare):
            return True
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            root = value.func
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in ("torch", "np", "numpy", "F"):
                return True
            value = value.func.value
        elif isinstance(value, ast.Subscript):
            value = value.value
        else:
            return False
