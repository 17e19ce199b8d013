"""`# hwlint: ignore[HW101] reason`: at the anchor of a finding or at any related line."""

from hwlint.engine.findings import Diagnostic
from hwlint.engine.registry import matches
from hwlint.source import SourceError, read_source
from hwlint.source.comments import Comment, read_comments
from hwlint.source.spans import Place

__all__ = ["Suppressions"]

_KINDS = ("ignore", "ignore-file")


class Suppressions:
    """The suppression comments of the files that findings touch, each file looked at once."""

    def __init__(self) -> None:
        """Know of no file yet."""
        self._files: dict[str, tuple[Comment, ...]] = {}

    def cover(self, diagnostic: Diagnostic) -> bool:
        """Whether a comment silences the finding."""
        places = (diagnostic.anchor, *(related.place for related in diagnostic.related))
        return any(
            comment.first_line <= place.line <= comment.last_line and _means(comment, diagnostic)
            for place in places
            for comment in self._in(place)
        )

    def _in(self, place: Place) -> tuple[Comment, ...]:
        if place.path not in self._files:
            self._files[place.path] = _suppressions(place.path)
        return self._files[place.path]


def _means(comment: Comment, diagnostic: Diagnostic) -> bool:
    return any(matches(code, diagnostic.code, diagnostic.name) for code in comment.codes)


def _suppressions(path: str) -> tuple[Comment, ...]:
    try:
        source = read_source(path)
    except SourceError:
        return ()
    return tuple(comment for comment in read_comments(source) if comment.kind in _KINDS)
