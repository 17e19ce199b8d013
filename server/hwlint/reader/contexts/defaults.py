"""Module classes that can be built from nothing."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.graph import EntryPoint
from hwlint.reader.contexts.candidates import Candidate, is_superseded, name_place, package_of
from hwlint.reader.imports import PythonModule
from hwlint.reader.signatures import annotated_class, initialiser, required_names
from hwlint.reader.values import Class, Function

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["classes_of"]


def classes_of(
    interp: "Interpreter", module: PythonModule, only: str | None = None
) -> Iterator[Candidate]:
    """Yield the module classes of a file that can be built from nothing, or from a configuration
    object that their annotation names and that can be built from nothing: all, or those of a
    name."""
    for segment in module.source.segments:
        if segment.kind != "class":
            continue
        cls = module.frame.vars.get(segment.name)
        if not isinstance(cls, Class) or not cls.is_module or cls.defined_in is not module:
            continue
        if only is not None and cls.name != only:
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
    init = initialiser(interp, cls)
    if init is None:
        own = isinstance(cls.find("__init__"), Function)
        return [] if cls.spec is None and cls.find("__init__") is not None and not own else None
    found: list[tuple[str, Class]] = []
    for name in required_names(init):
        config = annotated_class(interp, cls, init, name)
        if config is None:
            return None
        found.append((name, config))
    return found
