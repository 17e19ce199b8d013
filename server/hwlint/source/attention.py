"""Attention that is written out, as one call of `scaled_dot_product_attention`.

Looks at one block of statements: a product, a scale, a softmax over the last axis, a dropout, a
second product, in one expression or over names that nothing else reads. Whatever else stands
between (a mask, a second reader) is left alone.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hwlint.source.edits import Edit, Positions
from hwlint.source.files import SourceFile
from hwlint.source.spans import Place
from hwlint.source.walking import children, walk

__all__ = ["fused_attention"]

Placing = Callable[[ast.expr], Place]
_SCALARS = (ast.Constant, ast.Attribute, ast.Name)
_LAST = -1


class _Other(Exception):
    """It is written in another way."""


@dataclass
class _Block:
    """The statements around a softmax."""

    statements: list[ast.stmt]
    text: Callable[[ast.expr], str]
    used: set[int] = field(default_factory=set[int])
    """Statements that only make what goes into the product."""
    moved: list[tuple[int, ast.expr]] = field(default_factory=list[tuple[int, ast.expr]])
    """Expressions that will be evaluated later than they were, and where they stood."""

    def resolve(self, node: ast.expr, at: int) -> tuple[ast.expr, int]:
        """Return what a name stands for in statement `at`, where nothing else reads it."""
        while isinstance(node, ast.Name):
            made = [i for i in range(at) if node.id in _bound(self.statements[i])]
            statement = self.statements[made[-1]] if made else None
            if not isinstance(statement, ast.Assign) or not _is_plain(statement):
                return node, at
            if self._reads(node.id, made[-1]) != 1:
                raise _Other
            self.used.add(made[-1])
            node, at = statement.value, made[-1]
        return node, at

    def reader(self, at: int) -> tuple[str, int]:
        """Return the name that statement `at` binds, and the only statement that reads it."""
        statement = self.statements[at]
        if not isinstance(statement, ast.Assign) or not _is_plain(statement):
            raise _Other
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        if self._reads(target.id, at) != 1:
            raise _Other
        after = range(at + 1, len(self.statements))
        found = [i for i in after if _loads(self.statements[i], target.id)]
        self.used.add(at)
        return target.id, found[0]

    def _reads(self, name: str, at: int) -> int:
        """How often what statement `at` binds to a name is read."""
        number = 0
        for statement in self.statements[at + 1 :]:
            number += _loads(statement, name)
            if name in _bound(statement):
                return number if isinstance(statement, ast.Assign) else 2
        return number

    def check(self, end: int) -> None:
        """See that nothing rebinds what is evaluated later than it was."""
        for start, node in self.moved:
            names = {n.id for n in walk(node) if isinstance(n, ast.Name)}
            for index in range(start, end):
                if index not in self.used and names & _bound(self.statements[index]):
                    raise _Other
            for index in range(start + 1, end):
                if index in self.used and names & _bound(self.statements[index]):
                    raise _Other


def _bound(statement: ast.stmt) -> set[str]:
    nodes = walk(statement)
    return {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}


def _loads(statement: ast.stmt, name: str) -> int:
    nodes = (n for n in walk(statement) if isinstance(n, ast.Name) and n.id == name)
    return sum(isinstance(n.ctx, ast.Load) for n in nodes)


def _is_plain(statement: ast.Assign) -> bool:
    return len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name)


def fused_attention(
    source: SourceFile, tree: ast.Module, softmax: ast.Call, place: Placing
) -> tuple[Edit, ...] | None:
    """Return the edits that make one call of the attention around a softmax; None where it is
    written in another way."""
    positions = Positions(source.text)
    found = _block_of(tree, softmax)
    function = _function(tree)
    if found is None or function is None:
        return None
    statements, index = found
    block = _Block(statements, lambda node: positions.read(place(node)))
    try:
        query, key = _scores(block, *_operand(softmax, index))
        product, value, dropout, end = _product(block, softmax, index)
        block.check(end)
        gone = [_without(statements[i], source, positions) for i in block.used if i != end]
    except _Other:
        return None
    drop = f", dropout_p={dropout}.p if self.training else 0.0" if dropout else ""
    call = f"{function}({query}, {key}, {block.text(value)}{drop}, scale=1.0)"
    return (Edit(place(product), call), *gone)


def _block_of(tree: ast.Module, node: ast.AST) -> tuple[list[ast.stmt], int] | None:
    """Return the innermost list of statements that a node stands in, and which it is in."""
    found: tuple[list[ast.stmt], int] | None = None
    for outer in walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block: object = getattr(outer, name, None)
            if not isinstance(block, list):
                continue
            statements: list[ast.stmt] = [s for s in block if isinstance(s, ast.stmt)]  # pyright: ignore[reportUnknownVariableType] - of any nodes
            for index, statement in enumerate(statements):
                if any(inner is node for inner in walk(statement)):
                    found = statements, index  # walk goes outside in: the last one is innermost
    return found


def _function(tree: ast.Module) -> str | None:
    """Return how the file can name the function, by its own imports."""
    end = "scaled_dot_product_attention"
    names: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.asname is not None or "." not in alias.name:
                    names.setdefault(alias.name, alias.asname or alias.name)
        elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
            for alias in statement.names:
                names.setdefault(f"{statement.module}.{alias.name}", alias.asname or alias.name)
    for module in ("torch.nn.functional", "torch.nn", "torch"):
        if module in names:
            rest = "torch.nn.functional"[len(module) :]
            return f"{names[module]}{rest}.{end}"
    return None


def _operand(softmax: ast.Call, index: int) -> tuple[ast.expr, int]:
    """Return what a softmax over the last axis is of."""
    function = softmax.func
    if not isinstance(function, ast.Attribute) or function.attr != "softmax":
        raise _Other
    arguments = list(softmax.args)
    is_method = not _names_module(function.value)
    operand = function.value if is_method else (arguments.pop(0) if arguments else None)
    axes = [*arguments, *(k.value for k in softmax.keywords if k.arg == "dim")]
    known = all(k.arg == "dim" for k in softmax.keywords)
    if operand is None or not known or len(axes) != 1 or _number(axes[0]) != _LAST:
        raise _Other
    return operand, index


def _names_module(node: ast.expr) -> bool:
    return ast.unparse(node) in ("F", "torch", "nn.functional", "torch.nn.functional")


def _number(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _scores(block: _Block, node: ast.expr, at: int) -> tuple[str, str]:
    """Return the texts of the queries, with the scale, and of the keys."""
    node, at = block.resolve(node, at)
    scale = ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sign = "*" if isinstance(node.op, ast.Mult) else "/"
        product, factor = node.left, node.right
        if sign == "*" and _is_scalar(product):
            product, factor = factor, product
        if not _is_scalar(factor):
            raise _Other
        block.moved.append((at, factor))
        scale = f" {sign} {_bracketed(block, factor)}"
        node, at = block.resolve(product, at)
    query, transposed = _factors(node)
    block.moved += [(at, query), (at, transposed)]
    keys = _untransposed(transposed)
    key = f"{_bracketed(block, transposed)}.transpose(-2, -1)" if keys is None else block.text(keys)
    return (f"{_bracketed(block, query)}{scale}" if scale else block.text(query)), key


def _is_scalar(node: ast.expr) -> bool:
    """Whether an expression reads like a number: `self.scale`, `d ** -0.5`, `math.sqrt(d)`."""
    if isinstance(node, ast.BinOp):
        return _is_scalar(node.left) and _is_scalar(node.right) and not _is_product(node)
    if isinstance(node, ast.UnaryOp):
        return _is_scalar(node.operand)
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).endswith("sqrt") and all(map(_is_scalar, node.args))
    return isinstance(node, _SCALARS)


def _is_product(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def _bracketed(block: _Block, node: ast.expr) -> str:
    text = block.text(node)
    simple = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Constant | ast.Subscript)
    return text if simple else f"({text})"


def _factors(node: ast.expr) -> tuple[ast.expr, ast.expr]:
    """Return both sides of a matrix product."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if isinstance(node, ast.Call) and not node.keywords:
        name = ast.unparse(node.func)
        if name in ("torch.matmul", "torch.bmm") and len(node.args) == 2:
            return node.args[0], node.args[1]
    raise _Other


