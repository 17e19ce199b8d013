"""What is too large to be computed with, said before it is computed.

Nothing here looks at the clock: the same program gives the same answer on every machine.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hwlint.reader.budget import Exhausted
from hwlint.reader.provenance import SourcedStr
from hwlint.reader.values import DictValue, IteratorValue, ListValue, SetValue, Tensor

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "LARGEST",
    "MAX_BITS",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_TEXT",
    "SIZES",
    "bits_of",
    "check_key",
    "check_nesting",
    "descent",
]

MAX_BITS = 4_000
"""Largest integer that is kept, in bits."""
LARGEST = 1 << MAX_BITS
MAX_ITEMS = 200_000
"""Largest sequence that is kept."""
MAX_JOINED = 20_000
"""Longest text that comes of adding: a loop that adds copies all of it each time."""
MAX_TEXT = 100_000
"""Longest text that is kept."""
MAX_DEPTH = 100
"""How deep containers may be nested to be compared, hashed, copied or printed."""
_MAX_NODES = 100_000
_CONTAINERS = (tuple, list, dict, set, frozenset)


@contextmanager
def descent(interp: "Interpreter") -> Generator[None, None, None]:
    """Go one level down into containers; raises Exhausted where that goes on too long."""
    interp.tick()
    interp.depth += 1
    try:
        if interp.depth > interp.budget.max_depth + MAX_DEPTH:
            raise Exhausted("containers nested too deeply")
        yield
    finally:
        interp.depth -= 1


def bits_of(*values: Any) -> int:
    """Return how many bits the integers among `values` have together."""
    return sum([v.bit_length() for v in values if isinstance(v, int)])


SIZES: dict[type, Callable[[Any], int]] = {
    ListValue: lambda v: len(v) // 16,
    DictValue: lambda v: len(v) // 8,
    SetValue: lambda v: len(v) // 8,
    tuple: lambda v: len(v) // 16,
    IteratorValue: lambda v: (len(v.items) - v.index) // 16,
    Tensor: lambda v: len(v.data or ()) // 8,
    str: lambda v: len(v) // 128,
    SourcedStr: lambda v: len(v) // 128,
    bytes: lambda v: len(v) // 128,
    int: lambda v: v.bit_length() // 32,
}
"""What making a value counts for, in steps."""


def check_nesting(interp: "Interpreter", value: Any) -> None:
    """Charge for walking through a container as Python does: what occurs twice is met twice.

    Raises Exhausted where that would take too long or go too deep.
    """
    if not isinstance(value, _CONTAINERS) or not _is_nested(value):
        return
    interp.tick()
    count, level = 0, [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for holder in level:
            items = holder.values() if isinstance(holder, dict) else holder
            below += [item for item in items if isinstance(item, _CONTAINERS)]
            count += len(holder) + 1
            if count > _MAX_NODES:
                raise Exhausted("a container too large to look through")
        if not below:
            interp.budget.steps += count // 8
            return
        level = below
    raise Exhausted("containers nested too deeply")


def check_key(interp: "Interpreter", key: Any) -> None:
    """Charge for hashing a key; raises Exhausted, or the TypeError for what has no hash."""
    if isinstance(key, tuple | frozenset):
        check_nesting(interp, key)
    elif isinstance(key, list | dict | set):
        raise interp.error("TypeError", f"unhashable type: {interp.type_name(key)!r}")


def _is_nested(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return any(isinstance(item, _CONTAINERS) for item in items)
