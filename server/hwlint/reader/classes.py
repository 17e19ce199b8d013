"""Class statements: compiled lazily by member, created with bases, metaclass and hooks."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

import ast
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.abstract_classes import TYPING
from hwlint.reader.budget import Exhausted
from hwlint.reader.code import Code, Compiled
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.values import (
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    External,
    Function,
    Instance,
    StaticMethod,
    Unknown,
    Value,
)
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter
    from hwlint.source import Segment

__all__ = ["compile_class", "create_class"]


def compile_class(scope: Scope, node: ast.ClassDef, segment: "Segment | None") -> Compiled:
    """Compile a class statement. With `segment`, `node` is its header and the members of the
    segment are compiled one by one, undecorated methods only when first called."""
    bases = [(isinstance(b, ast.Starred), compile_expression(scope, b)) for b in node.bases]
    keywords = [(k.arg, compile_expression(scope, k.value)) for k in node.keywords]
    decorators = [compile_expression(scope, d) for d in node.decorator_list]
    qualname = scope.inner_qualname(node.name)
    place = scope.segment.place(node)
    if segment is None:
        body = [_block(Scope("class", scope, scope.segment, qualname, node.name), node.body)]
    else:
        body = _members(scope, segment, qualname, node.name)

    def define(fr: Frame) -> Value:
        interp = fr.interp
        parents = _bases(fr, bases)
        options = {k: v(fr) for k, v in keywords if k is not None}
        attrs, functions = _run_body(fr, body)
        attrs.setdefault("__module__", fr.module.name)
        attrs.setdefault("__qualname__", qualname)
        made: Value = create_class(interp, node.name, parents, attrs, options, functions, place)
        if isinstance(made, Class):
            made.defined_in = fr.module
        for decorator in reversed(decorators):
            made = interp.decorate(fr, decorator, made)
        return made

    return define


def _block(scope: Scope, body: list[ast.stmt]) -> Compiled:
    from hwlint.reader.compile_statements import compile_body

    return compile_body(scope, body)


def _members(scope: Scope, segment: "Segment", qualname: str, name: str) -> list[Compiled]:
    out: list[Compiled] = []
    for member in segment.members:
        inner = Scope("class", scope, member, qualname, name)
        if member.kind == "def" and not member.decorated:
            out.append(_lazy_method(inner, member))
        else:
            out.append(_member_block(inner, member))
    return out


def _lazy_method(scope: Scope, member: "Segment") -> Compiled:
    code = Code(member.name, member, scope)
    name = scope.mangle(member.name)

    def define(fr: Frame) -> Value:
        fr.module.codes[member] = code
        code.made = []
        fr.vars[name] = fr.interp.make_function(fr, code)

    return define


def _member_block(scope: Scope, member: "Segment") -> Compiled:
    block: list[Compiled] = []

    def run(fr: Frame) -> Value:
        if not block:
            try:
                block.append(_block(scope, member.parse()))
            except SyntaxProblem:
                block.append(lambda _: None)
        return block[0](fr)

    return run


def _bases(fr: Frame, bases: list[tuple[bool, Compiled]]) -> list[Value]:
    from hwlint.reader.operators import UnknownIteration

    out: list[Value] = []
    for starred, base in bases:
        value = base(fr)
        if not starred:
            out.append(value)
            continue
        try:
            out.extend(fr.interp.iterate(value))
        except UnknownIteration as stop:
            out.append(stop.unknown)
    return out


def _run_body(fr: Frame, body: list[Compiled]) -> tuple[dict[str, Value], list[Function]]:
    parent = None if fr is fr.module.frame else fr
    frame = Frame(fr.interp, fr.module, parent)
    functions: list[Function] = []
    frame.vars["__class_body__"] = functions
    for part in body:
        part(frame)
    attrs = frame.vars
    del attrs["__class_body__"]
    return {k: v for k, v in attrs.items() if "@" not in k}, functions


_MAX_BASES = 400
_CLASS_STEPS = 20
"""What making a class counts for."""


def create_class(
    interp: "Interpreter",
    name: str,
    bases: list[Value],
    attrs: dict[str, Value],
    options: dict[str, Value],
    functions: list[Function] | None = None,
    place: Any = None,
) -> Value:
    """What type(name, bases, attrs) does, with the metaclass in force."""
    interp.budget.steps += _CLASS_STEPS
    interp.tick()
    parents = [base for base in (_as_class(interp, b) for b in bases) if base is not None]
    if sum([len(p.mro) for p in parents]) > _MAX_BASES:
        raise Exhausted("too many base classes")
    metaclass = options.pop("metaclass", None)
    if not isinstance(metaclass, Class):
        metaclass = next((b.metaclass for b in parents if b.metaclass is not None), None)
    new = metaclass.find("__new__") if metaclass is not None else None
    if isinstance(new, Function | StaticMethod):
        made = _by_metaclass(interp, metaclass, new, name, parents, attrs, options)
    else:
        made = new_class(interp, name, parents, attrs, metaclass)
    if not isinstance(made, Class):
        return made
    made.place = place
    _own_functions(made, functions)
    _run_hooks(interp, made, options)
    return made


def _by_metaclass(
    interp: "Interpreter",
    metaclass: Any,
    new: Any,
    name: str,
    parents: list[Class],
    attrs: dict[str, Value],
    options: dict[str, Value],
) -> Value:
    namespace = DictValue(attrs, interp.clock)
    func = new.func if isinstance(new, StaticMethod) else new
    made = interp.call(func, [metaclass, name, tuple(parents), namespace], dict(options))
    return made if isinstance(made, Class) else new_class(interp, name, parents, attrs, metaclass)


def _as_class(interp: "Interpreter", base: Value) -> Class | None:
    if isinstance(base, Class):
        return base
    if isinstance(base, External | Unknown):
        made = core.make(base.name.rsplit(".", 1)[-1] if isinstance(base, External) else "?")
        reason = base.name if isinstance(base, External) else base.reason
        made.generic_unknown = Unknown(f"base class {reason} is not read")
        return made
    if isinstance(base, Builtin):
        return core.BUILTINS.get(base.name) or TYPING.get(base.name.rsplit(".", 1)[-1])
    return None


def new_class(
    interp: "Interpreter",
    name: str,
    parents: list[Class],
    attrs: dict[str, Value],
    metaclass: Class | None,
) -> Class:
    """What type.__new__ does."""
    made = Class(name, tuple(parents) or (core.OBJECT,), attrs)
    made.qualname = str(attrs.get("__qualname__", name))
    made.module = str(attrs.get("__module__", ""))
    made.metaclass = metaclass
    made.native = next((b.native for b in parents if b.native is not None), None)
    made.is_module = any(b.is_module for b in parents)
    made.spec = None
    made.stamp = interp.clock
    made.mro = core.linearise(made)
    return made


def _own_functions(made: Class, functions: list[Function] | None) -> None:
    for func in functions or ():
        if func.owner is None:
            func.owner = made
    for value in made.attrs.values():
        raw = value.func if isinstance(value, StaticMethod | ClassMethod) else value
        if isinstance(raw, Function) and raw.owner is None and functions is None:
            raw.owner = made


def _run_hooks(interp: "Interpreter", made: Class, options: dict[str, Value]) -> None:
    from hwlint.reader.library.enums import finish_enum
    from hwlint.reader.library.records import finish_named_tuple

    finish_enum(interp, made)
    finish_named_tuple(interp, made)
    for key, value in list(made.attrs.items()):
        if isinstance(value, Instance) and value.cls.find("__set_name__") is not None:
            interp.call(value.cls.find("__set_name__"), [value, made, key], {})
    for base in made.mro[1:]:
        hook = base.attrs.get("__init_subclass__")
        if hook is not None:
            func = hook.func if isinstance(hook, ClassMethod) else hook
            interp.call(func, [made], options)
            break
    meta_init = made.metaclass.find("__init__") if made.metaclass is not None else None
    if isinstance(meta_init, Function):
        namespace = DictValue(made.attrs, interp.clock)
        interp.call(meta_init, [made, made.name, made.bases, namespace], {})


def _type_new(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) < 4 or not isinstance(args[3], dict):
        return Unknown("type.__new__")
    parents = [b for b in args[2] if isinstance(b, Class)]
    metaclass = args[0] if args[0] is not core.TYPE else None
    return new_class(interp, str(args[1]), parents, dict(args[3]), metaclass)


def _type_call(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    return interp.construct(args[0], args[1:], kwargs)


core.TYPE.attrs["__new__"] = Builtin("type.__new__", _type_new)
core.TYPE.attrs["__call__"] = Builtin("type.__call__", _type_call)
core.TYPE.attrs["__init__"] = Builtin("type.__init__", lambda i, a, k: None)
