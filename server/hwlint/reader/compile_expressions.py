"""Expressions to closures."""

import ast
from collections.abc import Callable
from typing import Any

from hwlint.reader import operators
from hwlint.reader.code import Code, Compiled
from hwlint.reader.compile_names import (
    CALLED,
    Site,
    Truth,
    compile_load,
    compile_site,
    compile_truth,
)
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.options import narrowing, narrowly
from hwlint.reader.provenance import Leaf, Operation, SourcedStr, sourced
from hwlint.reader.values import (
    DictValue,
    Function,
    IteratorValue,
    ListValue,
    Unknown,
    Value,
)

__all__ = ["CALLED", "Site", "compile_expression", "compile_load", "compile_truth"]

MAX_TEXT = 100_000
"""Longest string, bytes or f-string that is kept."""


def compile_expression(scope: Scope, node: ast.expr, name: str | None = None) -> Compiled:
    """Compile one expression. `name` is what its value gets bound to, for provenance."""
    if name is not None and (named := _NAMED.get(type(node))) is not None:
        return named(scope, node, name)
    handler = _HANDLERS.get(type(node))
    if handler is None:
        reason = f"{type(node).__name__} expression"
        return lambda fr: Unknown(reason)
    return handler(scope, node)


def _constant(scope: Scope, node: Any, name: str | None = None) -> Compiled:
    value = node.value
    if isinstance(value, int | float | str) and not isinstance(value, bool) and scope.sourced:
        value = sourced(value, Leaf(scope.segment.place(node), value, name))
    return lambda fr: value


def _negative_number(scope: Scope, node: ast.UnaryOp) -> Compiled | None:
    inner = node.operand
    if not isinstance(node.op, ast.USub) or not isinstance(inner, ast.Constant):
        return None
    if not isinstance(inner.value, int | float) or isinstance(inner.value, bool):
        return None
    value = -inner.value
    if scope.sourced:
        value = sourced(value, Leaf(scope.segment.place(node), value, None))
    return lambda fr: value


def _name(scope: Scope, node: ast.Name) -> Compiled:
    return compile_load(scope, node.id, node)


def _attribute(scope: Scope, node: ast.Attribute) -> Compiled:
    value = compile_expression(scope, node.value)
    name = scope.mangle(node.attr)

    def run(fr: Frame) -> Value:
        return fr.interp.getattr(value(fr), name)

    return run


def _binary(scope: Scope, node: ast.BinOp) -> Compiled:
    left = compile_expression(scope, node.left)
    right = compile_expression(scope, node.right)
    operator = operators.BINARY[type(node.op)]
    site = Site(scope, node)

    def run(fr: Frame) -> Value:
        one, other = left(fr), right(fr)
        if type(one) in CALLED or type(other) in CALLED:
            fr.interp.site = site
        return operators.binary(fr.interp, operator, one, other)

    return run


def _unary(scope: Scope, node: ast.UnaryOp) -> Compiled:
    literal = _negative_number(scope, node)
    if literal is not None:
        return literal
    operand = compile_expression(scope, node.operand)
    if isinstance(node.op, ast.Not):
        asked = compile_truth(scope, node.operand)
        return lambda fr: _negated(fr, operand(fr), asked)
    kind, site = type(node.op), Site(scope, node)

    def run(fr: Frame) -> Value:
        value = operand(fr)
        if type(value) in CALLED:
            fr.interp.site = site
        return operators.unary(fr.interp, kind, value)

    return run


def _negated(fr: Frame, value: Value, asked: Truth) -> Value:
    truth = asked(fr, value)
    return operators.why(value) if truth is None else not truth


def _boolean(scope: Scope, node: ast.BoolOp) -> Compiled:
    parts = [compile_expression(scope, v) for v in node.values]
    asked = [compile_truth(scope, v) for v in node.values[:-1]]
    last, end = len(parts) - 1, compile_site(scope, node.values[-1])
    stop = isinstance(node.op, ast.Or)

    def evaluate(fr: Frame, start: int) -> Value:
        value: Value = None
        for index in range(start, len(parts)):
            value = parts[index](fr)
            if index == last:
                if end is not None and type(value) in CALLED:
                    fr.interp.site = end  # whoever asks for the whole asks for this part
                break
            truth = asked[index](fr, value)
            if truth is None:
                return _either_way(fr, operators.why(value), index + 1)
            if truth is stop:
                break
        return value

    def _either_way(fr: Frame, unknown: Unknown, start: int) -> Value:
        # `x and False` is falsy whatever x is; the value itself may be x's.
        got: list[Value] = []
        fr.interp.joins.either(fr, unknown, lambda f: got.append(evaluate(f, start)), _nothing)
        return stop if got and got[0] is stop else unknown

    return lambda fr: evaluate(fr, 0)


