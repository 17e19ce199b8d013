"""Where a number comes from: in words, and what it would be if its literal were another."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from hwlint.api import Origin, Place

__all__ = ["breaker", "describe", "evaluate", "is_whole", "leaves_of", "owner"]

_LONGEST = 90
"""Longer formulas say less than the list of what they are made of."""


def owner(origin: Origin | None, step: int) -> Origin | None:
    """Return the one literal that decides whether the number is a multiple of `step`.

    None where there is not just one. Ratios (`mlp_ratio=4.0`), whole numbers up to `step` (the 2
    of `width * 2`) and those smaller than what they are multiplied with (12 heads of 81 each)
    only scale what decides. Of several others the one that is no multiple itself decides, or the
    one with a name (`width=50`).
    """
    if origin is None:
        return None
    if isinstance(origin.value, int):
        smallest = max(step, math.isqrt(max(origin.value, 1) - 1))
    else:
        smallest = step
    leaves = {leaf.place: leaf for leaf in origin.leaves()}.values()
    deciding = [leaf for leaf in leaves if not _scales(leaf.value, smallest)]
    odd = [leaf for leaf in deciding if isinstance(leaf.value, int) and leaf.value % step]
    named = [leaf for leaf in deciding if leaf.name]
    return next((found[0] for found in (deciding, odd, named) if len(found) == 1), None)


def leaves_of(origin: Origin | None) -> list[Origin]:
    """Return the literals that a number comes from; none where that is not known."""
    return list(origin.leaves()) if origin is not None else []


def is_whole(origin: Origin) -> bool:
    """Say whether a chain is known to its end: every number in it is a literal, or made of some."""
    stack, seen = [origin], set[int]()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.place is None and not node.operands:
            return False
        stack.extend(node.operands)
    return True


def breaker(origin: Origin | None, step: int) -> Origin | None:
    """Return the one literal that makes other than a multiple of `step` of numbers that are one.

    The 1.3 of `int(64 * 1.3)`, the 3 of `int(1024 * (4 * 2 / 3))`, and the 4 of what is rounded
    to multiples of four, `int(width * 1.3) // 4 * 4`. None where there is not one.
    """
    broken = False
    while origin is not None and origin.operands:
        divisor = _rounded_to(origin)
        if divisor is not None:
            return None if _fills(divisor.value, step) else divisor
        odd = [part for part in origin.operands if not _fills(part.value, step)]
        broken = broken or len(odd) < len(origin.operands)
        suspects = [part for part in odd if not _small(part.value, step)] or odd
        origin = suspects[0] if len(suspects) == 1 else None
    return origin if broken and origin is not None and origin.place is not None else None


def _rounded_to(origin: Origin) -> Origin | None:
    """Return the 4 of `x // 4 * 4`."""
    if origin.operation != "*" or len(origin.operands) != 2:
        return None
    quotient, factor = origin.operands
    if quotient.operation != "//" or len(quotient.operands) != 2 or factor.place is None:
        return None
    return factor if quotient.operands[1].place == factor.place else None


def _fills(value: object, step: int) -> bool:
    return isinstance(value, int | float) and value % step == 0


def _small(value: object, step: int) -> bool:
    return isinstance(value, int) and value <= step


def _scales(value: object, scale: int) -> bool:
    if isinstance(value, float):
        return True
    return isinstance(value, int) and value <= scale


def describe(origin: Origin | None, anchor: Place | None = None) -> str:
    """Say where a number comes from: "100 = width 50 (line 12) x 2"; "" where nothing is known.

    A literal at `anchor` is named without its line, and not at all where it is the number itself:
    the reader of the message looks at it.
    """
    if origin is None:
        return ""
    core = _core(origin)
    if core.place is not None and core.place == anchor:
        return ""
    formula = _formula(origin, anchor)
    if formula is not None and len(formula) <= _LONGEST:
        if origin.operation is None:
            return formula
        return "" if formula == str(origin.value) else f"{origin.value} = {formula}"
    # Once or not at all: what multiplies by one explains nothing.
    leaves = [leaf for leaf in origin.leaves() if leaf.value not in (0, 1)]
    leaves = list({leaf.place: leaf for leaf in leaves}.values())
    told = [leaf for leaf in leaves if leaf.name or isinstance(leaf.value, str)] or leaves
    if not told or (len(leaves) == 1 and leaves[0].value == origin.value):
        return ""
    listed = ", ".join(_leaf(leaf, anchor) for leaf in told[:3])
    return f"{origin.value} comes from {listed}{' and more' if len(told) > 3 else ''}"


def _core(origin: Origin) -> Origin:
    """Return the number without what multiplies or divides it by one."""
    while origin.operation in {"*", "/", "//"} and len(origin.operands) == 2:
        first, second = origin.operands
        if second.value == 1:
            origin = first
        elif first.value == 1 and origin.operation == "*":
            origin = second
        else:
            break
    return origin


def _leaf(leaf: Origin, anchor: Place | None) -> str:
    value = str(leaf.value)
    value = value if len(value) <= _LONGEST // 3 else f"{value[: _LONGEST // 3]}..."
    text = f"{leaf.name} {value}" if leaf.name else value
    if leaf.place is None or leaf.place == anchor or not leaf.name:
        return text
    line = leaf.place.line + 1
    if anchor is None or leaf.place.path == anchor.path:
        return f"{text} (line {line})"
    return f"{text} ({leaf.place.path.replace(chr(92), '/').rpartition('/')[2]}:{line})"


def _formula(
    origin: Origin, anchor: Place | None, depth: int = 0, *, inside: bool = False
) -> str | None:
    if origin.operation is None:
        return _leaf(origin, anchor)
    if depth > 4 or not origin.operands:
        return None
    infix = origin.operation in _BINARY
    if _core(origin) is not origin:
        return _formula(_core(origin), anchor, depth, inside=inside)
    parts = [_formula(o, anchor, depth + 1, inside=infix) for o in origin.operands]
    if any(part is None for part in parts):
        return None
    texts = [part for part in parts if part is not None]
    if not infix:
        return f"{origin.operation}({', '.join(texts)})"
    if len(texts) != 2:
        # An operand that is no literal, a loop's counter say: what came out is known.
        return None if depth == 0 else str(origin.value)
    sign = "x" if origin.operation == "*" else origin.operation
    formula = f"{texts[0]} {sign} {texts[1]}"
    return f"({formula})" if inside else formula


Number = int | float


def _power(base: Number, exponent: Number) -> Number:
    if abs(exponent) > 64:
        raise OverflowError("no layer is that wide")
    return base**exponent


_BINARY: Mapping[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": _power,
}
_CALLS: Mapping[str, Callable[[Sequence[Number]], Number]] = {
    "int": lambda a: int(a[0]),
    "float": lambda a: float(a[0]),
    "round": lambda a: round(a[0]),
    "abs": lambda a: abs(a[0]),
    "max": max,
    "min": min,
    "ceil": lambda a: math.ceil(a[0]),
    "floor": lambda a: math.floor(a[0]),
    "math.ceil": lambda a: math.ceil(a[0]),
    "math.floor": lambda a: math.floor(a[0]),
}


def evaluate(origin: Origin, leaves: Collection[Place], value: int) -> int | None:
    """Return what the number would be if the literals at `leaves`, which are alike, were `value`.

    None where that cannot be told: an operation that is not modelled, or a chain that does not
    even give today's number when it is computed again.
    """
    now = _Evaluation(leaves, None).of(origin)
    if now is None or now != origin.value:
        return None
    then = _Evaluation(leaves, value).of(origin)
    return int(then) if then is not None and then == int(then) else None


class _Evaluation:
    """Computes a number again, each part once: `x = (x + x) // 2` in a loop has many paths."""

    def __init__(self, leaves: Collection[Place], value: int | None) -> None:
        """Put `value` at `leaves`; None: the literals as they stand."""
        self._leaves = leaves
        self._value = value
        self._below: dict[int, bool] = {}
        self._known: dict[int, Number | None] = {}

    def of(self, origin: Origin) -> Number | None:
        """Return the number."""
        key = id(origin)
        if key not in self._known:
            self._known[key] = self._computed(origin)
        return self._known[key]

    def _computed(self, origin: Origin) -> Number | None:
        if origin.place in self._leaves:
            return _number(origin.value) if self._value is None else self._value
        if not self._concerns(origin):
            return _number(origin.value)
        operands = [self.of(operand) for operand in origin.operands]
        numbers = [number for number in operands if number is not None]
        if len(numbers) != len(operands):
            return None
        try:
            return _applied(origin, numbers)
        except (ArithmeticError, ValueError, TypeError):
            return None

    def _concerns(self, origin: Origin) -> bool:
        """Whether the literal is among what the number comes from."""
        key = id(origin)
        if key not in self._below:
            self._below[key] = origin.place in self._leaves or any(
                self._concerns(operand) for operand in origin.operands
            )
        return self._below[key]


def _applied(origin: Origin, numbers: Sequence[Number]) -> Number | None:
    operation = origin.operation or ""
    if operation in _BINARY:
        if len(numbers) == 2:
            return _BINARY[operation](numbers[0], numbers[1])
        return _with_lost_operand(origin, numbers)
    return _CALLS[operation](numbers) if operation in _CALLS else None


def _with_lost_operand(origin: Origin, numbers: Sequence[Number]) -> Number | None:
    """`width * i` where only `width` is traced: i is what makes it today's number."""
    whole, part = _number(origin.value), _number(origin.operands[0].value)
    if len(numbers) != 1 or whole is None or part is None:
        return None
    if origin.operation == "+":
        return numbers[0] + (whole - part)
    if origin.operation == "*" and part and whole % part == 0:
        return numbers[0] * (whole // part)
    return None


def _number(value: object) -> Number | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
