"""Which numbers have to change together.

A width may be written many times: `Conv2d(3, 100, 3)`, `BatchNorm2d(100)`, `Conv2d(100, 64, 3)`.
Which of them mean the same is found by asking forward: every candidate is given a number of its
own, a multiple of today's by a prime, and where shapes no longer fit together, the primes in
torch's message say which two of them are one. What is left over (a sum, `Linear(4900, 10)` behind a
flattened map) is repaired where the model refuses, as long as that takes it further.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hwlint.api import Edit
from hwlint.fix.bench import Bench, Key, graphs_of
from hwlint.graph import Argument, Layer, ModelGraph
from hwlint.source.changes import SetNumber, numbers_in, written_number
from hwlint.source.edits import Positions
from hwlint.source.spans import Place

__all__ = ["Asked", "coupled", "coupled_in"]

_PRIMES = (
    1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093, 1097,
    1103, 1109, 1117, 1123, 1129, 1151, 1153, 1163, 1171, 1181, 1187, 1193, 1201, 1213, 1217, 1223,
    1229, 1231, 1237, 1249, 1259, 1277, 1279, 1283, 1289, 1291, 1297, 1301, 1303, 1307, 1319, 1321,
)  # fmt: skip
"""Larger than what widths are multiplied with on the way: a map of 30 x 30, four gates."""
_MOST_READS = 80
"""Readings that one search may take."""
_MOST_ASKED = 2
"""Models that are asked; the proof asks all."""

Numbers = Mapping[Place, int]


def coupled(bench: Bench, step: SetNumber) -> Numbers | None:
    """Return every literal that has to change with one, and to what; None where that cannot be
    told."""
    asked = _asked(bench, step.place)
    return coupled_in(bench, step, asked) if asked else None


class Asked(Protocol):
    """A model that is asked."""

    @property
    def graph(self) -> ModelGraph:
        """As it is now."""
        ...

    def read(self, edits: Sequence[Edit]) -> ModelGraph | None:
        """Read it with edits made; None where it cannot be."""
        ...


def coupled_in(bench: Bench, step: SetNumber, asked: Sequence[Asked]) -> Numbers | None:
    """Return the same as far as some models tell, each of which can be followed to its end."""
    search = _Search(bench, step, list(asked))
    alone = {step.place: step.after}
    state = search.read(alone)
    if state.broken or state.conflict is None:
        return None if state.broken else alone
    group = search.group()
    if group is None:
        return search.paired()
    return search.repaired(dict.fromkeys(group, step.after))


@dataclass(frozen=True)
class _Asked:
    """A model of a workspace."""

    bench: Bench
    key: Key
    number: int
    """Which one of its pass."""
    graph: ModelGraph
    """As it is now."""

    def read(self, edits: Sequence[Edit]) -> ModelGraph | None:
        """Read it with edits made; alone where it can be."""
        if self.graph.entry.kind in ("factory", "class"):
            graphs = self.bench.peek(edits, self.key[1], self.graph.entry.name)
            return None if graphs is None else self._among(graphs)
        trial = self.bench.trial(edits, [self.key])
        found = graphs_of(trial.results[self.key]) if trial is not None else []
        return found[self.number] if self.number < len(found) else None

    def _among(self, graphs: Sequence[ModelGraph]) -> ModelGraph | None:
        """Return the same model of another reading."""
        entry = self.graph.entry
        found = [g for g in graphs if (g.entry.name, g.entry.kind) == (entry.name, entry.kind)]
        return found[0] if len(found) == 1 else None


def _asked(bench: Bench, place: Place) -> list[Asked]:
    """Return the smallest models that are followed and in which the literal decides on a layer."""
    found: list[Asked] = [
        _Asked(bench, key, number, graph)
        for key, result in bench.with_graphs(bench.dependents([place.path])).items()
        for number, graph in enumerate(graphs_of(result))
        if _decides(graph, place)
    ]
    return sorted(found, key=lambda one: _size(one.graph))[:_MOST_ASKED]


def _size(graph: ModelGraph) -> int:
    return len(graph.flow.operations) if graph.flow is not None else 0


def _decides(graph: ModelGraph, place: Place) -> bool:
    if graph.flow is None or not graph.flow.complete:
        return False
    return any(place == leaf for layer in graph.layers for leaf, _ in _leaves(layer))


def _leaves(layer: Layer) -> Iterator[tuple[Place, object]]:
    for argument in layer.args.values():
        if argument.origin is not None:
            for leaf in argument.origin.leaves():
                if leaf.place is not None:
                    yield leaf.place, leaf.value


def _places(argument: Argument) -> Iterator[Place]:
    """Yield the place of an argument that is a literal."""
    if argument.origin is not None and argument.origin.place is not None:
        yield argument.origin.place


@dataclass(frozen=True)
class _Conflict:
    """Where a model refuses."""

    graph: int
    position: int
    """How many operations it ran."""
    numbers: tuple[int, ...]
    """In torch's message, the last one first."""
    layer: Place | None
    call: Place | None


