"""The match statement: values, alternatives, captures, sequences, mappings and classes."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

import ast
from collections.abc import Callable

from hwlint.reader import operators
from hwlint.reader.code import Compiled
from hwlint.reader.compile_expressions import compile_expression
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.values import Class, DictValue, ListValue, PyRaise, Unknown, Value

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

    # A pattern's parts are tried one by one, each about as dear as a turn of a loop.
    weight = sum([1 for case in node.cases for _ in ast.walk(case.pattern)]) // 2

    def run(fr: Frame) -> Value:
        fr.interp.budget.steps += weight
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
        return _sequence(scope, node)
    if isinstance(node, ast.MatchMapping):
        return _mapping(scope, node)
    return _class(scope, node) if isinstance(node, ast.MatchClass) else lambda fr, v: None


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


def _all(results: list[bool | None]) -> bool | None:
    return False if False in results else (None if None in results else True)


def _sequence(scope: Scope, node: ast.MatchSequence) -> Test:
    star = next((i for i, p in enumerate(node.patterns) if isinstance(p, ast.MatchStar)), None)
    starred = node.patterns[star] if star is not None else None
    rest = starred.name if isinstance(starred, ast.MatchStar) else None
    tests = [_pattern(scope, p) for p in node.patterns if not isinstance(p, ast.MatchStar)]

    def run(fr: Frame, value: Value) -> bool | None:
        if isinstance(value, Unknown) or getattr(value, "unknown", None) is not None:
            return None
        if not isinstance(value, tuple | ListValue) or len(value) < len(tests):
            return False
        if star is None and len(value) != len(tests):
            return False
        first = len(tests) if star is None else star
        after = len(value) - (len(tests) - first)
        if rest is not None:
            fr.vars[rest] = fr.interp.make_list(value[first:after])
        items: list[Value] = [*value[:first], *value[after:]]
        return _all([t(fr, v) for t, v in zip(tests, items, strict=True)])

    return run


def _mapping(scope: Scope, node: ast.MatchMapping) -> Test:
    keys = [compile_expression(scope, k) for k in node.keys]
    tests = [_pattern(scope, p) for p in node.patterns]

    def run(fr: Frame, value: Value) -> bool | None:
        if isinstance(value, Unknown) or getattr(value, "unknown", None) is not None:
            return None
        if not isinstance(value, DictValue):
            return False
        left = dict(value)
        results: list[bool | None] = []
        for key, test in zip(keys, tests, strict=True):
            name = key(fr)
            if name not in left:
                return False
            results.append(test(fr, left.pop(name)))
        if node.rest is not None:
            fr.vars[node.rest] = fr.interp.make_dict(left)
        return _all(results)

    return run


def _class(scope: Scope, node: ast.MatchClass) -> Test:
    cls = compile_expression(scope, node.cls)
    positional = [_pattern(scope, p) for p in node.patterns]
    keywords = [_pattern(scope, p) for p in node.kwd_patterns]
    named = [*zip(node.kwd_attrs, keywords, strict=True)]

    def run(fr: Frame, value: Value) -> bool | None:
        kind = cls(fr)
        matched = fr.interp.isinstance(value, kind)
        if not matched or not (positional or named):
            return matched
        if len(positional) == 1 and isinstance(kind, Class) and kind.native is not None:
            return positional[0](fr, value)  # int(n), str(s): the value itself
        names = kind.find("__match_args__", ()) if isinstance(kind, Class) else ()
        if not isinstance(names, tuple) or len(names) < len(positional):
            return None
        parts = [*zip(names, positional, strict=False), *named]
        return _all([_attribute(fr, value, str(name), test) for name, test in parts])

    return run


def _attribute(fr: Frame, value: Value, name: str, test: Test) -> bool | None:
    found = fr.interp.find_attribute(value, name)
    return False if isinstance(found, PyRaise) else test(fr, found)
