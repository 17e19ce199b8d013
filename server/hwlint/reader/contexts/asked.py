"""What comments and the configuration ask to be built."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from hwlint.graph import EntryPoint, Recipe
from hwlint.reader.compile_calls import compile_arguments
from hwlint.reader.contexts.candidates import Candidate, described, name_place, package_of
from hwlint.reader.forward.inputs import InputSpec
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.imports import PythonModule
from hwlint.reader.signatures import initialiser
from hwlint.reader.unknowns import UnknownIteration
from hwlint.reader.values import Class, Value
from hwlint.source.comments import Comment, read_comments
from hwlint.source.scan import Piece
from hwlint.source.segments import Segment

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["configured", "hinted", "hinted_inputs", "spelled_out"]


def hinted(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield what `# hwlint: build(...)` comments at a class or function ask for."""
    if "hwlint" not in module.source.text:
        return
    inputs = hinted_inputs(module)
    for comment, segment in _at_definitions(module, "build"):
        value = module.frame.vars.get(segment.name)
        if value is None:
            continue
        said = comment.text if not comment.plain else described(comment.args, comment.keywords)
        place = name_place(module, segment)
        entry = EntryPoint(
            segment.name, "hint", place, module.path, package_of(module), f"hint: {said}"
        )
        written = partial(_arguments, interp, module, comment.text, comment.place.line, value)
        yield Candidate(entry, value, inputs=inputs.get(segment.name, ()), written=written)


def _arguments(
    interp: "Interpreter", module: PythonModule, text: str, line: int, callee: Value
) -> tuple[list[Value], dict[str, Value]]:
    """Compute what stands in the brackets of a hint, with the names of its file. What the
    constructor takes by position only may be given by name."""
    call = ast.parse(f"_({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    segment = Segment(module.path, _PIECE, text, line)
    scope = Scope("function", Scope("module", None, segment, ""), segment, "")
    scope.sourced = False
    frame = Frame(interp, module, None)
    frame.vars = _names_for(interp, module, call)
    scope.locals = set(frame.vars)
    try:
        args, kwargs = compile_arguments(scope, call)(frame)
    except UnknownIteration as stop:
        raise interp.error("TypeError", f"{text}: {stop.unknown.reason}") from None
    init = initialiser(interp, callee) if isinstance(callee, Class) else None
    if init is not None:
        only = init.code.params[1 + len(args) : init.code.posonly]
        args += [kwargs.pop(name) for name in only if name in kwargs]
    return args, kwargs


_PIECE = Piece("statements", "", 0, 0, 0)
_OFFERED = {
    "nn": "torch.nn",
    "SimpleNamespace": "types.SimpleNamespace",
    "OmegaConf": "omegaconf.OmegaConf",
    "partial": "functools.partial",
}
"""Names that a hint may use though its file does not import them."""


def _names_for(interp: "Interpreter", module: PythonModule, call: ast.Call) -> dict[str, Value]:
    """Return what the names stand for that the file does not have: a few that hints need, what it
    imports for its annotations only, and modules."""
    made: dict[str, Value] = {}
    for node in ast.walk(call):
        if isinstance(node, ast.Name) and not _is_bound(interp, module, node.id):
            if node.id in module.annotation_imports:
                made[node.id] = interp.imports.resolve(module.annotation_imports[node.id])
            elif node.id in _OFFERED:
                made[node.id] = _offered(interp, _OFFERED[node.id])
            elif (name := _longest_module(interp, call, node)) is not None:
                made[node.id] = interp.imports.import_module(None, node.id, name)
    return made


def _longest_module(interp: "Interpreter", call: ast.Call, root: ast.Name) -> str | None:
    """Return the module that a dotted name begins with: `pkg.sub` of `pkg.sub.Net`."""
    written = [ast.unparse(n) for n in ast.walk(call) if isinstance(n, ast.Attribute)]
    found = None
    for name in (root.id, *[w for w in sorted(written) if w.startswith(f"{root.id}.")]):
        if interp.imports.is_installed(name):
            found = name
    return found


def _is_bound(interp: "Interpreter", module: PythonModule, name: str) -> bool:
    return name in module.frame.vars or name in interp.imports.builtins


def _offered(interp: "Interpreter", full: str) -> Value:
    if full in interp.modelled:
        return interp.modelled[full]
    holder, _, name = full.rpartition(".")
    return interp.getattr(interp.imports.import_module(None, holder, holder), name)


def spelled_out(
    interp: "Interpreter", module: PythonModule, name: str, expression: str
) -> Candidate | None:
    """Return what a call that somebody wrote builds: "Net(width=64)", with the names of the file.
    None where it calls nothing that the file has. `name`: what the model is called.

    Raises:
        SyntaxError: Where it is no call.
    """
    call = ast.parse(expression.strip(), mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise SyntaxError
    value = module.frame.vars.get(call.func.id)
    segment = next((s for s in module.source.segments if s.name in (name, call.func.id)), None)
    if value is None or segment is None:
        return None
    given = ", ".join(
        [ast.unparse(a) for a in call.args]
        + [
            f"{k.arg}={ast.unparse(k.value)}" if k.arg else f"**{ast.unparse(k.value)}"
            for k in call.keywords
        ]
    )
    recipe = Recipe(module.path, module.name, expression, tuple(module.imports.roots))
    entry = EntryPoint(
        name,
        "hint",
        name_place(module, segment),
        module.path,
        package_of(module),
        expression,
        recipe,
    )
    written = partial(_arguments, interp, module, given, segment.line, value)
    return Candidate(entry, value, inputs=hinted_inputs(module).get(name, ()), written=written)


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
