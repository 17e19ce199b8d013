"""What stands in a file that may be exchanged: numbers, names of what is called, calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from hwlint.source.changes import placing, written_number
from hwlint.source.edits import Positions
from hwlint.source.files import SourceFile
from hwlint.source.parsing import FaultError, parse_text
from hwlint.source.spans import Place
from hwlint.source.walking import children, walk

__all__ = ["Inventory", "Name", "Number", "Statement", "inventory"]

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Number:
    """A plain number that is no negative one: 64 or 0.25."""

    place: Place
    text: str
    value: float
    """An `int` where it is written as one."""
    statement: int
    """Index into `Inventory.statements`."""
    function: str
    """The innermost function in whose body it stands; "" for none, and for defaults."""
    counts: bool = True
    """False: it is compared with something, or says which one is meant or where to begin, and so is
    no size by itself."""


@dataclass(frozen=True)
class Name:
    """The last part of a dotted name, `ReLU` in `nn.ReLU`, where it is read."""

    place: Place
    prefix: str
    """What stands before it: "nn."."""
    text: str
    statement: int
    called: bool
    arguments: tuple[str, ...] = ()
    """Of the call: keywords by their names, others as ""."""


@dataclass(frozen=True)
class Statement:
    """A statement at the top of a file."""

    binds: frozenset[str]
    mentions: frozenset[str]
    bases: frozenset[str]
    """Of a class: the names of those that it is derived from."""
    methods: frozenset[str]
    is_class: bool


@dataclass
class Inventory:
    """All that stands in one file; empty where its grammar is newer than the running Python's."""

    numbers: list[Number] = field(default_factory=list[Number])
    names: list[Name] = field(default_factory=list[Name])
    calls: dict[Place, str] = field(default_factory=dict[Place, str])
    """The text of each call."""
    lists: dict[Place, str] = field(default_factory=dict[Place, str])
    """The text of each list that is written out with calls in it."""
    statements: list[Statement] = field(default_factory=list[Statement])
    bodies: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """First and last line of each class and function, 0-based; decorators not among them."""


def inventory(source: SourceFile) -> Inventory:
    """Return what stands in a file."""
    found = Inventory()
    try:
        tree, older = parse_text(source.text)
    except FaultError:
        return found
    if older is not None:
        return found
    collector = _Collector(source, found)
    for statement in tree.body:
        found.statements.append(_statement(statement))
        collector.visit(statement, "")
    found.numbers.sort(key=lambda number: number.place)
    found.names.sort(key=lambda name: name.place)
    return found


def _statement(node: ast.stmt) -> Statement:
    binds: set[str] = set()
    if isinstance(node, (ast.ClassDef, *_FUNCTION)):
        binds.add(node.name)
    every = list(walk(node))
    names = [n for n in every if isinstance(n, ast.Name)]
    if not isinstance(node, (ast.ClassDef, *_FUNCTION)):
        binds |= {n.id for n in names if isinstance(n.ctx, ast.Store)}
    mentions = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    mentions |= {n.attr for n in every if isinstance(n, ast.Attribute)}
    bases: set[str] = set()
    methods: set[str] = set()
    if isinstance(node, ast.ClassDef):
        bases = {n.id for b in node.bases for n in walk(b) if isinstance(n, ast.Name)}
        methods = {n.name for n in node.body if isinstance(n, _FUNCTION)}
    return Statement(
        frozenset(binds),
        frozenset(mentions),
        frozenset(bases),
        frozenset(methods),
        isinstance(node, ast.ClassDef),
    )


class _Collector:
    """Goes over a tree and notes what is wanted of it."""

    def __init__(self, source: SourceFile, found: Inventory) -> None:
        self._place = placing(source)
        self._found = found
        self._source = source
        self._positions = Positions(source.text)
        self._beside: set[int] = set()

    def visit(self, node: ast.AST, function: str) -> None:
        """Note a node and all below it."""
        self._beside.update(id(constant) for constant in _no_sizes(node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if isinstance(node.operand, ast.Constant):
                return  # the number would lose its sign
        elif isinstance(node, ast.Constant):
            self._number(node, function)
        elif isinstance(node, ast.Attribute):
            self._name(node, None)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.List):
            self._list(node)
        elif isinstance(node, (ast.ClassDef, *_FUNCTION)):
            self._found.bodies.append((node.lineno - 1, (node.end_lineno or node.lineno) - 1))
        for child, inside in _children(node, function):
            self.visit(child, inside)

    def _at(self) -> int:
        return len(self._found.statements) - 1

    def _number(self, node: ast.Constant, function: str) -> None:
        if type(node.value) not in (int, float):
            return
        place = self._place(node)
        if place.line != place.end_line:
            return
        text = self._source.lines[place.line][place.col : place.end_col]
        value = node.value
        if isinstance(value, int) and written_number(text) != value:
            return
        if isinstance(value, (int, float)):
            counts = id(node) not in self._beside
            self._found.numbers.append(Number(place, text, value, self._at(), function, counts))

    def _call(self, node: ast.Call) -> None:
        place = self._place(node)
        self._found.calls[place] = self._positions.read(place)
        if isinstance(node.func, ast.Attribute):
            self._name(node.func, node)

    def _list(self, node: ast.List) -> None:
        if any(isinstance(element, ast.Call) for element in node.elts):
            place = self._place(node)
            self._found.lists[place] = self._positions.read(place)

    def _name(self, node: ast.Attribute, call: ast.Call | None) -> None:
        prefix = _dotted(node.value)
        whole = self._place(node)
        line = self._source.lines[whole.end_line] if whole.line == whole.end_line else ""
        start = whole.end_col - len(node.attr)
        if prefix is None or line[start : whole.end_col] != node.attr:
            return
        place = Place(whole.path, whole.end_line, start, whole.end_line, whole.end_col)
        if call is None:
            if any(name.place == place for name in self._found.names[-3:]):
                return  # the function of the call that was just noted
            self._found.names.append(Name(place, prefix, node.attr, self._at(), called=False))
            return
        given = ["" for _ in call.args] + [keyword.arg or "**" for keyword in call.keywords]
        name = Name(place, prefix, node.attr, self._at(), called=True, arguments=tuple(given))
        self._found.names.append(name)


def _no_sizes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the constants below a node that say which one is meant, not how many."""
    if isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Subscript):
        yield from walk(node.slice)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "range" and len(node.args) > 1:
            yield node.args[0]
            yield from node.args[2:]
        elif node.func.id == "enumerate":
            yield from node.args[1:]


def _children(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield what is below a node with the function that it stands in."""
    inside = function
    if isinstance(node, _FUNCTION):
        yield node.args, function
        for statement in node.body:
            yield statement, node.name
        return
    for child in children(node):
        yield child, inside


def _dotted(node: ast.expr) -> str | None:
    """Return "torch.nn." for what stands before the last part of a name."""
    if isinstance(node, ast.Name):
        return f"{node.id}."
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}{node.attr}."
    return None
