"""Entry points: the ways in which a workspace builds its models."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hwlint.graph import EntryPoint
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.frame import Scope
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import (
    Class,
    DictValue,
    Function,
    ListValue,
    ModuleInstance,
    PyRaise,
    Unknown,
    Value,
)
from hwlint.source import Place, SyntaxProblem
from hwlint.source.comments import read_comments

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Candidate", "classes_of", "factories_of", "is_public", "module_level_models"]


class Candidate:
    """Something that may build a model: how to call it, and what to call it."""

    __slots__ = ("args", "arguments", "callee", "cls", "entry", "kwargs")

    def __init__(
        self,
        entry: EntryPoint,
        callee: Value,
        arguments: list[tuple[str, Class]] | None = None,
        cls: Class | None = None,
        given: tuple[Sequence[object], Mapping[str, object]] = ((), {}),
    ) -> None:
        self.args = [_value(v) for v in given[0]]
        self.kwargs = {k: _value(v) for k, v in given[1].items()}
        self.entry = entry
        self.callee = callee
        self.arguments = arguments or []
        self.cls = cls


def _value(given: object) -> Value:
    """Turn a literal of a comment or a configuration file into a value of the interpreter."""
    if isinstance(given, list):
        return ListValue([_value(v) for v in given])
    if isinstance(given, dict):
        return DictValue({k: _value(v) for k, v in given.items()})
    return tuple([_value(v) for v in given]) if isinstance(given, tuple) else given


def _package(module: PythonModule) -> str:
    return module.name.partition(".")[0]


def _name_place(module: PythonModule, segment: Any) -> Place:
    header = segment.text.find(segment.name)
    line = segment.text.count("\n", 0, header)
    col = header - (segment.text.rfind("\n", 0, header) + 1)
    return Place(
        module.path, segment.line + line, col, segment.line + line, col + len(segment.name)
    )


def is_public(module: PythonModule, name: str) -> bool:
    """Say whether a module offers a name: by __all__, else by its spelling."""
    listed = module.frame.vars.get("__all__")
    if isinstance(listed, list | tuple) and listed:
        return name in listed
    return not name.startswith("_")


def is_listed(module: PythonModule, name: str) -> bool:
    """Say whether a name is in __all__."""
    listed = module.frame.vars.get("__all__")
    return isinstance(listed, list | tuple) and name in listed


def is_superseded(interp: "Interpreter", module: PythonModule, cls: Class) -> bool:
    """Say whether the package offers another class under this one's name: then nobody who uses the
    package gets this one (transformers' modular files, from which the real ones are generated)."""
    named = module.package and not module.is_package
    package = interp.imports.find(module.package) if named else None
    if not isinstance(package, PythonModule):
        return False
    package.ensure()
    if not package.stars or not package.may_define(cls.name):
        return False
    other = interp.find_attribute(package, cls.name)
    return isinstance(other, Class) and other is not cls and other.defined_in is not module


def factories_of(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield the functions that can be called without arguments."""
    for segment in module.source.segments:
        if segment.kind != "def" or segment.name.startswith("_"):
            continue
        if "return" not in segment.text or _requires(segment):
            continue
        value = module.frame.vars.get(segment.name)
        if value is None or isinstance(value, Unknown | Class):
            continue
        place = _name_place(module, segment)
        entry = EntryPoint(
            segment.name, "factory", place, module.path, _package(module), "defaults"
        )
        yield Candidate(entry, value)


def _requires(segment: Any) -> bool:
    try:
        statements = segment.parse()
    except SyntaxProblem:
        return True
    node = next((s for s in statements if isinstance(s, ast.FunctionDef)), None)
    if node is None:
        return True
    args = node.args
    positional = len(args.posonlyargs) + len(args.args)
    return positional > len(args.defaults) or None in args.kw_defaults


def classes_of(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield the module classes of a file that can be built from nothing, or from a configuration
    object that their annotation names and that can be built from nothing."""
    for segment in module.source.segments:
        if segment.kind != "class":
            continue
        cls = module.frame.vars.get(segment.name)
        if not isinstance(cls, Class) or not cls.is_module or cls.defined_in is not module:
            continue
        arguments = _configurations(interp, cls)
        if arguments is None or is_superseded(interp, module, cls):
            continue
        kind = "config-class" if arguments else "class"
        built = ", ".join(f"{n}={c.name}()" for n, c in arguments) or "defaults"
        place = _name_place(module, segment)
        entry = EntryPoint(cls.name, kind, place, module.path, _package(module), built)
        yield Candidate(entry, cls, arguments, cls)


def _configurations(interp: "Interpreter", cls: Class) -> list[tuple[str, Class]] | None:
    init = cls.find("__init__")
    while isinstance(init, Function) and "__wrapped__" in init.attrs:
        init = init.attrs["__wrapped__"]
    if not isinstance(init, Function):
        return [] if cls.spec is None and init is not None else None
    try:
        interp.prepare_function(init) if not init.ready else None
    except (SyntaxProblem, PyRaise):
        return None
    code = init.code
    required = code.params[1 : len(code.params) - len(init.defaults)]
    required += [n for n in code.kwonly if n not in init.kwdefaults]
    if not code.params:
        return None
    found: list[tuple[str, Class]] = []
    for name in required:
        config = _annotated_class(interp, init, name)
        if config is None:
            return None
        found.append((name, config))
    return found


def _annotated_class(interp: "Interpreter", init: Function, name: str) -> Class | None:
    node = init.code.annotations.get(name)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    value = _evaluate(interp, init, node)
    if not isinstance(value, Class) or value.is_module or value.defined_in is None:
        return None
    return value


def _evaluate(interp: "Interpreter", init: Function, node: ast.expr) -> Value:
    module = init.module
    if isinstance(node, ast.Name) and node.id in module.annotation_imports:
        try:
            return interp.imports.resolve(module.annotation_imports[node.id])
        except PyRaise:
            return None
    scope = Scope("module", None, init.code.segment, "")
    try:
        return compile_expression(scope, node)(module.frame)
    except PyRaise:
        return None


def _described(args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    parts = [*map(repr, args), *[f"{k}={v!r}" for k, v in kwargs.items()]]
    return ", ".join(parts) or "defaults"


def hinted(interp: "Interpreter", module: PythonModule) -> Iterator[Candidate]:
    """Yield what `# hwlint: build(...)` comments at a class or function ask for."""
    if "hwlint" not in module.source.text:
        return
    for comment in read_comments(module.source):
        if comment.kind != "build":
            continue
        for segment in module.source.segments:
            last = segment.line + segment.text.count("\n")
            value = module.frame.vars.get(segment.name) if segment.name else None
            if value is None or not segment.line <= comment.first_line <= last:
                continue
            built = f"hint: {_described(comment.args, comment.keywords)}"
            place = _name_place(module, segment)
            entry = EntryPoint(segment.name, "hint", place, module.path, _package(module), built)
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
        built = f"configured: {_described((), build)}"
        place = _name_place(module, segment)
        entry = EntryPoint(attribute, "configured", place, module.path, _package(module), built)
        yield Candidate(entry, value, given=((), build))


def module_level_models(module: PythonModule) -> Iterator[tuple[EntryPoint, ModuleInstance]]:
    """Yield the models that a file builds at its top level."""
    for name, value in module.frame.vars.items():
        place = value.place if isinstance(value, ModuleInstance) else None
        if place is not None and place.path == module.path and not name.startswith("_"):
            built = f"{module.name}:{place.line + 1}"
            yield EntryPoint(name, "call", place, module.path, _package(module), built), value
