"""Loops that only compute the values of a tensor that keeps none.

`Tensor.copy_` leaves a tensor whose values are not known, whatever it is given. A loop of which
nothing is left but what such a call gets need not run: tables of relative positions take a turn for
each pair of places in an image.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hwlint.reader.values import DictValue, ListValue, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.frame import Frame

__all__ = ["UnreadLoop", "unread_loops"]

_PURE = frozenset("abs len min max int float range zip enumerate tuple list round sum".split())
_FILLING = frozenset(("append", "add", "extend"))
_LIBRARIES = frozenset(("torch", "np", "numpy"))
_REFLECTING = frozenset(("locals", "vars", "globals", "eval", "exec"))
_STATEMENTS = (ast.For, ast.If, ast.Assign, ast.AugAssign, ast.Expr, ast.Pass, ast.Continue)
_EXPRESSIONS = (
    ast.Name, ast.Constant, ast.Tuple, ast.List, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare,
    ast.IfExp, ast.Subscript, ast.Slice, ast.Call, ast.expr_context, ast.operator, ast.unaryop,
    ast.boolop, ast.cmpop,
)  # fmt: skip
_MAX_ITEMS = 100_000


class UnreadLoop:
    """A loop that need not run where all that it reads is plain data."""

    __slots__ = ("_reads", "_writes")

    def __init__(self, reads: Iterable[str], writes: Iterable[str]) -> None:
        self._reads = tuple(reads)
        self._writes = tuple(writes)

    def skip(self, fr: "Frame") -> bool:
        """Leave the loop's variables unknown instead of running it, if that is all it would do."""
        if fr.interp.running or not all(
            _is_plain(fr.vars.get(name, _LOST)) for name in self._reads
        ):
            return False
        for name in self._writes:
            fr.vars[name] = _VALUES
        return True


_VALUES = Unknown("the values of a tensor")
_LOST = Unknown("unbound")


def _is_plain(value: Value) -> bool:
    """Say whether a value is made of numbers, texts and plain containers only."""
    stack, count = [value], 0
    while stack:
        item = stack.pop()
        count += 1
        if count > _MAX_ITEMS or getattr(item, "unknown", None) is not None:
            return False
        if isinstance(item, ListValue | tuple):
            stack += item
        elif type(item) is DictValue:
            stack += [*item, *item.values()]
        elif item is not None and not isinstance(item, int | float | str | range):
            return False
    return True


def unread_loops(body: list[ast.stmt]) -> dict[ast.For, UnreadLoop]:
    """Find such loops among the statements of a function."""
    found: dict[ast.For, UnreadLoop] = {}
    for index, node in enumerate(body):
        if isinstance(node, ast.For) and not node.orelse:
            loop = _loop(body[:index], node, body[index + 1 :])
            if loop is not None:
                found[node] = loop
    return found


def _loop(before: list[ast.stmt], node: ast.For, after: list[ast.stmt]) -> UnreadLoop | None:
    filled = _filled(node)
    if filled is None or not _goes_to_tensors(after, filled | _stored([node])):
        return None
    if not all(_is_own(name, before) for name in filled):
        return None
    writes = filled | _stored([node])
    calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    called = {func.id for func in calls if isinstance(func, ast.Name)}
    if not called.isdisjoint(writes | _stored(before)):
        return None
    reads = {name for name, _ in _loads([node])} - writes - called
    return UnreadLoop(sorted(reads), sorted(writes))


def _filled(loop: ast.For) -> set[str] | None:
    """Return the containers that a loop fills; None where it does more than fill some."""
    names: set[str] = set()
    methods: set[ast.Attribute] = set()
    for node in ast.walk(loop):
        if isinstance(node, ast.Call):
            if node.keywords or not _is_call_allowed(node.func, names, methods):
                return None
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if not isinstance(node.value, ast.Name):
                return None
            names.add(node.value.id)
        elif isinstance(node, ast.Attribute):
            if node not in methods:
                return None
        elif not isinstance(node, (*_STATEMENTS, *_EXPRESSIONS)):
            return None
    return names


def _is_call_allowed(func: ast.expr, names: set[str], methods: set[ast.Attribute]) -> bool:
    if isinstance(func, ast.Name):
        return func.id in _PURE
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        return False
    names.add(func.value.id)
    methods.add(func)
    return func.attr in _FILLING


def _stored(body: list[ast.stmt]) -> set[str]:
    nodes = [n for statement in body for n in ast.walk(statement)]
    return {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}


def _loads(body: Iterable[ast.AST]) -> Iterator[tuple[str, ast.Name]]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id, node


def _is_own(name: str, before: list[ast.stmt]) -> bool:
    """Say whether a name holds an empty container that nobody else has seen."""
    made = [s for s in before if isinstance(s, ast.Assign) and _makes_empty(s, name)]
    stores = [n for s in before for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name]
    return len(made) == 1 and len(stores) == 1


def _makes_empty(statement: ast.Assign, name: str) -> bool:
    target, value = statement.targets[0], statement.value
    if len(statement.targets) != 1 or not isinstance(target, ast.Name) or target.id != name:
        return False
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.List) and not value.elts


def _goes_to_tensors(after: list[ast.stmt], names: set[str]) -> bool:
    """Say whether names are used for nothing but the values of tensors."""
    allowed = {n for s in after for n in _copied(s)}
    read = list(_loads(after))
    if any(name in _REFLECTING for name, _ in read):
        return False
    return all(node in allowed for name, node in read if name in names)


def _copied(statement: ast.stmt) -> Iterator[ast.Name]:
    """Yield the names in what a statement copies into a tensor."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return
    if call.func.attr == "copy_" and len(call.args) == 1 and _makes_tensor(call.args[0]):
        yield from (node for _, node in _loads(call.args))


def _makes_tensor(value: ast.expr) -> bool:
    """Say whether an expression calls nothing but a tensor library and pure functions."""
    for node in ast.walk(value):
        if isinstance(node, ast.Lambda | ast.NamedExpr | ast.Await | ast.Yield):
            return False
        if isinstance(node, ast.Call) and not (_is_pure(node.func) or _is_of_library(node.func)):
            return False
    return isinstance(value, ast.Call)


def _is_pure(func: ast.expr) -> bool:
    return isinstance(func, ast.Name) and func.id in _PURE


def _is_of_library(func: ast.expr) -> bool:
    if not isinstance(func, ast.Attribute):
        return False
    root: ast.expr = func
    while isinstance(root, ast.Attribute | ast.Call):
        root = root.value if isinstance(root, ast.Attribute) else root.func
    return isinstance(root, ast.Name) and root.id in _LIBRARIES
