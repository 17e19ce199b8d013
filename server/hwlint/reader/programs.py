"""What a program asks of whoever runs it, and how it ends."""

# A part of Interpreter, which is what `self` is.
# pyright: reportGeneralTypeIssues=false

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hwlint.reader.values import Args, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Programs"]


class Programs:
    """The part of the interpreter that stands for the outside world."""

    def choose(self: "Interpreter", place: str, values: Sequence[Value]) -> Value:
        """Return one of several values that a program may be run with, the usual one first."""
        if self.choices is None or len(values) == 1:
            return values[0]
        return self.choices.pick(place, values)

    def asked_for(self: "Interpreter", name: str) -> Value:
        """Return the value of an option that a program does not run without."""
        return Unknown(f"{name} has to be given by whoever runs it")

    def leave(self: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        """End the program: raises PyRaise(SystemExit)."""
        raise self.error("SystemExit", "the program ends here")
