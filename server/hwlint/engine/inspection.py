"""`inspect`: what a file, a folder or one named place builds, as it was read."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from hwlint.engine.errors import UserError
from hwlint.engine.importers import programs_for
from hwlint.engine.pool import Built, Pool
from hwlint.engine.run import Options, configure, processes, read_options, silent
from hwlint.engine.stages import read_stages
from hwlint.engine.targets import Target, find_targets
from hwlint.engine.workspace import find_root, index
from hwlint.graph import ModelGraph, Unbuilt
from hwlint.reader import STAGES, FileReading, ForwardOptions, Reader, ReadOptions

__all__ = ["Inspected", "inspect", "parse_place", "targets_for", "workspace_of"]

T = TypeVar("T")


@dataclass(frozen=True)
class Inspected(Generic[T]):
    """What one pass over one file brought, in the form that the caller asked for."""

    path: str
    shown: tuple[T, ...] = ()
    built: Built = frozenset()
    notes: tuple[str, ...] = ()
    unbuilt: tuple[Unbuilt, ...] = ()
    incomplete: str = ""
    trace: str = ""


@dataclass(frozen=True)
class _Task(Generic[T]):
    options: ReadOptions
    show: Callable[[ModelGraph], T]
    """Runs in the process that reads, so that graphs need not travel. A plain function or a
    picklable object."""
    context: str | None
    name: str | None
    asked: frozenset[str]
    """Files that were asked for. Of other files only what builds something of these is shown."""
    build: str = ""
    """How the one named is built, in place of how programs build it."""

    def visitor(self, alive: Callable[[], None]) -> "_Visitor[T]":
        return _Visitor(self, alive)

    def failed(self, path: str, reason: str, trace: str = "") -> Inspected[T]:
        return Inspected(path, incomplete=reason, trace=trace)


class _Visitor(Generic[T]):
    def __init__(self, task: _Task[T], alive: Callable[[], None]) -> None:
        self._task = task
        self._alive = alive
        self._reader = Reader(task.options)

    def visit(self, stage: str, path: str, built: Built) -> Inspected[T]:
        name, build = self._task.name or "", self._task.build
        if stage == _BY_NAME and build:
            return self._result(path, self._reader.read_call(path, name, build))
        if stage == _BY_NAME:
            return self._result(path, self._reader.read_place(path, name))
        return self._result(path, self._reader.read_stage(stage, path, built, self._itself))

    def _itself(self, graph: ModelGraph) -> ModelGraph:
        self._alive()
        return graph

    def _result(self, path: str, reading: FileReading) -> Inspected[T]:
        asked = path in self._task.asked
        shown = tuple(self._task.show(graph) for graph in reading.graphs if self._is_wanted(graph))
        notes = tuple(missing.reason for missing in reading.problems) if asked else ()
        unbuilt = reading.unbuilt if asked and self._task.name is None else ()
        return Inspected(path, shown, reading.built, notes, unbuilt)

    def _is_wanted(self, graph: ModelGraph) -> bool:
        names = (self._task.context, self._task.name)
        if any(name not in (None, graph.entry.name) for name in names):
            return False
        asked = self._task.asked
        return graph.entry.path in asked or any(x.place.path in asked for x in graph.constructed)


def parse_place(text: str) -> tuple[Path, str | None]:
    """Split "FILE:Class" into the file and the name; a path alone has no name."""
    path = Path(text)
    if path.exists():
        return path, None
    file, colon, name = text.rpartition(":")
    if colon and name and Path(file).is_file():
        return Path(file), name
    raise UserError(f"{file if colon and file else text}: no such file or folder")


def workspace_of(place: str, asked: Path | None) -> Path:
    """Return the workspace of "FILE:Class#part": the one that is asked for, else its file's.

    Raises:
        UserError: Where there is no such file.
    """
    path, _ = parse_place(place.partition("#")[0])
    return asked.resolve() if asked is not None else find_root(path.resolve())


def targets_for(text: str, options: Options) -> tuple[Target, ...]:
    """Return the devices for one PATH or PLACE: those asked for, else those configured there."""
    root = workspace_of(text, options.root)
    return find_targets(configure(root, options), root)


def inspect(
    text: str,
    options: Options,
    show: Callable[[ModelGraph], T],
    context: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    forward: ForwardOptions | None = None,
    build: str = "",
) -> list[Inspected[T]]:
    """Read one PATH or PLACE. Results come in order of path, calls before defaults.

    `forward`: with what the models are called; None leaves their forward alone. `build`: the call
    that builds what is named, with the names of its file: "Net(width=64)".
    """
    path, name = parse_place(text)
    called = _called(build)
    name = name or called
    path = path.resolve()
    root = options.root.resolve() if options.root is not None else find_root(path)
    config = configure(root, options)
    workspace = index(root, (path,), config.exclude, nested=True)
    reading = read_options(workspace, config)
    reading = replace(reading, forward=_asked(reading.forward, forward))
    if path.is_file():
        files = [str(path)]
    else:
        files = [file for file in workspace.candidates if Path(file).is_relative_to(path)]
    task = _Task(reading, show, context, name, frozenset(files), build)
    others = programs_for(workspace, files) if len(files) <= _FEW and not build else []
    count = 1 if name is not None else processes(len(files), options.jobs)
    run = _Run(progress or silent, (len(STAGES) - 1) * len([*files, *others]))
    with Pool(task, count, options.kill_after) as pool:
        if name is not None and build:
            return _named(list(run.counted(pool.read(files, _BY_NAME))), text, context)
        if name is not None:
            return _named(_by_name(pool, files, others, run), text, context)

        def read(stage: str, paths: Sequence[str], built: Built) -> Iterator[Inspected[T]]:
            yield from run.counted(pool.read(paths, stage, built))

        results = read_stages(workspace, sorted([*files, *others]), read)
    return sorted(results, key=lambda result: result.path)


def _called(build: str) -> str | None:
    """Return the name that a call begins with; None where there is no call.

    Raises:
        UserError: Where it is none.
    """
    if not build:
        return None
    found = re.match(r"\s*([A-Za-z_]\w*)\s*\(.*\)\s*$", build, re.DOTALL)
    if found is None:
        raise UserError(f'--build {build}: expected a call, "Net(width=64)"')
    return found[1]


def _asked(
    configured: ForwardOptions | None, asked: ForwardOptions | None
) -> ForwardOptions | None:
    """Lay inputs that were asked for over what is configured."""
    if asked is None or configured is None:
        return None
    return replace(configured, inputs=asked.inputs, by_name=asked.by_name)


_BY_NAME = "by name"
_FEW = 50
"""Files up to which programs elsewhere are read that import them."""


def _by_name(
    pool: Pool[Inspected[T]], files: list[str], others: list[str], run: "_Run"
) -> list[Inspected[T]]:
    """Read a class as programs build it; if none does, or it is a factory, as it stands."""
    results = list(run.counted(pool.read([*files, *others], STAGES[0])))
    if not any(result.shown for result in results):
        results = list(run.counted(pool.read(files, _BY_NAME)))
    return sorted(results, key=lambda result: result.path)


@dataclass
class _Run:
    """Counts what was read."""

    report: Callable[[int, int], None]
    total: int
    done: int = 0

    def counted(self, results: Iterable[T]) -> Iterator[T]:
        """Pass results on and report each."""
        for result in results:
            self.done = min(self.done + 1, self.total)
            self.report(self.done, self.total)
            yield result


def _named(results: list[Inspected[T]], text: str, context: str | None) -> list[Inspected[T]]:
    if context is None and not any(result.shown or result.incomplete for result in results):
        why = "; ".join(note for result in results for note in result.notes)
        raise UserError(f"{text}: {why or 'no class or function of that name builds a model'}")
    return results
