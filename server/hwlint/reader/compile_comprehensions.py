"""Comprehensions and generator expressions to closures.

Their variables live in the frame around them under fresh keys, which costs no frame of their own.
A generator expression is computed at once; what is left out that way (laziness) has no effect on
what a constructor builds.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

import ast
from collections.abc import Callable
from typing import Any

from hwlint.reader import operators
from hwlint.reader.code import Compiled
from hwlint.reader.frame import Frame, Scope, weigh
from hwlint.reader.values import DictValue, IteratorValue, ListValue, Unknown, Value

__all__ = ["compile_comprehension"]


def compile_comprehension(scope: Scope, node: Any) -> Compiled:
    """Compile a list, set or dict comprehension or a generator expression."""
    from hwlint.reader.compile_expressions import compile_expression
    from hwlint.reader.compile_statements import compile_store

    first = compile_expression(scope, node.generators[0].iter)
    scope.renames.append({})
    try:
        clauses: list[tuple[Any, Any, list[Compiled], int]] = []
        for index, generator in enumerate(node.generators):
            source = first if index == 0 else compile_expression(scope, generator.iter)
            for name in _targets(generator.target):
                scope.renames[-1][name] = scope.fresh(name)
            store = compile_store(scope, generator.target)
            tests = [compile_expression(scope, t) for t in generator.ifs]
            clauses.append((source, store, tests, weigh([node]) if index == 0 else 0))
        if isinstance(node, ast.DictComp):
            key = compile_expression(scope, node.key)
            value = compile_expression(scope, node.value)
            return _dict(clauses, key, value)
        element = compile_expression(scope, node.elt)
    finally:
        scope.renames.pop()
    return _sequence(clauses, element, type(node))


def _targets(node: ast.expr) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]


class _Undecided(Exception):
    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


def _loop(fr: Frame, clauses: list[Any], depth: int, emit: Callable[[Frame], None]) -> None:
    source, store, tests, _ = clauses[depth]
    weight = clauses[0][3]
    interp = fr.interp
    for item in interp.iterate(source(fr)):
        interp.budget.steps += weight
        interp.tick()
        store(fr, item)
        if not _passes(fr, tests):
            continue
        if depth + 1 < len(clauses):
            _loop(fr, clauses, depth + 1, emit)
        else:
            emit(fr)


def _passes(fr: Frame, tests: list[Compiled]) -> bool:
    for test in tests:
        value = test(fr)
        truth = fr.interp.truth(value)
        if truth is None:
            raise _Undecided(operators.why(value))
        if not truth:
            return False
    return True


def _sequence(clauses: list[Any], element: Compiled, kind: type) -> Compiled:
    def run(fr: Frame) -> Value:
        out: list[Value] = []
        try:
            _loop(fr, clauses, 0, lambda f: out.append(element(f)))
        except (_Undecided, operators.UnknownIteration) as stop:
            return _undecided(fr, clauses, element, stop.unknown)
        if kind is ast.ListComp:
            return ListValue(out, fr.interp.clock)
        if kind is ast.SetComp:
            return fr.interp.make_set(out)
        return IteratorValue(out)

    return run


def _undecided(fr: Frame, clauses: list[Any], element: Compiled, unknown: Unknown) -> Value:
    """Build the element once on the side, so that what it would build is seen as "maybe"."""

    def once(frame: Frame) -> Value:
        for _, store, *_ in clauses:
            store(frame, unknown)
        return element(frame)

    fr.interp.joins.speculate(fr, unknown, once)
    return unknown


def _dict(clauses: list[Any], key: Compiled, value: Compiled) -> Compiled:
    def run(fr: Frame) -> Value:
        made = DictValue((), fr.interp.clock)

        def emit(frame: Frame) -> None:
            name = key(frame)
            frame.interp.dict_set(made, name, value(frame))

        try:
            _loop(fr, clauses, 0, emit)
        except (_Undecided, operators.UnknownIteration) as stop:
            return stop.unknown
        return made

    return run
