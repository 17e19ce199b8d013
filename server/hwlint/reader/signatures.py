"""What the constructor of a class takes, as its source has it."""

import ast
import re
from typing import TYPE_CHECKING

from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.frame import Scope
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class, Function, PyRaise, Value
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "annotated_class",
    "annotation_of",
    "initialiser",
    "missing_name",
    "required_names",
    "seen_from",
    "unwrapped",
]


_MOST_WRAPPERS = 100
"""Nobody wraps so often, but what says that it wraps itself."""


def unwrapped(value: Value) -> Value:
    """Return the function inside of decorators that say what they wrap."""
    for _ in range(_MOST_WRAPPERS):
        if not isinstance(value, Function) or "__wrapped__" not in value.attrs:
            return value
        value = value.attrs["__wrapped__"]
    return None


def initialiser(interp: "Interpreter", cls: Class) -> Function | None:
    """Return the constructor of a class, compiled; None where it is not the program's own, or does
    not parse, or its defaults raise."""
    init = unwrapped(cls.find("__init__"))
    if not isinstance(init, Function):
        return None
    try:
        interp.prepare_function(init) if not init.ready else None
    except (SyntaxProblem, PyRaise):
        return None
    return init if init.code.params else None


def required_names(init: Function) -> list[str]:
    """Return the parameters without a default."""
    code = init.code
    required = code.params[1 : len(code.params) - len(init.defaults)]
    return required + [name for name in code.kwonly if name not in init.kwdefaults]


def missing_name(problem: PyRaise) -> str:
    """Return the argument or key that an exception says is missing; "" where it says none."""
    found = _MISSING.search(problem.text())
    if found is not None:
        return found[1]
    args = problem.value.attrs.get("args") or ("",)
    key = str(args[0]).strip("'") if problem.value.cls.name == "KeyError" else ""
    return key if key.isidentifier() else ""


_MISSING = re.compile(r"missing required (?:keyword )?argument: '(\w+)'")


def annotation_of(cls: Class, init: Function | None, name: str) -> ast.expr | None:
    """Return how a parameter is annotated, be it as a field of a dataclass."""
    if init is not None:
        return init.code.annotations.get(name)
    for base in cls.mro:
        field = base.attrs.get("__annotations__", {}).get(name)
        if field is not None:
            return field[1]
    return None


def annotated_class(
    interp: "Interpreter", cls: Class, init: Function | None, name: str
) -> Class | None:
    """Return the class of the program, no module, that the annotation of a parameter names."""
    node = annotation_of(cls, init, name)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    module = init.module if init is not None else cls.defined_in
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(module, PythonModule):
        return None
    value = seen_from(interp, module, node)
    if not isinstance(value, Class) or value.is_module or value.defined_in is None:
        return None
    return value


def seen_from(interp: "Interpreter", module: PythonModule, node: ast.expr) -> Value:
    """Return what a name, dotted or not, stands for in a file; None where it stands for nothing."""
    if isinstance(node, ast.Name) and node.id in module.annotation_imports:
        try:
            return interp.imports.resolve(module.annotation_imports[node.id])
        except PyRaise:
            return None
    scope = Scope("module", None, module.source.segments[0], "")
    try:
        return compile_expression(scope, node)(module.frame)
    except PyRaise:
        return None
