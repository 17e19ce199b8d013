"""Calls of generators that wait for the `with` statement which runs them."""

from typing import TYPE_CHECKING

from hwlint.reader.frame import Frame
from hwlint.reader.special_attributes import register_special
from hwlint.reader.values import Function, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Suspended", "suspends"]


class Suspended:
    """A call of a generator that is a context manager, before it runs."""

    __slots__ = ("frame", "func")

    def __init__(self, func: Function, frame: Frame) -> None:
        self.func = func
        self.frame = frame


def suspends(func: Function) -> bool:
    """Say whether a call of a function waits for its `with` statement."""
    return func.code.is_generator and "__context_manager__" in func.attrs


def _attribute(interp: "Interpreter", value: Suspended, name: str) -> Value:
    return Unknown(f"{name} of a context manager")


register_special(Suspended, _attribute)
