"""Reading files: what the rest of hwlint calls."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hwlint.graph import Missing, ModelGraph, Unbuilt
from hwlint.reader import contexts
from hwlint.reader.budget import Budget, Exhausted
from hwlint.reader.choices import MISSING_FILES, Choices
from hwlint.reader.contexts import Candidate
from hwlint.reader.emit import emit
from hwlint.reader.forward.following import with_flow
from hwlint.reader.forward.inputs import ForwardOptions, InputSpec
from hwlint.reader.frame import Frame
from hwlint.reader.imports import Imports, PythonModule
from hwlint.reader.interpreter import Interpreter
from hwlint.reader.program_graphs import ProgramGraphs
from hwlint.reader.updating import update
from hwlint.reader.values import Class, ModuleInstance, PyRaise, Unknown, Value
from hwlint.reader.written import written_call
from hwlint.source import Place, SyntaxProblem

Each = Callable[[ModelGraph], Any]

__all__ = ["STAGES", "Each", "FileReading", "ReadOptions", "Reader"]

STAGES = ("calls", "factories", "defaults", "shown")
"""What is read of every file, one after the other: each stage knows what those before it found.
Programs, hints and configured models; factories; classes that nothing has built so far, by their
defaults; and, for what is still not built, tests and documents."""
GARBAGE = 200_000
"""Objects that may come into being before garbage is collected, as long as some of them are."""
_MOST_GARBAGE = 16 * GARBAGE
"""The same where next to nothing is: almost all goes without the collector."""
_MAX_RUNS = 12
"""Further runs of one program, beyond the first: one for each value that it might be given."""
RECURSION_LIMIT = 40_000
"""Python frames. The interpreter's own depth budget ends a program long before."""


@dataclass(frozen=True)
class ReadOptions:
    """What a reader needs to know of the workspace."""

    root: Path
    import_roots: tuple[Path, ...]
    site_packages: tuple[Path, ...] = ()
    models: Mapping[str, Mapping[str, object]] = field(
        default_factory=dict[str, Mapping[str, object]]
    )
    """Configured ways of building: "pkg.net:Net" or "pkg/net.py:Net" -> keyword arguments."""
    settings: tuple[str, ...] = ()
    """The YAML, JSON and TOML files of the workspace, sorted."""
    documents: tuple[str, ...] = ()
    """Its READMEs, pages and shell scripts, sorted."""
    max_steps: int = 400_000
    """Calls and loop turns that one entry point may take, and again its forward."""
    forward: ForwardOptions | None = None
    """None: only construction is read."""


@dataclass(frozen=True)
class FileReading:
    """What was read of one file."""

    path: str
    graphs: tuple[Any, ...] = ()
    """What `each` made of the graphs; the graphs themselves where it was not given."""
    built: frozenset[tuple[str, str]] = frozenset()
    """(path, qualified name) of every class that was instantiated."""
    problems: tuple[Missing, ...] = ()
    files: tuple[str, ...] = ()
    """Every file that was read or looked for."""
    unbuilt: tuple[Unbuilt, ...] = ()
    """Classes that no way of building was found for."""


def _itself(graph: ModelGraph) -> ModelGraph:
    return graph


