"""Positions in source text."""

from dataclasses import dataclass

__all__ = ["Place"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of a source file.

    Lines and columns are 0-based, columns count code points, the end is exclusive. Each face
    (terminal, JSON, language server) converts once, at its own edge.
    """

    path: str
    """Absolute path of the file."""
    line: int
    col: int
    end_line: int
    end_col: int
