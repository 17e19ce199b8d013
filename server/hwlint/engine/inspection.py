"""`inspect`: what a file, a folder or one named place builds, as it was read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from hwlint.engine.errors import UserError
from hwlint.engine.pool import Built, Pool
from hwlint.engine.run import Options, configure, processes, read_options, silent
from hwlint.engine.workspace import find_root, index
from hwlint.graph import ModelGraph
from hwlint.reader import FileReading, ForwardOptions, Reader, ReadOptions

__all__ = ["Inspected", "inspect", "parse_place"]

T = TypeVar("T")


@dataclass(frozen=True)
class Inspected(Generic[T]):
    """What one pass over one file brought, in the form that the caller asked for."""

    path: str
    shown: tuple[T, ...] = ()
    built: Built = frozenset()
    notes: tuple[str, ...] = ()
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

    def visitor(self) -> "_Visitor[T]":
        return _Visitor(self)

    def failed(self, path: str, reason: str, trace: str = "") -> Inspected[T]:
        return Inspected(path, incomplete=reason, trace=trace)


class _Visitor(Generic[T]):
    def __init__(self, task: _Task[T]) -> None:
        self._task = task
        self._reader = Reader(task.options)

    def calls(self, path: str) -> Inspected[T]:
        if self._task.name is not None:
            return self._result(path, self._reader.read_place(path, self._task.name))
        return self._result(path, self._reader.read_calls(path))

    def defaults(self, path: str, built: Built) -> Inspected[T]:
        return self._result(path, self._reader.read_defaults(path, built))

    def _result(self, path: str, reading: FileReading) -> Inspected[T]:
        wanted = self._task.context
        shown = tuple(
            self._task.show(graph) for graph in reading.graphs if wanted in (None, graph.entry.name)
        )
        notes = tuple(missing.reason for missing in reading.problems)
        return Inspected(path, shown, reading.built, notes)


def parse_place(text: str) -> tuple[Path, str | None]:
    """Split "FILE:Class" into the file and the name; a path alone has no name."""
    path = Path(text)
    if path.exists():
        return path, None
    file, colon, name = text.rpartition(":")
    if colon and name and Path(file).is_file():
        return Path(file), name
    raise UserError(f"{file if colon and file else text}: no such file or folder")


def inspect(
    text: str,
    options: Options,
    show: Callable[[ModelGraph], T],
    context: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    forward: ForwardOptions | None = None,
) -> list[Inspected[T]]:
    """Read one PATH or PLACE. Results come in order of path, calls before defaults.

    `forward`: with what the models are called; None leaves their forward alone.
    """
    path, name = parse_place(text)
    path = path.resolve()
    root = options.root.resolve() if options.root is not None else find_root(path)
    config = configure(root, options)
    workspace = index(root, (path,), config.exclude, nested=True)
    reading = read_options(workspace, config)
    if forward is not None:
        reading = replace(reading, forward=forward)
    task = _Task(reading, show, context, name)
    if path.is_file():
        files: Sequence[str] = (str(path),)
    else:
        files = [file for file in workspace.candidates if Path(file).is_relative_to(path)]
    count = 1 if name is not None else processes(len(files), options.jobs)
    report = progress or silent
    with Pool(task, count, options.kill_after) as pool:
        first = _passed(pool, files, None, report)
        if name is not None:
            return _named(first, text, context)
        built = Built().union(*(result.built for result in first))
        sound = [result.path for result in first if not result.incomplete]
        second = _passed(pool, sound, built, report)
    return sorted(first + second, key=lambda result: result.path)


def _named(results: list[Inspected[T]], text: str, context: str | None) -> list[Inspected[T]]:
    if context is None and not any(result.shown or result.incomplete for result in results):
        why = "; ".join(note for result in results for note in result.notes)
        raise UserError(f"{text}: {why or 'no class or function of that name builds a model'}")
    return results


def _passed(
    pool: Pool[Inspected[T]],
    files: Sequence[str],
    built: Built | None,
    report: Callable[[int, int], None],
) -> list[Inspected[T]]:
    results: list[Inspected[T]] = []
    for result in pool.read(files, built):
        results.append(result)
        report(len(results) + (len(files) if built is not None else 0), 2 * len(files))
    return sorted(results, key=lambda result: result.path)
