"""Attributes of functions, methods, partials, properties and classes themselves."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    Function,
    Instance,
    Partial,
    PropertyValue,
    StaticMethod,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["CLASS_SPECIAL", "MISSING", "SPECIAL", "CodeValue", "copy_function", "register_special"]


MISSING = object()


_FUNCTION_CONSTANTS: dict[str, Value] = {
    "__defaults__": None,
    "__kwdefaults__": None,
    "__closure__": None,
    "__doc__": "",  # what decorators do with documentation builds nothing
}


def is_data_descriptor(raw: Value) -> bool:
    """Say whether a class attribute takes what is assigned to it, ahead of the object's own."""
    return isinstance(raw, Instance) and raw.cls.find("__set__") is not None


def _function_attribute(interp: "Interpreter", value: Function, name: str) -> Value:
    if name in value.attrs:
        return value.attrs[name]
    if name in ("__name__", "__qualname__"):
        return getattr(value, name.strip("_"))
    if name == "__module__":
        return value.module.name
    if name == "__globals__":
        return value.module.namespace()
    if name in _FUNCTION_CONSTANTS:
        return _FUNCTION_CONSTANTS[name]
    if name == "__call__":
        return value
    if name == "__get__":
        return Builtin(
            "__get__", lambda i, a, k: i.bind(value, a[0]) if a[0] is not None else value
        )
    if name in ("__dict__", "__annotations__"):
        return DictValue(value.attrs, interp.clock)
    if name == "__code__":
        return CodeValue(value)
    return MISSING


class CodeValue:
    """The `__code__` of a function."""

    __slots__ = ("function",)

    def __init__(self, function: Function) -> None:
        self.function = function


def _code_attribute(interp: "Interpreter", value: CodeValue, name: str) -> Value:
    if name == "co_name":
        return value.function.name
    if name == "co_varnames":
        return tuple(value.function.code.params)
    return Unknown(f"code.{name}")


def copy_function(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    """types.FunctionType(f.__code__, ...): a copy of the function."""
    if not args or not isinstance(args[0], CodeValue):
        return Unknown("a function made from code")
    func = args[0].function
    made = Function(func.code, func.closure, func.module, interp.clock)
    for name in ("def_frame", "defaults", "kwdefaults", "name", "qualname", "owner", "ready"):
        setattr(made, name, getattr(func, name))
    made.attrs = dict(func.attrs)
    return made


core.MAKERS[core.FUNCTION_TYPE] = copy_function


def _method_attribute(interp: "Interpreter", value: BoundMethod, name: str) -> Value:
    if name == "__self__":
        return value.self_value
    if name == "__func__":
        return value.func
    return interp.getattr(value.func, name)


def _builtin_attribute(interp: "Interpreter", value: Builtin, name: str) -> Value:
    if name in ("__name__", "__qualname__"):
        return value.name.rsplit(".", 1)[-1]
    if name == "__module__":
        return value.name.rsplit(".", 1)[0]
    if name == "__doc__":
        return _FUNCTION_CONSTANTS[name]
    if name in ("__defaults__", "__kwdefaults__", "__annotations__"):
        return Unknown(f"{value.name}.{name}")  # its signature is known, not how it is written
    return MISSING


def _partial_attribute(interp: "Interpreter", value: Partial, name: str) -> Value:
    if name == "func":
        return value.func
    if name == "args":
        return tuple(value.args)
    if name == "keywords":
        return DictValue(value.kwargs, interp.clock)
    return MISSING


def _property_attribute(interp: "Interpreter", value: PropertyValue, name: str) -> Value:
    if name == "__set__":
        return Builtin(name, lambda i, a, k: i.call(value.fset, a[:2], {}))
    if name == "__get__":
        return Builtin(name, lambda i, a, k: i.call(value.fget, a[:1], {}))
    if name in ("fget", "fset", "fdel"):
        return getattr(value, name)
    if name in ("setter", "getter", "deleter"):
        return Builtin(name, lambda i, a, k: _property_with(value, name, a[0]))
    return MISSING


def _property_with(value: PropertyValue, name: str, func: Value) -> Value:
    made = PropertyValue(value.fget, value.fset, value.fdel)
    made.instance = value.instance
    setattr(made, {"setter": "fset", "getter": "fget", "deleter": "fdel"}[name], func)
    return made


def _wrapped(interp: "Interpreter", value: Any, name: str) -> Value:
    return value.func if name == "__func__" else interp.getattr(value.func, name)


SPECIAL: dict[type, Any] = {
    Function: _function_attribute,
    BoundMethod: _method_attribute,
    Builtin: _builtin_attribute,
    Partial: _partial_attribute,
    PropertyValue: _property_attribute,
    StaticMethod: _wrapped,
    ClassMethod: _wrapped,
    CodeValue: _code_attribute,
}


def register_special(kind: type, handler: Any) -> None:
    """Let another module answer the attributes of a kind of value."""
    SPECIAL[kind] = handler


def _class_dict(interp: "Interpreter", value: Class) -> Value:
    return DictValue(value.attrs, interp.clock)


CLASS_SPECIAL: dict[str, Callable[["Interpreter", Class], Value]] = {
    "__name__": lambda i, c: c.name,
    "__qualname__": lambda i, c: c.qualname,
    "__module__": lambda i, c: c.module,
    "__mro__": lambda i, c: c.mro,
    "__bases__": lambda i, c: c.bases,
    "__base__": lambda i, c: c.bases[0] if c.bases else None,
    "__class__": lambda i, c: c.metaclass or core.TYPE,
    "__doc__": lambda i, c: "",
    "__annotations__": lambda i, c: i.make_dict(),
    "__dict__": _class_dict,
    "mro": lambda i, c: Builtin("mro", lambda i2, a, k: i2.make_list(c.mro)),
    "__subclasses__": lambda i, c: Builtin(
        "__subclasses__", lambda i2, a, k: Unknown("what derives from a class")
    ),
}
