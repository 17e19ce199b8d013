"""Functions that try a model out: `def test(): net = Net(36); print(net(x).shape)`."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.reader.contexts.factories import requires_arguments
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class, Function

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["trials_of"]

_MAX_TRIALS = 8


def trials_of(
    interp: "Interpreter",
    module: PythonModule,
    built: "frozenset[tuple[str, str]] | set[tuple[str, str]]",
) -> Iterator[str]:
    """Yield the names of functions that need no arguments, return nothing and name a class of the
    file that nothing builds."""
    names = [
        name
        for name, value in module.frame.vars.items()
        if isinstance(value, Class) and value.is_module and value.defined_in is module
        if (module.path, value.qualname) not in built
    ]
    if not names:
        return
    named = _any_of(names)
    # A function that builds such a class once it is told how is as good as the class.
    through = [s.name for s in module.source.segments if s.kind == "def" and named.search(s.text)]
    named = _any_of([*names, *through])
    found = 0
    for segment in module.source.segments:
        if segment.kind != "def" or not named.search(segment.text):
            continue
        if not isinstance(module.frame.vars.get(segment.name), Function) or found >= _MAX_TRIALS:
            continue
        if not requires_arguments(segment) and not re.search(r"\breturn\b", segment.text):
            found += 1
            yield segment.name


def _any_of(names: list[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
