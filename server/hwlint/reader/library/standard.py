"""math, functools, collections, operator and typing."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import math
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.abstract_classes import TYPING
from hwlint.reader.library.iteration import iterables_of
from hwlint.reader.limits import MAX_BITS, bits_of, check_key
from hwlint.reader.provenance import derive
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    External,
    Function,
    Instance,
    IteratorValue,
    Kwargs,
    Partial,
    PropertyValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]


# --- math ---------------------------------------------------------------------------------------


_MAX_SOURCES = 8


def _plain(value: Value) -> Value:
    value = value.payload if isinstance(value, Instance) and value.payload is not None else value
    return value.items[value.index :] if isinstance(value, IteratorValue) else value


def _is_too_large(name: str, plain: Args) -> bool:
    if name == "factorial":
        return bool(plain) and isinstance(plain[0], int) and plain[0] > 400
    if name in ("comb", "perm"):
        top, chosen = plain[0], plain[-1]
        if not isinstance(top, int) or not isinstance(chosen, int):
            return False
        factors = min(chosen, abs(top - chosen)) if name == "comb" else chosen
        return factors * top.bit_length() > MAX_BITS
    if name == "prod" and plain:
        if isinstance(plain[0], range):
            return len(plain[0]) > 1_000
        return isinstance(plain[0], list | tuple) and bits_of(*plain[0]) > MAX_BITS
    return name in ("gcd", "lcm") and bits_of(*plain) > MAX_BITS


def _math(name: str) -> Builtin:
    native = getattr(math, name)

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        plain: list[Any] = []
        for value in args:
            if isinstance(value, Tensor):
                value = interp.tensor_scalar(value)
            found = operators.find_unknown(value)
            if found is not None:
                return found
            plain.append(_plain(value))
        if _is_too_large(name, plain):
            return Unknown("number too large")
        try:
            parts = plain[0] if plain and isinstance(plain[0], list | tuple) else args
            return derive(name, native(*plain, **kwargs), *parts[:_MAX_SOURCES])
        except (ValueError, TypeError, OverflowError) as problem:
            raise interp.native_error(problem) from None

    return Builtin(f"math.{name}", run)


_MATH_FUNCTIONS = (
    "ceil", "floor", "sqrt", "log", "log2", "log10", "log1p", "exp", "pow", "sin", "cos", "tan",
    "atan", "atan2", "asin", "acos", "sinh", "cosh", "tanh", "gcd", "lcm", "prod", "trunc",
    "isqrt", "fabs", "isclose", "isinf", "isnan", "isfinite", "factorial", "comb", "copysign",
    "degrees", "radians", "hypot", "fmod", "modf", "erf", "fsum",
)  # fmt: skip

# --- functools ----------------------------------------------------------------------------------


def _partial(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    func = args[0]
    if isinstance(func, Partial):
        return Partial(func.func, [*func.args, *args[1:]], {**func.kwargs, **kwargs})
    made = Partial(func, list(args[1:]), kwargs)
    made.stamp = interp.clock
    return made


def _reduce(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    try:
        items = interp.iterate(args[1])
    except operators.UnknownIteration as stop:
        return stop.unknown
    if len(args) > 2:
        items = [args[2], *items]
    if not items:
        raise interp.error("TypeError", "reduce() of empty iterable with no initial value")
    total = items[0]
    for item in items[1:]:
        total = interp.call(args[0], [total, item], {})
    return total


def _wraps(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    wrapped = args[0]

    def apply(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        wrapper = args[0]
        if isinstance(wrapper, Function):
            if isinstance(wrapped, Function):
                wrapper.attrs.update(wrapped.attrs)
                wrapper.name, wrapper.qualname = wrapped.name, wrapped.qualname
                wrapper.attrs["__module__"] = wrapped.module.name
            elif isinstance(wrapped, Class):
                wrapper.name = wrapped.name
            wrapper.attrs["__wrapped__"] = wrapped
        return wrapper

    return Builtin("wraps", apply)


def _identity(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0] if args else None


def _context_manager(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if isinstance(args[0], Function):
        args[0].attrs["__context_manager__"] = True
    return args[0]


def _decorator(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """A decorator with or without arguments that changes nothing the reader sees."""
    if args and isinstance(args[0], Function | Class | Builtin) and not kwargs:
        return args[0]
    return Builtin("decorator", _identity)


def _cached_property(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader.values import PropertyValue

    return PropertyValue(args[0])


# --- collections --------------------------------------------------------------------------------

_DICT = core.BUILTINS["dict"]


def _from_keys(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """dict.fromkeys: `args` are the class, the keys and the value of them all."""
    made = interp.call(args[0], [], {})
    for key in interp.iterate(args[1]):
        operators.store_subscript(interp, made, key, args[2] if len(args) > 2 else None)
    return made


_FROM_KEYS = Builtin("dict.fromkeys", _from_keys)
_DICT.attrs["fromkeys"] = ClassMethod(_FROM_KEYS)
ORDERED_DICT = core.make("OrderedDict", _DICT, module="collections")
USER_DICT = core.make("UserDict", native=dict, module="collections")
USER_DICT.attrs["data"] = PropertyValue(Builtin("data", lambda i, a, k: a[0].payload))
"""No dict to isinstance(), and holds one."""
DEFAULT_DICT = core.make("defaultdict", _DICT, module="collections")
COUNTER = core.make("Counter", _DICT, module="collections")
DEQUE = core.make("deque", core.BUILTINS["list"], module="collections")


def _default_dict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = DictValue((), interp.clock)
    made.factory = args[0] if args else None
    for value in args[1:2]:
        interp.dict_update(made, value)
    made.update(kwargs)
    return made


def _counter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = iterables_of(interp, args[:1])
    if isinstance(parts, Unknown):
        return parts
    made = DictValue((), interp.clock)
    if args and isinstance(args[0], DictValue):
        interp.dict_update(made, args[0])
        return made
    for item in parts[0] if parts else []:
        check_key(interp, item)
        if isinstance(item, Unknown):
            made.unknown = item
        else:
            made[item] = made.get(item, 0) + 1
    if made.unknown is not None:
        made.update(dict.fromkeys(made, made.unknown))
    made.factory = core.BUILTINS["int"]
    return made


def _ordered_dict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return core.MAKERS[_DICT](interp, args, kwargs)


def _deque(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return core.MAKERS[core.BUILTINS["list"]](interp, args[:1], {})


core.MAKERS[core.PARTIAL_TYPE] = _partial
core.MAKERS.update(
    {ORDERED_DICT: _ordered_dict, DEFAULT_DICT: _default_dict, COUNTER: _counter, DEQUE: _deque}
)


# --- operator -----------------------------------------------------------------------------------


def _itemgetter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    def get(interp: "Interpreter", values: Args, kwargs: Kwargs) -> Value:
        found = [operators.subscript(interp, values[0], k) for k in args]
        return found[0] if len(found) == 1 else tuple(found)

    return Builtin("itemgetter", get)


def _attrgetter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    def get(interp: "Interpreter", values: Args, kwargs: Kwargs) -> Value:
        value = values[0]
        for part in str(args[0]).split("."):
            value = interp.getattr(value, part)
        return value

    return Builtin("attrgetter", get)


# --- the methods that collections.abc gives ------------------------------------------------------


def _keys(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.make_list(interp.iterate(args[0]))


def _values(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    names = interp.iterate(args[0])
    return interp.make_list([operators.subscript(interp, args[0], n) for n in names])


def _pairs(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    names = interp.iterate(args[0])
    return interp.make_list([(n, operators.subscript(interp, args[0], n)) for n in names])


def _get_item(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader.values import PyRaise

    try:
        return operators.subscript(interp, args[0], args[1])
    except PyRaise as problem:
        if not problem.value.cls.derives(core.BUILTINS["KeyError"]):
            raise
    return args[2] if len(args) > 2 else kwargs.get("default")


def _has_item(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    missing = object()
    return _get_item(interp, [*args, missing], {}) is not missing


def _update_items(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    pairs = interp.mapping_items(args[1]) if len(args) > 1 else []
    for name, value in [] if isinstance(pairs, Unknown) else [*pairs, *kwargs.items()]:
        operators.store_subscript(interp, args[0], name, value)
    return None


for _abstract in ("Mapping", "MutableMapping"):
    TYPING[_abstract].attrs.update(
        {
            n: Builtin(n, c)
            for n, c in {
                "keys": _keys, "values": _values, "items": _pairs, "get": _get_item,
                "__contains__": _has_item, "update": _update_items,
            }.items()
        }
    )  # fmt: skip


_NAMES_OF_TYPING = (
    "Optional", "Union", "Literal", "Final",
    "ClassVar", "Annotated", "NoReturn", "Concatenate",
    "ParamSpec", "Self", "Unpack", "Required", "NotRequired", "Text", "AnyStr", "IO", "Awaitable",
    "Coroutine", "AsyncIterator", "SupportsInt", "SupportsFloat", "SupportsIndex", "TypeAlias",
    "Never", "LiteralString", "TypeGuard", "TypeIs", "TypeVarTuple", "KeysView", "ItemsView",
)  # fmt: skip

_ALIASES: dict[str, Class] = {
    "List": core.BUILTINS["list"], "Dict": core.BUILTINS["dict"], "Tuple": core.BUILTINS["tuple"],
    "Set": core.BUILTINS["set"], "FrozenSet": core.BUILTINS["frozenset"], "Type": core.TYPE,
    "Deque": DEQUE, "DefaultDict": DEFAULT_DICT, "OrderedDict": ORDERED_DICT,
    "Text": core.BUILTINS["str"],
}  # fmt: skip

_COLLECTED: dict[str, core.Maker] = {
    "functools.partialmethod": _partial,
    "functools.reduce": _reduce,
    "functools.wraps": _wraps,
    "functools.update_wrapper": lambda i, a, k: a[0],
    "functools.lru_cache": _decorator,
    "functools.cache": _decorator,
    "functools.total_ordering": _identity,
    "functools.singledispatch": _identity,
    "functools.cached_property": _cached_property,
    "operator.itemgetter": _itemgetter,
    "operator.attrgetter": _attrgetter,
    "contextlib.contextmanager": _context_manager,
    "contextlib.nullcontext": lambda i, a, k: IteratorValue([a[0] if a else None]),
    "contextlib.suppress": lambda i, a, k: IteratorValue([]),
    "typing.cast": lambda i, a, k: a[1],
    "typing.overload": _identity,
    "typing.final": _identity,
    "typing.no_type_check": _identity,
    "typing.runtime_checkable": _identity,
    "typing.NewType": lambda i, a, k: a[1],
    "abc.abstractmethod": _identity,
    "abc.abstractproperty": _cached_property,
    "warnings.warn": lambda i, a, k: None,
    "atexit.register": _identity,
    "typing_extensions.dataclass_transform": _decorator,
    "typing.dataclass_transform": _decorator,
    "typing_extensions.deprecated": _decorator,
    "warnings.deprecated": _decorator,
}


def _table() -> dict[str, Value]:
    table: dict[str, Value] = {f"math.{n}": _math(n) for n in _MATH_FUNCTIONS}
    table |= {"math.pi": math.pi, "math.inf": math.inf, "math.e": math.e, "math.nan": math.nan}
    table |= {name: Builtin(name, call) for name, call in _COLLECTED.items()}
    for module in ("typing", "typing_extensions"):
        for name in _NAMES_OF_TYPING:
            table[f"{module}.{name}"] = External(f"typing.{name}")
        for name, cls in {**TYPING, **_ALIASES}.items():
            table[f"{module}.{name}"] = cls
        table[f"{module}.TYPE_CHECKING"] = False
        table[f"{module}.TypeVar"] = Builtin("TypeVar", lambda i, a, k: TYPING["Any"])
    for name, cls in TYPING.items():
        table[f"collections.abc.{name}"] = cls
    return table


_CLASSES: dict[str, Class] = {
    "functools.partial": core.PARTIAL_TYPE,
    "abc.ABC": TYPING["ABC"],
    "abc.ABCMeta": core.make("ABCMeta", core.TYPE, module="abc"),
    "collections.OrderedDict": ORDERED_DICT,
    "collections.UserDict": USER_DICT,
    "collections.defaultdict": DEFAULT_DICT,
    "collections.Counter": COUNTER,
    "collections.deque": DEQUE,
    "types.FunctionType": core.FUNCTION_TYPE,
    "types.LambdaType": core.FUNCTION_TYPE,
    "types.MethodType": core.METHOD_TYPE,
    "types.BuiltinFunctionType": core.BUILTIN_TYPE,
    "types.ModuleType": core.MODULE_TYPE,
    "types.GeneratorType": core.ITERATOR_TYPE,
    "types.NoneType": core.NONE_TYPE,
    "types.SimpleNamespace": core.make("SimpleNamespace", module="types"),
    "numbers.Number": TYPING["Number"],
    "numbers.Integral": TYPING["Integral"],
    "numbers.Real": TYPING["Real"],
}


def _init_namespace(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    args[0].attrs.update(kwargs)
    return None


TABLE = {**_table(), **_CLASSES}
TABLE["types.SimpleNamespace"].attrs["__init__"] = Builtin("__init__", _init_namespace)
