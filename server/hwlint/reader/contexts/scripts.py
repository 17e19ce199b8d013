"""Programs: what a file does when Python runs it as `__main__`."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import ast
import contextlib
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hwlint.graph import EntryPoint, Missing
from hwlint.reader.budget import Exhausted
from hwlint.reader.choices import Choices
from hwlint.reader.contexts.candidates import package_of
from hwlint.reader.contexts.spoken import spoken_call
from hwlint.reader.contexts.testing import call_test
from hwlint.reader.frame import Frame
from hwlint.reader.imports import PythonModule
from hwlint.reader.joins import World
from hwlint.reader.library.containers import CONTAINERS
from hwlint.reader.library.modules import named_modules
from hwlint.reader.plain_values import NEVER_OLD
from hwlint.reader.roots import Root, Roots
from hwlint.reader.values import Class, Function, LayerRecord, ModuleInstance, PyRaise
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Built", "follow", "is_program"]


class Built:
    """One model that a program builds: its entry point, the model and what is not known of it."""

    __slots__ = ("constructed", "entry", "missing", "model", "notes")

    def __init__(self, root: Root, entry: EntryPoint, constructed: dict[LayerRecord, None]) -> None:
        self.entry = entry
        self.model = root.model
        self.constructed = constructed
        self.notes = root.notes
        self.missing: list[Missing] = []
        if root.problem is not None:
            self.missing.append(Missing(root.problem[0] or entry.place, root.problem[1]))

    def key(self) -> object:
        """Return what two calls that build the same in one run have in common."""
        return (self.entry.name, self.entry.place, self.entry.built_with)


def is_program(module: PythonModule) -> bool:
    """Say whether running a file may build models that importing it does not show: it asks whether
    it is `__main__`, importing it builds modules, or it cannot be imported to its end."""
    if module.constructed or ("__main__" in module.source.text and not _only_tests(module)):
        return True
    return module.problem is not None or module.exhausted


_SELF_TEST = re.compile(r"_*(?:test|demo|debug|check|try)", re.IGNORECASE)


def _only_tests(module: PythonModule) -> bool:
    """Say whether a file, when it is run, does nothing but try itself out. That is no way in which
    its models are used; see `trials`."""
    for segment in module.source.segments:
        if "__main__" not in segment.text or segment.kind in ("def", "class"):
            continue
        try:
            statements = segment.parse()
        except SyntaxProblem:
            return False
        for node in statements:
            body = node.body if isinstance(node, ast.If) else [node]
            if not all(_is_self_test(statement) for statement in body):
                return False
    return True


def _is_self_test(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return False
    return isinstance(call.func, ast.Name) and _SELF_TEST.match(call.func.id) is not None


def follow(
    interp: "Interpreter", module: PythonModule, choices: Choices, base: str
) -> Iterator[Built]:
    """Run a file as `__main__` and yield the models that it builds. Never raises.

    `base`: the folder from which files are named in what is said of an entry point.
    """
    roots = Roots(interp, module.path)
    program = _as_main(interp, module)
    world = interp.memo.world = World(interp.clock)
    # What a program changes may be read as a global by what it builds next.
    interp.memo.entry_stamp = interp.memo.stamp = NEVER_OLD
    interp.roots, interp.program, interp.choices = roots, roots, choices
    interp.modelled["sys.argv"] = interp.make_list([module.path, *choices.words])
    try:
        with contextlib.suppress(Exhausted, RecursionError, PyRaise):
            _run(interp, program, choices.function)
        interp.roots, interp.program, interp.choices = None, None, None
        interp.callers.clear()
        # Whoever looks at a model finds the world as the program left it.
        yield from _kept(module, roots.found, base)
    finally:
        interp.roots, interp.program, interp.choices = None, None, None
        interp.memo.world = None
        del interp.modelled["sys.argv"]
        world.put_back()
        interp.callers.clear()
        interp.memo.recordings.clear()


def _run(interp: "Interpreter", program: PythonModule, function: str) -> None:
    if function:
        program.frame.vars["__name__"] = program.name
    program.run()
    if function:
        called = interp.getattr(program, function)
        if isinstance(called, Function | Class):
            call_test(interp, program, called)
        else:
            interp.call(called, [], {})  # a command of click or typer


def _as_main(interp: "Interpreter", module: PythonModule) -> PythonModule:
    made = PythonModule(interp.imports, module.name, module.path, module.source)
    made.frame = Frame(interp, made, None)
    made.frame.stamp = 0
    made.frame.vars.update(module.given)
    made.frame.vars["__name__"] = "__main__"
    return made


def _kept(module: PythonModule, found: list[Root], base: str) -> Iterator[Built]:
    """Leave out what is part of something larger, and what has no parameters of its own."""
    owned = {id(m): root for root in found if _is_model(root) for m in _below(root.model)}
    seen: set[object] = set()
    for root in found:
        if not _is_model(root) or id(root.model) in owned:
            continue
        inside = [other for other in found if owned.get(id(other.model)) is root]
        built = Built(root, _entry(module, root, base), _constructed(root, inside))
        if built.key() not in seen:
            seen.add(built.key())
            yield built


def _is_model(root: Root) -> bool:
    """A class of somebody's own, a container, or a layer with parameters; no loss, no wrapper."""
    if root.cls.defined_in is not None or root.cls in CONTAINERS.values():
        return True
    return any(record.spec.parameters and _has_weights(root.model) for record in root.constructed)


def _has_weights(model: ModuleInstance | None) -> bool:
    return model is not None and model.layer is not None and bool(model.parameters)


def _below(model: ModuleInstance | None) -> list[ModuleInstance]:
    if model is None:
        return []
    with contextlib.suppress(Exhausted):
        return [m for _, m in named_modules(model) if m is not model]
    return []


def _constructed(root: Root, inside: list[Root]) -> dict[LayerRecord, None]:
    """What its constructor built, what was given to it, and what was put into it later."""
    made = dict(root.constructed)
    for other in inside:
        made.update(other.constructed)
    for module in _below(root.model):
        if module.layer is not None and not module.layer.inner:
            made[module.layer] = None
    return made


def _entry(module: PythonModule, root: Root, base: str) -> EntryPoint:
    assert root.site is not None
    said = spoken_call(root)
    place = root.site.place
    where = f"{_short(place.path, base)}:{place.line + 1}"
    built = f"{where} with {said}" if said else where
    package = package_of(module)
    return EntryPoint(root.cls.name, "call", place, module.path, package, built, root.recipe)


def _short(path: str, base: str) -> str:
    below = path.startswith(base + os.sep)
    return path[len(base) + 1 :].replace(os.sep, "/") if below else os.path.basename(path)
