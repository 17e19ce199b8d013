"""Text to segments to trees: the only place that knows encodings, lines and columns."""

from hwlint.source.facts import CallFact, FileFacts
from hwlint.source.files import (
    MAX_BYTES,
    SourceError,
    SourceFile,
    decode_source,
    read_source,
)
from hwlint.source.segments import Segment, SyntaxProblem
from hwlint.source.spans import Place

__all__ = [
    "MAX_BYTES",
    "CallFact",
    "FileFacts",
    "Place",
    "Segment",
    "SourceError",
    "SourceFile",
    "SyntaxProblem",
    "decode_source",
    "read_source",
]
