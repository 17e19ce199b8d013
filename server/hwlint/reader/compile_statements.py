"""Statements to closures. A closure returns a signal of `frame`, None to go on."""

import ast
from collections.abc import Callable, Iterable
from typing import Any

from hwlint.reader import operators
from hwlint.reader.code import Code, Compiled
from hwlint.reader.compile_expressions import (
    CALLED,
    Site,
    compile_expression,
    compile_load,
    compile_truth,
)
from hwlint.reader.frame import (
    BREAK,
    CONTINUE,
    RETURN,
    TURN_NODES,
    Frame,
    Scope,
    assigned_names,
    weigh,
)
from hwlint.reader.joins import Rest
from hwlint.reader.options import narrowing, narrowly
from hwlint.reader.values import ListValue, PyRaise, Tensor, Unknown, Value

__all__ = ["compile_body", "compile_store"]

Store = Callable[[Frame, Value], None]


def compile_body(scope: Scope, body: list[ast.stmt]) -> Compiled:
    """Compile a block."""
    statements = [s for s in (compile_statement(scope, n) for n in body) if s is not None]
    if not statements:
        return lambda fr: None
    if len(statements) == 1:
        return statements[0]
    if len(statements) == 2:
        first, second = statements
        return lambda fr: first(fr) or second(fr)

    def run(fr: Frame) -> Value:
        for statement in statements:
            signal = statement(fr)
            if signal is not None:
                return signal
        return None

    return run


