"""Calls to closures."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

import ast
from collections.abc import Callable
from typing import Any

from hwlint.reader import operators
from hwlint.reader.code import Compiled
from hwlint.reader.compile_expressions import Site, compile_expression
from hwlint.reader.compile_text import evaluated, executed
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.values import BoundMethod, DictValue, Function, Instance, Unknown, Value

__all__ = ["compile_arguments", "compile_call"]

Arguments = Callable[[Frame], tuple[list[Value], dict[str, Value]]]


def compile_call(scope: Scope, node: ast.Call, discarded: bool = False) -> Compiled:
    """Compile a call. `discarded`: nobody looks at its result."""
    from hwlint.reader.inert import is_inert

    site = Site(scope, node)
    arguments = compile_arguments(scope, node)
    if isinstance(node.func, ast.Name):
        special = _SPECIAL.get(node.func.id)
        if special is not None and scope.resolve(node.func.id)[0] == "global":
            return special(scope, node, site, arguments)
    if isinstance(node.func, ast.Attribute):
        return _method_call(scope, node.func, site, arguments, discarded)
    func = compile_expression(scope, node.func)

    def run(fr: Frame) -> Value:
        callee = func(fr)
        try:
            args, kwargs = arguments(fr)
        except operators.UnknownIteration as stop:
            return fr.interp.unknown_call(callee, stop.unknown, site)
        if discarded and is_inert(fr.interp, callee, [*args, *kwargs.values()]):
            return None
        fr.interp.site = site
        if type(callee) is Function:
            return fr.interp.call_function(callee, args, kwargs)
        return fr.interp.call(callee, args, kwargs)

    return run


def _method_call(
    scope: Scope, func: ast.Attribute, site: Site, arguments: Arguments, discarded: bool
) -> Compiled:
    from hwlint.reader.inert import is_inert

    target = compile_expression(scope, func.value)
    name = scope.mangle(func.attr)

    def run(fr: Frame) -> Value:
        interp = fr.interp
        value = target(fr)
        method = interp.native_methods.get(type(value))
        impl = method.get(name) if method is not None else None
        callee = impl or interp.getattr(value, name)
        try:
            args, kwargs = arguments(fr)
        except operators.UnknownIteration as stop:
            return interp.unknown_call(callee, stop.unknown, site)
        if discarded and is_inert(interp, callee, [*args, *kwargs.values()]):
            return None
        interp.site = site
        if impl is not None:
            return interp.call_native_method(impl, value, args, kwargs)
        if type(callee) is BoundMethod and type(callee.func) is Function:
            return interp.call_function(callee.func, [callee.self_value, *args], kwargs)
        return interp.call(callee, args, kwargs)

    return run


def compile_arguments(scope: Scope, node: ast.Call) -> Arguments:
    """Compile what a call gives; raises UnknownIteration where `*` is put before an unknown."""
    plain = not any(isinstance(a, ast.Starred) for a in node.args)
    named = all(k.arg is not None for k in node.keywords)
    if plain and named:
        return _plain_arguments(scope, node)
    positional = [(isinstance(a, ast.Starred), compile_expression(scope, a)) for a in node.args]
    keywords = [(k.arg, compile_expression(scope, k.value, k.arg)) for k in node.keywords]

    def run(fr: Frame) -> tuple[list[Value], dict[str, Value]]:
        args: list[Value] = []
        for starred, part in positional:
            if starred:
                args.extend(fr.interp.iterate(part(fr)))
            else:
                args.append(part(fr))
        kwargs: dict[str, Value] = {}
        for name, part in keywords:
            if name is None:
                _unpack(fr, kwargs, part(fr))
            else:
                kwargs[name] = part(fr)
        return args, kwargs

    return run


def _unpack(fr: Frame, kwargs: dict[str, Value], value: Value) -> None:
    if isinstance(value, Instance) and isinstance(value.payload, DictValue):
        value = value.payload
    if isinstance(value, DictValue):
        if value.unknown is not None:
            kwargs["**"] = value.unknown
        for key, item in value.items():
            kwargs[str(key)] = item
        return
    if isinstance(value, Unknown):
        kwargs["**"] = value
        return
    unpacked = fr.interp.mapping_items(value)
    if isinstance(unpacked, Unknown):
        kwargs["**"] = unpacked
        return
    kwargs.update({str(k): v for k, v in unpacked})


def _plain_arguments(scope: Scope, node: ast.Call) -> Arguments:
    positional = [compile_expression(scope, a) for a in node.args]
    keywords = [(str(k.arg), compile_expression(scope, k.value, k.arg)) for k in node.keywords]
    if not keywords:
        return lambda fr: ([p(fr) for p in positional], {})
    return lambda fr: ([p(fr) for p in positional], {k: p(fr) for k, p in keywords})


def _super(scope: Scope, node: ast.Call, site: Site, arguments: Arguments) -> Compiled:
    if node.args:
        return lambda fr: fr.interp.make_super(*arguments(fr)[0][:2])
    return lambda fr: fr.interp.implicit_super(fr)


def _locals(scope: Scope, node: ast.Call, site: Site, arguments: Arguments) -> Compiled:
    def run(fr: Frame) -> Value:
        known = {k: v for k, v in fr.vars.items() if "@" not in k}
        return DictValue(known, fr.interp.clock)

    return run


def _globals(scope: Scope, node: ast.Call, site: Site, arguments: Arguments) -> Compiled:
    return lambda fr: fr.module.namespace()


_SPECIAL: dict[str, Callable[[Scope, ast.Call, Site, Any], Compiled]] = {
    "super": _super,
    "locals": _locals,
    "vars": lambda s, n, site, a: _locals(s, n, site, a) if not n.args else _vars(s, n, a),
    "globals": _globals,
    "eval": evaluated,
    "exec": executed,
}


def _vars(scope: Scope, node: ast.Call, arguments: Arguments) -> Compiled:
    return lambda fr: fr.interp.getattr(arguments(fr)[0][0], "__dict__")
