"""One file of the workspace: read it, let the rules look at what was read."""

import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar, cast

from hwlint.api import Budget, Finding, Reading, Rule
from hwlint.engine.budgets import Judged, budgets_for, judged
from hwlint.engine.pool import Built
from hwlint.engine.targets import Target
from hwlint.graph import EntryPoint, Missing, ModelGraph, Unbuilt
from hwlint.profile import Profile
from hwlint.reader import STAGES, FileReading, Reader, ReadOptions
from hwlint.source import SourceError, file_facts, read_source
from hwlint.source.comments import read_comments
from hwlint.source.facts import FileFacts
from hwlint.source.spans import Place

__all__ = ["Analyst", "Crash", "EntryResult", "FileResult", "Job", "Raised"]

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """All that a process has to know to take part in a run."""

    root: Path
    options: ReadOptions
    targets: tuple[Target, ...]
    rules: tuple[type[Rule], ...]
    budgets: tuple[Budget, ...] = ()
    words: frozenset[str] = frozenset()
    """Those of the rules' words that stand in the workspace."""
    tracked: bool = True
    """Whether anybody asks which files a result rests on: they are thousands in a large library."""

    def visitor(self, alive: Callable[[], None]) -> "Analyst":
        """Make what reads the files of this run."""
        return Analyst(self, alive=alive)

    def failed(self, path: str, reason: str, trace: str = "") -> "FileResult":
        """Make the result of a file that could not be read to its end."""
        return FileResult(path, incomplete=reason, trace=trace)


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What stays of an entry point once the rules have seen it."""

    entry: EntryPoint
    complete: bool
    missing: tuple[Missing, ...]
    places: frozenset[Place]
    """The calls that build its layers."""
    view: object = None
    """What whoever watches made of the graph, see `Analyst`."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding with the rule, device and entry point that it belongs to."""

    rule: str
    device: str
    dtype: str
    entry: int | None
    """Index into `FileResult.entries`; None: from what stands in the file, without a model."""
    finding: Finding
    severity: str = "warning"
    """What it is worth in this context."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A rule that raised."""

    rule: str
    place: Place
    about: str
    error: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one pass over one file brought."""

    path: str
    entries: tuple[EntryResult, ...] = ()
    raised: tuple[Raised, ...] = ()
    crashes: tuple[Crash, ...] = ()
    problems: tuple[Missing, ...] = ()
    """What in this file is not Python."""
    notes: tuple[Missing, ...] = ()
    """What else the reader could not do with this file."""
    built: Built = frozenset()
    files: Sequence[str] = ()
    """Every file that was read or looked for."""
    unbuilt: tuple[Unbuilt, ...] = ()
    """Classes of the file that no way of building was found for."""
    incomplete: str = ""
    """Why the file could not be read to its end: such a result is never kept."""
    trace: str = ""
    """Where it failed, for `--debug`."""
    judged: tuple[Judged, ...] = ()
    """Budgets that met a model of this file."""

    def __setstate__(self, state: list[object]) -> None:
        """Take what another process sends; paths that thousands of results name are kept once."""
        for known, value in zip(fields(self), state, strict=True):
            if known.name == "files":
                value = tuple(map(sys.intern, cast("Sequence[str]", value)))  # noqa: PLW2901 - one of many
            object.__setattr__(self, known.name, value)


Watch = Callable[[ModelGraph, Sequence[Reading]], object]
"""What is made of a graph, given what the rules are given of it: one reading a target."""


def _unheard() -> None:
    """Nobody asks."""


class Analyst:
    """Reads files one after the other and remembers what they share."""

    def __init__(
        self, job: Job, watch: Watch | None = None, alive: Callable[[], None] = _unheard
    ) -> None:
        """Make the reader and one instance of each rule. `watch` is shown every graph, and what it
        returns is kept in its result; `alive` is called before and when the rules have looked at
        one: what it raises ends the pass."""
        self._job = job
        self._alive = alive
        self._watch = watch
        self._reader = Reader(job.options, tracked=job.tracked)
        self._graph_rules = [rule() for rule in job.rules if rule.scope == "graph"]
        self._file_rules = [rule() for rule in job.rules if rule.scope == "file"]
        every = (*self._file_rules, *self._graph_rules)
        self._watched = frozenset(name for rule in every for name in rule.watches)
        self._facts: tuple[str, FileFacts | None] = ("", None)

    def update(self, path: str) -> bool:
        """Take over the new text of a file; False: what is remembered does not hold any longer, and
        another analyst is needed."""
        if self._facts[0] == path:
            self._facts = ("", None)
        return self._reader.update(path)

    def visit(self, stage: str, path: str, built: Built) -> FileResult:
        """Make one pass over one file, see `hwlint.reader.STAGES`."""
        outcome = _Outcome()
        if stage == STAGES[0]:
            self._look_at_facts(path, outcome)
        # What only documents and tests build gives contexts, never findings.
        shown = stage == STAGES[-1]
        look = self._kept if shown else self._looking(outcome)
        reading = self._reader.read_stage(stage, path, built, look, forward=not shown)
        return self._result(path, reading, outcome)

    def place(self, path: str, name: str) -> tuple[ModelGraph, ...]:
        """Read one class or factory of a file, without any rule."""
        return self._reader.read_place(path, name).graphs

    def call(self, path: str, name: str, expression: str) -> tuple[ModelGraph, ...]:
        """Read what a call with names of a file builds, "Net(width=64)", without any rule."""
        return self._reader.read_call(path, name, expression).graphs

    def again(
        self,
        stage: str,
        path: str,
        built: Built,
        entry: EntryPoint,
        show: Callable[[ModelGraph], T],
    ) -> T | None:
        """Read one entry point again that a pass over a file met, and return what `show` makes of
        its graph; None where it is not met any more."""
        shown: list[T] = []

        def look(graph: ModelGraph) -> None:
            if not shown and graph.entry == entry:
                shown.append(show(graph))

        if entry.kind in _NAMED:
            self._reader.read_place(path, entry.name, look)
        if not shown:
            self._reader.read_stage(stage, path, built, look)
        return shown[0] if shown else None

    def once(self, entry: EntryPoint) -> FileResult | None:
        """Read one way of building again and let the rules look; None where its name alone does not
        find it."""
        if entry.kind not in _NAMED:
            return None
        outcome = _Outcome()
        reading = self._reader.read_place(entry.path, entry.name, self._looking(outcome))
        if len(reading.graphs) != 1 or reading.problems:
            return None
        return self._result(entry.path, reading, outcome)

    def foremost(self, path: str) -> FileResult:
        """Read the first way of building of a file that can be told without all other files, and
        let the rules look; a result without entries where there is none."""
        outcome = _Outcome()
        reading = self._reader.read_foremost(path, self._looking(outcome))
        return self._result(path, reading, outcome)

    def _looking(self, outcome: "_Outcome") -> Callable[[ModelGraph], "EntryResult"]:
        """Run the rules on each graph as it comes; a summary is all that is kept of it."""
        numbers = itertools.count()

        def look(graph: ModelGraph) -> EntryResult:
            self._alive()
            number = next(numbers)
            readings = self._readings(graph)
            self._look_at_graph(number, graph, readings, outcome)
            kept = self._kept(graph, readings)
            graph.release()
            return kept

        return look

    def _readings(self, graph: ModelGraph) -> list[Reading]:
        configured = frozenset(self._job.options.models)
        facts = self._facts_of(graph.entry.path)
        return [
            Reading(
                target.profile,
                target.dtype,
                graph,
                facts,
                budgets=budgets_for(self._job.budgets, graph, target.profile.id, configured),
            )
            for target in self._job.targets
        ]

    def _kept(self, graph: ModelGraph, readings: Sequence[Reading] | None = None) -> EntryResult:
        """What stays of a graph, with what whoever watches makes of it."""
        if self._watch is None:
            return _entry(graph)
        view = self._watch(graph, self._readings(graph) if readings is None else readings)
        return replace(_entry(graph), view=view)

    def _result(self, path: str, reading: FileReading, outcome: "_Outcome") -> FileResult:
        return FileResult(
            path,
            reading.graphs,
            tuple(outcome.raised),
            tuple(outcome.crashes),
            tuple(outcome.problems),
            (*outcome.notes, *reading.problems),
            reading.built,
            tuple(sorted({path, *reading.files})) if self._job.tracked else (),
            unbuilt=reading.unbuilt,
            judged=tuple(outcome.judged),
        )

    def _look_at_graph(
        self, number: int, graph: ModelGraph, readings: Sequence[Reading], outcome: "_Outcome"
    ) -> None:
        about = (graph.entry.name, graph.entry.place)
        for target, reading in zip(self._job.targets, readings, strict=True):
            outcome.judged.extend(judged(reading, reading.budgets))
            if graph.root is None and not graph.constructed:
                continue
            for rule in self._graph_rules:
                outcome.run(rule, target, reading, number, about)
            self._alive()

    def _facts_of(self, path: str) -> FileFacts | None:
        """Return the facts of the file that has an entry point, the last one's without reading."""
        if self._facts[0] != path:
            try:
                self._facts = (path, file_facts(read_source(path), self._watched))
            except SourceError:
                self._facts = (path, None)
        return self._facts[1]

    def _look_at_facts(self, path: str, outcome: "_Outcome") -> None:
        try:
            source = read_source(path)
        except SourceError as error:
            outcome.problems.append(Missing(Place(path, 0, 0, 0, 0), error.message))
            return
        outcome.problems.extend(Missing(p.place, p.message) for p in source.problems)
        outcome.notes.extend(
            Missing(comment.place, f"not understood: # hwlint: {comment.text} ({comment.problem})")
            for comment in read_comments(source)
            if comment.kind == "malformed"
        )
        if not self._file_rules:
            return
        facts = file_facts(source, self._watched)
        start = Place(path, 0, 0, 0, 0)
        for target in self._job.targets:
            words = self._job.words
            reading = Reading(target.profile, target.dtype, facts=facts, words=words)
            for rule in self._file_rules:
                outcome.run(rule, target, reading, None, ("", start))


