"""What a file says without being interpreted: its imports and its calls of named functions."""

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from hwlint.source.files import SourceFile
from hwlint.source.scopes import Scope, calls_in, imports_in
from hwlint.source.segments import Segment, SyntaxProblem
from hwlint.source.spans import Place

__all__ = ["CallFact", "FileFacts", "file_facts"]


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call, named through the imports of its file."""

    name: str
    """Dotted name of what is called: "torch.nn.utils.prune.l1_unstructured"."""
    place: Place
    """The whole call expression."""
    args: tuple[object, ...]
    """Positional arguments: the value where it is a plain literal, else None."""
    keywords: Mapping[str, object]
    """Keyword arguments, the same way; `**mapping` stands under "**" with None."""
    enclosing: str
    """Dotted name of the enclosing class and function: "Trainer.compress", "" at the top."""
    argument_places: tuple[Place, ...] = ()
    """Places of the positional arguments, then of the keywords' values, in source order."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The facts of one file."""

    path: str
    imports: Mapping[str, str]
    """Local name to dotted name: {"prune": "torch.nn.utils.prune"}."""
    calls: tuple[CallFact, ...]


def file_facts(source: SourceFile, wanted: Collection[str]) -> FileFacts:
    """The calls in a file of what starts with one of the dotted names `wanted`.

    Names are resolved through the imports, also those inside functions, and through plain aliases
    (`prune = torch.nn.utils.prune`). A parameter or a local variable hides an import. What does
    not parse is left out.
    """
    if not any(_may_name(source.text, prefix) for prefix in wanted):
        return FileFacts(source.path, {}, ())
    parsed = [part for segment in source.segments for part in _parsed(segment)]
    top = [statement for segment, body in parsed if not segment.indent for statement in body]
    scope = Scope()
    scope.bind(top)
    prefixes = tuple(wanted)
    facts = [
        _fact(segment, call, name, inside.enclosing)
        for segment, body in parsed
        for call, inside in calls_in(body, scope)
        if (name := inside.resolve(call.func)) and name.startswith(prefixes)
    ]
    facts.sort(key=lambda fact: fact.place)
    imports = {local: name for _, body in parsed for local, name in imports_in(body)}
    return FileFacts(source.path, imports | scope.imports, tuple(facts))


def _may_name(text: str, prefix: str) -> bool:
    """Say whether all words of a dotted name stand in a text, however they come together."""
    words = prefix.rstrip(".").split(".")
    return all(_stands_in(text, word) for word in reversed(words))


def _stands_in(text: str, word: str) -> bool:
    """Say whether a text has a word by itself. Most texts do not have most words at all."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        around = text[start - 1 : start] + text[end : end + 1]
        if not any(c.isalnum() or c == "_" for c in around):
            return True
        start = text.find(word, start + 1)
    return False


def _parsed(segment: Segment) -> Iterator[tuple[Segment, list[ast.stmt]]]:
    try:
        yield segment, segment.parse()
    except SyntaxProblem:
        for member in segment.members:
            yield from _parsed(member)


def _fact(segment: Segment, call: ast.Call, name: str, enclosing: str) -> CallFact:
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    return CallFact(
        name=name,
        place=segment.place(call),
        args=tuple(_literal(arg) for arg in call.args),
        keywords={keyword.arg or "**": _literal(keyword.value) for keyword in call.keywords},
        enclosing=enclosing,
        argument_places=tuple(segment.place(value) for value in values),
    )


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None
