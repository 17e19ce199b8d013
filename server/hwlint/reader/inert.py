"""Code that only fills weights: it builds nothing, so it need not run.

Found by what the code does, not by its name: a body is inert when it assigns nothing but its own
local names and calls nothing but in-place functions, torch.nn.init, pure built-ins and functions
that are inert themselves.
"""

import ast
from typing import TYPE_CHECKING, Any

from hwlint.reader.values import BoundMethod, Function, Partial, Value

if TYPE_CHECKING:
    from hwlint.reader.code import Code
    from hwlint.reader.frame import Frame
    from hwlint.reader.interpreter import Interpreter

__all__ = ["is_inert", "loop_is_inert"]

_PURE = frozenset(
    "isinstance hasattr getattr len range enumerate zip min max float int bool print type sum abs "
    "issubclass sorted reversed list tuple str round id".split()
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
    ast.Raise, ast.Assert, ast.Continue, ast.Break, ast.Return, ast.While,
)  # fmt: skip
_WEIGHT_ATTRIBUTES = frozenset(("data", "requires_grad", "_is_hf_initialized", "grad"))


def is_inert(interp: "Interpreter", func: Value) -> bool:
    """Say whether calling a function can only change the values of tensors."""
    while isinstance(func, BoundMethod | Partial):
        func = func.func
    if not isinstance(func, Function):
        return False
    code = func.code
    if code.inert is None:
        code.inert = False  # while it is being looked at: recursion settles on the rest
        code.inert = _code_is_inert(interp, func, code)
    return code.inert


def _code_is_inert(interp: "Interpreter", func: Function, code: "Code") -> bool:
    try:
        node = code.function_node()
    except Exception:  # whatever does not parse is not judged here
        return False
    if isinstance(node, ast.Lambda):
        return False
    return _body(interp, func.module, code.name, node.body)


def loop_is_inert(interp: "Interpreter", fr: "Frame", node: Any) -> bool:
    """Say whether a `for` statement over modules or parameters only fills weights."""
    cached = getattr(node, "hwlint_inert", None)
    if cached is None:
        name = fr.function.code.name if fr.function is not None else ""
        cached = _walks_modules(node.iter) and _body(interp, fr.module, name, node.body)
        node.hwlint_inert = cached
    return bool(cached)


def _walks_modules(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr
        in ("modules", "named_modules", "parameters", "named_parameters", "children")
    )


def _body(interp: "Interpreter", module: Any, own: str, body: list[ast.stmt]) -> bool:
    for statement in body:
        if isinstance(statement, ast.Return) and statement.value is not None:
            return False
        if not isinstance(statement, _STATEMENTS):
            return False
        for node in ast.walk(statement):
            if not _node_is_inert(interp, module, own, node):
                return False
    return True


def _node_is_inert(interp: "Interpreter", module: Any, own: str, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _call_is_inert(interp, module, own, node.func)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return all(_target_is_inert(t) for t in targets)
    return not isinstance(
        node,
        ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.Yield | ast.Global | ast.Nonlocal
        | ast.Delete | ast.Import | ast.ImportFrom | ast.NamedExpr,
    )  # fmt: skip


def _target_is_inert(target: ast.expr) -> bool:
    if isinstance(target, ast.Name):
        return True
    if isinstance(target, ast.Tuple):
        return all(_target_is_inert(t) for t in target.elts)
    if isinstance(target, ast.Attribute):
        return target.attr in _WEIGHT_ATTRIBUTES
    if isinstance(target, ast.Subscript):
        return "data" in ast.unparse(target.value) or "weight" in ast.unparse(target.value)
    return False


def _call_is_inert(interp: "Interpreter", module: Any, own: str, func: ast.expr) -> bool:
    if isinstance(func, ast.Attribute):
        if func.attr.endswith("_") or func.attr == own or func.attr in _PURE_METHODS:
            return True
        root = func.value
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and root.id in _PURE_ROOTS and func.attr != "Parameter"
    if not isinstance(func, ast.Name):
        return False
    if func.id in _PURE or func.id.endswith("_") or func.id == own:
        return True
    found = module.frame.vars.get(func.id)
    return isinstance(found, Function) and is_inert(interp, found)
