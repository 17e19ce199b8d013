"""Whether the defaults of a factory are a way in which anybody builds its model."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import contextlib
import hashlib
from collections.abc import Iterator

from hwlint.graph import ModelGraph
from hwlint.reader.budget import Exhausted
from hwlint.reader.contexts.scripts import Built
from hwlint.reader.library.modules import named_modules
from hwlint.reader.spoken import spoken_value
from hwlint.reader.values import ModuleInstance

__all__ = ["Usual", "built_forms", "classes_in"]

_MAX_FORMS = 200


def classes_in(model: Built) -> set[tuple[str, str]]:
    """Return (path, qualified name) of every class in a model that stands in a source file."""
    found = (m.cls for m in _modules(model.model))
    return {(c.place.path, c.qualname) for c in found if c.place is not None}


def built_forms(model: Built) -> Iterator[tuple[str, str]]:
    """Yield a mark for the form in which each class of a model is built by a program."""
    for module in _modules(model.model)[:_MAX_FORMS]:
        place = module.cls.place
        if place is not None:
            yield place.path, f"{module.cls.qualname}{_MARK}{_form(module)}"


_MARK = " in the form "


class Usual:
    """Sorts the factories of one file. Where a program builds a class through one of them and never
    gets what any of them gives by default, nobody uses their defaults."""

    def __init__(self, built: frozenset[tuple[str, str]]) -> None:
        self._forms: dict[tuple[str, str], set[str]] = {}
        for path, text in built:
            name, mark, form = text.partition(_MARK)
            if mark:
                self._forms.setdefault((path, name), set()).add(form)
        self._waiting: dict[tuple[str, str], list[ModelGraph]] = {}
        self._confirmed: set[tuple[str, str]] = set()

    def waits(self, graph: ModelGraph, model: ModuleInstance | None) -> bool:
        """Say whether it depends on the others whether this factory counts."""
        place = model.cls.place if model is not None else None
        if model is None or place is None:
            return False
        own = (place.path, model.cls.qualname)
        if own not in self._forms:
            return False
        if _form(model) in self._forms[own]:
            self._confirmed.add(own)
        self._waiting.setdefault(own, []).append(graph)
        return True

    def confirmed(self) -> Iterator[ModelGraph]:
        """Yield the graphs that waited and count."""
        for own, graphs in self._waiting.items():
            if own in self._confirmed:
                yield from graphs


def _modules(model: ModuleInstance | None) -> list[ModuleInstance]:
    if model is None:
        return []
    with contextlib.suppress(Exhausted):
        return [module for _, module in named_modules(model)]
    return []


def _form(model: ModuleInstance) -> str:
    """Return a digest of the layers of a module, in order."""
    made = hashlib.blake2b(digest_size=12)
    for module in _modules(model):
        record = module.layer
        if record is not None:
            values = ",".join(f"{k}={spoken_value(v)}" for k, v in record.values.items())
            made.update(f"{record.spec.op}({values})\n".encode("utf-8", "replace"))
    return made.hexdigest()
