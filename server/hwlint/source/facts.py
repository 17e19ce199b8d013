"""What a file says without being interpreted: its imports and its calls of named functions."""

from collections.abc import Mapping
from dataclasses import dataclass

from hwlint.source.spans import Place

__all__ = ["CallFact", "FileFacts"]


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call, named through the imports of its file."""

    name: str
    """Dotted name of what is called: "torch.nn.utils.prune.l1_unstructured"."""
    place: Place
    """The whole call expression."""
    args: tuple[object, ...]
    """Positional arguments: the value where it is a plain literal, else None."""
    keywords: Mapping[str, object]
    """Keyword arguments, the same way; `**mapping` stands under "**" with None."""
    enclosing: str
    """Dotted name of the enclosing class and function: "Trainer.compress", "" at the top."""
    argument_places: tuple[Place, ...] = ()
    """Places of the positional arguments, then of the keywords' values, in source order."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The facts of one file."""

    path: str
    imports: Mapping[str, str]
    """Local name to dotted name: {"prune": "torch.nn.utils.prune"}."""
    calls: tuple[CallFact, ...]
