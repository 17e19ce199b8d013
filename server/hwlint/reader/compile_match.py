"""The match statement: values, alternatives, captures, sequences and classes."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

import ast
from collections.abc import Callable

from hwlint.reader import operators
from hwlint.reader.code import Compiled
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.values import ListValue, Unknown, Value

__all__ = ["compile_match"]

Test = Callable[[Frame, Value], bool | None]


def compile_match(scope: Scope, node: ast.Match) -> Compiled:
    """Compile a match statement."""
    from hwlint.reader.compile_statements import compile_body

    subject = compile_expression(scope, node.subject)
    cases = [
        (
            _pattern(scope, case.pattern),
            compile_expression(scope, case.guard) if case.guard else None,
            compile_body(scope, case.body),
        )
        for case in node.cases
    ]

    def run(fr: Frame) -> Value:
        value = subject(fr)
        for test, guard, body in cases:
            matched = test(fr, value)
            if matched and guard is not None:
                matched = fr.interp.truth(guard(fr))
            if matched is None:
                unknown = value if isinstance(value, Unknown) else Unknown("match")
                bodies = [b for _, _, b in cases]
                return fr.interp.joins.branch(fr, unknown, [*bodies, lambda f: None])
            if matched:
                return body(fr)
        return None

    return run


def _pattern(scope: Scope, node: ast.pattern) -> Test:
    if isinstance(node, ast.MatchValue):
        value = compile_expression(scope, node.value)
        return lambda fr, v: fr.interp.truth(operators.equal(fr.interp, v, value(fr)))
    if isinstance(node, ast.MatchSingleton):
        return lambda fr, v: None if isinstance(v, Unknown) else v is node.value
    if isinstance(node, ast.MatchOr):
        return _either([_pattern(scope, p) for p in node.patterns])
    if isinstance(node, ast.MatchAs):
        return _capture(scope, node)
    if isinstance(node, ast.MatchSequence):
        return _sequence([_pattern(scope, p) for p in node.patterns])
    if isinstance(node, ast.MatchClass) and not node.patterns and not node.kwd_patterns:
        cls = compile_expression(scope, node.cls)
        return lambda fr, v: fr.interp.isinstance(v, cls(fr))
    return lambda fr, v: None


def _either(tests: list[Test]) -> Test:
    def run(fr: Frame, value: Value) -> bool | None:
        results = [t(fr, value) for t in tests]
        return True if True in results else (None if None in results else False)

    return run


def _capture(scope: Scope, node: ast.MatchAs) -> Test:
    inner = _pattern(scope, node.pattern) if node.pattern else None
    name = node.name

    def run(fr: Frame, value: Value) -> bool | None:
        matched = inner(fr, value) if inner is not None else True
        if matched and name:
            fr.vars[name] = value
        return matched

    return run


def _sequence(tests: list[Test]) -> Test:
    def run(fr: Frame, value: Value) -> bool | None:
        if isinstance(value, Unknown):
            return None
        if not isinstance(value, tuple | ListValue) or len(value) != len(tests):
            return False
        results = [t(fr, v) for t, v in zip(tests, value, strict=True)]
        return False if False in results else (None if None in results else True)

    return run