def _nothing(fr: Frame) -> Value:
    return None


def _compare(scope: Scope, node: ast.Compare) -> Compiled:
    left = compile_expression(scope, node.left)
    if len(node.ops) == 1:
        compare = operators.COMPARE[type(node.ops[0])]
        right = compile_expression(scope, node.comparators[0])
        return _comparison(compare, left, right, Site(scope, node))
    pairs = [
        (operators.COMPARE[type(o)], compile_expression(scope, c))
        for o, c in zip(node.ops, node.comparators, strict=True)
    ]

    site = Site(scope, node)

    def run(fr: Frame) -> Value:
        value, result = left(fr), True
        for compare, right in pairs:
            other = right(fr)
            if type(value) in CALLED or type(other) in CALLED:
                fr.interp.site = site
            result = compare(fr.interp, value, other)
            if fr.interp.truth(result) is not True:
                return result
            value = other
        return result

    return run


def _comparison(
    compare: Callable[[Any, Value, Value], Value],
    left: Compiled,
    right: Compiled,
    site: Site,
) -> Compiled:
    def run(fr: Frame) -> Value:
        one, other = left(fr), right(fr)
        if type(one) in CALLED or type(other) in CALLED:
            fr.interp.site = site
        return compare(fr.interp, one, other)

    return run


def _conditional(scope: Scope, node: ast.IfExp) -> Compiled:
    test = compile_expression(scope, node.test)
    then = compile_expression(scope, node.body)
    other = compile_expression(scope, node.orelse)
    asked = compile_truth(scope, node.test)
    holds, fails = narrowing(node.test)
    if_true, if_false = narrowly(holds, then), narrowly(fails, other)

    def run(fr: Frame) -> Value:
        value = test(fr)
        truth = asked(fr, value)
        if truth is None:
            return fr.interp.joins.either(fr, operators.why(value), if_true, if_false)
        return then(fr) if truth else other(fr)

    return run


def _items(
    scope: Scope, elements: list[ast.expr], name: str | None = None
) -> Callable[[Frame], list[Value]]:
    """Compile what stands in brackets; each literal there has the name of the whole."""
    if not any(isinstance(e, ast.Starred) for e in elements):
        parts = [compile_expression(scope, e, name) for e in elements]
        return lambda fr: [p(fr) for p in parts]
    mixed = [
        (True, compile_expression(scope, e.value))
        if isinstance(e, ast.Starred)
        else (False, compile_expression(scope, e))
        for e in elements
    ]

    def run(fr: Frame) -> list[Value]:
        out: list[Value] = []
        for starred, part in mixed:
            if starred:
                out.extend(fr.interp.iterate(part(fr)))
            else:
                out.append(part(fr))
        return out

    return run


def _tuple(scope: Scope, node: ast.Tuple, name: str | None = None) -> Compiled:
    items = _items(scope, node.elts, name)
    return _guarded(lambda fr: tuple(items(fr)))


def _list(scope: Scope, node: ast.List, name: str | None = None) -> Compiled:
    items = _items(scope, node.elts, name)
    return _guarded(lambda fr: ListValue(items(fr), fr.interp.clock))


def _set(scope: Scope, node: ast.Set) -> Compiled:
    items = _items(scope, node.elts)
    return _guarded(lambda fr: fr.interp.make_set(items(fr)))


def _guarded(make: Compiled) -> Compiled:
    # `[*unknown]` has unknown items: the whole is unknown.
    def run(fr: Frame) -> Value:
        try:
            return make(fr)
        except operators.UnknownIteration as stop:
            return stop.unknown

    return run


