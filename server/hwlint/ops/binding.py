"""From the arguments of a constructor call to what torch makes of them.

`bind`, then `normalise`, then `check`; `weights`, `attributes`, `buffers` and `children` of the
row take what `normalise` gave.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from hwlint.ops.spec import REQUIRED, LayerSpec, Parameter, Values

__all__ = ["Bound", "bind", "check", "count", "normalise"]


class Bound(NamedTuple):
    """The arguments of one call by parameter name."""

    values: dict[str, object]
    """In the order of the signature. `*args` holds a tuple, `**kwargs` a dict."""
    defaulted: frozenset[str]
    """Names that torch's own default filled."""


def bind(spec: LayerSpec, args: Sequence[object], kwargs: Mapping[str, object]) -> Bound:
    """Bind arguments as a call of the class does; values are never looked at.

    Raises:
        TypeError: In Python's own wording, where the call does not fit the signature.
    """
    slots = [p for p in spec.parameters if p.kind == "positional"]
    given: dict[str, object] = {p.name: value for p, value in zip(slots, args, strict=False)}
    rest = _keywords(spec, kwargs, given)
    extra = tuple(args[len(slots) :])
    if extra and not any(p.kind == "varargs" for p in spec.parameters):
        raise TypeError(_too_many_message(spec, slots, len(args), given))
    missing = [p for p in spec.parameters if p.default is REQUIRED and _is_absent(p, given)]
    if missing:
        raise TypeError(_missing_message(spec, missing))
    values: dict[str, object] = {}
    defaulted: set[str] = set()
    for parameter in spec.parameters:
        name = parameter.name
        if parameter.kind == "varkwargs":
            values[name] = rest
        elif parameter.kind == "varargs":
            values[name] = extra
        elif name in given:
            values[name] = given[name]
        else:
            values[name] = parameter.default
            defaulted.add(name)
    return Bound(values, frozenset(defaulted))


def _is_absent(parameter: Parameter, given: Mapping[str, object]) -> bool:
    return parameter.kind in ("positional", "keyword") and parameter.name not in given


def _keywords(
    spec: LayerSpec, kwargs: Mapping[str, object], given: dict[str, object]
) -> dict[str, object]:
    names = {p.name for p in spec.parameters if p.kind in ("positional", "keyword")}
    open_ended = any(p.kind == "varkwargs" for p in spec.parameters)
    rest: dict[str, object] = {}
    for name, value in kwargs.items():
        if name in names and name in given:
            raise TypeError(f"{spec.op}.__init__() got multiple values for argument '{name}'")
        if name in names:
            given[name] = value
        elif open_ended:
            rest[name] = value
        else:
            raise TypeError(f"{spec.op}.__init__() got an unexpected keyword argument '{name}'")
    return rest


def _too_many_message(
    spec: LayerSpec, slots: Sequence[Parameter], count: int, given: Values
) -> str:
    # The instance itself counts as one.
    most = len(slots) + 1
    least = 1 + sum(p.default is REQUIRED for p in slots)
    takes = f"{most}" if least == most else f"from {least} to {most}"
    noun = "argument" if most == 1 else "arguments"
    named = sum(p.kind == "keyword" and p.name in given for p in spec.parameters)
    aside = f" positional arguments (and {named} keyword-only argument{'s' * (named > 1)})"
    were = f"{count + 1}{aside if named else ''} were given"
    return f"{spec.op}.__init__() takes {takes} positional {noun} but {were}"


def _missing_message(spec: LayerSpec, missing: Sequence[Parameter]) -> str:
    # Python names the positional ones first and says nothing of the others then.
    kind = missing[0].kind
    names = [f"'{p.name}'" for p in missing if p.kind == kind]
    word = "positional" if kind == "positional" else "keyword-only"
    noun = "argument" if len(names) == 1 else "arguments"
    return f"{spec.op}.__init__() missing {len(names)} required {word} {noun}: {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def normalise(spec: LayerSpec, values: Values) -> dict[str, object]:
    """The arguments in the form that torch stores: `kernel_size=3` becomes `(3, 3)`.

    Objects that are not plain values pass through, and so does each number itself: an instance
    of a subclass of int stays that instance.
    """
    return {**values, **spec.normalise(values)}


def check(spec: LayerSpec, values: Values) -> None:
    """Raise what torch's constructor would raise for these normalised arguments.

    Looks only at arguments that are known; ValueError, TypeError, AssertionError, RuntimeError or
    ZeroDivisionError, with torch's message where it is torch that words it.
    """
    spec.check(values)


def count(spec: LayerSpec, values: Values) -> int | None:
    """Number of parameters that the layer makes itself, every argument being known.

    None for a lazy layer. Parameters of modules that the caller passed in are not counted.
    """
    return None if spec.lazy else sum(prod(shape) for shape in spec.weights(values).values())
