"""What is not known about a value, and the plain value behind an object."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import Any

from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.values import (
    External,
    Instance,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["UnknownIteration", "find_unknown", "payload_of", "why"]


class UnknownIteration(Exception):
    """Something was to be iterated over whose items are not known."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


def why(value: Value) -> Unknown:
    """Return the unknown behind a value whose truth is not known."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, External):
        return Unknown(f"{value.name} is not known")
    return Unknown("a tensor's value" if isinstance(value, Tensor) else "not known")


def payload_of(value: Any) -> Any:
    """Return the native value of an instance of a subclass of list, dict, str ..."""
    if isinstance(value, Instance) and value.payload is not None:
        return value.payload
    return value


_PLAIN = frozenset((int, float, bool, str, type(None), SourcedInt, SourcedFloat, SourcedStr))
_CONTAINERS = (list, tuple, dict, set, frozenset)


def find_unknown(value: Any) -> Unknown | None:
    """Return an unknown inside a value, None where all of it is known."""
    if isinstance(value, Unknown):
        return value
    if not isinstance(value, _CONTAINERS):
        return None
    stack: list[Any] = [value]
    seen: set[int] = set()
    while stack:
        holder = stack.pop()
        if isinstance(holder, Unknown):
            return holder
        marked = getattr(holder, "unknown", None)
        if isinstance(marked, Unknown):
            return marked
        for item in holder.values() if isinstance(holder, dict) else holder:
            if type(item) in _PLAIN:
                continue
            if isinstance(item, Unknown):
                return item
            if isinstance(item, _CONTAINERS) and id(item) not in seen:
                seen.add(id(item))
                stack.append(item)
    return None