@dataclass(frozen=True)
class _State:
    """How the models that are asked read with some numbers."""

    conflict: _Conflict | None = None
    broken: bool = False
    graphs: tuple[ModelGraph, ...] = ()

    def beyond(self, other: "_State") -> bool:
        """Whether the models come further than they did."""
        if self.broken or other.conflict is None:
            return False
        if self.conflict is None:
            return True
        here, there = self.conflict, other.conflict
        return (here.graph, here.position) > (there.graph, there.position)


@dataclass
class _Search:
    bench: Bench
    step: SetNumber
    asked: list[Asked]
    reads: int = 0
    _parents: dict[Place, Place] = field(default_factory=dict[Place, Place])

    def group(self) -> set[Place] | None:
        """Return the literals of today's value that mean the same as the first."""
        self._parents = {place: place for place in self._candidates()}
        self._parents.setdefault(self.step.place, self.step.place)
        if len(self._parents) > len(_PRIMES):
            return None
        self._join_depthwise()
        repairs: dict[Place, int] = {}
        while True:
            state = self.read({**self._marked(), **repairs})
            if state.broken:
                return None
            if state.conflict is None:
                return {p for p in self._parents if self._root(p) == self._root(self.step.place)}
            found = self._advanced(state, repairs)
            if found is None:
                return None
            repairs = found

    def paired(self) -> Numbers | None:
        """Return the only two numbers that may change together where no message names them, as in
        `Linear((48 + 64) * 49, 10)`; None where there are none, or several."""
        found: list[Numbers] = []
        for place in self._candidates():
            numbers = {self.step.place: self.step.after, place: self.step.after}
            state = self.read(numbers) if place != self.step.place else _State(broken=True)
            if state.conflict is None and not state.broken:
                found.append(numbers)
        return found[0] if len(found) == 1 else None

    def _advanced(self, state: _State, repairs: Numbers) -> dict[Place, int] | None:
        """Take the models further: by letting two classes be one, by a repair, or by both; returns
        the repairs that hold then, None where nothing helps."""
        for _ in self._unions(state):
            if self.read(self._marked()).beyond(state):
                return {}  # the repairs are made of numbers that stand nowhere any more
        better = next(self._repairs(state, {**self._marked(), **repairs}), None)
        if better is None:
            for _ in self._unions(state):
                better = next(self._repairs(state, self._marked()), None)
                if better is not None:
                    break
        if better is None:
            return None
        return {p: n for p, n in better.items() if p not in self._parents}

    def repaired(self, numbers: dict[Place, int]) -> Numbers | None:
        """Return the numbers with what it takes besides for the models to run."""
        state = self.read(numbers)
        while state.conflict is not None and not state.broken:
            found = next(self._repairs(state, numbers), None)
            if found is None:
                return None
            numbers = found
            state = self.read(numbers)
        return None if state.broken else numbers

    # --- marks ------------------------------------------------------------------------------

    def _candidates(self) -> Iterator[Place]:
        seen: set[Place] = set()
        for layer in self._layers():
            for place, value in _leaves(layer):
                if value == self.step.before and place not in seen and self._is_literal(place):
                    seen.add(place)
                    yield place

    def _layers(self) -> Iterator[Layer]:
        for one in self.asked:
            yield from one.graph.layers

    def _is_literal(self, place: Place) -> bool:
        source = self.bench.source(place.path) if place.path in self.bench.owned else None
        if source is None:
            return False
        return written_number(Positions(source.text).read(place)) is not None

    def _root(self, place: Place) -> Place:
        while self._parents[place] != place:
            place = self._parents[place]
        return place

    def _marked(self) -> dict[Place, int]:
        """Return a number for each candidate, the same for those that mean the same."""
        primes = dict(zip(self._parents, _PRIMES, strict=False))
        return {p: self.step.before * primes[self._root(p)] for p in self._parents}

    def _join_depthwise(self) -> None:
        """Let the groups and channels of a depthwise convolution be one: it cannot be built with
        others."""
        for layer in self._layers():
            groups = layer.args.get("groups")
            if groups is None or groups.value != self.step.before:
                continue
            names = ("groups", "in_channels", "out_channels")
            found = [p for a in map(layer.args.get, names) if a for p in _places(a)]
            roots = [self._root(p) for p in found if p in self._parents]
            for root in roots[1:]:
                self._parents[root] = roots[0]

    def _unions(self, state: _State) -> Iterator[None]:
        """Let two classes whose numbers met be one, one pair after the other; the last one that
        was yielded stays so."""
        assert state.conflict is not None
        primes = dict(zip(self._parents, _PRIMES, strict=False))
        roots = [p for p in self._parents if self._root(p) == p]
        met: list[Place] = []
        for number in state.conflict.numbers:
            met += [p for p in roots if number % primes[p] == 0 and p not in met]
        for index, second in enumerate(met):
            for first in met[:index]:
                self._parents[second] = first
                yield
                self._parents[second] = second

    # --- repairs ----------------------------------------------------------------------------

    def _repairs(self, state: _State, numbers: Numbers) -> Iterator[dict[Place, int]]:
        """Yield what takes the models further: one more number each."""
        tried: set[tuple[Place, int]] = set()
        for place, number in self._options(state, numbers):
            if place in numbers or (place, number) in tried or not self._is_literal(place):
                continue
            tried.add((place, number))
            more = {**numbers, place: number}
            if self.read(more).beyond(state):
                yield more

    def _options(self, state: _State, numbers: Numbers) -> Iterator[tuple[Place, int]]:
        conflict = state.conflict
        assert conflict is not None
        said = conflict.numbers
        for place, value in (*self._of_layer(state), *self._of_call(conflict)):
            if value in said:
                yield from ((place, number) for number in said if number > value)
        now = {number for number in numbers.values() if number % self.step.before == 0}
        now.add(self.step.after)
        for place, value in (*self._of_call(conflict), *self._around(conflict)):
            if value and value % self.step.before == 0:
                times = value // self.step.before
                yield from ((place, number * times) for number in sorted(now))

    def _of_layer(self, state: _State) -> Iterator[tuple[Place, int]]:
        """Literals that are an argument of the layer that refuses."""
        assert state.conflict is not None
        for layer in state.graphs[state.conflict.graph].layers:
            if layer.place == state.conflict.layer:
                for argument in layer.args.values():
                    origin = argument.origin
                    if origin is not None and origin.place and isinstance(origin.value, int):
                        yield self._before(origin.place), origin.value

    def _before(self, place: Place) -> Place:
        """Return where a literal of a line that may have been edited stood before."""
        numbers = self._lines.get((place.path, place.line), ())
        shift = sum(grown for col, grown in numbers if col < place.col)
        return Place(
            place.path, place.line, place.col - shift, place.end_line, place.end_col - shift
        )

    _lines: dict[tuple[str, int], list[tuple[int, int]]] = field(
        default_factory=dict[tuple[str, int], list[tuple[int, int]]]
    )
    """Of what was read last: for each line its edits, where they end up and by how much they are
    longer than before."""

    def _of_call(self, conflict: _Conflict) -> Iterator[tuple[Place, int]]:
        """Whole numbers that are written in the call that fails."""
        place = conflict.call
        source = self.bench.source(place.path) if place and place.path in self.bench.owned else None
        if place is not None and source is not None:
            whole = Place(place.path, place.line, 0, place.end_line, 1_000_000)
            yield from numbers_in(source, whole)

    def _around(self, conflict: _Conflict) -> Iterator[tuple[Place, int]]:
        """Whole numbers of today's value in the class or function that has the call."""
        place = conflict.call
        source = self.bench.source(place.path) if place and place.path in self.bench.owned else None
        if place is None or source is None:
            return
        inside = [s for s in source.segments if s.line <= place.line]
        if not inside:
            return
        lines = inside[-1].text.count("\n")
        whole = Place(place.path, inside[-1].line, 0, inside[-1].line + lines, 1_000_000)
        for found, value in numbers_in(source, whole):
            if value == self.step.before:
                yield found, value

    # --- reading ----------------------------------------------------------------------------

    def read(self, numbers: Numbers) -> _State:
        """Read the models that are asked with other numbers."""
        self.reads += 1
        if self.reads > _MOST_READS:
            return _State(broken=True)
        edits = [Edit(place, str(number)) for place, number in numbers.items()]
        self._remember(edits)
        graphs: list[ModelGraph] = []
        for one in self.asked:
            graph = one.read(edits)
            if graph is None:
                return _State(broken=True)
            graphs.append(graph)
            state = _state(self.asked, graphs)
            if state.broken or state.conflict is not None:
                return state
        return _State(graphs=tuple(graphs))

    def _remember(self, edits: Iterable[Edit]) -> None:
        self._lines = {}
        for edit in sorted(edits):
            place = edit.place
            found = self._lines.setdefault((place.path, place.line), [])
            moved = sum(grown for _, grown in found)
            found.append((place.col + moved, len(edit.text) - (place.end_col - place.col)))


def _state(asked: Sequence[Asked], graphs: Sequence[ModelGraph]) -> _State:
    """Say how far the last of the models came."""
    number = len(graphs) - 1
    was, flow = asked[number].graph.flow, graphs[number].flow
    if flow is None or was is None or (flow.mismatch is None and not flow.complete):
        return _State(broken=True)
    if flow.inputs != was.inputs:
        return _State(broken=True)
    if flow.mismatch is None:
        return _State(graphs=tuple(graphs))
    fault = flow.mismatch
    said = tuple(map(int, reversed(re.findall(r"\d+", fault.message))))
    at = _Conflict(number, len(flow.operations), said, fault.layer, fault.place)
    return _State(at, graphs=tuple(graphs))
