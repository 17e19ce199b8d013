"""Classes that no way of building was found for, and the comment that would help."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.graph import Unbuilt
from hwlint.reader.contexts.candidates import name_place
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class, Function, PyRaise
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["unbuilt_of"]

_BUILDS = re.compile(r"\bnn\.[A-Z]|\bParameter\(|\b(?:Linear|Conv\dd|Embedding|LSTM|GRU)\(")


def unbuilt_of(
    interp: "Interpreter",
    module: PythonModule,
    built: "frozenset[tuple[str, str]] | set[tuple[str, str]]",
) -> Iterator[Unbuilt]:
    """Yield the public module classes of a file that have layers, need arguments, and are neither
    built nor the base of a class of the same file."""
    classes = [v for v in module.frame.vars.values() if isinstance(v, Class) and v.is_module]
    bases = {base for cls in classes for base in cls.mro[1:]}
    for segment in module.source.segments:
        cls = module.frame.vars.get(segment.name) if segment.kind == "class" else None
        if not isinstance(cls, Class) or cls not in classes or cls.defined_in is not module:
            continue
        if segment.name.startswith("_") or cls in bases or (module.path, cls.qualname) in built:
            continue
        names = _required(interp, cls)
        if names and _BUILDS.search(segment.text):
            given = ", ".join(f"{name}=..." for name in names)
            hint = f"# hwlint: build({given})"
            yield Unbuilt(cls.name, cls.qualname, name_place(module, segment), hint)


def _required(interp: "Interpreter", cls: Class) -> list[str]:
    """Return the parameters without a default."""
    init = cls.find("__init__")
    while isinstance(init, Function) and "__wrapped__" in init.attrs:
        init = init.attrs["__wrapped__"]
    if not isinstance(init, Function):
        return []
    try:
        interp.prepare_function(init) if not init.ready else None
    except (SyntaxProblem, PyRaise):
        return []
    code = init.code
    required = code.params[1 : len(code.params) - len(init.defaults)]
    return required + [name for name in code.kwonly if name not in init.kwdefaults]
