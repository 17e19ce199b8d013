"""What comments and the configuration ask to be built."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from hwlint.graph import EntryPoint
from hwlint.reader.contexts.candidates import Candidate, described, name_place, package_of
from hwlint.reader.forward.inputs import InputSpec
from hwlint.reader.imports import PythonModule
from hwlint.source.comments import Comment, read_comments

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["configured", "hinted", "hinted_inputs"]


def hinted(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield what `# hwlint: build(...)` comments at a class or function ask for."""
    if "hwlint" not in module.source.text:
        return
    inputs = hinted_inputs(module)
    for comment, segment in _at_definitions(module, "build"):
        value = module.frame.vars.get(segment.name)
        if value is None:
            continue
        built = f"hint: {described(comment.args, comment.keywords)}"
        place = name_place(module, segment)
        entry = EntryPoint(segment.name, "hint", place, module.path, package_of(module), built)
        given = (comment.args, comment.keywords)
        yield Candidate(entry, value, given=given, inputs=inputs.get(segment.name, ()))


def hinted_inputs(module: PythonModule) -> Mapping[str, Sequence[InputSpec]]:
    """Return what `# hwlint: input(...)` comments give the classes and functions of a file."""
    if "hwlint" not in module.source.text:
        return {}
    return {
        segment.name: _inputs_of(comment) for comment, segment in _at_definitions(module, "input")
    }


def _at_definitions(module: PythonModule, kind: str) -> Iterator[tuple[Comment, Any]]:
    """Yield comments of a kind, each with the named segment that it stands in or above."""
    if not re.search(rf"hwlint\s*:.*\b{kind}\s*\(", module.source.text):
        return  # reading the comments of a file that has a great many takes long
    for comment in read_comments(module.source):
        if comment.kind != kind:
            continue
        for segment in module.source.segments:
            last = segment.line + segment.text.rstrip().count("\n")
            if segment.name and segment.line <= comment.first_line <= last:
                yield comment, segment


def _inputs_of(comment: Comment) -> list[InputSpec]:
    """Read shapes, which `read_comments` has checked: input(1, 3, 224, 224) is a single one."""
    single = any(isinstance(arg, int) for arg in comment.args)
    shapes = cast("list[Sequence[int]]", [comment.args] if single else [*comment.args])
    named = cast("Mapping[str, Sequence[int]]", comment.keywords)
    return [
        *[InputSpec("", tuple(shape)) for shape in shapes],
        *[InputSpec(name, tuple(shape)) for name, shape in named.items()],
    ]


def configured(
    interp: "Interpreter",
    module: PythonModule,
    models: Mapping[str, Mapping[str, object]],
    inputs: Mapping[str, Sequence[InputSpec]],
) -> Iterator[Candidate]:
    """Yield what `[tool.hwlint.models]` says of this file."""
    for name, build in models.items():
        where, _, attribute = name.rpartition(":")
        wanted = where.removesuffix(".py").replace("/", ".").replace("\\", ".")
        own = module.path.removesuffix(".py").replace("/", ".").replace("\\", ".")
        if not wanted or (wanted != module.name and not own.endswith("." + wanted)):
            continue
        value = module.frame.vars.get(attribute)
        segment = next((s for s in module.source.segments if s.name == attribute), None)
        if value is None or segment is None:
            continue
        built = f"configured: {described((), build)}"
        place = name_place(module, segment)
        entry = EntryPoint(attribute, "configured", place, module.path, package_of(module), built)
        yield Candidate(entry, value, given=((), build), inputs=inputs.get(name, ()))
