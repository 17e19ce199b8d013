"""operator: Python's operators as functions; string: its constants."""

import ast
import string
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.values import Args, Builtin, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

_BINARY = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "truediv": ast.Div,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "pow": ast.Pow,
    "matmul": ast.MatMult,
    "and_": ast.BitAnd,
    "or_": ast.BitOr,
    "xor": ast.BitXor,
    "lshift": ast.LShift,
    "rshift": ast.RShift,
    "concat": ast.Add,
}
_IN_PLACE = {
    "iadd": ast.Add,
    "isub": ast.Sub,
    "imul": ast.Mult,
    "ifloordiv": ast.FloorDiv,
    "iconcat": ast.Add,
}
_COMPARED = {
    "eq": ast.Eq,
    "ne": ast.NotEq,
    "lt": ast.Lt,
    "le": ast.LtE,
    "gt": ast.Gt,
    "ge": ast.GtE,
    "is_": ast.Is,
    "is_not": ast.IsNot,
}
_UNARY = {"neg": ast.USub, "pos": ast.UAdd, "invert": ast.Invert, "inv": ast.Invert}


def _binary(kind: type) -> core.Maker:
    op = operators.BINARY[kind]
    return lambda i, a, k: operators.binary(i, op, *a) if len(a) == 2 else _odd(a)


def _in_place(kind: type) -> core.Maker:
    op = operators.BINARY[kind]
    return lambda i, a, k: operators.inplace(i, op, *a) if len(a) == 2 else _odd(a)


def _compared(kind: type) -> core.Maker:
    compare = operators.COMPARE[kind]
    return lambda i, a, k: compare(i, *a) if len(a) == 2 else _odd(a)


def _unary(kind: type) -> core.Maker:
    return lambda i, a, k: operators.unary(i, kind, a[0]) if len(a) == 1 else _odd(a)


def _odd(args: Args) -> Unknown:
    return Unknown(f"an operator with {len(args)} operands")


def _get_item(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return operators.subscript(interp, *args) if len(args) == 2 else _odd(args)


def _contains(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return operators.contains(interp, args[1], args[0]) if len(args) == 2 else _odd(args)


def _not(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return operators.negate(interp, args[0]) if len(args) == 1 else _odd(args)


_CALLS: dict[str, core.Maker] = {
    **{name: _binary(kind) for name, kind in _BINARY.items()},
    **{name: _in_place(kind) for name, kind in _IN_PLACE.items()},
    **{name: _compared(kind) for name, kind in _COMPARED.items()},
    **{name: _unary(kind) for name, kind in _UNARY.items()},
    "getitem": _get_item,
    "contains": _contains,
    "not_": _not,
}
_CONSTANTS = (
    "ascii_letters",
    "ascii_lowercase",
    "ascii_uppercase",
    "digits",
    "hexdigits",
    "octdigits",
    "printable",
    "punctuation",
    "whitespace",
)

TABLE: dict[str, Value] = {
    **{f"operator.{name}": Builtin(f"operator.{name}", call) for name, call in _CALLS.items()},
    **{f"string.{name}": getattr(string, name) for name in _CONSTANTS},
}
