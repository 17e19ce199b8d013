"""Module classes that can be built from nothing."""

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.graph import EntryPoint
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.contexts.candidates import Candidate, is_superseded, name_place, package_of
from hwlint.reader.frame import Scope
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class, Function, PyRaise, Value
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["classes_of"]


def classes_of(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield the module classes of a file that can be built from nothing, or from a configuration
    object that their annotation names and that can be built from nothing."""
    for segment in module.source.segments:
        if segment.kind != "class":
            continue
        cls = module.frame.vars.get(segment.name)
        if not isinstance(cls, Class) or not cls.is_module or cls.defined_in is not module:
            continue
        if _is_abstract(cls, segment.text):
            continue
        arguments = _configurations(interp, cls)
        if arguments is None or is_superseded(interp, module, cls):
            continue
        kind = "config-class" if arguments else "class"
        built = ", ".join(f"{n}={c.name}()" for n, c in arguments) or "defaults"
        place = name_place(module, segment)
        entry = EntryPoint(cls.name, kind, place, module.path, package_of(module), built)
        yield Candidate(entry, cls, arguments, cls)


_ABSTRACT = re.compile(r"^\s+@(?:abc\.)?abstract\w*(?:method|property)\b", re.MULTILINE)


def _is_abstract(cls: Class, text: str) -> bool:
    """Say whether Python refuses to build a class, as it declares abstract methods itself."""
    by_metaclass = cls.metaclass is not None and cls.metaclass.name == "ABCMeta"
    return (by_metaclass or any(c.name == "ABC" for c in cls.mro)) and bool(_ABSTRACT.search(text))


def _configurations(interp: "Interpreter", cls: Class) -> list[tuple[str, Class]] | None:
    init = cls.find("__init__")
    while isinstance(init, Function) and "__wrapped__" in init.attrs:
        init = init.attrs["__wrapped__"]
    if not isinstance(init, Function):
        return [] if cls.spec is None and init is not None else None
    try:
        interp.prepare_function(init) if not init.ready else None
    except (SyntaxProblem, PyRaise):
        return None
    code = init.code
    required = code.params[1 : len(code.params) - len(init.defaults)]
    required += [n for n in code.kwonly if n not in init.kwdefaults]
    if not code.params:
        return None
    found: list[tuple[str, Class]] = []
    for name in required:
        config = _annotated_class(interp, init, name)
        if config is None:
            return None
        found.append((name, config))
    return found


def _annotated_class(interp: "Interpreter", init: Function, name: str) -> Class | None:
    node = init.code.annotations.get(name)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    value = _evaluate(interp, init, node)
    if not isinstance(value, Class) or value.is_module or value.defined_in is None:
        return None
    return value


def _evaluate(interp: "Interpreter", init: Function, node: ast.expr) -> Value:
    module = init.module
    if isinstance(node, ast.Name) and node.id in module.annotation_imports:
        try:
            return interp.imports.resolve(module.annotation_imports[node.id])
        except PyRaise:
            return None
    scope = Scope("module", None, init.code.segment, "")
    try:
        return compile_expression(scope, node)(module.frame)
    except PyRaise:
        return None
