"""What a program builds while it is followed: every module that no other module builds."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import TYPE_CHECKING

from hwlint.reader.budget import Exhausted
from hwlint.reader.compile_expressions import Site
from hwlint.reader.spoken import spoken_value
from hwlint.reader.values import (
    Args,
    Class,
    Kwargs,
    LayerRecord,
    ModuleInstance,
    PyRaise,
    Unknown,
    Value,
)
from hwlint.reader.written import written_call
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Root", "Roots"]

_MAX_FORWARDS = 4
"""Calls of models that are followed in one program."""
_MAX_ROOTS = 200
"""Models that one program may build; what it builds beyond that is not kept."""


class Root:
    """One call that builds a module, and what came of it."""

    __slots__ = (
        "args", "cls", "constructed", "direct", "kwargs", "model", "notes", "problem", "recipe",
        "site", "spoken", "spoken_by_name",
    )  # fmt: skip

    def __init__(self, cls: Class, given: tuple[Args, Kwargs], sites: list[Site | None]) -> None:
        self.cls = cls
        self.args, self.kwargs = given
        self.direct, self.site = sites
        # Said before it is built: a constructor may change the list that it is given.
        self.spoken = [spoken_value(v) for v in self.args]
        self.spoken_by_name = {name: spoken_value(v) for name, v in self.kwargs.items()}
        self.recipe = written_call(cls, *given)
        self.model: ModuleInstance | None = None
        self.problem: tuple[Place | None, str] | None = None
        self.constructed: dict[LayerRecord, None] = {}
        self.notes: dict[tuple[Place | None, str], Unknown] = {}


class Roots:
    """Stands beside the interpreter while a program of the workspace is followed."""

    def __init__(self, interp: "Interpreter", path: str) -> None:
        """Begin with nothing. `path`: the file of the program."""
        self.interp = interp
        self.path = path
        self.found: list[Root] = []
        self._forwards = 0
        self.options: set[str] = set()
        """Texts that options have where nothing is given for them."""
        self.imported: set[str] = set()
        """Files of the workspace that it imports."""
        self.settings_folder = ""
        """Where hydra was told to look."""

    def construct(self, cls: Class, args: Args, kwargs: Kwargs) -> Value:
        """Build a module that is not part of another one and keep it; raises as its class does."""
        interp = self.interp
        root = Root(cls, (args, kwargs), [interp.site, self._site()])
        outer = interp.constructed, interp.notes
        interp.constructed, interp.notes = root.constructed, root.notes
        interp.roots = None
        try:
            made = interp.construct(cls, args, kwargs)
        except PyRaise as problem:
            root.problem = (problem.place, problem.text())
            raise
        except Exhausted as stop:
            root.problem = (None, stop.reason)
            raise
        finally:
            interp.roots = self
            interp.constructed, interp.notes = outer
            interp.constructed.update(root.constructed)
            if len(self.found) < _MAX_ROOTS:
                self.found.append(root)
        root.model = made if isinstance(made, ModuleInstance) else None
        return made

    def follows_forward(self) -> bool:
        """Say whether one more call of a model is followed. A program may read a width off what a
        model returns; what it does over and over is training, and builds nothing."""
        self._forwards += 1
        return self._forwards <= _MAX_FORWARDS

    def _site(self) -> Site | None:
        """Return the innermost call that stands in the program's own file."""
        outer = (frame.site for frame in reversed(self.interp.callers))
        for site in (self.interp.site, *outer):
            if site is not None and site.place.path == self.path:
                return site
        return self.interp.site
