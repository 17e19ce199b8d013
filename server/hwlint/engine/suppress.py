"""`# hwlint: ignore[HW101] reason`: at the anchor of a finding or at any related line."""

from collections.abc import Iterable, Iterator
from itertools import islice

from hwlint.api import Change, Unsay
from hwlint.engine.analysis import FileResult
from hwlint.engine.findings import Diagnostic
from hwlint.engine.registry import ENGINE_RULES, UNUSED, matches, pages
from hwlint.source import SourceError, read_source
from hwlint.source.comments import Comment, read_comments
from hwlint.source.spans import Place

__all__ = ["Suppressions", "unused_suppressions"]

_KINDS = ("ignore", "ignore-file")
_NOT_HERE = frozenset(rule.code for rule in ENGINE_RULES if rule.measured)
"""What only measuring makes: that a reading finds none of it says nothing."""


class Suppressions:
    """The suppression comments of the files that findings touch, each file looked at once."""

    def __init__(self) -> None:
        """Know of no file yet."""
        self._files: dict[str, tuple[Comment, ...]] = {}
        self._used: set[tuple[Place, str]] = set()

    def cover(self, diagnostic: Diagnostic) -> bool:
        """Whether a comment silences the finding."""
        places = (diagnostic.anchor, *(related.place for related in diagnostic.related))
        covered = False
        for place in places:
            for comment in self.of(place.path):
                if comment.first_line <= place.line <= comment.last_line:
                    covered |= self._use(comment, diagnostic)
        return covered

    def of(self, path: str) -> tuple[Comment, ...]:
        """Return the suppressions of a file."""
        if path not in self._files:
            self._files[path] = _suppressions(path)
        return self._files[path]

    def idle(self, path: str) -> Iterator[tuple[Comment, str]]:
        """Yield what of a file's suppressions silenced nothing: comment and code."""
        for comment in self.of(path):
            for code in comment.codes:
                if (comment.place, code) not in self._used:
                    yield comment, code

    def _use(self, comment: Comment, diagnostic: Diagnostic) -> bool:
        meant = [c for c in comment.codes if matches(c, diagnostic.code, diagnostic.name)]
        self._used.update((comment.place, code) for code in meant)
        return bool(meant)


def unused_suppressions(
    suppressions: Suppressions,
    paths: Iterable[str],
    results: Iterable[FileResult],
    active: frozenset[str],
) -> Iterator[Diagnostic]:
    """Yield HW003 for suppressions that silence nothing, once all findings were shown to them.

    Silent where that is not certain: a rule that it means did not run, or a way of building that
    has layers in the file was not read fully.
    """
    unsure = {
        place.path
        for result in results
        for entry in result.entries
        if not entry.complete
        for place in (entry.entry.place, *entry.places)
    }
    known = pages()
    meant: dict[str, frozenset[str]] = {}
    for path in paths:
        if path in unsure:
            continue
        for comment, code in islice(suppressions.idle(path), _MOST):
            if code not in meant:
                named = (p.code for p in known.values() if matches(code, p.code, p.name))
                meant[code] = frozenset(named)
            if meant[code] <= active - _NOT_HERE:
                reason = "nothing here needs it" if meant[code] else "no rule is called so"
                message = f"ignore[{code}]: {reason}"
                yield Diagnostic(
                    UNUSED,
                    known[UNUSED].name,
                    known[UNUSED].severity,
                    comment.place,
                    message,
                    changes=(_without(comment, code),),
                )


def _without(comment: Comment, code: str) -> Change:
    """Return the change that takes a code out of a suppression, or all of it with the last one."""
    step = Unsay(comment.place, code, alone=len(comment.codes) == 1)
    return Change(f"Remove ignore[{code}]", (step,), "nothing")


_MOST = 100
"""Suppressions of one file that are told: who has more has a script to mend."""


def _suppressions(path: str) -> tuple[Comment, ...]:
    try:
        source = read_source(path)
    except SourceError:
        return ()
    return tuple(comment for comment in read_comments(source) if comment.kind in _KINDS)