def _dict(scope: Scope, node: ast.Dict) -> Compiled:
    pairs: list[tuple[Compiled | None, Compiled]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        label = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
        pairs.append(
            (
                compile_expression(scope, key) if key is not None else None,
                compile_expression(scope, value, label),
            )
        )

    def run(fr: Frame) -> Value:
        interp = fr.interp
        made = DictValue((), interp.clock)
        for key, value in pairs:
            if key is None:
                interp.dict_update(made, value(fr))
            else:
                interp.dict_set(made, key(fr), value(fr))
        return made

    return run


def _subscript(scope: Scope, node: ast.Subscript) -> Compiled:
    value = compile_expression(scope, node.value)
    index = compile_expression(scope, node.slice)
    site = Site(scope, node)

    def run(fr: Frame) -> Value:
        holder, key = value(fr), index(fr)
        if type(holder) in CALLED:
            fr.interp.site = site
        return operators.subscript(fr.interp, holder, key)

    return run


def _slice(scope: Scope, node: ast.Slice) -> Compiled:
    parts = [
        compile_expression(scope, p) if p is not None else None
        for p in (node.lower, node.upper, node.step)
    ]

    def run(fr: Frame) -> Value:
        values = [p(fr) if p is not None else None for p in parts]
        for value in values:
            if isinstance(value, Unknown):
                return value
        return slice(*[operators.index_of(fr.interp, v) for v in values])

    return run


def _joined(scope: Scope, node: ast.JoinedStr) -> Compiled:
    parts = [compile_expression(scope, v) for v in node.values]

    def run(fr: Frame) -> Value:
        texts: list[str] = []
        traces: list[Any] = []
        size = 0
        for part in parts:
            text = part(fr)
            if not isinstance(text, str):
                return text if isinstance(text, Unknown) else Unknown("f-string")
            if type(text) is SourcedStr:
                traces.append(text.trace)
            size += len(text)
            if size > MAX_TEXT:
                return Unknown("f-string too long")
            texts.append(text)
        joined = "".join(texts)
        fr.interp.budget.steps += size // 128
        return (
            sourced(joined, Operation("f-string", joined, tuple(traces[:4]))) if traces else joined
        )

    return run


def _formatted(scope: Scope, node: ast.FormattedValue) -> Compiled:
    value = compile_expression(scope, node.value)
    spec = compile_expression(scope, node.format_spec) if node.format_spec else None
    conversion = node.conversion

    def run(fr: Frame) -> Value:
        got = value(fr)
        if isinstance(got, Unknown):
            return got
        form = spec(fr) if spec is not None else ""
        if isinstance(form, Unknown):
            return form
        return operators.format_value(fr.interp, got, str(form), conversion)

    return run


def _lambda(scope: Scope, node: ast.Lambda) -> Compiled:
    code = Code("<lambda>", scope.segment, scope, node)
    code.prepare()  # now, while the comprehension variables around it are in force
    return lambda fr: fr.interp.make_function(fr, code)


def make_function_value(fr: Frame, code: Code) -> Function:
    """Return the function object for `code` as defined in `fr`."""
    return fr.interp.make_function(fr, code)


def _named(scope: Scope, node: ast.NamedExpr) -> Compiled:
    from hwlint.reader.compile_statements import compile_store

    value = compile_expression(scope, node.value, node.target.id)
    store = compile_store(scope, node.target)

    def run(fr: Frame) -> Value:
        got = value(fr)
        store(fr, got)
        return got

    return run


def _starred(scope: Scope, node: ast.Starred) -> Compiled:
    return compile_expression(scope, node.value)


def _await(scope: Scope, node: ast.Await) -> Compiled:
    return compile_expression(scope, node.value)


def _none(fr: Frame) -> Value:
    return None


def _yield(scope: Scope, node: ast.Yield) -> Compiled:
    value = compile_expression(scope, node.value) if node.value else _none

    def run(fr: Frame) -> Value:
        assert fr.yielded is not None
        fr.interp.tick()
        item = value(fr)
        if fr.at_yield is not None:
            return fr.at_yield(item)
        fr.interp.touch(fr.yielded)
        fr.yielded.append(item)
        return None

    return run


def _yield_from(scope: Scope, node: ast.YieldFrom) -> Compiled:
    value = compile_expression(scope, node.value)

    def run(fr: Frame) -> Value:
        assert fr.yielded is not None
        source = value(fr)
        fr.interp.extend(fr.yielded, source)
        return source.returned if isinstance(source, IteratorValue) else None

    return run


def _call(scope: Scope, node: ast.Call) -> Compiled:
    from hwlint.reader.compile_calls import compile_call

    return compile_call(scope, node)


def _comprehension(scope: Scope, node: Any) -> Compiled:
    from hwlint.reader.compile_comprehensions import compile_comprehension

    return compile_comprehension(scope, node)


_NAMED: dict[type, Callable[[Scope, Any, str], Compiled]] = {
    ast.Constant: _constant,
    ast.Tuple: _tuple,
    ast.List: _list,
}
"""What gives its literals the name that it is bound to."""
_HANDLERS: dict[type, Callable[[Scope, Any], Compiled]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Starred: _starred,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
}
