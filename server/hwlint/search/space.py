"""The search space of a module: what may change in its source, and what a change makes of it."""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from attrs import define, evolve, field

from hwlint.engine.errors import UserError
from hwlint.engine.run import Options
from hwlint.engine.targets import Target
from hwlint.reader import InputSpec
from hwlint.search.bounds import Bound
from hwlint.search.facts import facts_of
from hwlint.search.fusing import Fusions
from hwlint.search.known import Budget, Found, Known
from hwlint.search.model import Candidate, Choices, Kind, Point, Refusal, Value
from hwlint.search.probing import Prober
from hwlint.search.proving import fault
from hwlint.search.reachable import Reachable, reachable
from hwlint.search.rereading import Asked, Rereading, open_place
from hwlint.search.swaps import Swaps
from hwlint.search.values import Valuer
from hwlint.search.writing import Plan, Unwritten
from hwlint.source import SourceError, read_regular
from hwlint.source.edits import Edit, move
from hwlint.source.spans import Place

__all__ = ["SourceSpace", "find_space"]

_KEPT = 4096
"""Candidates that are remembered."""


@define
class SourceSpace:
    """All that may be tried with one module, see `hwlint.search.model.Space`."""

    points: tuple[Point, ...]
    original: Candidate
    key: str
    rereading: Rereading
    plan: Plan
    _made: dict[tuple[tuple[str, Value], ...], Candidate | Refusal] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType] - of the type that stands here

    @property
    def target(self) -> Target:
        """The device that facts are for."""
        return self.rereading.target

    def candidate(self, choices: Choices) -> Candidate | Refusal:
        """Make a candidate in memory and read it again. The same choices make the same candidate.

        Raises:
            ValueError: Where there is no such point.
        """
        present = {point.name: point.present for point in self.points}
        unknown = [name for name in choices if name not in present]
        if unknown:
            raise ValueError(f"no point is called {unknown[0]}")
        others = {n: v for n, v in sorted(choices.items()) if v != present[n]}
        key = tuple(others.items())
        if key not in self._made:
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[key] = self._candidate(others) if others else self.original
        return self._made[key]

    def _candidate(self, choices: Mapping[str, Value]) -> Candidate | Refusal:
        try:
            edits = self.plan.edits(self.points, choices)
        except Unwritten as problem:
            return Refusal(str(problem))
        contents = self.rereading.bench.edited(edits)
        if contents is None:
            return Refusal("the edits do not fit together")
        graph = self.rereading.read(edits)
        reason = fault(self.rereading.graph, graph, self.rereading.part)
        if graph is None or reason is not None:
            return Refusal(reason or "it cannot be read")
        facts = facts_of(graph, self.target, self.rereading.part)
        return Candidate(choices, edits, contents, facts, tuple(self._moved(edits)))

    def _moved(self, edits: Sequence[Edit]) -> Iterator[Place]:
        for edit in edits:
            source = self.rereading.bench.source(edit.place.path)
            assert source is not None
            yield move(edit.place, source.text, edits)


def find_space(
    place: str,
    options: Options,
    device: str,
    *,
    only: Iterable[Kind] = (),
    keep: Sequence[Bound] = (),
    context: str | None = None,
    inputs: tuple[InputSpec, ...] = (),
    build: str = "",
    stop: Callable[[], bool] | None = None,
) -> SourceSpace:
    """Find what may change in "FILE:Class#part", for a device by its name.

    `only`: kinds of points that are asked for; empty: all. `keep`: bounds, which are part of the
    key; see `hwlint.search.bounds.violations`. `context`, `inputs`, `build`: as for `hwlint
    measure`. `stop` is asked before each reading, and where it says so, `Interrupted` is raised.

    Raises:
        UserError: Where nothing there builds a model, it cannot be read to its end, or nothing in
            it may change.
    """
    asked = Asked(place, _for_device(options, device), context, inputs, build)
    rereading = open_place(asked, stop)
    reach = reachable(rereading)
    known = Known(rereading, reach.numbers, Budget())
    found = list(_with_values(known, reach, frozenset(only)))
    if not found:
        why = " of the kinds that are asked for" if only else ""
        raise UserError(f"{place}: there is nothing to choose from{why}")
    found.sort(key=lambda one: (one.point.place, one.point.kind))
    plan = sum((one.plan for one in found), Plan())
    sources = {path: file.source for path, file in reach.files.items()}
    original = Candidate({}, (), {}, facts_of(rereading.graph, rereading.target, rereading.part))
    points = tuple(one.point for one in found)
    key = _key(rereading, place, points, keep)
    return SourceSpace(points, original, key, rereading, evolve(plan, sources=sources))


def _for_device(options: Options, device: str) -> Options:
    """Return the options for one device."""
    return replace(options, devices=(device,))


def _with_values(known: Known, reach: Reachable, only: frozenset[Kind]) -> Iterator[Found]:
    """Yield the points with what may stand there."""
    sources = Plan(sources={path: file.source for path, file in reach.files.items()})
    valuer = Valuer(known, reach, sources)
    prober = Prober(known, only)
    swaps, fusions = Swaps(prober, reach), Fusions(prober, reach)
    for found in itertools.chain(prober.points(), swaps.points(), fusions.points()):
        valued = valuer.valued(found)
        if valued is not None:
            yield valued


def _key(rereading: Rereading, place: str, points: Sequence[Point], keep: Sequence[Bound]) -> str:
    """Return a hash of what was read and asked; paths are left out but for their names."""
    digest = hashlib.sha256()
    for file in sorted(rereading.graph.files):
        try:
            content = read_regular(file)
        except SourceError:
            continue  # it was looked for and is not there
        digest.update(Path(file).name.encode() + b"\0" + content + b"\0")
    entry, target = rereading.graph.entry, rereading.target
    flow = rereading.graph.flow
    told = (Path(place).name, entry.built_with, rereading.build, target.profile.id, target.dtype)
    inputs = flow.inputs if flow is not None else ()
    shown = [(p.name, p.kind, p.present, p.values) for p in points]
    digest.update(repr((told, inputs, shown, [str(bound) for bound in keep])).encode())
    return digest.hexdigest()[:32]
