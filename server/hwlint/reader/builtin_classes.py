"""Python's built-in classes as values, and how they are built."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader.provenance import derive, trace_of
from hwlint.reader.values import (
    Args,
    BoundMethod,
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    External,
    Function,
    Instance,
    IteratorValue,
    Kwargs,
    ListValue,
    Partial,
    PropertyValue,
    SetValue,
    StaticMethod,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["BUILTINS", "MAKERS", "OBJECT", "TYPE", "class_of", "give_payload", "linearise", "make"]

Maker = Callable[["Interpreter", Args, Kwargs], Value]

BUILTINS: dict[str, Class] = {}
"""By Python's own name: int, list, ValueError, ..."""
MAKERS: dict[Class, Maker] = {}
"""How a call of a built-in class is answered."""


def linearise(cls: Class) -> tuple[Class, ...]:
    """Return the C3 linearisation, or a depth-first one where C3 has no answer."""
    if not cls.bases:
        return (cls,)
    queues = [list(b.mro) for b in cls.bases] + [list(cls.bases)]
    out = [cls]
    while any(queues):
        for queue in queues:
            if queue and not any(queue[0] in other[1:] for other in queues):
                head = queue[0]
                break
        else:
            return _depth_first(cls)
        out.append(head)
        for queue in queues:
            if queue and queue[0] is head:
                del queue[0]
    return tuple(out)


def _depth_first(cls: Class) -> tuple[Class, ...]:
    out: dict[Class, None] = {cls: None}
    for base in cls.bases:
        for item in base.mro:
            out.pop(item, None)
            out[item] = None
    return tuple(out)


def make(
    name: str,
    *bases: Class,
    native: type | None = None,
    module: str = "builtins",
    partial: bool = False,
) -> Class:
    """Return a new library class, with `native` taken over from its bases."""
    made = Class(name, bases or (OBJECT,), {})
    made.native = native or next((b.native for b in bases if b.native), None)
    made.module = module
    made.partial = partial
    made.is_module = any(b.is_module for b in bases)
    made.metaclass = next((b.metaclass for b in bases if b.metaclass is not None), None)
    made.mro = linearise(made)
    return made


OBJECT = Class("object", (), {})
TYPE = make("type")
BUILTINS["object"] = OBJECT
BUILTINS["type"] = TYPE
for _name, _native in {
    "int": int, "float": float, "complex": complex, "str": str, "bytes": bytes,
    "bytearray": bytearray, "list": list, "dict": dict, "tuple": tuple, "set": set,
    "frozenset": frozenset, "range": range, "slice": slice,
}.items():  # fmt: skip
    BUILTINS[_name] = make(_name, native=_native)
BUILTINS["bool"] = make("bool", BUILTINS["int"], native=bool)
BUILTINS["property"] = make("property")
BUILTINS["staticmethod"] = make("staticmethod")
BUILTINS["classmethod"] = make("classmethod")
NONE_TYPE = make("NoneType")
FUNCTION_TYPE = make("function")
METHOD_TYPE = make("method")
BUILTIN_TYPE = make("builtin_function_or_method")
ITERATOR_TYPE = make("generator")
PARTIAL_TYPE = make("partial", module="functools")
ELLIPSIS_TYPE = make("ellipsis")
TENSOR = make("Tensor", module="torch")
PARAMETER = make("Parameter", TENSOR, module="torch.nn.parameter")
NDARRAY = make("ndarray", module="numpy")
MODULE_TYPE = make("module")


def _exceptions() -> None:
    def add(kind: type) -> Class:
        if kind.__name__ in BUILTINS:
            return BUILTINS[kind.__name__]
        bases = [add(b) for b in kind.__bases__ if b is not object]
        made = make(kind.__name__, *bases)
        BUILTINS[kind.__name__] = made
        return made

    for name in dir(builtins):
        kind = getattr(builtins, name)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            BUILTINS[kind.__name__] = add(kind)
            BUILTINS.setdefault(name, BUILTINS[kind.__name__])


