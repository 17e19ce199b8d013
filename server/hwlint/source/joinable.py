"""Which linear layers of a class may be one: how they are built, and how they are used."""

import ast
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hwlint.source.walking import children, walk

__all__ = [
    "FUNCTION",
    "LinearLayer",
    "OtherForm",
    "Use",
    "alike",
    "blocks_of",
    "check_between",
    "check_parts",
    "is_own",
    "self_of",
    "uses_of",
]

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)
_SOMETIMES = (
    ast.Lambda, ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Compare,
)  # fmt: skip
"""What evaluates its parts later, more than once or not at all."""
_ASKED = frozenset(("shape", "dtype", "device", "ndim", "size", "dim", "is_cuda", "requires_grad"))
"""Attributes that may be read of the input between the calls."""


class OtherForm(Exception):
    """It is written in another way."""


@dataclass(frozen=True)
class LinearLayer:
    """One of the layers."""

    name: str
    statement: ast.Assign
    target: ast.Attribute
    given: dict[str, ast.expr]
    """Arguments by their names."""


@dataclass(frozen=True)
class Use:
    """The call of a layer, and the statement that it stands in."""

    call: ast.Call
    func: ast.Attribute
    statement: ast.stmt
    index: int
    """Of the statement in its block."""

    @property
    def direct(self) -> str:
        """The name that the result has, where the statement does nothing else."""
        statement = self.statement
        if not isinstance(statement, ast.Assign) or statement.value is not self.call:
            return ""
        target = statement.targets[0]
        plain = len(statement.targets) == 1 and isinstance(target, ast.Name)
        return target.id if plain and isinstance(target, ast.Name) else ""


def alike(
    block: Sequence[ast.stmt], found: dict[int, LinearLayer], number: int
) -> dict[str, LinearLayer]:
    """Return layers by name; raises `OtherForm` where one differs in more than its width, or where
    something that they are made of becomes another in between."""
    layers = {layer.name: layer for layer in found.values()}
    kinds = {
        (ast.unparse(layer.statement.value.func), _without_width(layer))
        for layer in layers.values()
        if isinstance(layer.statement.value, ast.Call)
    }
    if len(layers) != number or len(found) != number or number < _FEWEST or len(kinds) != 1:
        raise OtherForm
    used = {ast.unparse(n) for layer in layers.values() for n in _named(layer)}
    for index in range(min(found) + 1, max(found)):
        if index not in found and (
            not isinstance(block[index], (ast.Assign, ast.AnnAssign))
            or any(ast.unparse(node) in used for node in _stored(block[index]))
        ):
            raise OtherForm
    return layers


_FEWEST = 2


def _without_width(layer: LinearLayer) -> tuple[tuple[str, str], ...]:
    given = {key: ast.unparse(value) for key, value in layer.given.items()}
    del given["out_features"]
    return tuple(sorted(given.items()))


def _named(layer: LinearLayer) -> Iterator[ast.AST]:
    for value in layer.given.values():
        yield from (n for n in walk(value) if isinstance(n, (ast.Name, ast.Attribute)))


def _stored(statement: ast.AST) -> Iterator[ast.expr]:
    for node in walk(statement):
        placed = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
        if placed and not isinstance(node.ctx, ast.Load):
            yield node.value if isinstance(node, ast.Subscript) else node


def uses_of(
    owner: ast.ClassDef, layers: Collection[str]
) -> tuple[ast.FunctionDef, Sequence[ast.stmt], dict[str, Use]]:
    """Return the method and the block in which all layers are called with the same name."""
    for method in (f for f in owner.body if isinstance(f, ast.FunctionDef)):
        for block in blocks_of(method) if self_of(method) == "self" else ():
            uses = [
                Use(call, call.func, statement, index)
                for index, statement in enumerate(block)
                if isinstance(statement, _STATEMENTS)
                for call in _calls(statement)
                if isinstance(call.func, ast.Attribute) and is_own(call.func)
                if call.func.attr in layers
            ]
            if uses:
                found = {use.func.attr: use for use in uses}
                if len(found) != len(layers) or len(uses) != len(layers):
                    raise OtherForm
                _check_given(use.call for use in uses)
                return method, block, found
    raise OtherForm


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that a statement makes once, whatever happens."""
    for child in children(node):
        if isinstance(child, _SOMETIMES):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _calls(child)


def _check_given(calls: Iterable[ast.Call]) -> None:
    given = [
        call.args[0].id
        if len(call.args) == 1 and not call.keywords and isinstance(call.args[0], ast.Name)
        else ""
        for call in calls
    ]
    if len(set(given)) != 1 or not given[0]:
        raise OtherForm


def check_between(block: Sequence[ast.stmt], uses: Sequence[Use]) -> None:
    """See that the input stays what it is from the first call to the last."""
    first, last = (pick(use.index for use in uses) for pick in (min, max))
    name = ast.unparse(uses[0].call.args[0])
    fine = {id(use.call.args[0]) for use in uses}
    for statement in block[first : last + 1]:
        fine |= {
            id(n.value)
            for n in walk(statement)
            if isinstance(n, ast.Attribute) and n.attr in _ASKED
        }
    for index in range(first, last + 1):
        for node in walk(block[index]):
            if getattr(node, "name", None) == name:
                raise OtherForm
            if not isinstance(node, ast.Name) or node.id != name or id(node) in fine:
                continue
            # The last statement binds and reads after the last call, or beside it.
            if index < last or isinstance(node.ctx, ast.Load):
                raise OtherForm


def check_parts(owner: ast.ClassDef, method: ast.FunctionDef, tree: ast.Module) -> None:
    """See that nothing which the method calls writes into a tensor: autograd takes no parts of a
    tensor that are written to."""
    functions = {
        f.name: f
        for f in itertools.chain(tree.body, owner.body)
        if isinstance(f, ast.FunctionDef) and f.name != "__init__"
    }
    todo, seen = [method], {method.name}
    while todo:
        for node in walk(todo.pop()):
            if _writes(node):
                raise OtherForm
            name = _called_name(node)
            if name in functions and name not in seen:
                seen.add(name)
                todo.append(functions[name])


def _called_name(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node, ast.Call) and is_own(node.func):
        assert isinstance(node.func, ast.Attribute)
        return node.func.attr
    return ""


def _writes(node: ast.AST) -> bool:
    """Whether a node writes into what may be a tensor."""
    if isinstance(node, ast.AugAssign):
        return True
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.keyword):
        return node.arg == "out" or (node.arg == "inplace" and ast.unparse(node.value) != "False")
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr.endswith("_") and not node.func.attr.endswith("__")


# --- nodes ----------------------------------------------------------------------------------


def blocks_of(function: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a function, but for those of functions inside of it."""
    for name in ("body", "orelse", "finalbody"):
        block: object = getattr(function, name, None)
        if isinstance(block, list):
            statements: list[ast.stmt] = [s for s in block if isinstance(s, ast.stmt)]  # pyright: ignore[reportUnknownVariableType] - of any nodes
            yield statements
            for statement in statements:
                if not isinstance(statement, (*FUNCTION, ast.ClassDef)):
                    yield from blocks_of(statement)


def self_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the name of the first parameter of a method."""
    given = [*function.args.posonlyargs, *function.args.args]
    return given[0].arg if given else ""


def is_own(node: ast.expr) -> bool:
    """Whether a node is `self.name`."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )
