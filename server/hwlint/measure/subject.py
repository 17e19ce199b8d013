"""What is to be measured, as the reader knows it: how it is built, what it is called with, and
where in the source its modules and operations stand."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from attrs import evolve, field, frozen

from hwlint.engine.errors import UserError
from hwlint.engine.inspection import Inspected, inspect, parse_place
from hwlint.engine.run import Options
from hwlint.graph import Called, Flow, ModelGraph, Operation, Recipe
from hwlint.measure.job import Build, Input, Job, Limits, Method, RunnerName
from hwlint.reader import ForwardOptions, InputSpec
from hwlint.source.spans import Place

__all__ = [
    "Site",
    "Subject",
    "SubjectMaker",
    "find_subject",
    "job_of",
    "key_by",
    "key_of",
    "split_place",
]

Shape = tuple[int | None, ...]


@frozen
class Site:
    """One operation of the run and where it comes from."""

    function: str
    """Torch's name: "conv2d"."""
    module: str
    place: Place
    """The call that builds its layer, else the call itself."""


@frozen
class Subject:
    """One model, or a part of one."""

    name: str
    kind: str
    built_with: str
    recipe: Recipe | None
    part: str
    """Qualified name of the submodule; "" for the whole."""
    inputs: tuple[Input, ...]
    """Of the whole."""
    assumed: bool
    """Nobody gave the inputs: they are hwlint's own default."""
    part_inputs: tuple[Input, ...] = ()
    files: tuple[str, ...] = ()
    """What was read on the way."""
    sites: tuple[Site, ...] = ()
    layers: dict[str, Place] = field(factory=dict[str, Place])
    """Where each module is built."""
    calls: tuple[tuple[str, str], ...] = ()
    """(class, qualified name) of each module that runs, in the order in which they first do."""
    moved: int | None = None
    """Bytes that one run reads and writes, as it was read."""
    macs: int | None = None
    missing: str = ""
    """Why the reading is not whole, where it is not."""
    place: Place | None = None
    """Where the model is defined: its class, else the entry point."""


def split_place(text: str) -> tuple[str, str]:
    """Split "FILE:Class#layer2.0" into what is built and the part of it."""
    place, _, part = text.partition("#")
    return place, part


@frozen
class SubjectMaker:
    """Boils a graph down to a subject; made for the process that reads."""

    part: str

    def __call__(self, graph: ModelGraph) -> Subject:
        """Return the subject of one entry point."""
        flow, entry = graph.flow, graph.entry
        missing = [m.reason for m in graph.missing[:1]]
        missing += [m.reason for m in (flow.missing[:1] if flow is not None else ())]
        subject = Subject(
            name=entry.name,
            kind=entry.kind,
            built_with=entry.built_with,
            recipe=entry.recipe,
            part=self.part,
            inputs=tuple(_inputs(flow)) if flow is not None else (),
            assumed=flow is not None and flow.assumed,
            files=graph.files,
            layers=dict(_layers(graph)),
            missing=missing[0] if missing else "",
            place=_home(graph),
        )
        return evolve(subject, **self._of_the_run(graph, flow)) if flow is not None else subject

    def _of_the_run(self, graph: ModelGraph, flow: Flow) -> dict[str, object]:
        called = next((c for c in flow.calls if c.name == self.part), None)
        operations = flow.operations
        if self.part and called is not None:
            operations = operations[called.start : called.stop]
        return {
            "part_inputs": tuple(_taken(called, flow)) if self.part and called else (),
            "sites": tuple(_sites(graph, operations)),
            "calls": tuple(_calls(flow)),
            "moved": _moved(operations) if flow.complete else None,
            "macs": flow.macs if not self.part else called.macs if called is not None else None,
        }


def _home(graph: ModelGraph) -> Place:
    if graph.entry.kind == "factory" or graph.root is None:
        return graph.entry.place
    return graph.root.defined or graph.entry.place


def _inputs(flow: Flow) -> Iterator[Input]:
    given = [number for number, tensor in enumerate(flow.tensors) if tensor.kind == "input"]
    for position, (name, shape, dtype) in enumerate(flow.inputs):
        number = given[position] if position < len(given) else -1
        known = tuple(dim for dim in shape if dim is not None)
        yield Input(name, known, dtype, _rows(flow, number))


def _rows(flow: Flow, number: int) -> int | None:
    """Return the rows of the smallest table that an input looks things up in."""
    rows: list[int] = []
    for operation in flow.operations:
        if operation.name != "embedding" or number < 0:
            continue
        tensors = [flow.tensors[index] for index in operation.inputs]
        if any(tensor.storage == flow.tensors[number].storage for tensor in tensors):
            shapes = [t.shape for t in tensors if t.kind == "parameter" and t.shape is not None]
            rows += [shape[0] for shape in shapes if len(shape) == 2 and shape[0] is not None]
    return min(rows, default=None)


def _taken(called: Called, flow: Flow) -> Iterator[Input]:
    """Yield what flows into a part, as far as all of it is known."""
    if len(called.taken) != len(called.inputs):
        return
    for shape, number in zip(called.inputs, called.taken, strict=True):
        if shape is None or None in shape:
            return
        yield Input("", tuple(dim for dim in shape if dim is not None), flow.tensors[number].dtype)


def _sites(graph: ModelGraph, operations: Iterable[Operation]) -> Iterator[Site]:
    layers = graph.named_layers
    for operation in operations:
        layer = layers.get(operation.module)
        place = operation.place if layer is None else layer.asked or layer.place
        if place is not None:
            yield Site(operation.name, operation.module, place)