_exceptions()


def _init_exception(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    args[0].attrs["args"] = tuple(args[1:])


BUILTINS["BaseException"].attrs.update(
    {
        "__init__": Builtin("__init__", _init_exception),
        "__cause__": None,
        "__context__": None,
        "__traceback__": Unknown("a traceback"),
        "with_traceback": Builtin("with_traceback", lambda i, a, k: a[0]),
    }
)

_BY_TYPE: dict[type, Class] = {
    type(None): NONE_TYPE, bool: BUILTINS["bool"], ListValue: BUILTINS["list"],
    DictValue: BUILTINS["dict"], SetValue: BUILTINS["set"], Class: TYPE, Function: FUNCTION_TYPE,
    BoundMethod: METHOD_TYPE, Builtin: BUILTIN_TYPE, IteratorValue: ITERATOR_TYPE,
    Partial: PARTIAL_TYPE, PropertyValue: BUILTINS["property"], type(...): ELLIPSIS_TYPE,
    StaticMethod: BUILTINS["staticmethod"], ClassMethod: BUILTINS["classmethod"],
}  # fmt: skip


def class_of(value: Value) -> Class | None:
    """Return the class of a value, None where it is not known."""
    if isinstance(value, Instance):
        return value.cls
    found = _BY_TYPE.get(type(value))
    if found is not None:
        return value.metaclass or TYPE if found is TYPE else found
    if isinstance(value, Tensor):
        if value.kind == "ndarray":
            return NDARRAY
        return PARAMETER if value.kind == "parameter" else TENSOR
    if isinstance(value, Unknown | External):
        return None
    for native in (int, float, str, bytes, tuple, frozenset, range, slice, complex, bytearray):
        if isinstance(value, native):
            return BUILTINS[native.__name__]
    return MODULE_TYPE


# --- making built-in objects --------------------------------------------------------------------


def give_payload(interp: "Interpreter", made: Instance, args: list[Value]) -> None:
    """Give an instance of a subclass of a built-in class its native value."""
    native = made.cls.native
    if native is None:
        return
    if native is dict:
        made.payload = DictValue((), interp.clock)
        made.payload.factory = None
    elif native is list:
        made.payload = ListValue((), interp.clock)
    elif native is set:
        made.payload = SetValue((), interp.clock)
    else:
        base = next(c for c in made.cls.mro if c in MAKERS)
        made.payload = MAKERS[base](interp, args, {})


def _int(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if not args:
        return 0
    value = args[0].payload if isinstance(args[0], Instance) else args[0]
    if isinstance(value, Tensor):
        value = interp.tensor_scalar(value)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Instance | External) or value is None:
        method = value.cls.find("__int__") if isinstance(value, Instance) else None
        if method is not None:
            return interp.call(method, [value], {})
        raise interp.error("TypeError", "int() argument must be a string or a real number")
    return _number(interp, int, value, [*args[1:], *kwargs.values()])


def _number(interp: "Interpreter", native: Any, value: Any, more: list[Value]) -> Value:
    if isinstance(value, str) and len(value) > 300:
        return Unknown("number too long")
    try:
        made = native(value, *more)
    except (ValueError, TypeError, OverflowError) as problem:
        raise interp.native_error(problem) from None
    return derive(native.__name__, made, value) if trace_of(value) is not None else made


def _float(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if not args:
        return 0.0
    value = args[0].payload if isinstance(args[0], Instance) else args[0]
    if isinstance(value, Tensor):
        value = interp.tensor_scalar(value)
    return value if isinstance(value, Unknown) else _number(interp, float, value, [])


def _bool(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if not args:
        return False
    truth = interp.truth(args[0])
    return Unknown("truth value") if truth is None else truth


def _str(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.text_of(args[0]) if args else ""


def _list(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _collect(interp, args, lambda items: ListValue(items, interp.clock))


def _tuple(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _collect(interp, args, tuple)


def _set(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _collect(interp, args, interp.make_set)


def _frozenset(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = _collect(interp, args, interp.make_set)
    if not isinstance(made, SetValue):
        return made
    return frozenset(made) if made.unknown is None else made.unknown


def _collect(interp: "Interpreter", args: list[Value], make_it: Callable[[Any], Value]) -> Value:
    from hwlint.reader.operators import UnknownIteration

    try:
        return make_it(interp.iterate(args[0]) if args else [])
    except UnknownIteration as stop:
        return stop.unknown
    except TypeError as problem:
        raise interp.native_error(problem) from None


def _dict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = DictValue((), interp.clock)
    for value in args[:1]:
        interp.dict_update(made, value)
    made.unknown = kwargs.pop("**", made.unknown)
    made.update(kwargs)
    return made


def _range(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    values: list[Any] = []
    for value in args:
        if isinstance(value, Tensor):
            value = interp.tensor_scalar(value)
        if isinstance(value, Unknown):
            return value
        values.append(value)
    try:
        return range(*values)
    except (TypeError, ValueError) as problem:
        raise interp.native_error(problem) from None


def _slice(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    found = next((a for a in args if isinstance(a, Unknown)), None)
    return found if found is not None else slice(*args)


def _object(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Instance(OBJECT, interp.clock)


def _type(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if len(args) == 3:
        from hwlint.reader.classes import create_class

        attrs = dict(args[2]) if isinstance(args[2], dict) else {}
        return create_class(interp, str(args[0]), list(args[1]), attrs, kwargs)
    found = class_of(args[0])
    return found if found is not None else Unknown("type of an unknown value")


def _property(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = [*args, None, None, None]
    return PropertyValue(kwargs.get("fget", parts[0]), kwargs.get("fset", parts[1]), parts[2])


def _bytes(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Unknown("bytes") if args else b""


_MAKERS: dict[str, Maker] = {
    "int": _int, "float": _float, "bool": _bool, "str": _str, "list": _list, "tuple": _tuple,
    "set": _set, "frozenset": _frozenset, "dict": _dict, "range": _range, "slice": _slice,
    "object": _object, "type": _type, "property": _property, "bytes": _bytes, "bytearray": _bytes,
    "staticmethod": lambda i, a, k: StaticMethod(a[0]),
    "classmethod": lambda i, a, k: ClassMethod(a[0]),
    "complex": lambda i, a, k: Unknown("complex"),
}  # fmt: skip
MAKERS.update({BUILTINS[name]: maker for name, maker in _MAKERS.items()})


def _init_dict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = args[0]
    if not isinstance(made, Instance):
        return None
    if not isinstance(made.payload, DictValue):
        made.payload = DictValue((), interp.clock)
    for value in args[1:2]:
        interp.dict_update(made.payload, value)
    for key, value in kwargs.items():
        made.payload[key] = value
    return None


def _init_list(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = args[0]
    if isinstance(made, Instance):
        made.payload = ListValue((), interp.clock)
        for value in args[1:2]:
            interp.extend(made.payload, value)
    return None


def _init_set(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = args[0]
    if isinstance(made, Instance):
        made.payload = interp.make_set(interp.iterate(args[1]) if len(args) > 1 else [])
    return None


BUILTINS["dict"].attrs["__init__"] = Builtin("__init__", _init_dict)
BUILTINS["list"].attrs["__init__"] = Builtin("__init__", _init_list)
BUILTINS["set"].attrs["__init__"] = Builtin("__init__", _init_set)
for _name in ("int", "float", "str", "tuple", "frozenset", "bytes"):
    BUILTINS[_name].attrs["__init__"] = Builtin("__init__", lambda i, a, k: None)
OBJECT.attrs["__init__"] = Builtin("__init__", lambda i, a, k: None)
