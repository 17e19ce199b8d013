"""einsum."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from hwlint.ops._dims import product, promoted, shown, tensors
from hwlint.ops._functions import differ, function
from hwlint.ops.calls import Dim, Dims, Meta, Result, ShapeMismatch, TensorLike
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


class _Equation(NamedTuple):
    terms: list[list[str]]
    """Subscripts of each operand; those that "..." stands for count from the right."""
    kept: list[str]
    sizes: Mapping[str, Dim]
    operands: list[TensorLike]


def _given(values: Values) -> tuple[str, list[TensorLike]] | None:
    text = values["equation"]
    given = cast("tuple[object, ...]", values["operands"])
    if len(given) == 1 and isinstance(given[0], list | tuple):
        given = tuple(cast("Sequence[object]", given[0]))
    operands = tensors(given)
    return (text.replace(" ", ""), operands) if isinstance(text, str) and operands else None


def _read(text: str, operands: list[TensorLike]) -> _Equation | None:
    """The equation of a call; None where the rank of an operand is not known."""
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ShapeMismatch(f"einsum(): {text!r} is not for {len(operands)} operands")
    shapes = [operand.shape for operand in operands]
    if None in shapes:
        return None
    known = cast("list[Dims]", shapes)
    letters = [_letters(t, s) for t, s in zip(terms, known, strict=True)]
    sizes = _sizes(letters, known)
    hidden = sorted((n for n in sizes if len(n) > 1), key=lambda n: -int(n[3:]))
    if arrow:
        before, dots, after = output.partition("...")
        kept = [*before, *(hidden if dots else ()), *after]
    else:
        kept = [*hidden, *sorted(n for n in sizes if len(n) == 1 and inputs.count(n) == 1)]
    return _Equation(letters, kept, sizes, operands)


def _letters(term: str, shape: Dims) -> list[str]:
    before, dots, after = term.partition("...")
    hidden = len(shape) - len(before) - len(after)
    if hidden < 0 or (hidden and not dots):
        raise ShapeMismatch(f"einsum(): {term!r} does not have the dimensions of {shown(shape)}")
    return [*before, *[f"...{i}" for i in reversed(range(hidden))], *after]


def _sizes(terms: list[list[str]], shapes: list[Dims]) -> dict[str, Dim]:
    sizes: dict[str, Dim] = {}
    for letters, shape in zip(terms, shapes, strict=True):
        for letter, dim in zip(letters, shape, strict=True):
            before = sizes.get(letter, 1)
            if differ(before, dim) and 1 not in (before, dim):
                raise ShapeMismatch(f"einsum(): {letter!r} is {before} and {dim}")
            if before == 1 or (before is None and dim != 1):
                sizes[letter] = dim
            else:
                sizes[letter] = before
    return sizes


def _einsum(values: Values) -> Meta:
    given = _given(values)
    if given is None:
        return Meta(None, "")
    dtype = promoted(*given[1])
    found = _read(*given)
    if found is None:
        return Meta(None, dtype)
    return Meta(tuple([found.sizes.get(name) for name in found.kept]), dtype)


def _einsum_macs(values: Values, result: Result) -> int | None:
    del result
    given = _given(values)
    found = _read(*given) if given is not None else None
    if found is None:
        return None
    total = 0
    left = set(found.terms[0])
    for index, term in enumerate(found.terms[1:], 2):
        right = set(term)
        later = {*found.kept, *(n for t in found.terms[index:] for n in t)}
        work = _contraction(found.sizes, left, right, later)
        if work is None:
            return None
        total += work
        left = (left | right) & later
    return total


def _contraction(
    sizes: Mapping[str, Dim], left: set[str], right: set[str], later: set[str]
) -> int | None:
    """MACs of summing two operands: one batched product of matrices. Where nothing is summed over
    both, torch multiplies item by item; what only one has is summed before."""
    summed = (left & right) - later
    if not summed:
        return 0
    return product([sizes[n] for n in (left | right) if n in later or n in summed])


ROWS = function("einsum", "torch", "equation, *operands", _einsum, macs=_einsum_macs, onnx="Einsum")
