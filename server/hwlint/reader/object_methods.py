"""Object's own methods, for super() and for explicit calls."""

from typing import TYPE_CHECKING

from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    Instance,
    Kwargs,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["OBJECT_METHODS", "OF_EVERY_OBJECT"]


def _object_init_subclass(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


def _object_getattribute(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.plain_attribute(args[0], str(args[1]))


def _object_setattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if isinstance(args[0], Instance):
        interp.set_plain(args[0], str(args[1]), args[2])
    return None


def _object_delattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    args[0].attrs.pop(args[1], None)
    return None


def _object_new(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    rest = list(args)
    target: Class | None = None
    while rest and isinstance(rest[0], Class):
        target = rest.pop(0)
    return interp.allocate(target, rest) if target is not None else Unknown("__new__")


def _module_getattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.missing_attribute(args[0], str(args[1]))


OBJECT_METHODS: dict[str, Builtin] = {
    "__init_subclass__": Builtin("__init_subclass__", _object_init_subclass),
    "__getattribute__": Builtin("__getattribute__", _object_getattribute),
    "__setattr__": Builtin("__setattr__", _object_setattr),
    "__delattr__": Builtin("__delattr__", _object_delattr),
    "__new__": Builtin("__new__", _object_new),
    "__init__": Builtin("__init__", lambda i, a, k: None),
    "__post_init__": Builtin("__post_init__", lambda i, a, k: None),
    "__getattr__": Builtin("__getattr__", _module_getattr),
    "__repr__": Builtin("__repr__", lambda i, a, k: i.repr_of(a[0])),
    "__str__": Builtin("__str__", lambda i, a, k: i.repr_of(a[0])),
    "__eq__": Builtin("__eq__", lambda i, a, k: a[0] is a[1]),
    "__hash__": Builtin("__hash__", lambda i, a, k: id(a[0])),
}
OF_EVERY_OBJECT = ("__getattribute__", "__setattr__", "__delattr__", "__repr__", "__str__")
"""Those that an instance is asked for by name; the others are found by `super()` only."""
