"""How a program is started: as documents show it, as an installed command, or plainly."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.reader.choices import Choices
from hwlint.reader.imports import PythonModule
from hwlint.source.commands import Command, read_commands
from hwlint.source.literals import LiteralProblem, plain, read_text, read_toml

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Runs"]

_MAX_SHOWN = 8
"""Command lines of one program that are followed."""


class Runs:
    """What the documents and settings of a workspace say of starting its programs."""

    def __init__(self, documents: tuple[str, ...], settings: tuple[str, ...]) -> None:
        self._documents = documents
        self._projects = [s for s in settings if os.path.basename(s) == "pyproject.toml"]
        self._commands: list[tuple[str, Command]] | None = None
        self._functions: dict[str, dict[str, str]] | None = None

    def of(self, interp: "Interpreter", module: PythonModule, *, plainly: bool) -> list[Choices]:
        """Return the runs of one file. `plainly`: also with nothing on its command line."""
        runs = [Choices()] if plainly else []
        for path, command in self._shown():
            if _means(command, path, module):
                interp.cells.add((path, ""))
                runs.append(Choices(command.words))
        for name, function in self._installed().get(module.name, {}).items():
            runs.append(Choices(function=function))
            shown = [c for _, c in self._shown() if c.target == name]
            runs += [Choices(command.words, function=function) for command in shown]
        distinct = {(run.words, run.function): run for run in reversed(runs)}
        return list(reversed(distinct.values()))[: _MAX_SHOWN + 1]

    def _shown(self) -> list[tuple[str, Command]]:
        if self._commands is None:
            self._commands = list(self._read())
        return self._commands

    def _read(self) -> Iterator[tuple[str, Command]]:
        for path in self._documents:
            try:
                text = read_text(path)
            except LiteralProblem:
                continue
            names = [name for found in self._installed().values() for name in found]
            yield from ((path, command) for command in read_commands(text, names))

    def _installed(self) -> dict[str, dict[str, str]]:
        """Functions that `[project.scripts]` makes commands, by module and name of the command."""
        if self._functions is None:
            self._functions = {}
            for path in self._projects:
                for name, target in _scripts(path).items():
                    module, colon, function = target.partition(":")
                    if colon and function.isidentifier():
                        self._functions.setdefault(module, {})[name] = function
        return self._functions


def _means(command: Command, document: str, module: PythonModule) -> bool:
    """Say whether a command starts a file: a document is written for the folder that it is in or
    for one above it."""
    target = command.target
    if not target.endswith(".py"):
        return target in (module.name, module.name.removesuffix(".__main__"))
    folder = os.path.dirname(document)
    while folder:
        if os.path.normpath(os.path.join(folder, target)) == module.path:
            return True
        above = os.path.dirname(folder)
        folder = above if above != folder else ""
    return False


def _scripts(path: str) -> dict[str, str]:
    try:
        found = plain(read_toml(path, read_text(path)))
    except LiteralProblem:
        return {}
    scripts = found.get("project", {}).get("scripts", {})
    return {name: target for name, target in scripts.items() if isinstance(target, str)}
