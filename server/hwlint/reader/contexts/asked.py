"""What comments and the configuration ask to be built."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hwlint.graph import EntryPoint
from hwlint.reader.contexts.candidates import Candidate, described, name_place, package_of
from hwlint.reader.imports import PythonModule
from hwlint.source.comments import read_comments

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["configured", "hinted"]


def hinted(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield what `# hwlint: build(...)` comments at a class or function ask for."""
    if "hwlint" not in module.source.text:
        return
    for comment in read_comments(module.source):
        if comment.kind != "build":
            continue
        for segment in module.source.segments:
            last = segment.line + segment.text.rstrip().count("\n")
            value = module.frame.vars.get(segment.name) if segment.name else None
            if value is None or not segment.line <= comment.first_line <= last:
                continue
            built = f"hint: {described(comment.args, comment.keywords)}"
            place = name_place(module, segment)
            entry = EntryPoint(segment.name, "hint", place, module.path, package_of(module), built)
            yield Candidate(entry, value, given=(comment.args, comment.keywords))


def configured(
    interp: "Interpreter", module: PythonModule, models: Mapping[str, Mapping[str, object]]
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
        yield Candidate(entry, value, given=((), build))