def _untransposed(node: ast.expr) -> ast.expr | None:
    """Return x of `x.transpose(-2, -1)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    axes = {_number(argument) for argument in node.args}
    return node.func.value if node.func.attr == "transpose" and axes == {-2, -1} else None


def _product(block: _Block, weights: ast.expr, at: int) -> tuple[ast.expr, ast.expr, str, int]:
    """Return the product of the weights and the values, the values, the dropout on the way and the
    statement that has the product."""
    dropout = ""
    while True:
        parent = _parent(block.statements[at], weights)
        if parent is None:
            name, at = block.reader(at)
            weights = next(_named(block.statements[at], name))
            continue
        drop = _dropout(parent, weights)
        if drop:
            if dropout:
                raise _Other
            dropout, weights = drop, parent
            continue
        left, right = _factors(parent)
        if left is not weights:
            raise _Other
        return parent, right, dropout, at


def _parent(statement: ast.stmt, node: ast.expr) -> ast.expr | None:
    """Return the expression that a node is part of; None where it is all of an assignment."""
    if isinstance(statement, ast.Assign) and statement.value is node:
        return None
    for outer in walk(statement):
        if isinstance(outer, ast.expr) and node in list(children(outer)):
            return outer
    raise _Other


def _named(statement: ast.stmt, name: str) -> Iterator[ast.expr]:
    for node in walk(statement):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node


def _dropout(node: ast.expr, inside: ast.expr) -> str:
    """Return `self.drop` of `self.drop(x)`."""
    if isinstance(node, ast.Call) and node.args == [inside] and not node.keywords:
        name = ast.unparse(node.func)
        if name.startswith("self.") and name.count(".") == 1 and "drop" in name:
            return name
    return ""


def _without(statement: ast.stmt, source: SourceFile, positions: Positions) -> Edit:
    """Return the edit that takes all lines of a statement away."""
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    lines = source.lines
    if lines[first][: statement.col_offset].strip() or _follows(statement, lines[last]):
        raise _Other
    start, _ = positions.span(Place(source.path, first, 0, first, 0))
    if last + 1 < len(lines):
        end, _ = positions.span(Place(source.path, last + 1, 0, last + 1, 0))
    else:
        end = len(source.text)
    return Edit(positions.place(source.path, start, end), "")


def _follows(statement: ast.stmt, line: str) -> bool:
    """Whether something other than a comment follows on the line."""
    rest = line.encode()[statement.end_col_offset or 0 :].decode(errors="ignore").strip()
    return bool(rest) and not rest.startswith("#")
