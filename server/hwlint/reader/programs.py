"""What a program asks of whoever runs it, and how it ends."""

# A part of Interpreter, which is what `self` is.
# pyright: reportGeneralTypeIssues=false

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hwlint.reader.values import Args, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Programs"]


_SETTINGS = re.compile(r"conf|cfg|setting|option|param|experiment", re.IGNORECASE)
_MAX_FILES = 12
_MAX_LEVELS = 12


class Programs:
    """The part of the interpreter that stands for the outside world."""

    def choose(self: "Interpreter", place: str, values: Sequence[Value]) -> Value:
        """Return one of several values that a program may be run with, the usual one first."""
        if self.choices is None or len(values) == 1:
            return values[0]
        return self.choices.pick(place, values)

    def asked_for(self: "Interpreter", name: str) -> Value:
        """Return the value of an option that a program does not run without."""
        unknown = Unknown(f"{name} has to be given by whoever runs it")
        unknown.asked = True
        return unknown

    def command_line(self: "Interpreter") -> list[Value]:
        """Return sys.argv: the program and what it is run with."""
        argv = self.modelled.get("sys.argv")
        if argv is None or self.program is None:
            return [""]
        return self.iterate(argv)

    def settings_for(self: "Interpreter", path: Unknown) -> list[str]:
        """Return the files that somebody may mean who is asked for a path: the settings beside the
        program and below it, those in folders that are called so first."""
        if not path.asked or self.program is None:
            return []
        base = os.path.dirname(self.program.path) + os.sep
        near = [f for f in self.settings if f.startswith(base)] or list(self.settings)
        return sorted(near, key=lambda f: (not _SETTINGS.search(f[len(base) :]), f))[:_MAX_FILES]

    def siblings(self: "Interpreter", full: str, path: str) -> list[str]:
        """Return the settings beside a file whose name is an option of the program."""
        if self.program is None or not any(v in path for v in self.program.options if len(v) > 2):
            return []
        folder, suffix = os.path.dirname(full), os.path.splitext(full)[1]
        beside = (f for f in self.settings if os.path.dirname(f) == folder and f != full)
        return [f for f in beside if f.endswith(suffix)][:_MAX_FILES]

    def folders(self: "Interpreter") -> list[str]:
        """Return the folders that a relative path may start from, likeliest first."""
        if self.program is not None and not self.imports.executing:
            start = self.program.path
        else:
            start = self.site.place.path if self.site is not None else self.home
        found: list[str] = []
        folder = os.path.dirname(start)
        while self.is_own(folder) and len(found) < _MAX_LEVELS:
            found.append(folder)
            folder = os.path.dirname(folder)
        return found or [self.home]

    def is_own(self: "Interpreter", path: str) -> bool:
        """Say whether a path lies in the workspace."""
        return bool(self.home) and (path == self.home or path.startswith(self.home + os.sep))

    def leave(self: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        """End the program: raises PyRaise(SystemExit)."""
        raise self.error("SystemExit", "the program ends here")
