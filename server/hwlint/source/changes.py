"""What a rule would have changed in a file, in terms of the code, and the edits that it takes."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hwlint.source.attention import fused_attention
from hwlint.source.edits import Edit, Positions
from hwlint.source.files import SourceFile
from hwlint.source.joining import JoinLinears, find_joining
from hwlint.source.parsing import FaultError, parse_text
from hwlint.source.spans import Place
from hwlint.source.walking import walk

__all__ = [
    "Change",
    "FuseAttention",
    "JoinLinears",
    "Rename",
    "SetArgument",
    "SetNumber",
    "Step",
    "Swap",
    "Unsay",
    "Unwrap",
    "edits_for",
    "is_apart",
    "numbers_in",
    "placing",
    "written_number",
]


@dataclass(frozen=True, slots=True)
class SetNumber:
    """Another whole number in place of a literal."""

    place: Place
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class SetArgument:
    """Another value of one argument of a call, which may not stand there yet."""

    call: Place
    keyword: str
    text: str
    position: int
    """Where the argument may stand without its name, 0-based."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Another function in place of the one that is called: the last part of its name."""

    call: Place
    before: str
    after: str
    arguments: str | None = None
    """What is to stand in the brackets; None: what stands there, further arguments are `extra`."""
    extra: str = ""
    single: bool = False
    """Only where the call has one argument."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Two expressions that change places."""

    first: Place
    second: Place


@dataclass(frozen=True, slots=True)
class Unwrap:
    """A call of a method that goes, `x.item()`, where it has no arguments and is part of a sum or
    product."""

    call: Place
    method: str


@dataclass(frozen=True, slots=True)
class Unsay:
    """One code of a suppression that goes; all of the comment where it is `alone`."""

    place: Place
    code: str
    alone: bool


@dataclass(frozen=True, slots=True)
class FuseAttention:
    """Attention that is written out, as one call: the softmax of it."""

    call: Place


Step = SetNumber | SetArgument | Rename | Swap | Unwrap | FuseAttention | JoinLinears | Unsay


@dataclass(frozen=True, slots=True)
class Change:
    """What a rule proposes. It is offered only once it was made in memory, the model was read
    again, the finding was gone and nothing but what `alters` names was another."""

    title: str
    """What it does, as an imperative: "Pad width 100 -> 104"."""
    steps: tuple[Step, ...]
    effect: str = "parameters"
    """What it changes: "nothing" (such a fix is safe), "parameters" or "numerics"."""
    alters: tuple[str, ...] = ()
    """Which arguments of layers may be others, "operations" where forward may do other ones, "op"
    where layers may be of another kind, and "submodules" where there may be fewer layers that
    compute the same."""
    coupled: bool = False
    """Widths: whatever has to agree with the numbers is to change with them."""
    outputs: bool = False
    """The outputs of the model may get wider."""


_NUMBER = re.compile(r"(?:0|[1-9])(?:_?[0-9])*")


def written_number(text: str) -> int | None:
    """Return a decimal whole number as it is written in Python; None for anything else."""
    return int(text.replace("_", "")) if _NUMBER.fullmatch(text) else None


def edits_for(step: Step, source: SourceFile, *, wide: bool = False) -> tuple[Edit, ...] | None:
    """Return the edits of a step; None where the text is not what the step takes it for.

    `wide`: where a function has its value by another name, `act=nn.SiLU`, all places of the file
    that name it without calling it, rather than the only one around.
    """
    positions = Positions(source.text)
    try:
        if isinstance(step, Rename):
            return _rename(step, source, positions, wide=wide)
        if wide:
            return None
        if isinstance(step, SetNumber):
            return _number(step, positions)
        if isinstance(step, SetArgument):
            return _argument(step, source, positions)
        if isinstance(step, Swap):
            return _swap(step, positions)
        if isinstance(step, Unwrap):
            return _unwrapped(step, source, positions)
        if isinstance(step, FuseAttention):
            return _fused(step, source)
        if isinstance(step, JoinLinears):
            joining = find_joining(step, source, placing(source))
            return None if joining is None else joining.edits
        return _unsaid(step, positions)
    except (FaultError, IndexError):
        return None