class Reader:
    """Reads entry points. Keeps parsed files and templates; not thread-safe."""

    def __init__(self, options: ReadOptions, *, tracked: bool = True) -> None:
        """`tracked` False: nobody asks which files a reading rests on."""
        self.options = options
        self._tracked = tracked
        gc.disable()
        roots = [str(p) for p in options.import_roots]
        self.imports = Imports(roots, [str(p) for p in options.site_packages])
        self.interp = Interpreter(self.imports, Budget(options.max_steps))
        self.interp.home = str(options.root)
        self.interp.settings = options.settings
        self._runs = contexts.Runs(options.documents, options.settings)
        self._cells: set[tuple[str, str]] = set()
        self._forward = options.forward
        self._inputs: Mapping[str, Sequence[InputSpec]] = {}
        """What comments of the file at hand give its classes and factories."""
        self._garbage = GARBAGE

    # --- files ------------------------------------------------------------------------------

    def update(self, path: str) -> bool:
        """Take over the new text of a file; see `updating.update`."""
        self._inputs = {}
        return update(self.imports, path)

    def read(self, path: str, each: Each = _itself) -> FileReading:
        """Read a file by itself: every stage but the last, one after the other."""
        parts: list[FileReading] = []
        built: frozenset[tuple[str, str]] = frozenset()
        for stage in STAGES[:-1]:
            parts.append(self.read_stage(stage, path, built, each))
            built |= parts[-1].built
        graphs = tuple(graph for part in parts for graph in part.graphs)
        files = tuple(sorted({file for part in parts for file in part.files}))
        return replace(parts[-1], graphs=graphs, built=built, files=files)

    def read_stage(
        self,
        stage: str,
        path: str,
        built: frozenset[tuple[str, str]],
        each: Each = _itself,
        *,
        forward: bool = True,
    ) -> FileReading:
        """Make one of `STAGES` with one file. `built`: what earlier stages found, over all files.

        `each` is called with every graph as soon as it is there; only what it returns is kept, so
        that a file with a hundred models does not hold them all at once. `forward` False: what
        flows through them is not asked for.
        """
        self._each = each
        self._forward = self.options.forward if forward else None
        if stage == "shown":
            return self._read_shown(path, built)
        module = self._module(path)
        if module is None:
            return FileReading(path)
        graphs: list[Any] = []
        found: set[tuple[str, str]] = set()
        unbuilt: tuple[Unbuilt, ...] = ()
        if stage == "calls":
            self._calls(module, graphs, found)
        elif stage == "factories":
            self._factories(module, built, graphs, found)
        else:
            self._defaults(module, built, graphs, found)
            unbuilt = tuple(contexts.unbuilt_of(self.interp, module, built | found, self._begin))
        return replace(self._reading(path, graphs, found), unbuilt=unbuilt)

    def _given(self) -> Mapping[str, Sequence[InputSpec]]:
        return self._forward.by_model if self._forward is not None else {}

    def _calls(self, module: PythonModule, graphs: list[Any], built: set[tuple[str, str]]) -> None:
        for candidate in list(self._said(module)):
            self._read(candidate, graphs, built)
        graphs += self._programs(module, built)
        built |= _places(module.built)
        for candidate in self._offered(module):
            self._read(candidate, graphs, built)

    def _said(self, module: PythonModule) -> Iterator[Candidate]:
        """Yield what comments and the configuration say of a file's models."""
        yield from contexts.hinted(self.interp, module)
        yield from contexts.configured(self.interp, module, self.options.models, self._given())

    def _offered(self, module: PythonModule) -> Iterator[Candidate]:
        """Yield the classes that a file offers to be built from a configuration object."""
        for candidate in contexts.classes_of(self.interp, module):
            if candidate.arguments and contexts.is_listed(module, candidate.entry.name):
                yield candidate

    def read_foremost(self, path: str, each: Each = _itself) -> FileReading:
        """Read the first way of building of a file that is one whatever other files say, up to one
        that has layers; none where only they tell."""
        self._each = each
        self._forward = self.options.forward
        module = self._module(path)
        graphs: list[Any] = []
        built: set[tuple[str, str]] = set()
        if module is not None:
            every = itertools.chain(self._said(module), self._offered(module))
            for candidate in every:
                if self._read(candidate, graphs, built) and self.interp.constructed:
                    break
        return self._reading(path, graphs, built)

    def _factories(
        self,
        module: PythonModule,
        built: frozenset[tuple[str, str]],
        graphs: list[Any],
        found: set[tuple[str, str]],
    ) -> None:
        """Read functions without arguments: those that return a model; and those that only try one
        out, where that is all there is."""
        usual = contexts.Usual(built)
        for candidate in contexts.factories_of(self.interp, module):
            self._begin()
            made = self._graph(candidate)
            self._cells |= self.interp.cells
            if made is not None and not usual.waits(made[0], made[1]):
                found.update(_places(self.interp.built))
                graphs.append(self._each(made[0]))
            made = None  # so that it is gone when garbage is collected
        graphs += [self._each(graph) for graph in usual.confirmed()]
        for name in contexts.trials_of(self.interp, module, built | found):
            made_by_trial = ProgramGraphs(self._each)
            self._follow(module, Choices(function=name), made_by_trial, found)
            graphs += made_by_trial.graphs()

    def _defaults(
        self,
        module: PythonModule,
        built: frozenset[tuple[str, str]],
        graphs: list[Any],
        found: set[tuple[str, str]],
    ) -> None:
        """Read the classes that nothing builds, from their defaults."""
        for candidate in reversed(list(contexts.classes_of(self.interp, module))):
            assert candidate.cls is not None
            own = (module.path, candidate.cls.qualname)
            if own in built or own in found or candidate.entry.name.startswith("_"):
                continue
            if candidate.arguments and contexts.is_listed(module, candidate.entry.name):
                continue
            fails = not self._read(candidate, graphs, found)
            if fails:
                found.discard(own)

    def _read_shown(self, path: str, wanted: frozenset[tuple[str, str]]) -> FileReading:
        """Read what a test, a document or a docstring builds of the classes in `wanted`."""
        self._cells = set()
        self._begin()
        source = contexts.shown_source(path)
        if source is None:
            return FileReading(path)
        name = self.imports.module_name(path)
        module = PythonModule(self.imports, name, path, source)
        module.frame = Frame(self.interp, module, None)
        module.given = self._names_of(path)
        graphs: list[Any] = []
        found: set[tuple[str, str]] = set()
        for run in contexts.shown_runs(module):
            made = ProgramGraphs(self._each)
            self._follow(module, run, made, found, wanted)
            graphs += made.graphs()
        return self._reading(path, graphs, found)

    def _names_of(self, path: str) -> dict[str, Value]:
        """Return what a docstring of a source file takes for granted: the names of the file."""
        if not path.endswith(".py") or contexts.is_test_file(path):
            return {}
        module = self._module(path)
        return dict(module.frame.vars) if module is not None else {}

    def _programs(self, module: PythonModule, built: set[tuple[str, str]]) -> list[Any]:
        """Follow a file as a program, in every way in which it is started."""
        self._begin()
        runs = self._runs.of(self.interp, module, plainly=contexts.is_program(module))
        made = ProgramGraphs(self._each)
        known: set[str] = set()
        left = _MAX_RUNS
        for index, run in enumerate(runs):
            self._follow(module, run, made, built)
            if run.taken or (index == 0 and run.plain):
                known.update(() if made.lacking else [MISSING_FILES])
                others = run.others(known)[:left]
                known.update(run.open)
                left -= len(others)
                runs += others
        return made.graphs()

    def _follow(
        self,
        module: PythonModule,
        run: Choices,
        made: ProgramGraphs,
        built: set[tuple[str, str]],
        wanted: frozenset[tuple[str, str]] | None = None,
    ) -> None:
        """Follow one run. `wanted`: keep models of these classes only, and tell that they are from
        a test or a document."""
        self._begin()
        for model in contexts.follow(self.interp, module, run, str(self.options.root)):
            if wanted is None:
                built.update(contexts.built_forms(model))
            elif wanted.isdisjoint(contexts.classes_in(model)):
                continue
            else:
                built.update(contexts.classes_in(model))
                model.entry = replace(model.entry, kind="shown")
            made.add(self._emit_built(model), run.said())
        self._cells |= self.interp.cells
        if wanted is None:
            built.update(_places(self.interp.built))

    def _emit_built(self, made: contexts.Built) -> ModelGraph:
        self.interp.constructed, self.interp.notes = made.constructed, made.notes
        graph = emit(self.interp, made.entry, made.model, made.missing)
        return with_flow(self.interp, graph, made.model, self._forward)

    def read_place(self, path: str, name: str, each: Each = _itself) -> FileReading:
        """Read one class or factory of a file by name."""
        self._each = each
        self._forward = self.options.forward
        module = self._module(path)
        if module is None:
            return FileReading(path)
        graphs: list[Any] = []
        built: set[tuple[str, str]] = set()
        every = [
            *contexts.factories_of(self.interp, module, name),
            *contexts.classes_of(self.interp, module, name),
        ]
        for candidate in every:
            self._read(candidate, graphs, built)
        return self._reading(path, graphs, built)

    def read_call(self, path: str, name: str, expression: str, each: Each = _itself) -> FileReading:
        """Read what a call builds that stands in no file: "Net(width=64)", with names of one."""
        self._each = each
        self._forward = self.options.forward
        module = self._module(path)
        graphs: list[Any] = []
        built: set[tuple[str, str]] = set()
        if module is None:
            return FileReading(path)
        try:
            candidate = contexts.spelled_out(self.interp, module, name, expression)
        except SyntaxError:
            said = f'"{expression}" is no call of a class or function by its name'
            return FileReading(path, problems=(Missing(None, said),))
        if candidate is not None:
            self._read(candidate, graphs, built)
        return self._reading(path, graphs, built)

    def _reading(self, path: str, graphs: list[Any], built: set[tuple[str, str]]) -> FileReading:
        files: set[str] = set()
        if self._tracked:
            files = self.imports.dependencies(self._cells | self.interp.cells | {(path, "")})
        problems = self._problems(path)
        return FileReading(path, tuple(graphs), frozenset(built), problems, tuple(sorted(files)))

    def _problems(self, path: str) -> tuple[Missing, ...]:
        module = self.imports.by_path.get(path)
        if module is None:
            return ()
        if module.stopped is not None:
            line, reason = module.stopped
            place = Place(path, line, 0, line, 0)
            return (Missing(place, f"{reason}: what stands below is not read"),)
        return (Missing(module.problem.place, module.problem.text()),) if module.problem else ()

    def _module(self, path: str) -> PythonModule | None:
        self._cells = set()
        self.interp.memo.settle()
        self.interp.cells = set()
        self.interp.budget.limit = self.options.max_steps
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
        name = self.imports.module_name(path)
        module = self.imports.find(name)
        if not isinstance(module, PythonModule) or module.path != path:
            module = self.imports.load_path(path, name)
        if module is not None:
            self._begin()
            try:
                module.ensure()
            except (Exhausted, RecursionError):
                return None
            self._inputs = contexts.hinted_inputs(module)
            if module.exhausted:
                self.interp.budget.limit = self.options.max_steps // 8
        return module

    # --- entry points -----------------------------------------------------------------------

    def _begin(self) -> None:
        interp = self.interp
        self._cells |= interp.cells
        interp.budget.restart()
        interp.memo.begin_entry()
        interp.constructed, interp.notes, interp.built, interp.cells = {}, {}, set(), set()
        interp.maybe = interp.depth = interp.trying = interp.probing = interp.guarded = 0
        interp.joins.journals, interp.joins.guards, interp.joins.swallowed = [], [], []
        interp.handling.clear()
        interp.site = None
        self._collect()

    def _read(self, candidate: Candidate, graphs: list[Any], built: set[tuple[str, str]]) -> bool:
        """Read an entry point; say whether a model came to be."""
        self._begin()
        made = self._graph(candidate)
        self._cells |= self.interp.cells
        built.update(_places(self.interp.built))
        if made is not None:
            graphs.append(self._each(made[0]))
        return made is not None and made[1] is not None

    def _collect(self) -> None:
        """Collect garbage between entry points, when enough has come together. Doing it whenever
        Python would costs more than all else: most of what is alive stays alive. The model before
        has gone by itself: what is looked through is what templates keep, and cycles."""
        count = gc.get_count()[0]
        if count > self._garbage:
            little = gc.collect(0) < count // 10
            self._garbage = min(2 * self._garbage, _MOST_GARBAGE) if little else GARBAGE

    def _given_to(self, candidate: Candidate) -> tuple[list[Value], dict[str, Value]]:
        if candidate.written is not None:
            return candidate.written()
        settings = {name: self.interp.call(cls, [], {}) for name, cls in candidate.arguments}
        return list(candidate.args), {**settings, **candidate.kwargs}

    def _graph(self, candidate: Candidate) -> tuple[ModelGraph, ModuleInstance | None] | None:
        missing: list[Missing] = []
        result: Value = None
        args: list[Value] | None = None
        entry = candidate.entry
        try:
            args, kwargs = self._given_to(candidate)
            if entry.recipe is None:
                entry = replace(entry, recipe=written_call(candidate.callee, args, kwargs))
            result = self.interp.call(candidate.callee, args, kwargs)
        except PyRaise as problem:
            if args is None and contexts.missing_name(problem):
                return None  # its settings cannot be built from nothing, so neither can it
            missing.append(Missing(problem.place, problem.text()))
        except (Exhausted, RecursionError) as stop:
            # One entry point that never ends rarely comes alone: the rest of the file gets less.
            self.interp.budget.limit = max(self.options.max_steps // 8, 1)
            reason = stop.reason if isinstance(stop, Exhausted) else "nested too deeply"
            missing.append(Missing(candidate.entry.place, reason))
        except SyntaxProblem as problem:
            missing.append(Missing(problem.place, f"syntax error: {problem.message}"))
        except Exception as problem:  # a fault of the reader costs one entry point, never the run
            if os.environ.get("HWLINT_RAISE"):
                raise
            reason = f"the reader failed ({type(problem).__name__}: {problem})"
            missing.append(Missing(candidate.entry.place, reason))
        model = _model_of(result)
        silent = candidate.entry.kind in ("factory", "class")
        if model is None and not self.interp.constructed and silent:
            return None  # it builds no model
        if model is None and isinstance(result, Unknown):
            missing.append(Missing(result.place or candidate.entry.place, result.reason))
        elif model is None and not missing:
            return None
        graph = emit(self.interp, entry, model, missing)
        inputs = candidate.inputs or self._inputs.get(candidate.entry.name, ())
        return with_flow(self.interp, graph, model, self._forward, inputs), model


def _places(classes: Iterable[Class]) -> set[tuple[str, str]]:
    return {(str(c.place.path), c.qualname) for c in classes if c.place is not None}


def _model_of(value: Value) -> ModuleInstance | None:
    if isinstance(value, ModuleInstance):
        return value
    if isinstance(value, tuple | list):
        return next((v for v in value if isinstance(v, ModuleInstance)), None)
    return None
