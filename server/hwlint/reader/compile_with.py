"""The with statement: `__enter__`, `__exit__`, and generators that are context managers.

A generator with `contextlib.contextmanager` runs when its `with` statement does, and its `yield` is
where the body runs: so what it undoes afterwards is undone after the body.
"""

import ast
from collections.abc import Callable

from hwlint.reader import operators
from hwlint.reader.code import Compiled
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.suspended import Suspended
from hwlint.reader.values import BoundMethod, Function, Instance, PyRaise, Value

__all__ = ["compile_with"]

Inner = Callable[[Value], Value]
"""Takes what `as` binds, gives the body's signal."""


def compile_with(scope: Scope, node: ast.With | ast.AsyncWith) -> Compiled:
    """Compile a with statement."""
    from hwlint.reader.compile_statements import compile_body, compile_store

    managers = [
        (
            compile_expression(scope, item.context_expr),
            compile_store(scope, item.optional_vars) if item.optional_vars else None,
        )
        for item in node.items
    ]
    body = compile_body(scope, node.body)

    def nested(fr: Frame, index: int) -> Value:
        if index == len(managers):
            return body(fr)
        manager, store = managers[index]

        def inner(item: Value) -> Value:
            if store is not None:
                store(fr, item)
            return nested(fr, index + 1)

        return _within(fr, manager(fr), inner)

    return lambda fr: nested(fr, 0)


def _within(fr: Frame, manager: Value, inner: Inner) -> Value:
    if isinstance(manager, Suspended):
        return _resumed(fr, manager, inner)
    entered = fr.interp.enter(manager)
    leave = manager.cls.find("__exit__") if isinstance(manager, Instance) else None
    if not isinstance(leave, Function):
        return inner(entered)
    method = BoundMethod(leave, manager)

    def run(frame: Frame) -> Value:
        signal = inner(entered)
        frame.interp.call(method, [None, None, None], {})
        return signal

    def handle(problem: PyRaise) -> Value:
        answer = fr.interp.call(method, [problem.value.cls, problem.value, None], {})
        return _suppressed(fr, answer, problem)

    return fr.interp.joins.attempt(fr, run, handle, lambda _: None)


def _suppressed(fr: Frame, answer: Value, problem: PyRaise) -> Value:
    """Go on after an exception that `__exit__` says is dealt with; raises it again if not."""

    def again(_: Frame) -> Value:
        raise problem

    truth = fr.interp.truth(answer)
    if truth is None:
        return fr.interp.joins.branch(fr, operators.why(answer), [again, lambda _: None])
    return None if truth else again(fr)


def _resumed(fr: Frame, manager: Suspended, inner: Inner) -> Value:
    signals: list[Value] = []

    def at_yield(item: Value) -> Value:
        fr.interp.joins.touch_frame(fr)
        signals.append(inner(item))

    manager.frame.at_yield = at_yield
    fr.interp.run_function(manager.func, manager.frame)
    return signals[-1] if signals else None