@dataclass
class _Outcome:
    """What rules have said so far of one file."""

    raised: list[Raised] = field(default_factory=list[Raised])
    crashes: list[Crash] = field(default_factory=list[Crash])
    problems: list[Missing] = field(default_factory=list[Missing])
    notes: list[Missing] = field(default_factory=list[Missing])
    judged: list[Judged] = field(default_factory=list[Judged])

    def run(
        self,
        rule: Rule,
        target: Target,
        reading: Reading,
        entry: int | None,
        about: tuple[str, Place],
    ) -> None:
        """Let one rule look at one reading; what it raises is noted, not passed on."""
        device = target.profile.id
        try:
            found = tuple(rule.check(reading))
        except Exception as error:  # noqa: BLE001 - a rule may be anyone's code
            line = " ".join(f"{type(error).__name__}: {error}".split())
            self.crashes.append(Crash(rule.code, about[1], about[0], line[:200]))
            return
        self.raised.extend(
            Raised(rule.code, device, target.dtype, entry, x, _severity(rule, x, target.profile))
            for x in found
        )


def _severity(rule: Rule, finding: Finding, profile: Profile) -> str:
    """Say how much a finding matters: by what it costs, where neither it nor its rule says."""
    if finding.severity is not None or rule.default_severity != "warning":
        return finding.severity or rule.default_severity
    least = profile.reporting
    if least is None or finding.model_share is None:
        return rule.default_severity
    return "warning" if finding.model_share >= least.warning_model_share else "info"


_NAMED = ("factory", "class", "config-class")
"""Kinds of entry points that their name alone finds."""


def _entry(graph: ModelGraph) -> EntryResult:
    places = frozenset(layer.place for layer in graph.constructed)
    return EntryResult(graph.entry, graph.complete, graph.missing[:_KEPT], places)


_KEPT = 3
"""Reasons kept for an entry point that was not read fully: the report shows the first."""
