"""A file changes while its workspace stays read: functions are exchanged in place, their bodies and
the numbers among their defaults.

What a function does is looked up when it is called, so a new body takes effect everywhere at once;
what is remembered of readings that ran it is dropped. Any other change could reach what modules did
when they were executed, which nothing can take back: then reading begins anew.
"""

import ast
from collections.abc import Generator, Iterator, Sequence

from hwlint.reader.forward.waits import is_aside
from hwlint.reader.imports import Imports, PythonModule
from hwlint.source import Segment, SourceError, SourceFile, SyntaxProblem, read_source

__all__ = ["update"]


Definition = ast.FunctionDef | ast.AsyncFunctionDef
Changes = Generator[tuple[Segment, Segment], None, Segment]


class _Anew(Exception):
    """The change is more than that of a function."""


def update(imports: Imports, path: str) -> bool:
    """Take over the new text of a file. False: nothing was touched, and a reader that is to know
    the new text has to be made anew.

    A function whose new text does not parse keeps the body that it had.
    """
    module = imports.by_path.get(path)
    if module is None:
        return path not in imports.looked_for
    try:
        source = read_source(path)
        changed = list(_changed(module, source))
    except (SourceError, _Anew):
        return False
    users = {user for old, _ in changed for user in module.codes[old].ran_in}
    if not all(map(_is_apart, users)):
        return False
    cells = {module.codes[old].cell for old, _ in changed}
    if imports.mixed and imports.interp.memo.has_leaked(cells):
        return False  # what is to be put back is not what entry points alone did
    for user in users:
        imports.forget(user)
    for old, new in changed:
        code = module.codes[new] = module.codes.pop(old)
        code.renew(new)
        code.renew_defaults(_literal(_definition(new)))
    module.source = source
    if module.state == "done":
        module.executed.update(source.segments)
    if changed:
        _forget(imports, cells)
    return True


def _is_apart(module: PythonModule) -> bool:
    """Say whether nothing but the module itself has to do with what executing it did."""
    others = (other for other in module.imports.by_path.values() if other is not module)
    known = any(path == module.path for other in others for path, _ in other.cells)
    return module.state == "done" and not module.spilled and not known


def _changed(module: PythonModule, source: SourceFile) -> Iterator[tuple[Segment, Segment]]:
    """Yield functions of which the body is another, before and after. Of what did not change, and
    of what does not parse, `source` gets the segments that were there."""
    if module.state == "new":
        return
    if module.state != "done" or module.problem is not None:
        raise _Anew
    kept: list[Segment] = []
    for old, new in _pairs(module.source.segments, source.segments):
        kept.append((yield from _compare(module, old, new)))
    source.adopt(kept)


def _pairs(
    before: Sequence[Segment], after: Sequence[Segment]
) -> Iterator[tuple[Segment, Segment]]:
    if len(before) != len(after):
        raise _Anew
    return zip(before, after, strict=True)


def _compare(module: PythonModule, old: Segment, new: Segment) -> Changes:
    """Yield what changed in one statement; returns the segment that stands for it from now on."""
    if old.text == new.text and old.line == new.line:
        return old
    shape = (new.kind, new.name, new.decorated, new.indent, new.line)
    if (old.kind, old.name, old.decorated, old.indent, old.line) != shape:
        raise _Anew
    if new.kind == "def":
        return (yield from _compare_function(module, old, new))
    if new.kind != "class" or _header(old) != _header(new):
        raise _Anew
    members: list[Segment] = []
    for before, after in _pairs(old.members, new.members):
        members.append((yield from _compare(module, before, after)))
    new.adopt(members)
    return new


def _header(segment: Segment) -> str:
    """Return the text of a class before its first member."""
    if not segment.members:
        raise _Anew
    return segment.text[: len(segment.text) - sum(len(m.text) for m in segment.members)]


def _compare_function(module: PythonModule, old: Segment, new: Segment) -> Changes:
    code = module.codes.get(old)
    if code is None or module in code.ran_in:
        raise _Anew
    try:
        after = _definition(new)
    except SyntaxProblem:
        return old
    try:
        before = _definition(old)
    except SyntaxProblem:
        raise _Anew from None
    if _header_of(old, before) != _header_of(new, after) and (
        code.asked or not _differ_in_numbers(before, after)
    ):
        raise _Anew
    if ast.get_docstring(before, clean=False) != ast.get_docstring(after, clean=False):
        raise _Anew
    yield old, new
    return new


def _definition(segment: Segment) -> Definition:
    """Return the parsed function. Raises `SyntaxProblem`."""
    node = segment.parse()[0]
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise _Anew
    if any(isinstance(inner, ast.Global) for inner in ast.walk(node)):
        raise _Anew  # it binds names of the module
    return node


def _header_of(segment: Segment, node: Definition) -> str:
    """Return what callers can see of a function without running it: the text before its first
    statement."""
    first = segment.place(node.body[0])
    lines = segment.text.splitlines(keepends=True)[: first.line - segment.line + 1]
    lines[-1] = lines[-1][: first.col]
    return "".join(lines)


def _differ_in_numbers(before: Definition, after: Definition) -> bool:
    """Say whether all that callers can see is the same but for numbers among the defaults, and
    defaults can be computed again: each is written there as a whole, or is a name."""
    defaults = [_defaults(node) for node in (before, after)]
    if defaults[0].keys() != defaults[1].keys() or _plainly(before) != _plainly(after):
        return False
    pairs = [(default, defaults[1][key]) for key, default in defaults[0].items()]
    return all(
        ast.dump(old) == ast.dump(new) or (_is_number(old) and _is_number(new))
        for old, new in pairs
    ) and all(_is_literal(new) or isinstance(new, ast.Name | ast.Attribute) for _, new in pairs)


def _plainly(node: Definition) -> list[str]:
    """Return a definition without its body and its defaults."""
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    parts = [*every, *node.decorator_list, node.returns]
    counts = [len(args.posonlyargs), len(args.args)]
    return [*(ast.dump(part) if part is not None else "" for part in parts), str(counts)]


def _defaults(node: Definition) -> dict[int | str, ast.expr]:
    """Return the defaults by their number, those of keywords by their name."""
    args = node.args
    named = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    return {
        **dict(enumerate(args.defaults)),
        **{arg.arg: default for arg, default in named if default is not None},
    }


def _literal(node: Definition) -> frozenset[int | str]:
    """Return the defaults of which all is written there. Where one is, its place may be another."""
    return frozenset(key for key, default in _defaults(node).items() if _is_literal(default))


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(map(_is_literal, node.elts))
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _is_number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) and type(inner.value) in (int, float)


def _forget(imports: Imports, cells: set[tuple[str, str]]) -> None:
    interp = imports.interp
    interp.verdicts.drop(cells)
    if interp.memo.put_back(cells):
        interp.followed.forget()
    interp.memo.drop(cells)
    interp.followed.drop(cells)
    is_aside.cache_clear()
