"""Python's built-in functions."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.forward.waits import note_wait
from hwlint.reader.library.iteration import zipped
from hwlint.reader.library.ordering import extreme, items_of, sorted_list
from hwlint.reader.limits import bits_of, check_key
from hwlint.reader.native_methods import next_item
from hwlint.reader.provenance import derive
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    External,
    Function,
    Instance,
    IteratorValue,
    Kwargs,
    PyRaise,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]


_SIZED: Any = (str, tuple, list, dict, set, frozenset, range, bytes)


def _leave(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.leave(args, kwargs)


def _len(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if isinstance(value, Unknown):
        return value
    unknown = getattr(value, "unknown", None)
    if isinstance(unknown, Unknown):
        return unknown
    if isinstance(value, Instance):
        method = value.cls.find("__len__")
        if method is not None:
            return interp.call(interp.bind(method, value), [], {})
        if value.payload is None:
            return interp.unknown_base(value) or Unknown("len of an object")
        return _len(interp, [value.payload], {})
    if isinstance(value, Tensor):
        return value.shape[0] if value.shape else Unknown("len of a tensor")
    if isinstance(value, _SIZED):
        return len(value)
    if isinstance(value, Class):
        members = value.attrs.get("__members__")
        return len(members) if isinstance(members, dict) else Unknown("len of a class")
    if isinstance(value, External):
        return Unknown(f"{value.name} is not known")
    raise interp.error("TypeError", f"object of type {interp.type_name(value)!r} has no len()")


def _enumerate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if not isinstance(start, int):
        return operators.why(start)
    if isinstance(args[0], IteratorValue) and args[0].endless:
        items = args[0].items[args[0].index :]
        return IteratorValue([(i, v) for i, v in enumerate(items, start)], endless=True)
    items = items_of(interp, args[0])
    if isinstance(items, Unknown):
        return items
    return IteratorValue([(i, v) for i, v in enumerate(items, start)])


def _map(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    rows = zipped(interp, args[1:], {})
    if not isinstance(rows, IteratorValue):
        return rows
    site = interp.site
    out: list[Value] = []
    for row in rows.items:
        interp.site = site
        out.append(interp.call(args[0], list(row), {}))
    return IteratorValue(out)


def _filter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    items = items_of(interp, args[1])
    if isinstance(items, Unknown):
        return items
    out: list[Value] = []
    for item in items:
        kept = item if args[0] is None else interp.call(args[0], [item], {})
        truth = interp.truth(kept)
        if truth is None:
            return operators.why(kept)
        if truth:
            out.append(item)
    return IteratorValue(out)


def _reversed(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    items = items_of(interp, args[0])
    return items if isinstance(items, Unknown) else IteratorValue(items[::-1])


def _iter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if isinstance(args[0], IteratorValue):
        return args[0]
    if isinstance(args[0], Instance) and args[0].cls.find("__iter__") is not None:
        return interp.call(interp.getattr(args[0], "__iter__"), [], {})
    items = items_of(interp, args[0])
    return items if isinstance(items, Unknown) else IteratorValue(items)


def _next(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if isinstance(value, Instance):
        method = value.cls.find("__next__")
        if method is not None:
            return interp.call(interp.bind(method, value), [], {})
    if isinstance(value, IteratorValue):
        if len(args) > 1 and value.unknown is None and value.index >= len(value.items):
            return Unknown("an iterator without an end") if value.endless else args[1]
        return next_item(interp, value)
    return value if isinstance(value, Unknown) else Unknown("next()")


def _reduce_bool(stop: bool) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        items = items_of(interp, args[0])
        if isinstance(items, Unknown):
            return items
        unknown: Unknown | None = None
        for item in items:
            truth = interp.truth(item)
            if truth is stop:
                return stop
            if truth is None:
                unknown = operators.why(item)
        return unknown if unknown is not None else not stop

    return run


def _sum(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    items = items_of(interp, args[0])
    if isinstance(items, Unknown):
        return items
    total: Value = args[1] if len(args) > 1 else kwargs.get("start", 0)
    plus = operators.BINARY[operators.ast.Add]
    for item in items:
        interp.tick()
        first = isinstance(total, int) and total == 0 and isinstance(item, int | float)
        total = item if first else operators.binary(interp, plus, total, item)
    return total


def _is_too_large(name: str, plain: Args) -> bool:
    if name == "pow":
        if len(plain) > 2:
            return bits_of(*plain) > 4_000  # every bit of the exponent is a multiplication
        return operators.too_large("**", plain[0], plain[1])
    return name == "round" and any(isinstance(p, int) and abs(p) > 1_000 for p in plain[1:])


_PLAIN_NUMBERS = frozenset({int, float})


def _arithmetic(name: str, native: Any) -> core.Maker:
    single = name in ("abs", "round")

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if single and len(args) == 1 and type(args[0]) in _PLAIN_NUMBERS:
            return native(args[0])
        plain = [
            a.payload if isinstance(a, Instance) and a.payload is not None else a for a in args
        ]
        for value in plain:
            if isinstance(value, Unknown):
                return value
            if isinstance(value, Tensor):
                return interp.tensor_function(name, [*plain], kwargs)
            if isinstance(value, External):
                return Unknown(f"{value.name} is not known")
        if _is_too_large(name, plain):
            return Unknown("number too large")
        try:
            return derive(name, native(*plain, **kwargs), *plain)
        except (TypeError, ValueError, ArithmeticError) as problem:
            raise interp.native_error(problem) from None

    return run


def _divmod(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    table = operators.BINARY
    return (
        operators.binary(interp, table[operators.ast.FloorDiv], args[0], args[1]),
        operators.binary(interp, table[operators.ast.Mod], args[0], args[1]),
    )


def _isinstance(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    result = interp.isinstance(args[0], args[1])
    return Unknown("isinstance of something not known") if result is None else result


def _issubclass(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    result = interp.issubclass(args[0], args[1])
    return Unknown("issubclass of something not known") if result is None else result


def _getattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, name = args[0], args[1]
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else Unknown("getattr")
    if len(args) < 3:
        return interp.getattr(value, name)
    if isinstance(value, Unknown):
        return value
    interp.probing += 1
    try:
        found = interp.find_attribute(value, name)
    finally:
        interp.probing -= 1
    return args[2] if isinstance(found, PyRaise) else found


def _hasattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, name = args[0], args[1]
    if isinstance(value, Unknown) or not isinstance(name, str):
        return operators.why(value if isinstance(value, Unknown) else name)
    interp.probing += 1
    try:
        found = interp.find_attribute(value, name)
    finally:
        interp.probing -= 1
    if isinstance(value, External) and isinstance(found, External):
        from hwlint.reader.library import torch_has

        known = torch_has(value.name, str(name))
        return Unknown(f"whether {value.name} has {name}") if known is None else known
    if isinstance(found, Unknown) and found.absent:
        return found
    return not isinstance(found, PyRaise)


def _setattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if isinstance(args[1], str):
        interp.setattr(args[0], str(args[1]), args[2])
    elif isinstance(args[0], Instance):
        interp.note(operators.why(args[1]))
    return None


def _delattr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    interp.delattr(args[0], str(args[1]))
    return None


def _callable(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    result = interp.is_callable(args[0])
    return Unknown("callable of something not known") if result is None else result


def _id(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return id(args[0])


def _hash(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    check_key(interp, value)
    method = value.cls.find("__hash__") if isinstance(value, Instance) else None
    if isinstance(method, Function):
        return interp.call(method, [value], {})
    # The hash of a text or of an object is another in every process.
    return hash(value) if isinstance(value, int | float) else Unknown("a hash")


def _dir(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    from hwlint.ops import names

    if args and isinstance(args[0], External):
        known = {"torch.nn.functional": names.FUNCTIONAL_NAMES, "torch.nn": names.NN_NAMES}
        if args[0].name in known:
            return interp.make_list(sorted(known[args[0].name]))
    return Unknown("dir()")


def _import(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.imports.find(str(args[0])) or Unknown(f"module {args[0]}")


def _ord(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return ord(args[0]) if isinstance(args[0], str) and len(args[0]) == 1 else Unknown("ord")


def _chr(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    known = isinstance(args[0], int) and 0 <= args[0] < 0x110000
    return chr(args[0]) if known else Unknown("chr")


def _vars(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.getattr(args[0], "__dict__")


def _not_run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Unknown("not run while reading")


def _print(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    note_wait(interp, "print", next((value for value in args if isinstance(value, Tensor)), None))
    return None


_FUNCTIONS: dict[str, core.Maker] = {
    "len": _len, "enumerate": _enumerate, "zip": zipped, "map": _map, "filter": _filter,
    "reversed": _reversed, "iter": _iter, "next": _next, "any": _reduce_bool(True),
    "all": _reduce_bool(False), "sum": _sum, "min": extreme("min"), "max": extreme("max"),
    "sorted": sorted_list, "abs": _arithmetic("abs", abs), "round": _arithmetic("round", round),
    "pow": _arithmetic("pow", pow), "divmod": _divmod, "isinstance": _isinstance,
    "issubclass": _issubclass, "getattr": _getattr, "hasattr": _hasattr, "setattr": _setattr,
    "delattr": _delattr, "callable": _callable, "id": _id, "hash": _hash, "dir": _dir,
    "__import__": _import, "ord": _ord, "vars": _vars, "print": _print, "input": _not_run,
    "exit": _leave, "quit": _leave,
    "exec": _not_run, "eval": _not_run, "compile": _not_run,
    "chr": _chr,
    "bin": _arithmetic("bin", bin), "hex": _arithmetic("hex", hex), "oct": _arithmetic("oct", oct),
    "repr": lambda i, a, k: i.repr_of(a[0]),
    "format": lambda i, a, k: operators.format_value(i, a[0], str(a[1]) if len(a) > 1 else ""),
    "super": lambda i, a, k: i.make_super(*a[:2]),
}  # fmt: skip

TABLE: dict[str, Value] = {
    **{f"builtins.{name}": cls for name, cls in core.BUILTINS.items()},
    **{f"builtins.{name}": Builtin(name, call) for name, call in _FUNCTIONS.items()},
    "builtins.Ellipsis": ...,
    "builtins.NotImplemented": External("NotImplemented"),
    "builtins.__debug__": True,
    "builtins.__builtins__": External("builtins"),
}
