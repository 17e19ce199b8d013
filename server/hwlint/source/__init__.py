"""Text to segments to trees: the only place that knows encodings, lines and columns."""

from hwlint.source.facts import CallFact, FileFacts
from hwlint.source.spans import Place

__all__ = ["CallFact", "FileFacts", "Place"]
