"""Text to segments to trees: the only place that knows encodings, lines and columns."""

from hwlint.source.comments import Comment, read_comments
from hwlint.source.facts import CallFact, FileFacts, file_facts
from hwlint.source.files import (
    MAX_BYTES,
    SourceError,
    SourceFile,
    decode_source,
    is_laid_over,
    lay_over,
    overlaid,
    read_regular,
    read_source,
)
from hwlint.source.segments import Segment, SyntaxProblem
from hwlint.source.spans import Place

__all__ = [
    "MAX_BYTES",
    "CallFact",
    "Comment",
    "FileFacts",
    "Place",
    "Segment",
    "SourceError",
    "SourceFile",
    "SyntaxProblem",
    "decode_source",
    "file_facts",
    "is_laid_over",
    "lay_over",
    "overlaid",
    "read_comments",
    "read_regular",
    "read_source",
]
