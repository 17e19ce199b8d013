"""What the rows of the ops table are written with."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeGuard, cast

from hwlint.ops.spec import (
    REQUIRED,
    Child,
    Forward,
    LayerSpec,
    Parameter,
    Reference,
    Shapes,
    Values,
    no_changes,
    no_check,
    no_children,
    no_shapes,
)

__all__ = [
    "absent",
    "calls",
    "flag",
    "integer",
    "integers",
    "is_off",
    "is_plain",
    "is_real",
    "is_tuple",
    "is_whole",
    "items",
    "layer",
    "parameters",
    "require_sizes",
    "shape",
    "spread",
    "stored",
]

_KINDS = {"*": "varargs", "**": "varkwargs"}


# What torch's signatures have besides numbers and strings.
_DEFAULTS: dict[str, object] = {
    "None": None,
    "True": True,
    "False": False,
    "()": (),
    "F.relu": Reference("torch.nn.functional.relu"),
}


def _default(text: str) -> object:
    if text in _DEFAULTS:
        return _DEFAULTS[text]
    if text.startswith("'"):
        return text.strip("'")
    return float(text) if "." in text or "e" in text else int(text)


@cache
def parameters(signature: str) -> tuple[Parameter, ...]:
    """Read a signature as Python writes it, without annotations: "size, alpha=1e-4, *, k=1"."""
    found: list[Parameter] = []
    kind = "positional"
    for item in filter(None, (part.strip() for part in signature.split(","))):
        if item == "*":
            kind = "keyword"
            continue
        name, _, default = item.partition("=")
        bare = name.lstrip("*")
        found.append(
            Parameter(
                bare,
                _default(default) if default else REQUIRED,
                _KINDS.get(name[: len(name) - len(bare)], kind),
            )
        )
    return tuple(found)


@cache
def _stored(names: str) -> Callable[[Values], dict[str, object]]:
    pairs = tuple(
        (attribute, argument or attribute)
        for attribute, _, argument in (item.partition("=") for item in names.split())
    )

    def attributes(values: Values) -> dict[str, object]:
        return {attribute: values[argument] for attribute, argument in pairs}

    return attributes


def stored(names: str) -> Callable[[Values], dict[str, object]]:
    """Attributes that hold an argument each ("norm=p": the attribute `norm` holds `p`)."""
    return _stored(names)


_NOT_STORED = frozenset({"device", "dtype"})


def layer(
    op: str,
    family: str,
    bases: str,
    signature: str,
    *,
    weights: Callable[[Values], Shapes] = no_shapes,
    attributes: Callable[[Values], Values] | None = None,
    normalise: Callable[[Values], Values] = no_changes,
    check: Callable[[Values], None] = no_check,
    buffers: Callable[[Values], Shapes] = no_shapes,
    children: Callable[[Values], tuple[Child, ...]] = no_children,
    forward: Forward | None = None,
    lazy: bool = False,
) -> LayerSpec:
    """A row. Without `attributes`, each argument is an attribute of the same name."""
    declared = parameters(signature)
    if attributes is None:
        attributes = stored(" ".join(p.name for p in declared if p.name not in _NOT_STORED))
    return LayerSpec(
        op,
        family,
        (*bases.split(), "Module"),
        declared,
        weights,
        attributes,
        normalise,
        check,
        buffers,
        children,
        forward,
        lazy,
    )


def calls(function: str, inputs: str = "input", given: str = "", **fixed: object) -> Forward:
    """What calling a layer does: "softmax", "torch.bilinear" or "nn.lstm"; `given` names what has
    another name in the layer: "pad=padding"."""
    path = function if "." in function else f"torch.nn.functional.{function}"
    pairs = (item.partition("=") for item in given.split())
    return Forward(path, parameters(inputs), {p: name for p, _, name in pairs}, fixed)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether the value is a known int."""
    return isinstance(value, int)


def is_real(value: object) -> TypeGuard[float]:
    """Whether the value is a known number."""
    return isinstance(value, int | float)


def is_plain(value: object) -> bool:
    """Whether the value is known: not an object that stands for something else."""
    return value is None or isinstance(value, int | float | str | tuple | list)


def is_off(value: object) -> bool:
    """Whether the value is known and false."""
    return value is None or (isinstance(value, int | float | str | tuple) and not value)


def integer(values: Values, name: str) -> int:
    """One argument, known to be an int."""
    return cast(int, values[name])


def integers(values: Values, *names: str) -> tuple[int, ...] | None:
    """These arguments, or None unless all are known ints."""
    found = tuple(values[name] for name in names)
    return cast(tuple[int, ...], found) if all(map(is_whole, found)) else None


def flag(values: Values, name: str) -> bool:
    """One argument, known, as a truth value."""
    return bool(values[name])


def shape(values: Values, name: str) -> tuple[int, ...]:
    """One argument, known to be a tuple of ints."""
    return cast(tuple[int, ...], values[name])


def spread(value: object, count: int) -> object:
    """The tuple that torch makes of a number or sequence; anything else as it is."""
    if isinstance(value, list | tuple):
        return tuple(cast(Iterable[object], value))
    return (value,) * count if is_real(value) else value


def is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    """Whether the value is a known tuple."""
    return isinstance(value, tuple)


def items(value: object) -> tuple[object, ...]:
    """The items of a known tuple or list; none of anything else."""
    return tuple(cast(Iterable[object], value)) if isinstance(value, tuple | list) else ()


def absent(values: Values, switch: str, names: str) -> dict[str, object]:
    """None for each of `names` where the argument `switch` is known to be off."""
    found: dict[str, object] = {}
    if is_off(values[switch]):
        found.update(dict.fromkeys(names.split()))
    return found


def require_sizes(values: Values, *names: str) -> None:
    """Refuse what cannot be the sizes of one tensor: these arguments, and the items of tuples."""
    sizes = [(name, size) for name in names for size in _each(values[name])]
    for name, size in sizes:
        if is_plain(size) and not is_whole(size):
            kind = type(size).__name__
            raise TypeError(f"{name}: the size of a tensor must be an int, not {kind}")
    for name, size in sizes:
        if is_whole(size) and size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {name}")


def _each(value: object) -> tuple[object, ...]:
    return value if is_tuple(value) else (value,)
