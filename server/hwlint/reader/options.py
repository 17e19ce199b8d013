"""What is left of values that two sides of a branch do not agree on, and what a test then tells.

Tensors of one rank become one tensor: a dimension that differs is not known. None or a tensor stays
a choice, and `if mask is not None` decides it on each side. Of several functions each is called.
"""

import ast
from collections.abc import Callable
from typing import Any

from hwlint.reader.code import Compiled
from hwlint.reader.plain_values import Unknown, Value
from hwlint.reader.values import BoundMethod, Builtin, External, Function, Partial, Tensor

__all__ = ["CALLABLES", "Forget", "merge", "narrowing", "narrowly"]

Forget = Callable[[Tensor], None]
Narrowing = dict[str, bool]
"""Variables, and whether each is None on this side."""


def merge(values: list[Value], unknown: Unknown, forget: Forget | None) -> Value:
    """Return what can be said of a value that is one of several.

    `forget` drops the items of a tensor: what is written to the merged one may be written to it.
    """
    if _are_tuples(values):
        parts = zip(*values, strict=True)
        return tuple([_one(list(part), unknown, forget) for part in parts])
    made = Unknown(f"depends on a branch: {_origin(unknown)}"[:200], unknown.place)
    if all(type(v) in CALLABLES for v in values) and len(values) <= _MOST_CALLABLES:
        made.options = tuple({id(v): v for v in values}.values())
        return made
    options = _options(values)
    if options is None:
        return made
    tensors = [v for v in options if v is not None]
    one = _one_tensor(tensors, forget)
    if one is None:
        return made
    if len(tensors) == len(options):
        return one
    made.options = (None, one)
    return made


CALLABLES = frozenset((Function, BoundMethod, Partial, Builtin, External))
_MOST_CALLABLES = 4


def _one(values: list[Value], unknown: Unknown, forget: Forget | None) -> Value:
    first = values[0]
    if all(v is first or (type(v) is type(first) in _PLAIN and v == first) for v in values):
        return first
    return merge(values, unknown, forget)


_PLAIN = frozenset((int, float, str, bool))


def _origin(unknown: Unknown) -> str:
    return unknown.reason.removeprefix("depends on a branch: ")


def _are_tuples(values: list[Value]) -> bool:
    return all(type(v) is tuple and len(v) == len(values[0]) for v in values)


def _options(values: list[Value]) -> "list[Tensor | None] | None":
    """Return what the values may be; None where that is not all None or tensors."""
    found: list[Tensor | None] = []
    for value in values:
        chosen = isinstance(value, Unknown) and not value.absent
        options: tuple[Any, ...] = value.options if chosen else (value,)
        if not options or any(o is not None and not _is_plain(o) for o in options):
            return None
        found += options
    return found


def _is_plain(value: Value) -> bool:
    return type(value) is Tensor and value.kind == "tensor" and value.shape is not None


def _one_tensor(tensors: "list[Any]", forget: Forget | None) -> Tensor | None:
    """Return a tensor that stands for any of these; None where ranks differ."""
    if not tensors or len({len(t.shape) for t in tensors}) > 1:
        return None
    if all(t is tensors[0] for t in tensors):
        return tensors[0]
    for tensor in tensors:
        if tensor.data is not None:
            if forget is None:
                return None
            forget(tensor)
    columns = zip(*[t.shape for t in tensors], strict=True)
    shape = tuple([dims[0] if len(set(dims)) == 1 else None for dims in columns])
    dtypes = {t.dtype for t in tensors}
    made = Tensor(shape, None, dtypes.pop() if len(dtypes) == 1 else "")
    made.stamp = max(t.stamp for t in tensors)
    return made


# --- tests ----------------------------------------------------------------------------------------


def narrowing(test: ast.expr) -> tuple[Narrowing, Narrowing]:
    """Return what a condition says of variables where it holds and where it does not."""
    if isinstance(test, ast.Name):
        return {test.id: False}, {}
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        holds, fails = narrowing(test.operand)
        return fails, holds
    if isinstance(test, ast.BoolOp):
        parts = [narrowing(value) for value in test.values]
        which = 0 if isinstance(test.op, ast.And) else 1
        together = {name: is_none for part in parts for name, is_none in part[which].items()}
        return (together, {}) if which == 0 else ({}, together)
    return _of_comparison(test)


def _of_comparison(test: ast.expr) -> tuple[Narrowing, Narrowing]:
    match test:
        case ast.Compare(ast.Name(name), [ast.Is() | ast.IsNot() as op], [ast.Constant(None)]):
            is_none = isinstance(op, ast.Is)
            return {name: is_none}, {name: not is_none}
        case _:
            return {}, {}


def narrowly(names: Narrowing, block: Compiled) -> Compiled:
    """Return a side of a branch that begins with what the condition says of variables."""
    if not names:
        return block

    def run(fr: Any) -> Any:
        for name, is_none in names.items():
            value = fr.vars.get(name)
            if type(value) is Unknown and value.options:
                left = [o for o in value.options if (o is None) == is_none]
                if len(left) == 1:
                    fr.vars[name] = left[0]
        return block(fr)

    return run
