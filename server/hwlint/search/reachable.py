"""Which numbers and names of the files that a module is read from may decide what it is."""

from collections.abc import Collection, Iterator, Mapping

from attrs import frozen

from hwlint.search.rereading import Rereading
from hwlint.source.comments import Comment, read_comments
from hwlint.source.files import SourceFile
from hwlint.source.inventory import Inventory, Name, Number, Statement, inventory
from hwlint.source.spans import Place

__all__ = ["File", "Reachable", "reachable"]

_MOST_NUMBERS = 400


@frozen
class File:
    """A file that may be edited, and what stands in it."""

    source: SourceFile
    stands: Inventory
    comments: tuple[Comment, ...]


@frozen
class Reachable:
    """What may be changed of a module."""

    files: Mapping[str, File]
    numbers: Mapping[Place, Number]
    names: tuple[Name, ...]
    kept: Mapping[str, frozenset[int]]
    """By file: lines of which somebody says that they are fixed."""
    searched: Mapping[str, tuple[Comment, ...]]
    """By file: comments that give values."""

    def is_fixed(self, place: Place) -> bool:
        """Whether a comment says that nothing is to change there."""
        return place.line in self.kept.get(place.path, frozenset())

    def has_fixed(self, place: Place) -> bool:
        """Whether a comment says so of any of the lines."""
        kept = self.kept.get(place.path, frozenset[int]())
        return any(line in kept for line in range(place.line, place.end_line + 1))

    def call(self, place: Place) -> str:
        """Return the text of a call, or of a list, that may be changed; "" where there is none."""
        file = self.files.get(place.path)
        if file is None or self.is_fixed(place):
            return ""
        return file.stands.calls.get(place, "") or file.stands.lists.get(place, "")


def reachable(rereading: Rereading) -> Reachable:
    """Return the numbers that layers of a module are made of, and those that stand in what builds
    it: its classes and what these name, outside of forward."""
    files = dict(_files(rereading))
    kept = {path: frozenset(_fixed(file)) for path, file in files.items()}
    wanted = _statements(rereading, files)
    leaves = set(_leaves(rereading))
    own = {path: _own(rereading, file) for path, file in files.items()}
    ranked: list[tuple[int, Number]] = []
    names: list[Name] = []
    for path, file in files.items():
        for number in file.stands.numbers:
            inside = number.statement in wanted[path] and number.function not in _RUN
            fixed = number.place.line in kept[path] or not number.counts
            if (inside or number.place in leaves) and not fixed:
                ranked.append((_rank(number, leaves, own.get(path)), number))
        names += [
            name
            for name in file.stands.names
            if name.statement in wanted[path] and name.place.line not in kept[path]
        ]
    ranked.sort(key=lambda one: (one[0], one[1].place))
    numbers = {number.place: number for _, number in ranked[:_MOST_NUMBERS]}
    searched = {
        path: tuple(c for c in file.comments if c.kind == "search") for path, file in files.items()
    }
    return Reachable(files, numbers, tuple(names), kept, searched)


def _rank(number: Number, leaves: Collection[Place], own: int | None) -> int:
    """Return how soon a number is looked at, where there are more than are looked at."""
    return 0 if number.place in leaves else 1 if number.statement == own else 2


def _own(rereading: Rereading, file: File) -> int | None:
    """Return the statement of a file that has the class or factory that is asked for."""
    each = enumerate(file.stands.statements)
    return next((index for index, s in each if rereading.name in s.binds), None)


_RUN = frozenset(("forward", "__call__", "__repr__", "extra_repr"))


def _files(rereading: Rereading) -> Iterator[tuple[str, File]]:
    """Yield the files that may be edited among those that were read on the way."""
    for path in sorted(set(rereading.graph.files) & rereading.bench.owned):
        source = rereading.bench.source(path)
        if source is not None:
            yield path, File(source, inventory(source), read_comments(source))


def _leaves(rereading: Rereading) -> Iterator[Place]:
    for layer in rereading.graph.layers:
        for argument in layer.args.values():
            origin = argument.origin
            for leaf in origin.leaves() if origin is not None else ():
                if leaf.place is not None:
                    yield leaf.place


def _fixed(file: File) -> Iterator[int]:
    """Yield the lines that a `# hwlint: fixed` speaks of: all of a class or function whose head
    it stands at."""
    for comment in file.comments:
        if comment.kind == "fixed":
            last = comment.last_line
            for first, end in file.stands.bodies:
                if comment.first_line <= first <= comment.last_line:
                    last = max(last, end)
            yield from range(comment.first_line, last + 1)


def _statements(rereading: Rereading, files: Mapping[str, File]) -> Mapping[str, frozenset[int]]:
    """Return the statements, by file and index, that building the module goes through, as far as
    names tell."""
    entry, graph = rereading.graph.entry, rereading.graph
    built = {node.class_name for node in graph.nodes} | {entry.name}
    names = built | {layer.owner.partition(".")[0] for layer in graph.layers}
    found: dict[str, set[int]] = {path: set() for path in files}
    _called(rereading, files, found)
    for path, numbers in found.items():
        names |= {m for n in numbers for m in files[path].stands.statements[n].mentions}
    names = {name for name in names if _is_plain(name, files, built)} | built
    todo = list(names)
    while todo:
        name = todo.pop()
        for path, file in files.items():
            for index, statement in enumerate(file.stands.statements):
                if name not in statement.binds or index in found[path]:
                    continue
                found[path].add(index)
                fresh = {m for m in statement.mentions - names if _is_plain(m, files, built)}
                fresh |= statement.bases - names
                names |= fresh
                todo += fresh
    return {path: frozenset(numbers) for path, numbers in found.items()}


def _called(rereading: Rereading, files: Mapping[str, File], found: Mapping[str, set[int]]) -> None:
    """Add the statement with the call of a program that builds the module."""
    place = rereading.graph.entry.place
    if rereading.graph.entry.kind != "call" or place.path not in files:
        return
    stands = files[place.path].stands
    for call in stands.calls:
        if call == place:
            index = next((n.statement for n in stands.names if _inside(n.place, place)), None)
            index = index if index is not None else _statement_at(stands, place)
            if index is not None:
                found[place.path].add(index)


def _statement_at(stands: Inventory, place: Place) -> int | None:
    near = [n for n in stands.numbers if n.place.line == place.line]
    return near[0].statement if near else None


def _inside(place: Place, outer: Place) -> bool:
    return (outer.line, outer.col) <= (place.line, place.col) <= (outer.end_line, outer.end_col)


def _is_plain(name: str, files: Mapping[str, File], built: Collection[str]) -> bool:
    """Whether a name may lead on: not to the class of another module."""
    if name in built:
        return True
    bound = [s for file in files.values() for s in file.stands.statements if name in s.binds]
    return all(_is_other(statement) for statement in bound)


def _is_other(statement: Statement) -> bool:
    return not statement.is_class or "forward" not in statement.methods