def is_apart(step: JoinLinears, source: SourceFile, others: Iterable[SourceFile]) -> bool:
    """Whether no other file names the layers that become one."""
    joining = find_joining(step, source, placing(source))
    return joining is not None and joining.is_free(source, others)


def _number(step: SetNumber, positions: Positions) -> tuple[Edit, ...] | None:
    if written_number(positions.read(step.place)) != step.before:
        return None
    return (Edit(step.place, str(step.after)),)


def _argument(
    step: SetArgument, source: SourceFile, positions: Positions
) -> tuple[Edit, ...] | None:
    call = _call_at(source, step.call)
    if call is None or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    place = placing(source)
    for keyword in call.keywords:
        if keyword.arg == step.keyword:
            return (Edit(place(keyword.value), step.text),)
    if step.position < len(call.args):
        return (Edit(place(call.args[step.position]), step.text),)
    return (_appended(call, f"{step.keyword}={step.text}", source, positions),)


def _appended(call: ast.Call, text: str, source: SourceFile, positions: Positions) -> Edit:
    """Return the edit that puts one more argument behind the last."""
    place = placing(source)
    _, end = positions.span(place(call))
    last = max((positions.span(place(one))[1] for one in _arguments(call)), default=None)
    if last is None:
        return Edit(positions.place(source.path, end - 1, end - 1), text)
    last = _past_brackets(source.text, last, end - 1)
    return Edit(positions.place(source.path, last, last), f", {text}")


def _past_brackets(text: str, at: int, end: int) -> int:
    """Return the offset past the brackets around a last argument, `f((x))`."""
    rest = re.compile(r"[ \t]*\)").match(text, at, end)
    while rest is not None:
        at = rest.end()
        rest = re.compile(r"[ \t]*\)").match(text, at, end)
    return at


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (keyword.value for keyword in call.keywords)


def _rename(
    step: Rename, source: SourceFile, positions: Positions, *, wide: bool
) -> tuple[Edit, ...] | None:
    call = _call_at(source, step.call)
    if call is None or (step.single and len(list(_arguments(call))) != 1):
        return None
    place = placing(source)
    if not _ends_with(call.func, step.before):
        return _rename_defaults(step, source, positions, wide=wide)
    if wide:
        return None
    _, end = positions.span(place(call.func))
    start = end - len(step.before)
    edits = [Edit(positions.place(source.path, start, end), step.after)]
    _, stop = positions.span(place(call))
    if step.arguments is not None:
        opened = source.text.index("(", end)
        inside = positions.place(source.path, opened + 1, stop - 1)
        if positions.read(inside) != step.arguments:
            edits.append(Edit(inside, step.arguments))
    elif step.extra:
        edits.append(_appended(call, step.extra, source, positions))
    return tuple(edits)


def _ends_with(node: ast.expr, name: str) -> bool:
    """Whether an expression is an attribute of that name. A bare name was imported by itself, and
    so is not what another one would be."""
    return isinstance(node, ast.Attribute) and node.attr == name


def _rename_defaults(
    step: Rename, source: SourceFile, positions: Positions, *, wide: bool
) -> tuple[Edit, ...] | None:
    """Return the edits of what the call gets by another name, `act=nn.SiLU`: of the only place in
    the class or function around that names it without calling it, or of all in the file."""
    tree, _ = parse_text(source.text)
    line = step.call.line + 1
    around = [n for n in tree.body if wide or n.lineno <= line <= (n.end_lineno or 0)]
    nodes = [node for statement in around for node in walk(statement)]
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    named = [
        node
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr == step.before and id(node) not in called
    ]
    if not named or (len(named) > 1 and not wide):
        return None
    if wide and len(named) == 1 and _rename_defaults(step, source, positions, wide=False):
        return None  # the same once more
    place = placing(source)
    ends = (positions.span(place(node))[1] for node in named)
    spans = (positions.place(source.path, end - len(step.before), end) for end in ends)
    return tuple(Edit(span, step.after) for span in spans)


