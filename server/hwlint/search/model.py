"""What a search is about, as plain data: points of the source, candidates and what they came to."""

from collections.abc import Mapping
from typing import Literal, Protocol

from attrs import field, frozen

from hwlint.source.edits import Edit
from hwlint.source.spans import Place

__all__ = ["Candidate", "Choices", "Facts", "Kind", "Point", "Refusal", "Space", "Value"]

Value = int | str
"""What may stand at a point: a number as it is written, or the name of what is called there."""

Choices = Mapping[str, Value]
"""A value for points by their name; a point that is not named keeps what it has."""

Kind = Literal[
    "width",
    "depth",
    "kernel",
    "groups",
    "heads",
    "expansion",
    "activation",
    "norm",
    "separable",
    "fused",
]


@frozen
class Point:
    """One place of the source where something else may stand."""

    name: str
    """Unique in its space and the same in every run over the same text: "net.py:12:18 width"."""
    kind: Kind
    place: Place
    """What is replaced: the number, the name, or the call."""
    present: Value
    values: tuple[Value, ...]
    """What may stand there, the present value among them, in their own order."""
    says: str = ""
    """What it decides on, for people: "out_channels of stem and 4 more"."""


@frozen
class Facts:
    """What the reader says of a candidate; None where it does not know."""

    params: int | None
    macs: int | None
    weight_bytes: int | None = None
    """In the number format of the device."""
    peak_bytes: int | None = None
    """Activations that are live at the same time, at most."""
    estimate_s: float | None = None
    """Static estimate of the latency on the device."""
    energy_j: float | None = None
    device: str = ""
    """The profile that the last ones are for."""


@frozen
class Candidate:
    """One variant of the module, proved by reading its source again."""

    choices: Mapping[str, Value]
    """Only what differs from the original."""
    edits: tuple[Edit, ...]
    """In the original's text; sorted, none for the original itself."""
    contents: Mapping[str, bytes]
    """The files that differ, whole, by absolute path."""
    facts: Facts
    places: tuple[Place, ...] = field(default=())
    """The edited stretches as they stand in the candidate's own text."""


@frozen
class Refusal:
    """Why choices make no candidate."""

    reason: str
    """One line: "forward: mat1 and mat2 shapes cannot be multiplied (1x64 and 128x10)"."""


class Space(Protocol):
    """All that may be tried with one module."""

    @property
    def points(self) -> tuple[Point, ...]:
        """In the order in which they stand in the source."""
        ...

    @property
    def original(self) -> Candidate:
        """The module as it is: without choices and edits."""
        ...

    @property
    def key(self) -> str:
        """A hash of the texts that were read, of the place and of what was asked for: a search
        with the same key goes on where it was left."""
        ...

    def candidate(self, choices: Choices) -> Candidate | Refusal:
        """Make a candidate in memory and read it again. It takes the inputs and returns the shapes
        that the original does, and is read to its end. Writes nothing."""
        ...
