"""Code that only fills weights: it builds nothing, so it need not run.

Found by what the code does, not by its name: a body is inert when it assigns nothing but its own
local names and calls nothing but in-place functions, torch.nn.init, pure built-ins and functions
that are inert themselves.
"""

import ast
from typing import TYPE_CHECKING, Any

from hwlint.reader.frame import assigned_names, parameter_names
from hwlint.reader.imports import LazyImport
from hwlint.reader.values import BoundMethod, Function, Partial, Value

if TYPE_CHECKING:
    from hwlint.reader.code import Code
    from hwlint.reader.frame import Frame
    from hwlint.reader.interpreter import Interpreter

__all__ = ["is_inert", "loop_is_inert"]

_PURE = frozenset(
    "isinstance hasattr getattr len range enumerate zip min max float int bool print type sum abs "
    "issubclass sorted reversed list tuple str round id super any all".split()
)
_PURE_ROOTS = frozenset(("math", "torch", "np", "numpy", "init", "nn", "logger", "warnings", "F"))
_PURE_METHODS = frozenset(
    "size numel dim modules named_modules parameters named_parameters children named_children view "
    "reshape copy clone detach float to item tolist format items keys values get unsqueeze "
    "init_weights _init_weights reset_parameters weight_init startswith endswith split join "
    "info warning debug endwith squeeze expand repeat transpose t".split()
)
_STATEMENTS = (
    ast.If, ast.For, ast.With, ast.Pass, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign,
    ast.Raise, ast.Assert, ast.Continue, ast.Break, ast.Return, ast.While, ast.FunctionDef, ast.Try,
)  # fmt: skip
_EFFECTS = (
    ast.ClassDef, ast.Global, ast.Nonlocal, ast.Delete, ast.Import, ast.ImportFrom, ast.NamedExpr,
)  # fmt: skip
_WEIGHT_ATTRIBUTES = frozenset(("data", "requires_grad", "_is_hf_initialized", "grad"))


def is_inert(interp: "Interpreter", func: Value, args: "list[Value] | None" = None) -> bool:
    """Say whether calling a function can only change the values of tensors. Functions among `args`
    may be called by it, so they have to be inert too."""
    while isinstance(func, BoundMethod | Partial):
        func = func.func
    if not isinstance(func, Function):
        return False
    code = func.code
    if code.inert is None:
        code.inert = True  # while it is being looked at: recursion adds nothing
        code.inert = _code_is_inert(interp, func, code)
        code.forget_tree()
        code.raises = code.inert and "raise " in code.segment.text
    if not code.inert:
        return False
    if interp.guarded and code.raises:
        return False  # a check that raises may be what the `try` around it is after
    called = [a for a in args or () if isinstance(a, Function | BoundMethod | Partial)]
    return all(is_inert(interp, a) for a in called)


def _code_is_inert(interp: "Interpreter", func: Function, code: "Code") -> bool:
    try:
        node = code.function_node()
    except Exception:  # noqa: BLE001 - whatever does not parse is not judged here
        return False
    if isinstance(node, ast.Lambda):
        return _Body(interp, func.module, code.name, set()).expression(node.body)
    names = assigned_names(node.body) | set(parameter_names(node.args))
    return _Body(interp, func.module, code.name, names).all(node.body)


def loop_is_inert(interp: "Interpreter", fr: "Frame", node: Any) -> bool:
    """Say whether a `for` statement over modules or parameters only fills weights."""
    cached = getattr(node, "hwlint_inert", None)
    if cached is None:
        name = fr.function.code.name if fr.function is not None else ""
        names = assigned_names([node])
        cached = _walks_modules(node.iter) and _Body(interp, fr.module, name, names).all(node.body)
        node.hwlint_inert = cached
    return bool(cached)


def _walks_modules(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr
        in ("modules", "named_modules", "parameters", "named_parameters", "children")
    )


class _Body:
    """Judges the statements of one function."""

    def __init__(self, interp: "Interpreter", module: Any, own: str, names: set[str]) -> None:
        self.interp = interp
        self.module = module
        self.own = own
        self.names = names

    def all(self, body: list[ast.stmt]) -> bool:
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
            return all(_target_is_inert(t) for t in targets)
        return not isinstance(node, _EFFECTS)

    def name(self, name: str) -> bool:
        """A function that is named may get called by way of a variable."""
        if name in self.names:
            return True
        found = self.module.frame.vars.get(name)
        if isinstance(found, LazyImport):
            found = self.interp.imports.resolve(found)
        return not isinstance(found, Function) or is_inert(self.interp, found)

    def call(self, func: ast.expr) -> bool:
        if isinstance(func, ast.Attribute):
            return self.method(func)
        if not isinstance(func, ast.Name):
            return isinstance(func, ast.Call)  # judged by itself
        name = func.id
        if name in _PURE or name in self.names or name.endswith(("_", "Error")) or name == self.own:
            return True
        found = self.module.frame.vars.get(name)
        return isinstance(found, Function | LazyImport) and self.name(name)

    def method(self, func: ast.Attribute) -> bool:
        if func.attr.endswith("_") or func.attr == self.own or func.attr in _PURE_METHODS:
            return True
        root = func.value
        while isinstance(root, ast.Attribute):
            root = root.value
        known = isinstance(root, ast.Name) and root.id in _PURE_ROOTS
        return known and not func.attr[:1].isupper()


def _target_is_inert(target: ast.expr) -> bool:
    if isinstance(target, ast.Name):
        return True
    if isinstance(target, ast.Tuple):
        return all(_target_is_inert(t) for t in target.elts)
    if isinstance(target, ast.Attribute):
        return target.attr in _WEIGHT_ATTRIBUTES
    if isinstance(target, ast.Subscript):
        text = ast.unparse(target.value)
        return "data" in text or "weight" in text or "bias" in text
    return False
