"""Classes that no way of building was found for, and the comment that would help."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from hwlint.graph import Unbuilt
from hwlint.reader.contexts.candidates import name_place
from hwlint.reader.contexts.wanted import Trials
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["unbuilt_of"]

_BUILDS = re.compile(r"\bnn\.(?!\w*Loss\b)[A-Z]\w*\(|\bParameter\(")


def unbuilt_of(
    interp: "Interpreter",
    module: PythonModule,
    built: "frozenset[tuple[str, str]] | set[tuple[str, str]]",
    begin: Callable[[], None],
) -> Iterator[Unbuilt]:
    """Yield the public module classes of a file that have layers, need arguments and are not built.
    Bases of other classes of the file come without a hint.

    `begin`: what prepares for building something.
    """
    classes = [v for v in module.frame.vars.values() if isinstance(v, Class) and v.is_module]
    trials = Trials(interp, begin)
    bases = {base for cls in classes for base in cls.mro[1:]}
    for segment in module.source.segments:
        cls = module.frame.vars.get(segment.name) if segment.kind == "class" else None
        if not isinstance(cls, Class) or cls not in classes or cls.defined_in is not module:
            continue
        if segment.name.startswith("_") or (module.path, cls.qualname) in built:
            continue
        if cls in bases:
            yield Unbuilt(cls.name, cls.qualname, name_place(module, segment), "")
            continue
        needed = trials.wanted(cls)
        if needed is not None and (needed.has_layers or _BUILDS.search(segment.text)):
            hint = f"# hwlint: build({needed.arguments})"
            place = name_place(module, segment)
            yield Unbuilt(cls.name, cls.qualname, place, hint, needed.parts)
