"""One way of building a module, and how it reads with edits made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hwlint.engine.analysis import FileResult, Job
from hwlint.engine.errors import UserError
from hwlint.engine.importers import programs_for
from hwlint.engine.inspection import parse_place
from hwlint.engine.run import Options, prepare
from hwlint.engine.targets import Target
from hwlint.engine.workspace import Workspace, find_root
from hwlint.fix.bench import Bench, Interrupted, Key, graphs_of
from hwlint.graph import ModelGraph
from hwlint.measure.subject import split_place
from hwlint.reader import STAGES, InputSpec
from hwlint.search.model import Kind
from hwlint.source.edits import Edit
from hwlint.source.spans import Place

__all__ = ["Asked", "Rereading", "open_place"]

_CALLS = STAGES[0]


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know of one place."""

    place: str
    """"net.py:Net#features"."""
    options: Options
    context: str | None = None
    inputs: tuple[InputSpec, ...] = ()
    build: str = ""
    """How it is built, in place of how programs build it: "Net(width=64)"."""


@dataclass
class Rereading:
    """One entry point of a workspace, read again and again."""

    bench: Bench
    root: Path
    path: str
    name: str
    part: str
    """Qualified name of the submodule that is asked about; "" for all."""
    target: Target
    build: str = ""
    key: Key | None = None
    """The pass over a program that builds it; None where it is read by its name."""
    number: int = 0
    """Which one of the models of that pass, or of those of that name."""
    graph: ModelGraph = None  # pyright: ignore[reportAssignmentType] - set by who opens it
    reads: int = 0

    def read(self, edits: Sequence[Edit]) -> ModelGraph | None:
        """Read it with edits made; None where it cannot be."""
        self.reads += 1
        try:
            graphs = self._graphs(edits)
        except (Interrupted, KeyboardInterrupt):
            raise
        except Exception:  # noqa: BLE001 - a text that nobody wrote may be too much for the reader
            self.bench.forget()
            return None
        return graphs[self.number] if self.number < len(graphs) else None

    def named(self, place: Place, kind: Kind) -> str:
        """Return the name of a point: "net.py:12:18 width"."""
        path = Path(place.path)
        shown = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return f"{shown.as_posix()}:{place.line + 1}:{place.col + 1} {kind}"

    def _graphs(self, edits: Sequence[Edit]) -> Sequence[ModelGraph]:
        if self.key is not None:
            trial = self.bench.trial(edits, [self.key])
            return graphs_of(trial.results[self.key]) if trial is not None else ()
        return self.bench.peek(edits, self.path, self.name, self.build) or ()


def open_place(asked: Asked, stop: Callable[[], bool] | None = None) -> Rereading:
    """Read the workspace of a place as far as it takes to know how the module is built.

    Programs that build it come before its defaults, as for `hwlint measure`.

    Raises:
        UserError: Where nothing there builds a model, or it cannot be followed to its end.
    """
    text, part = split_place(asked.place)
    path, name = parse_place(text)
    name = name or asked.build.partition("(")[0].strip()
    if not name:
        raise UserError(f"{text}: of what? Say FILE:Class")
    path = path.resolve()
    workspace, job = _prepared(path, asked)
    bench = Bench(job, {}, frozenset(f for f in workspace.files if f.endswith(".py")), stop=stop)
    found = Rereading(bench, workspace.root, str(path), name, part, job.targets[0], asked.build)
    for graph, key, number in _met(found, workspace, asked):
        found.graph, found.key, found.number = graph, key, number
        why = _not_whole(graph, part)
        if why is None:
            return found
        raise UserError(f"{asked.place}: {why}")
    raise UserError(f"{text}: no class or function of that name builds a model")


def _prepared(path: Path, asked: Asked) -> tuple[Workspace, Job]:
    options = asked.options
    root = options.root.resolve() if options.root is not None else find_root(path)
    _, workspace, job = prepare(root, (path,), options, ())
    forward = job.options.forward
    if forward is not None and asked.inputs:
        forward = replace(forward, inputs=asked.inputs)
        job = replace(job, options=replace(job.options, forward=forward))
    return workspace, job


Met = tuple[ModelGraph, Key | None, int]


def _met(found: Rereading, workspace: Workspace, asked: Asked) -> list[Met]:
    """Return the ways of building what is asked for, the one to be taken first."""
    met: list[Met] = []
    if not found.build:
        files = [found.path]
        keys = [(_CALLS, path) for path in sorted({*files, *programs_for(workspace, files)})]
        found.bench.passes = {key: (frozenset(), FileResult(key[1])) for key in keys}
        for key, result in found.bench.with_graphs(keys).items():
            met += [(g, key, n) for n, g in enumerate(graphs_of(result)) if _is(g, found, asked)]
    if not met:
        graphs = found.bench.peek((), found.path, found.name, found.build) or ()
        met = [(graph, None, number) for number, graph in enumerate(graphs)]
    return sorted(met, key=lambda one: (one[0].entry.recipe is None, not _read(one[0])))


def _is(graph: ModelGraph, found: Rereading, asked: Asked) -> bool:
    names = (asked.context, found.name)
    if any(name not in (None, graph.entry.name) for name in names):
        return False
    return graph.entry.path == found.path or any(
        layer.place.path == found.path for layer in graph.constructed
    )


def _read(graph: ModelGraph) -> bool:
    flow = graph.flow
    return not graph.missing and flow is not None and not flow.missing


def _not_whole(graph: ModelGraph, part: str) -> str | None:
    """Return why a search over a module could prove nothing."""
    flow = graph.flow
    if graph.root is None or graph.params is None:
        reason = graph.missing[0].reason if graph.missing else "a number of parameters is not known"
        return f"what it builds is not known to the end: {reason}"
    if flow is None:
        return "with what it is called is not known: say so with --input 1x3x224x224"
    if flow.mismatch is not None:
        return f"its forward fails: {flow.mismatch.message}"
    if not flow.complete or any(shape is None for shape in flow.outputs):
        reason = flow.missing[0].reason if flow.missing else "a shape is not known"
        return f"its forward is not known to the end: {reason}"
    if part and all(name != part for name, _ in graph.walk()):
        return f"it has no submodule {part}"
    return None
