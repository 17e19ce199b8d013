"""What is not known about a value, and the plain value behind an object."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from typing import Any

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


def find_unknown(value: Any, depth: int = 0) -> Unknown | None:
    """Return an unknown inside a value, None where all of it is known."""
    if isinstance(value, Unknown):
        return value
    if depth > 6:
        return None
    marked = getattr(value, "unknown", None)
    if isinstance(marked, Unknown):
        return marked
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple | set | frozenset):
        return None
    for item in value:
        found = find_unknown(item, depth + 1)
        if found is not None:
            return found
    return None
