"""Values in words, for what is said of a way of building a model."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from hwlint.reader.values import (
    Class,
    DictValue,
    External,
    Function,
    Instance,
    ListValue,
    SetValue,
    Unknown,
    Value,
)

__all__ = ["spoken_value"]

_MAX_VALUE = 40


def spoken_value(value: Value) -> str:
    """Return a short text for a value: what is long or no plain value is only named."""
    if isinstance(value, Unknown):
        return "?"
    if value is None or isinstance(value, bool):
        return str(value)
    for plain in (int, float, str):
        if isinstance(value, plain):
            return _cut(repr(plain(value)))
    if isinstance(value, tuple | ListValue):
        items = ", ".join(spoken_value(v) for v in value[:20])
        return _cut(f"({items})" if isinstance(value, tuple) else f"[{items}]")
    if isinstance(value, DictValue):
        return _cut("{" + ", ".join(f"{k}: {spoken_value(v)}" for k, v in value.items()) + "}")
    return _named(value)


def _named(value: Value) -> str:
    if isinstance(value, Class | Function | External):
        return value.name.rpartition(".")[2]
    if isinstance(value, Instance):
        return f"{value.cls.name}(...)"
    return "set" if isinstance(value, SetValue) else type(value).__name__.lower()


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 3] + "..."
