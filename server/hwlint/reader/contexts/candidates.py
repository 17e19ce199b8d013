"""What may build a model, and what is said of it."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hwlint.graph import EntryPoint
from hwlint.reader.forward.inputs import InputSpec
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import Class, DictValue, ListValue, Value
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "Arguments",
    "Candidate",
    "described",
    "is_listed",
    "is_public",
    "is_superseded",
    "name_place",
    "package_of",
]


Arguments = Callable[[], tuple[list[Value], dict[str, Value]]]
"""Computes what a call is given; raises PyRaise, Exhausted."""


class Candidate:
    """Something that may build a model: how to call it, and what to call it."""

    __slots__ = ("args", "arguments", "callee", "cls", "entry", "inputs", "kwargs", "written")

    def __init__(
        self,
        entry: EntryPoint,
        callee: Value,
        arguments: list[tuple[str, Class]] | None = None,
        cls: Class | None = None,
        given: tuple[Sequence[object], Mapping[str, object]] = ((), {}),
        inputs: Sequence[InputSpec] = (),
        written: Arguments | None = None,
    ) -> None:
        self.written = written
        """Computes the arguments where they are expressions."""
        self.inputs = inputs
        """What the model is called with, where that is asked for."""
        self.args = [_value(v) for v in given[0]]
        self.kwargs = {k: _value(v) for k, v in given[1].items()}
        self.entry = entry
        self.callee = callee
        self.arguments = arguments or []
        self.cls = cls


def _value(given: object) -> Value:
    """Turn a literal of a comment or a configuration file into a value of the interpreter."""
    if isinstance(given, list):
        return ListValue([_value(v) for v in given])
    if isinstance(given, dict):
        return DictValue({k: _value(v) for k, v in given.items()})
    return tuple([_value(v) for v in given]) if isinstance(given, tuple) else given


def package_of(module: PythonModule) -> str:
    """Return the top-level package or module that a module belongs to."""
    return module.name.partition(".")[0]


def name_place(module: PythonModule, segment: Any) -> Place:
    """Return where the name of a `def` or `class` stands."""
    header = segment.text.find(segment.name)
    line = segment.text.count("\n", 0, header)
    col = header - (segment.text.rfind("\n", 0, header) + 1)
    return Place(
        module.path, segment.line + line, col, segment.line + line, col + len(segment.name)
    )


def is_public(module: PythonModule, name: str) -> bool:
    """Say whether a module offers a name: by __all__, else by its spelling."""
    listed = module.frame.vars.get("__all__")
    if isinstance(listed, list | tuple) and listed:
        return name in listed
    return not name.startswith("_")


def is_listed(module: PythonModule, name: str) -> bool:
    """Say whether a name is in __all__."""
    listed = module.frame.vars.get("__all__")
    return isinstance(listed, list | tuple) and name in listed


def is_superseded(interp: "Interpreter", module: PythonModule, cls: Class) -> bool:
    """Say whether the package offers another class under this one's name: then nobody who uses the
    package gets this one (transformers' modular files, from which the real ones are generated)."""
    named = module.package and not module.is_package
    package = interp.imports.find(module.package) if named else None
    if not isinstance(package, PythonModule):
        return False
    package.ensure()
    if not package.stars or not package.may_define(cls.name):
        return False
    other = interp.find_attribute(package, cls.name)
    return isinstance(other, Class) and other is not cls and other.defined_in is not module


def described(args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    """Return arguments in words."""
    parts = [*map(repr, args), *[f"{k}={v!r}" for k, v in kwargs.items()]]
    return ", ".join(parts) or "defaults"
