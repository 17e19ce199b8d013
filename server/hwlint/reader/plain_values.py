"""What holds other values: lists, dicts, sets and iterators; and what stands for the unknown."""

from typing import Any

from hwlint.source import Place

__all__ = [
    "NEVER_OLD",
    "Args",
    "DictValue",
    "IteratorValue",
    "Kwargs",
    "ListValue",
    "NamedPair",
    "SetValue",
    "Unknown",
    "Value",
]


Value = Any
"""Any object of the interpreted program."""


Args = list[Value]
"""What a call gives by position."""


Kwargs = dict[str, Value]
"""What a call gives by name; "**": a mapping whose keys are not known."""


NEVER_OLD = 1 << 62
"""Stamp of what is used up where it is made."""


class Unknown:
    """A value that is not known, and why. `absent`: there may be none at all. `asked`: whoever runs
    the program knows it. `options`: what it is one of, where that is known: None or a tensor, or
    several functions."""

    __slots__ = ("absent", "asked", "options", "place", "reason")

    def __init__(self, reason: str, place: Place | None = None) -> None:
        self.reason = reason
        self.place = place
        self.absent = False
        self.asked = False
        self.options: tuple[Value, ...] = ()

    def __repr__(self) -> str:
        return f"Unknown({self.reason})"


class ListValue(list[Value]):
    """A list. `unknown` is set once its content is no longer known."""

    __slots__ = ("stamp", "unknown", "version")

    def __init__(self, items: Any = (), stamp: int = 0) -> None:
        super().__init__(items)
        self.stamp = stamp
        self.version = 0
        self.unknown: Unknown | None = None

    __hash__ = object.__hash__  # type: ignore[assignment]  # identity, for journals


class DictValue(dict[Value, Value]):
    """A dict. `unknown`: a key that is absent may be there after all."""

    __slots__ = ("factory", "home", "stamp", "unknown", "version")

    def __init__(self, items: Any = (), stamp: int = 0) -> None:
        super().__init__(items)
        self.stamp = stamp
        self.version = 0
        self.unknown: Unknown | None = None
        self.factory: Value = None
        self.home: Any = None

    __hash__ = object.__hash__  # type: ignore[assignment]  # identity, for journals


class SetValue(set[Value]):
    """A set. `unknown`: an item that is absent may be there after all."""

    __slots__ = ("stamp", "unknown", "version")

    def __init__(self, items: Any = (), stamp: int = 0) -> None:
        super().__init__(items)
        self.stamp = stamp
        self.version = 0
        self.unknown: Unknown | None = None

    __hash__ = object.__hash__  # type: ignore[assignment]  # identity, for journals


class IteratorValue:
    """An iterator over items that are all known. `endless`: more follow after the last one."""

    __slots__ = ("endless", "index", "items", "returned", "stamp", "unknown", "version")

    def __init__(self, items: list[Value], endless: bool = False) -> None:
        self.items = items
        self.endless = endless
        self.unknown: Unknown | None = None
        self.index = 0
        self.returned: Value = None  # what `yield from` gives at the end
        self.stamp = NEVER_OLD
        self.version = 0


class NamedPair(tuple[Value, ...]):
    """What torch.max(x, dim) and torch.sort(x) return: (values, indices)."""

    __slots__ = ()