def _calls(flow: Flow) -> Iterator[tuple[str, str]]:
    # What calls comes before what it calls, also where it does nothing else.
    order = sorted(flow.calls, key=lambda c: (c.start, -c.stop, c.name.count(".") + bool(c.name)))
    seen: set[str] = set()
    for called in order:
        if called.name not in seen:
            seen.add(called.name)
            yield called.class_name, called.name


def _layers(graph: ModelGraph) -> Iterator[tuple[str, Place]]:
    for name, node in graph.walk():
        place = node.place
        if node.layer is not None:
            place = node.layer.asked or node.layer.place
        if name and place is not None:
            yield name, place


def _moved(operations: Iterable[Operation]) -> int | None:
    total = 0
    for operation in operations:
        if operation.read is None or operation.written is None:
            return None
        total += operation.read + operation.written
    return total


# --- finding it -----------------------------------------------------------------------------


def find_subject(
    text: str,
    options: Options,
    *,
    context: str | None = None,
    inputs: tuple[InputSpec, ...] = (),
    build: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Subject:
    """Read "FILE:Class#part" as programs build it, or as `build` does: "Class(width=64)".

    Raises:
        UserError: Where nothing there builds a model, or several models are meant.
    """
    place, part = split_place(text)
    forward = ForwardOptions(inputs)
    maker = SubjectMaker(part)
    parse_place(place)
    try:
        read = inspect(place, options, maker, context, progress, forward, build)
    except UserError as problem:
        name = place.rpartition(":")[2] if ":" in Path(place).name else "Net"
        hint = "" if build else f'; say how it is built: --build "{name}(...)"'
        raise UserError(f"{problem}{hint}") from None
    found = [subject for result in read for subject in result.shown]
    if not found:
        raise UserError(f"{place}: {_why(read)}")
    names = sorted({subject.name for subject in found})
    if len(names) > 1 and ":" not in Path(place).name:
        listed = ", ".join(f"{place}:{name}" for name in names[:6])
        raise UserError(f"{place}: which of them? {listed}")
    best = min(found, key=lambda s: (s.recipe is None, bool(s.missing)))
    if best.inputs:
        return best
    # It could not be followed, but whoever asks knows what it is called with.
    return evolve(best, inputs=tuple(_asked(spec) for spec in inputs), assumed=False)


def _asked(spec: InputSpec) -> Input:
    shape = tuple(dim for dim in spec.shape if dim is not None)
    return Input(spec.name, shape, spec.element())


def _why(read: list[Inspected[Subject]]) -> str:
    reasons = [note for result in read for note in (*result.notes, result.incomplete) if note]
    return "; ".join(reasons) or "nothing here builds a model"


# --- the job --------------------------------------------------------------------------------


def job_of(
    subject: Subject,
    place: str,
    runner: RunnerName,
    *,
    dtype: str = "float32",
    threads: int = 0,
    device: str = "cpu",
    seed: int = 0,
    limits: Limits | None = None,
    method: Method | None = None,
) -> Job:
    """Return the job that measures a subject.

    Raises:
        UserError: Where it is not known how it is built or what it is called with.
    """
    recipe = subject.recipe
    if recipe is None:
        raise UserError(
            f"{place}: what it is built with ({subject.built_with}) cannot be repeated: "
            f'say how, --build "{subject.name}(...)"'
        )
    if not subject.inputs:
        why = f" ({subject.missing})" if subject.missing else ""
        raise UserError(f"{place}: with what it is called is not known{why}: --input 1x3x224x224")
    build = Build(
        file=recipe.path,
        module=recipe.module,
        roots=_roots(recipe),
        expression=recipe.expression,
        submodule=subject.part,
        submodule_inputs=subject.part_inputs,
    )
    job = Job(
        runner=runner,
        place=place,
        key="",
        inputs=subject.inputs,
        context=subject.built_with,
        build=build,
        dtype=dtype,
        seed=seed,
        threads=threads,
        device=device,
        limits=limits or Limits(),
        method=method or Method(),
    )
    return evolve(job, key=key_of(job, subject))


def _roots(recipe: Recipe) -> tuple[str, ...]:
    """Return where imports start from: first of all from where the module has its name."""
    above = Path(recipe.path).parents
    depth = recipe.module.count(".") + (Path(recipe.path).name == "__init__.py")
    own = str(above[depth]) if depth < len(above) else str(above[0])
    return tuple(dict.fromkeys((own, *recipe.roots)))


def key_of(job: Job, subject: Subject) -> str:
    """Return a hash of all that makes the measurement of a subject by the means of a job what it
    is; paths are left out, so that it is the same on every computer."""
    files = [(file, Path(file)) for file in subject.files]
    sources = {file: path.read_bytes() for file, path in files if path.is_file()}
    return key_by(evolve(job, inputs=subject.inputs), sources)


def key_by(job: Job, sources: Mapping[str, bytes]) -> str:
    """Return the same for a job with the inputs that it has, and the contents of the files that
    were read on the way, by path."""
    assert job.build is not None
    digest = hashlib.sha256()
    for file in sorted(sources):
        digest.update(Path(file).name.encode() + b"\0" + sources[file] + b"\0")
    told = (job.runner, job.build.expression, job.build.submodule, job.inputs, job.dtype)
    digest.update(repr((*told, job.seed, job.threads, job.device)).encode())
    return digest.hexdigest()[:32]