def compile_statement(scope: Scope, node: ast.stmt) -> Compiled | None:
    """Compile one statement; None where it does nothing."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        return None
    return handler(scope, node)


# --- assignment ---------------------------------------------------------------------------------


def compile_store(scope: Scope, target: ast.expr) -> Store:
    """Compile binding a target."""
    if isinstance(target, ast.Name):
        return _store_name(scope, target.id)
    if isinstance(target, ast.Attribute):
        value = compile_expression(scope, target.value)
        name = scope.mangle(target.attr)
        return lambda fr, v: fr.interp.setattr(value(fr), name, v)
    if isinstance(target, ast.Subscript):
        holder = compile_expression(scope, target.value)
        index = compile_expression(scope, target.slice)
        return _store_item(holder, index, Site(scope, target))
    if isinstance(target, ast.Starred):
        return compile_store(scope, target.value)
    if isinstance(target, ast.Tuple | ast.List):
        return _store_sequence(scope, target.elts)
    return lambda fr, v: None


def _store_item(holder: Compiled, index: Compiled, site: Site) -> Store:
    def store(fr: Frame, value: Value) -> None:
        target, key = holder(fr), index(fr)
        if type(target) in CALLED:
            fr.interp.site = site
        operators.store_subscript(fr.interp, target, key, value)

    return store


def _store_name(scope: Scope, name: str) -> Store:
    key = scope.mangle(name)
    if scope.renamed(key) is None and scope.kind != "module":
        if key in scope.globals:
            return lambda fr, v: fr.module.store(key, v)
        if key in scope.nonlocals:
            return _store_free(scope.resolve(key))
    if scope.renamed(key) is None and scope.kind == "module":
        return lambda fr, v: fr.module.store(key, v)
    renamed = scope.renamed(key) or key

    def store(fr: Frame, value: Value) -> None:
        fr.vars[renamed] = value

    return store


def _store_free(where: tuple[str, int, str]) -> Store:
    _, depth, key = where

    def store(fr: Frame, value: Value) -> None:
        frame: Any = fr
        for _ in range(depth):
            frame = frame.parent if frame is not None else None
        if frame is not None:
            fr.interp.joins.touch_frame(frame)
            frame.vars[key] = value

    return store


def _store_sequence(scope: Scope, targets: list[ast.expr]) -> Store:
    stores = [compile_store(scope, t) for t in targets]
    star = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)

    def store(fr: Frame, value: Value) -> None:
        try:
            items = fr.interp.iterate(value, limit=len(stores) if star is None else None)
        except operators.UnknownIteration as stop:
            items = [stop.unknown] * len(stores)
            for part, item in zip(stores, items, strict=True):
                part(fr, item)
            return
        for part, item in zip(stores, _spread(fr, items, len(stores), star), strict=True):
            part(fr, item)

    return store


def _spread(fr: Frame, items: list[Value], wanted: int, star: int | None) -> list[Value]:
    if star is None:
        if len(items) != wanted:
            word = "too many" if len(items) > wanted else "not enough"
            raise fr.interp.error("ValueError", f"{word} values to unpack (expected {wanted})")
        return items
    after = wanted - star - 1
    if len(items) < wanted - 1:
        raise fr.interp.error("ValueError", "not enough values to unpack")
    from hwlint.reader.values import ListValue

    middle = ListValue(items[star : len(items) - after], fr.interp.clock)
    return [*items[:star], middle, *items[len(items) - after :]]


def _target_name(target: ast.expr) -> str | None:
    if isinstance(target, ast.Name):
        return target.id
    return target.attr if isinstance(target, ast.Attribute) else None


def _assign(scope: Scope, node: ast.Assign) -> Compiled:
    value = compile_expression(scope, node.value, _target_name(node.targets[0]))
    stores = [compile_store(scope, t) for t in node.targets]
    if len(stores) == 1:
        only = stores[0]
        return lambda fr: only(fr, value(fr))

    def run(fr: Frame) -> Value:
        got = value(fr)
        for store in stores:
            store(fr, got)
        return None

    return run


def _annotated(scope: Scope, node: ast.AnnAssign) -> Compiled | None:
    record = None
    if scope.kind == "class" and isinstance(node.target, ast.Name):
        record = (scope.mangle(node.target.id), node.annotation)
    if node.value is None and record is None:
        return None
    value = compile_expression(scope, node.value, _target_name(node.target)) if node.value else None
    store = compile_store(scope, node.target)

    def run(fr: Frame) -> Value:
        if record is not None:
            fr.interp.annotate(fr, record[0], (scope, record[1]))
        if value is not None:
            store(fr, value(fr))
        return None

    return run


def _augmented(scope: Scope, node: ast.AugAssign) -> Compiled:
    value = compile_expression(scope, node.value, _target_name(node.target))
    if isinstance(node.target, ast.Attribute):
        return _augmented_attribute(scope, node, node.target, value)
    if isinstance(node.target, ast.Subscript):
        return _augmented_item(scope, node, node.target, value)
    operator, site = operators.BINARY[type(node.op)], Site(scope, node)
    load = compile_load(scope, node.target.id, node.target)
    store = compile_store(scope, node.target)

    def run(fr: Frame) -> Value:
        old, new = load(fr), value(fr)
        if type(old) in CALLED:
            fr.interp.site = site
        store(fr, operators.inplace(fr.interp, operator, old, new))

    return run


def _augmented_attribute(
    scope: Scope, node: ast.AugAssign, target: ast.Attribute, value: Compiled
) -> Compiled:
    operator, site = operators.BINARY[type(node.op)], Site(scope, node)
    holder, name = compile_expression(scope, target.value), scope.mangle(target.attr)

    def run(fr: Frame) -> Value:
        held = holder(fr)
        old = fr.interp.getattr(held, name)
        new = value(fr)
        if type(old) in CALLED:
            fr.interp.site = site
        fr.interp.setattr(held, name, operators.inplace(fr.interp, operator, old, new))

    return run


def _augmented_item(
    scope: Scope, node: ast.AugAssign, target: ast.Subscript, value: Compiled
) -> Compiled:
    operator, site = operators.BINARY[type(node.op)], Site(scope, node)
    holder = compile_expression(scope, target.value)
    index = compile_expression(scope, target.slice)

    def run(fr: Frame) -> Value:
        held, key = holder(fr), index(fr)
        asks = type(held) in CALLED
        if asks:
            fr.interp.site = site
        old = operators.subscript(fr.interp, held, key)
        # Changed through a view of a part, the values of the whole would be lost.
        plain = isinstance(held, Tensor) and fr.interp.flow is None
        compute = operators.binary if plain else operators.inplace
        new = value(fr)
        if asks or type(old) in CALLED:
            fr.interp.site = site
        operators.store_subscript(fr.interp, held, key, compute(fr.interp, operator, old, new))

    return run


def _delete(scope: Scope, node: ast.Delete) -> Compiled:
    parts = [_delete_one(scope, t) for t in node.targets]

    def run(fr: Frame) -> Value:
        for part in parts:
            part(fr)

    return run


def _delete_one(scope: Scope, target: ast.expr) -> Callable[[Frame], None]:
    if isinstance(target, ast.Attribute):
        holder = compile_expression(scope, target.value)
        return lambda fr: fr.interp.delattr(holder(fr), target.attr)
    if isinstance(target, ast.Subscript):
        value = compile_expression(scope, target.value)
        index = compile_expression(scope, target.slice)
        return lambda fr: operators.delete_subscript(fr.interp, value(fr), index(fr))
    if isinstance(target, ast.Name):
        key = scope.mangle(target.id)
        return lambda fr: fr.interp.forget(fr, key)
    return lambda fr: None


# --- control flow -------------------------------------------------------------------------------


def _if(scope: Scope, node: ast.If) -> Compiled:
    test = compile_expression(scope, node.test)
    then = compile_body(scope, node.body)
    other = compile_body(scope, node.orelse)
    asked = compile_truth(scope, node.test)
    holds, fails = narrowing(node.test)
    sides = [narrowly(holds, then), narrowly(fails, other)]

    def run(fr: Frame) -> Value:
        value = test(fr)
        if value is True:
            return then(fr)
        if value is False or value is None:
            return other(fr)
        truth = asked(fr, value)
        if truth is None:
            return fr.interp.joins.branch(fr, operators.why(value), sides)
        return then(fr) if truth else other(fr)

    if scope.kind == "module":
        from hwlint.reader.imports import type_checking_branch

        return type_checking_branch(scope, node, run)
    return run


_LONG = Unknown("a loop of a program that goes on for long")
_ENDLESS = 1 << 62
_TRY_STEPS = 2
"""What a `try` statement counts for: what its parts may have changed is kept apart."""
_LONG_LOOP = 3_000
"""Steps that a loop of a program may take in which nothing is built; beyond that, what it changes
is not known."""


def _long(fr: Frame) -> tuple[int, int]:
    """Return at how many steps a loop of a program, or at the top of a module, counts as long, and
    how much was built before it."""
    interp = fr.interp
    if interp.roots is not None:
        return interp.budget.steps + _LONG_LOOP, len(interp.roots.found)
    if fr is fr.module.frame:
        return interp.budget.steps + _LONG_LOOP, len(interp.constructed)
    return _ENDLESS, 0


def _goes_on(fr: Frame, built: int) -> bool:
    """Say whether a long loop still builds something."""
    interp = fr.interp
    made = interp.roots.found if interp.roots is not None else interp.constructed
    return len(made) > built


def _for(scope: Scope, node: ast.For) -> Compiled:
    source = compile_expression(scope, node.iter)
    store = compile_store(scope, node.target)
    body = compile_body(scope, node.body)
    weight = weigh(node.body, TURN_NODES)
    rest = _rest(scope, node, body, store)
    unread = scope.unread.get(node)
    from hwlint.reader.inert import loop_is_inert, may_be_inert

    skipped = may_be_inert(scope, node)

    def run(fr: Frame) -> Value:
        interp = fr.interp
        if (skipped and loop_is_inert(interp, fr, node)) or (
            unread is not None and unread.skip(fr)
        ):
            return None
        value = source(fr)
        try:
            items = interp.turns(value)
        except operators.UnknownIteration as stop:
            unknown = stop.unknown
            return interp.joins.loop(fr, lambda _: unknown, rest)
        return interp.joins.loop(fr, lambda frame: over(frame, items), rest)

    def over(fr: Frame, items: Iterable[Value]) -> Value:
        budget = fr.interp.budget
        limit, built = _long(fr)
        for item in items:
            if budget.steps > limit:
                if not _goes_on(fr, built):
                    return _LONG
                limit, built = _long(fr)
            budget.steps += weight
            fr.interp.tick()
            store(fr, item)
            signal = body(fr)
            if signal is None or signal == CONTINUE:
                continue
            return signal
        return items.unknown if type(items) is ListValue else None

    return run


def _while(scope: Scope, node: ast.While) -> Compiled:
    test = compile_expression(scope, node.test)
    body = compile_body(scope, node.body)
    asked = compile_truth(scope, node.test)
    rest = _rest(scope, node, body, None)
    weight = weigh([node.test, *node.body], TURN_NODES)

    def repeat(fr: Frame) -> Value:
        interp = fr.interp
        limit, built = _long(fr)
        while True:
            if interp.budget.steps > limit:
                if not _goes_on(fr, built):
                    return _LONG
                limit, built = _long(fr)
            interp.budget.steps += weight
            interp.tick()
            value = test(fr)
            truth = asked(fr, value)
            if truth is None:
                return operators.why(value)
            if not truth:
                return None
            signal = body(fr)
            if signal is not None and signal != CONTINUE:
                return signal

    return lambda fr: fr.interp.joins.loop(fr, repeat, rest)


def _rest(scope: Scope, node: Any, body: Compiled, store: Store | None) -> Rest:
    """Return how a loop goes on after the turns that are known."""
    names = assigned_names([*node.body])

    def go_on(fr: Frame, unknown: Unknown) -> Value:
        return fr.interp.joins.unknown_loop(fr, unknown, store, body, names)

    other = compile_body(scope, node.orelse) if node.orelse else None
    return Rest(go_on, other, any(isinstance(n, ast.Break) for s in node.body for n in ast.walk(s)))


def _return(scope: Scope, node: ast.Return) -> Compiled:
    if node.value is None:

        def run_none(fr: Frame) -> Value:
            fr.result = None
            return RETURN

        return run_none
    value = compile_expression(scope, node.value)

    def run(fr: Frame) -> Value:
        fr.result = value(fr)
        return RETURN

    return run


def _raise(scope: Scope, node: ast.Raise) -> Compiled:
    value = compile_expression(scope, node.exc) if node.exc else None
    cause = compile_expression(scope, node.cause) if node.cause else None

    def run(fr: Frame) -> Value:
        problem = fr.interp.raised(value(fr) if value is not None else None, scope.segment, node)
        if cause is not None:
            problem.value.attrs["__cause__"] = cause(fr)
        raise problem

    return run


def _assert(scope: Scope, node: ast.Assert) -> Compiled:
    test = compile_expression(scope, node.test)
    message = compile_expression(scope, node.msg) if node.msg else None

    def run(fr: Frame) -> Value:
        if fr.interp.truth(test(fr)) is False:
            problem = fr.interp.error("AssertionError", "")
            problem.value.attrs["args"] = (message(fr),) if message is not None else ()
            raise problem

    return run


def _try(scope: Scope, node: Any) -> Compiled:
    body = compile_body(scope, node.body)
    other = compile_body(scope, node.orelse)
    final = compile_body(scope, node.finalbody)
    handlers = [
        (
            compile_expression(scope, h.type) if h.type is not None else None,
            _store_name(scope, h.name) if h.name else None,
            compile_body(scope, h.body),
        )
        for h in node.handlers
    ]
    catches_import = any(_names_import_error(h.type) for h in node.handlers)
    only_imports = all(isinstance(s, ast.Import | ast.ImportFrom) for s in node.body)

    def guarded(fr: Frame) -> Value:
        interp = fr.interp
        interp.trying += catches_import
        interp.guarded += 1
        try:
            return body(fr)
        finally:
            interp.trying -= catches_import
            interp.guarded -= 1

    def attempt(fr: Frame) -> Value:
        def handle(problem: PyRaise) -> Value:
            return _handle(fr, problem, handlers)

        if not only_imports:
            return fr.interp.joins.attempt(fr, guarded, handle, other)
        try:
            signal = guarded(fr)
        except PyRaise as problem:
            return handle(problem.with_traceback(None))
        return signal or other(fr)

    def run(fr: Frame) -> Value:
        fr.interp.budget.steps += _TRY_STEPS
        mark = len(fr.interp.joins.swallowed)
        try:
            signal = attempt(fr)
        except PyRaise:
            last = final(fr)
            if last is None:
                raise
            return last
        if node.finalbody and len(fr.interp.joins.swallowed) > mark:
            fr.interp.joins.finish(fr, mark, final)
        result = fr.result
        last = final(fr)
        if last is None:
            fr.result = result
        return last or signal

    return run


def _names_import_error(node: ast.expr | None) -> bool:
    if node is None:
        return True
    if isinstance(node, ast.Tuple):
        return any(_names_import_error(e) for e in node.elts)
    word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return word in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def _handle(fr: Frame, problem: PyRaise, handlers: list[Any]) -> Value:
    for kind, store, body in handlers:
        if kind is not None:
            wanted = kind(fr)
            matches = fr.interp.isinstance(problem.value, wanted)
            if matches is False:
                continue
        if store is not None:
            store(fr, problem.value)
        fr.interp.handling.append(problem)
        try:
            return body(fr)
        finally:
            fr.interp.handling.pop()
    raise problem


def _with(scope: Scope, node: Any) -> Compiled:
    from hwlint.reader.compile_with import compile_with

    return compile_with(scope, node)


def _expression(scope: Scope, node: ast.Expr) -> Compiled | None:
    if isinstance(node.value, ast.Constant):
        return None
    if isinstance(node.value, ast.Call):
        from hwlint.reader.compile_calls import compile_call

        value = compile_call(scope, node.value, discarded=True)
    else:
        value = compile_expression(scope, node.value)

    def run(fr: Frame) -> Value:
        value(fr)
        return None

    return run


# --- definitions and imports --------------------------------------------------------------------


def _function(scope: Scope, node: Any) -> Compiled:
    code = Code(node.name, scope.segment, scope, node)
    decorators = [compile_expression(scope, d) for d in node.decorator_list]
    store = _store_name(scope, node.name)
    own = scope.segment if scope.kind != "function" and scope.segment.kind == "def" else None
    if own is not None:
        code.made = []

    def run(fr: Frame) -> Value:
        if own is not None:
            fr.module.codes[own] = code
        made: Value = fr.interp.make_function(fr, code)
        for decorator in reversed(decorators):
            made = fr.interp.decorate(fr, decorator, made)
        store(fr, made)

    return run


def _class(scope: Scope, node: ast.ClassDef) -> Compiled:
    from hwlint.reader.classes import compile_class

    define = compile_class(scope, node, None)
    store = _store_name(scope, node.name)
    return lambda fr: store(fr, define(fr))


def _import(scope: Scope, node: ast.Import) -> Compiled:
    stores = [
        (
            alias.name if alias.asname else alias.name.split(".")[0],
            alias.name,
            _store_name(scope, alias.asname or alias.name.split(".")[0]),
        )
        for alias in node.names
    ]

    def run(fr: Frame) -> Value:
        for bound, full, store in stores:
            store(fr, fr.interp.imports.import_module(fr.module, bound, full))

    return run


def _import_from(scope: Scope, node: ast.ImportFrom) -> Compiled:
    names = [(a.name, None if a.name == "*" else _store_name(scope, a.asname or a.name))
             for a in node.names]  # fmt: skip
    level, base = node.level, node.module or ""

    def run(fr: Frame) -> Value:
        for name, store in names:
            if store is None:
                fr.interp.imports.import_star(fr, level, base)
            else:
                store(fr, fr.interp.imports.import_from(fr, level, base, name))

    return run


def _match(scope: Scope, node: ast.Match) -> Compiled:
    from hwlint.reader.compile_match import compile_match

    return compile_match(scope, node)


def _break(scope: Scope, node: ast.Break) -> Compiled:
    return lambda fr: BREAK


def _continue(scope: Scope, node: ast.Continue) -> Compiled:
    return lambda fr: CONTINUE


_HANDLERS: dict[type, Callable[[Scope, Any], Compiled | None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Expr: _expression,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Match: _match,
    ast.Break: _break,
    ast.Continue: _continue,
}
