"""Functions that can be called without arguments."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hwlint.graph import EntryPoint
from hwlint.reader.contexts.candidates import Candidate, name_place, package_of
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class, Unknown
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["factories_of", "requires_arguments"]


def factories_of(
    interp: "Interpreter", module: PythonModule, only: str | None = None
) -> Iterator[Candidate]:
    """Yield the functions that can be called without arguments: all, or the one of a name."""
    for segment in module.source.segments:
        if segment.kind != "def" or segment.name.startswith("_"):
            continue
        if only is not None and segment.name != only:
            continue
        if "return" not in segment.text or requires_arguments(segment):
            continue
        value = module.frame.vars.get(segment.name)
        if value is None or isinstance(value, Unknown | Class):
            continue
        place = name_place(module, segment)
        entry = EntryPoint(
            segment.name, "factory", place, module.path, package_of(module), "defaults"
        )
        yield Candidate(entry, value)


def requires_arguments(segment: Any) -> bool:
    """Say whether the function of a segment cannot be called without arguments."""
    try:
        statements = segment.parse()
    except SyntaxProblem:
        return True
    node = next((s for s in statements if isinstance(s, ast.FunctionDef)), None)
    if node is None:
        return True
    args = node.args
    positional = len(args.posonlyargs) + len(args.args)
    return positional > len(args.defaults) or None in args.kw_defaults
