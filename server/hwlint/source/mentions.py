"""Where an attribute of a class is named besides the places that are known: on another object, in a
string, in a class that is derived from it."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from hwlint.source.files import SourceFile
from hwlint.source.parsing import FaultError, parse_text
from hwlint.source.walking import children

__all__ = ["is_mentioned", "related_classes"]

_CLASS = re.compile(r"\bclass\s+(\w+)\s*\(([^)]*)\)")
_REFLECTING = frozenset(("getattr", "setattr", "hasattr", "delattr", "vars"))
_REFLECTIONS = frozenset(("__dict__", "_modules", "get_submodule"))
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_mentioned(
    names: Collection[str],
    family: Collection[str],
    source: SourceFile,
    own: Iterable[ast.Attribute],
) -> bool:
    """Whether a file names one of the attributes in another way than by the nodes `own`.

    Attributes of `self` count in the classes of the family only; those of any other object, and
    strings that name a parameter, "attn.q_proj.weight", wherever they stand. A file that does not
    parse counts as one that does.
    """
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")
    reflects = bool(family) and any(re.search(rf"\b{name}\b", source.text) for name in family)
    if not reflects and word.search(source.text) is None:
        return False
    try:
        tree, older = parse_text(source.text)
    except FaultError:
        return True
    if older is not None:
        return True
    known = {_position(node) for node in own}
    return any(
        _names(node, names, word, related=owner in family)
        for node, owner in _nodes(tree, "")
        if not isinstance(node, ast.Attribute) or _position(node) not in known
    )


def _position(node: ast.Attribute) -> tuple[int, int, int | None, int | None]:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _nodes(node: ast.AST, owner: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield all nodes but docstrings, each with the class that it stands in."""
    for child in children(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        yield child, owner
        yield from _nodes(child, child.name if isinstance(child, ast.ClassDef) else owner)


def _names(node: ast.AST, names: Collection[str], word: re.Pattern[str], *, related: bool) -> bool:
    if isinstance(node, ast.Attribute):
        reached = related and node.attr in _REFLECTIONS
        return reached or (node.attr in names and (related or not _is_self(node.value)))
    if isinstance(node, ast.Constant):
        text = node.value
        return isinstance(text, str) and " " not in text and word.search(text) is not None
    if not related:
        return False
    if isinstance(node, _DEFINED):
        return node.name in names
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.target.id in names
    return isinstance(node, ast.Call) and _reflects(node)


def _reflects(call: ast.Call) -> bool:
    """Whether a call asks an object for an attribute whose name is worked out."""
    if not isinstance(call.func, ast.Name) or call.func.id not in _REFLECTING:
        return False
    return len(call.args) == 1 or not isinstance(call.args[1], ast.Constant)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def related_classes(name: str, sources: Iterable[SourceFile]) -> frozenset[str]:
    """Return the names of a class, of those that it is derived from and of those that are derived
    from it, as far as names tell."""
    bases: dict[str, set[str]] = {}
    for source in sources:
        for found in _CLASS.finditer(source.text):
            said = re.findall(r"\w+", re.sub(r"\w+\s*=\s*", "", found[2]))
            bases.setdefault(found[1], set()).update(said)
    above = _closure([name], bases)
    below: dict[str, set[str]] = {}
    for derived, own in bases.items():
        for base in own:
            below.setdefault(base, set()).add(derived)
    return frozenset(above | _closure([name], below))


def _closure(start: Sequence[str], leads: Mapping[str, Collection[str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        fresh = set(leads.get(todo.pop(), ())) - found
        found |= fresh
        todo += fresh
    return found
