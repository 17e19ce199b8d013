"""A call that was followed, as Python that makes the same call."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import math
from collections.abc import Iterable

from hwlint.graph import Recipe
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import (
    Args,
    Class,
    DictValue,
    External,
    Function,
    Instance,
    Kwargs,
    ListValue,
    ModuleInstance,
    Partial,
    SetValue,
    Value,
)

__all__ = ["written_call"]

_MAX_DEPTH = 12
_MAX_LENGTH = 20_000


class _CannotWrite(Exception):
    """A value that is not known, or that is more than data."""


def written_call(callee: Value, args: Args, kwargs: Kwargs) -> Recipe | None:
    """Return how to make a call again; None where what it is given cannot be written down."""
    home = _home(callee)
    if home is None:
        return None
    try:
        parts = [_written(value, home, 0) for value in args]
        parts += [f"{name}={_written(value, home, 0)}" for name, value in _named(kwargs)]
        expression = f"{_reference(callee, home)}({', '.join(parts)})"
    except _CannotWrite:
        return None
    if len(expression) > _MAX_LENGTH:
        return None
    return Recipe(home.path, home.name, expression, tuple(home.imports.roots))


def _home(callee: Value) -> PythonModule | None:
    if isinstance(callee, Class):
        home = callee.defined_in
    else:
        home = callee.module if isinstance(callee, Function) else None
    return home if isinstance(home, PythonModule) else None


def _named(kwargs: Kwargs) -> Iterable[tuple[str, Value]]:
    for name, value in kwargs.items():
        if not name.isidentifier():
            raise _CannotWrite
        yield name, value


def _written(value: Value, home: PythonModule, depth: int) -> str:
    if depth > _MAX_DEPTH:
        raise _CannotWrite
    if value is None or value is Ellipsis or isinstance(value, bool | bytes):
        return repr(value)
    for plain in (int, str):
        if isinstance(value, plain):
            return repr(plain(value))
    if isinstance(value, float):
        number = float(value)
        return repr(number) if math.isfinite(number) else f'float("{number}")'
    if isinstance(value, tuple | ListValue | SetValue | DictValue):
        return _container(value, home, depth)
    if isinstance(value, Partial):
        parts = [_written(v, home, depth + 1) for v in (value.func, *value.args)]
        parts += [f"{n}={_written(v, home, depth + 1)}" for n, v in _named(value.kwargs)]
        return f"hwlint_partial({', '.join(parts)})"
    if isinstance(value, Instance):
        return _object(value, home, depth)
    return _reference(value, home)


def _container(
    value: "tuple[Value, ...] | ListValue | SetValue | DictValue", home: PythonModule, depth: int
) -> str:
    if getattr(value, "unknown", None) is not None:
        raise _CannotWrite
    if isinstance(value, DictValue):
        pairs = [
            f"{_written(k, home, depth + 1)}: {_written(v, home, depth + 1)}"
            for k, v in value.items()
        ]
        return f"{{{', '.join(pairs)}}}"
    items = [_written(item, home, depth + 1) for item in value]
    if isinstance(value, tuple):
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return f"[{', '.join(items)}]" if isinstance(value, ListValue) else f"set([{', '.join(items)}])"


def _object(value: Instance, home: PythonModule, depth: int) -> str:
    """Settings: an object of a class in the source that is no more than its attributes."""
    if isinstance(value, ModuleInstance) or value.payload is not None:
        raise _CannotWrite
    attributes = [
        f"{_written(name, home, depth + 1)}: {_written(item, home, depth + 1)}"
        for name, item in value.attrs.items()
    ]
    return f"hwlint_object({_reference(value.cls, home)}, {{{', '.join(attributes)}}})"


def _reference(value: Value, home: PythonModule) -> str:
    """Return a name for a class or function: its own in its file, else by way of its module."""
    if isinstance(value, External):
        return f"hwlint_name({value.name!r})"
    if isinstance(value, Class):
        return _class(value, home)
    if isinstance(value, Function):
        name, owner = value.qualname, value.module
        if "<" not in name and isinstance(owner, PythonModule):
            return _of_module(owner, name, home)
    raise _CannotWrite


def _class(cls: Class, home: PythonModule) -> str:
    if "<" in cls.qualname:
        raise _CannotWrite
    if isinstance(cls.defined_in, PythonModule):
        return _of_module(cls.defined_in, cls.qualname, home)
    if cls.spec is not None:
        return f'hwlint_name("torch.nn.{cls.name}")'
    if cls.module == "types":
        return f'hwlint_name("types.{cls.name}")'
    raise _CannotWrite


def _of_module(module: PythonModule, name: str, home: PythonModule) -> str:
    if module is home or module.path == home.path:
        return name
    return f"hwlint_name({name!r}, {module.name!r}, {module.path!r})"
