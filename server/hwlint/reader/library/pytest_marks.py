"""pytest: which values a test is run with."""

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    Function,
    IteratorValue,
    Kwargs,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["FIXTURE", "PARAMETERS", "TABLE"]

PARAMETERS = "__parameters__"
"""Attribute of a test: a list of (names, one row of values for each run)."""
FIXTURE = "__fixture__"
"""Attribute of a fixture: the values that `request.param` takes."""


def _parametrize(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = [*args, *[kwargs[k] for k in ("argnames", "argvalues") if k in kwargs]]
    rows = _rows(interp, given[1]) if len(given) > 1 else []
    names = _names(interp, given[0]) if given else []

    def decorate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        target = args[0]
        if isinstance(target, Function | Class) and rows and names:
            held = target.attrs.setdefault(PARAMETERS, interp.make_list([]))
            held.append((tuple(names), tuple(rows)))
        return target

    return Builtin("pytest.mark.parametrize", decorate)


def _names(interp: "Interpreter", value: Value) -> list[str]:
    if isinstance(value, str):
        return [name.strip() for name in str(value).split(",") if name.strip()]
    return [str(name) for name in _rows(interp, value) if isinstance(name, str)]


def _rows(interp: "Interpreter", value: Value) -> list[Value]:
    try:
        return interp.iterate(value)
    except operators.UnknownIteration:
        return []


def _fixture(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    rows = _rows(interp, kwargs["params"]) if "params" in kwargs else []

    def decorate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if isinstance(args[0], Function):
            args[0].attrs[FIXTURE] = tuple(rows)
        return args[0]

    if args and isinstance(args[0], Function):
        return decorate(interp, args, {})
    return Builtin("pytest.fixture", decorate)


def _same(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Builtin("pytest.mark", lambda i, a, k: a[0])


_FUNCTIONS: dict[str, core.Maker] = {
    "pytest.mark.parametrize": _parametrize,
    "pytest.fixture": _fixture,
    "pytest.param": lambda i, a, k: tuple(a),
    **dict.fromkeys(("pytest.mark.skipif", "pytest.mark.xfail", "pytest.mark.timeout"), _same),
    "pytest.raises": lambda i, a, k: IteratorValue([None]),
    "pytest.warns": lambda i, a, k: IteratorValue([None]),
    "pytest.approx": lambda i, a, k: a[0],
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
