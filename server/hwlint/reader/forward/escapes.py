"""What a run of a model makes and puts where all models could see it."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from hwlint.reader.frame import Frame
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.values import (
    Class,
    DictValue,
    External,
    Instance,
    ListValue,
    SetValue,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["Escapes"]

_MAX_WATCHED = 300
_PLAIN = frozenset(
    {type(None), bool, int, float, str, bytes, SourcedInt, SourcedFloat, SourcedStr, External,
     Unknown}
)  # fmt: skip


class Escapes:
    """Objects that are newer than the run and can be reached through older ones. Their changes
    count as changes of what all models share."""

    def __init__(self, since: int) -> None:
        self._since = since
        self._roots: dict[int, Value] = {}
        self._fresh = False
        self._watched: list[tuple[Value, int]] = []
        self.wild = False
        """What can be reached is not known: anything may have changed."""

    def through(self, value: Value) -> None:
        """Note that something older than the run is about to change."""
        value = getattr(value, "frame", value)  # a module's variables are in its frame
        self._roots[id(value)] = value
        self._fresh = True

    def changed(self) -> bool:
        """Say whether anything of it has changed since the last time."""
        if self.wild:
            return False
        changed = any(value.version != version for value, version in self._watched)
        if changed or self._fresh:
            self._fresh = False
            self._look()
        return changed

    def _look(self) -> None:
        stack: list[Value] = []
        for root in self._roots.values():
            stack += _held_by(root) or ()
        seen: set[int] = set()
        self._watched = []
        while stack:
            value = stack.pop()
            kind = type(value)
            if kind in _PLAIN or id(value) in seen:
                continue
            seen.add(id(value))
            inner = _held_by(value)
            if kind is not tuple:
                if getattr(value, "stamp", self._since) < self._since:
                    continue  # a change of it is noticed
                if inner is None or kind is Frame or len(self._watched) > _MAX_WATCHED:
                    self.wild = True
                    return
                self._watched.append((value, value.version))
            stack += inner or ()


def _held_by(value: Value) -> list[Value] | None:
    """Return what an object holds; None where that is not known."""
    if isinstance(value, DictValue):
        return list(value.values())
    if isinstance(value, tuple | ListValue | SetValue):
        return list(value)
    if isinstance(value, Instance):
        return [*value.attrs.values(), value.payload]
    if isinstance(value, Class):
        return list(value.attrs.values())
    if isinstance(value, Tensor):
        return []
    return list(value.vars.values()) if isinstance(value, Frame) else None
