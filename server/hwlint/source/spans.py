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

    def within(self, outer: "Place") -> bool:
        """Whether it lies in another stretch of the same file, or is that stretch."""
        first = (outer.line, outer.col) <= (self.line, self.col)
        last = (self.end_line, self.end_col) <= (outer.end_line, outer.end_col)
        return self.path == outer.path and first and last
