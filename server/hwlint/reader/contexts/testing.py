"""Calling a test as pytest and unittest do: with its parameters and its fixtures."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import itertools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.reader.imports import PythonModule
from hwlint.reader.library.pytest_marks import FIXTURE, PARAMETERS
from hwlint.reader.values import (
    BoundMethod,
    Class,
    Function,
    Instance,
    IteratorValue,
    PyRaise,
    Unknown,
    Value,
)
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["call_test"]

_MAX_ROWS = 24
_MAX_DEPTH = 5
_MAX_METHODS = 40


def call_test(interp: "Interpreter", module: PythonModule, target: Value) -> None:
    """Run a function, or the tests of a class. What one test raises ends that test only."""
    if isinstance(target, Class):
        names = [n for c in target.mro for n in c.attrs if n.startswith("test")]
        for name in list(dict.fromkeys(names))[:_MAX_METHODS]:
            _attempt(interp, module, target, name)
        return
    _call(interp, module, target, target)


def _attempt(interp: "Interpreter", module: PythonModule, cls: Class, name: str) -> None:
    try:
        made = interp.call(cls, [], {})
        for setup in ("setUp", "setup_method"):
            if cls.find(setup) is not None:
                interp.call(interp.getattr(made, setup), [], {})
        _call(interp, module, interp.getattr(made, name), cls)
    except PyRaise:
        return


def _call(interp: "Interpreter", module: PythonModule, target: Value, marked: Value) -> None:
    function = target.func if isinstance(target, BoundMethod) else target
    if not isinstance(function, Function):
        return
    try:
        interp.prepare_function(function) if not function.ready else None
    except SyntaxProblem:
        return
    for row in itertools.islice(_rows(function, marked), _MAX_ROWS):
        try:
            names = _needed(function, isinstance(target, BoundMethod))
            fixtures = {n: _fixture(interp, module, n, 0) for n in names if n not in row}
            interp.call(target, [], {**fixtures, **row})
        except PyRaise:
            continue


def _needed(function: Function, bound: bool) -> list[str]:
    code = function.code
    return code.params[bound : len(code.params) - len(function.defaults)]


def _rows(function: Function, marked: Value) -> Iterator[dict[str, Value]]:
    """Yield the arguments of each run."""
    marks = [*function.attrs.get(PARAMETERS, ())]
    if isinstance(marked, Class):
        marks += marked.attrs.get(PARAMETERS, ())
    for chosen in itertools.product(*[rows for _, rows in marks]):
        made: dict[str, Value] = {}
        for (names, _), row in zip(marks, chosen, strict=True):
            listed = isinstance(row, list | tuple)
            values = list(row) if listed and (len(names) > 1 or len(row) == 1) else [row]
            if len(names) == 1 and not isinstance(row, tuple):
                values = [row]
            made.update(zip(names, values, strict=False))
        yield made


def _fixture(interp: "Interpreter", module: PythonModule, name: str, depth: int) -> Value:
    """Return what a fixture of the file or of a conftest.py above it gives."""
    found = _find_fixture(interp, module, name)
    if found is None or depth > _MAX_DEPTH:
        return Unknown(f"the fixture {name}")
    interp.prepare_function(found) if not found.ready else None
    values: dict[str, Value] = {}
    for needed in _needed(found, bound=False):
        if needed == "request":
            rows = found.attrs[FIXTURE]
            values[needed] = _request(interp, rows[0] if rows else Unknown("request.param"))
        else:
            values[needed] = _fixture(interp, module, needed, depth + 1)
    made = interp.call(found, [], values)
    if isinstance(made, IteratorValue):
        return made.items[0] if made.items else None
    return made


def _request(interp: "Interpreter", param: Value) -> Value:
    from hwlint.reader import builtin_classes as core

    made = Instance(core.OBJECT, interp.clock)
    made.attrs["param"] = param
    return made


def _find_fixture(interp: "Interpreter", module: PythonModule, name: str) -> Function | None:
    found = module.frame.vars.get(name)
    folder = os.path.dirname(module.path)
    while not _is_fixture(found) and interp.is_own(folder):
        path = os.path.join(folder, "conftest.py")
        folder = os.path.dirname(folder)
        if interp.imports.is_file(path):
            conftest = interp.imports.load_path(path, interp.imports.module_name(path))
            if conftest is not None:
                conftest.ensure()
                interp.cells.add((path, ""))
                found = conftest.frame.vars.get(name)
    return found if _is_fixture(found) else None


def _is_fixture(value: Value) -> bool:
    return isinstance(value, Function) and FIXTURE in value.attrs