def _swap(step: Swap, positions: Positions) -> tuple[Edit, ...] | None:
    first, second = positions.read(step.first), positions.read(step.second)
    if not first or not second:
        return None
    return (Edit(step.first, second), Edit(step.second, first))


def _fused(step: FuseAttention, source: SourceFile) -> tuple[Edit, ...] | None:
    tree, older = parse_text(source.text)
    call = _call_at(source, step.call, tree)
    if call is None or older is not None:
        return None
    return fused_attention(source, tree, call, placing(source))


_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def _unwrapped(step: Unwrap, source: SourceFile, positions: Positions) -> tuple[Edit, ...] | None:
    tree, _ = parse_text(source.text)
    call = _call_at(source, step.call, tree)
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr != step.method:
        return None
    sums = [n for n in walk(tree) if isinstance(n, ast.BinOp) and call in (n.left, n.right)]
    if call.args or call.keywords or not sums or not isinstance(sums[0].op, _ARITHMETIC):
        return None
    place = placing(source)
    _, start = positions.span(place(call.func.value))
    start = _past_brackets(source.text, start, len(source.text))
    _, end = positions.span(place(call))
    return (Edit(positions.place(source.path, start, end), ""),)


_BEFORE = re.compile(r"[ \t]*#[ \t]*hwlint[ \t]*:[ \t]*$")


def _unsaid(step: Unsay, positions: Positions) -> tuple[Edit, ...] | None:
    text, path = positions.text, step.place.path
    start, end = positions.span(step.place)
    line = text.rfind("\n", 0, start) + 1
    before = _BEFORE.search(text, line, start)
    if not step.alone:
        found = re.compile(rf"(?<=[\[,])\s*{re.escape(step.code)}\s*(,|(?=\]))").search(
            text, start, end
        )
        return None if found is None else _without_code(found, text, path, positions)
    rest = re.compile(r"[ \t]*(\r\n?|\n|$)").match(text, end)
    if before is None or rest is None:
        return None
    own_line = before.start() == line
    stop = rest.end() if own_line else end
    return (Edit(positions.place(path, before.start(), stop), ""),)


def _without_code(
    found: re.Match[str], text: str, path: str, positions: Positions
) -> tuple[Edit, ...]:
    """Return the edit that takes a code and one comma away."""
    start, end = found.span()
    if not found.group(1) and text[start - 1] == ",":
        start -= 1
    elif text[start - 1] == "[":
        end += len(text[end:]) - len(text[end:].lstrip(" \t"))
    return (Edit(positions.place(path, start, end), ""),)


def _call_at(source: SourceFile, place: Place, tree: ast.Module | None = None) -> ast.Call | None:
    """Return the call that stands exactly at a place."""
    if tree is None:
        tree, older = parse_text(source.text)
        if older is not None:
            return None
    where = placing(source)
    lines = (place.line + 1, place.end_line + 1)
    calls = (node for node in walk(tree) if isinstance(node, ast.Call))
    here = (call for call in calls if (call.lineno, call.end_lineno) == lines)
    return next((call for call in here if where(call) == place), None)


def placing(source: SourceFile) -> Callable[[ast.expr], Place]:
    """Return what turns nodes, which count columns in bytes, into places."""

    def column(line: int, offset: int) -> int:
        text = source.lines[line]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))

    def place(node: ast.expr) -> Place:
        line, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        return Place(
            source.path,
            line,
            column(line, node.col_offset),
            last,
            column(last, node.end_col_offset or 0),
        )

    return place


def numbers_in(source: SourceFile, inside: Place) -> tuple[tuple[Place, int], ...]:
    """Return the whole numbers of a file's code within a place, in order."""
    try:
        tree, older = parse_text(source.text)
    except FaultError:
        return ()
    if older is not None:
        return ()
    where = placing(source)
    found = [
        (place, node.value)
        for node in walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int
        if inside.line <= node.lineno - 1 <= inside.end_line
        if (place := where(node)).within(inside)
    ]
    return tuple(sorted(found))
