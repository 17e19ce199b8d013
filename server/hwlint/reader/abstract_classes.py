"""The abstract classes of typing and collections.abc."""

from collections.abc import Callable

from hwlint.reader.builtin_classes import (
    BUILTIN_TYPE,
    FUNCTION_TYPE,
    ITERATOR_TYPE,
    METHOD_TYPE,
    PARTIAL_TYPE,
    TYPE,
    make,
)
from hwlint.reader.values import (
    Class,
)

__all__ = ["STRUCTURAL", "TYPING"]


def _has(*names: str) -> Callable[[Class], bool]:
    return lambda cls: any(b.name in names for b in cls.mro)


STRUCTURAL: dict[str, Callable[[Class], bool]] = {
    "Callable": lambda cls: (
        cls in (FUNCTION_TYPE, METHOD_TYPE, BUILTIN_TYPE, PARTIAL_TYPE)
        or cls.derives(TYPE)
        or cls.is_module
        or cls.find("__call__") is not None
    ),
    "Iterable": lambda cls: (
        _has("list", "tuple", "dict", "set", "frozenset", "str", "range", "generator", "bytes")(cls)
        or cls.find("__iter__") is not None
    ),
    "Sequence": _has("list", "tuple", "str", "range", "bytes", "deque"),
    "MutableSequence": _has("list", "deque"),
    "Mapping": _has("dict"),
    "MutableMapping": _has("dict"),
    "Set": _has("set", "frozenset"),
    "MutableSet": _has("set"),
    "Hashable": lambda cls: not _has("list", "dict", "set")(cls),
    "Sized": lambda cls: (
        _has("list", "tuple", "dict", "set", "str", "range")(cls) or cls.find("__len__") is not None
    ),
    "Container": _has("list", "tuple", "dict", "set", "frozenset", "str", "range"),
    "Collection": _has("list", "tuple", "dict", "set", "frozenset", "str", "range"),
    "Iterator": lambda cls: cls is ITERATOR_TYPE or cls.find("__next__") is not None,
    "Generator": lambda cls: cls is ITERATOR_TYPE,
    "Number": _has("int", "float", "complex"),
    "Integral": _has("int"),
    "Real": _has("int", "float"),
}
"""isinstance against the abstract classes of typing and collections.abc."""


TYPING: dict[str, Class] = {
    name: make(name, module="typing")
    for name in (*STRUCTURAL, "Generic", "Protocol", "ABC", "TypedDict", "Any")
}
"""Classes of typing, abc and collections.abc that program classes derive from."""
