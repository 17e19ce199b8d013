"""The passes over a workspace: each knows what those before it found, over all files."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar, cast

from hwlint.engine.pool import Built
from hwlint.engine.workspace import Workspace
from hwlint.graph import Unbuilt
from hwlint.reader import STAGES
from hwlint.source import SourceError, read_regular

__all__ = ["Staged", "read_stages", "settled"]

_MAX_SHOWN = 300
"""Tests and documents that are read for classes that nothing else builds."""


class Staged(Protocol):
    """What one pass over one file brings."""

    @property
    def path(self) -> str:
        """The file."""
        ...

    @property
    def incomplete(self) -> str:
        """Why it ended before its end."""
        ...

    @property
    def built(self) -> Built:
        """What the file builds."""
        ...

    @property
    def unbuilt(self) -> tuple[Unbuilt, ...]:
        """Classes of the file that nothing builds."""
        ...


R = TypeVar("R", bound=Staged)
Read = Callable[[str, Sequence[str], Built], Iterable[R]]


def read_stages(workspace: Workspace, paths: Sequence[str], read: Read[R]) -> list[R]:
    """Make every pass; results come pass by pass, in order of path."""
    results = _sorted(read(STAGES[0], paths, frozenset()))
    built = _together(results)
    # What could not be read the first time is not tried again.
    sound = [result.path for result in results if not result.incomplete]
    for stage in STAGES[1:-1]:
        found = _sorted(read(stage, sound, built))
        built |= _together(found)
        results += found
    names = {u.name for r in results for u in r.unbuilt}
    if names:
        wanted = frozenset((r.path, u.qualname) for r in results for u in r.unbuilt)
        places = _naming(workspace, {r.path for r in results if r.unbuilt}, names)
        results += _sorted(read(STAGES[-1], places, wanted))
    return settled(results)


def settled(results: Sequence[R]) -> list[R]:
    """Return the results of all passes, each without the classes that another found to be built,
    and those that would be read with another one."""
    built = _together(results)
    left = [_without(result, built) for result in results]
    parts = _parts(left)
    return [_without(result, parts) for result in left]


def _sorted(results: Iterable[R]) -> list[R]:
    return sorted(results, key=lambda result: result.path)


def _together(results: Iterable[Staged]) -> Built:
    return Built().union(*(result.built for result in results))


def _naming(workspace: Workspace, own: set[str], wanted: Iterable[str]) -> list[str]:
    """Return the tests and documents that name one of the classes, and the files of the classes,
    whose docstrings may show how to build them."""
    pattern = re.compile(rb"\b(?:" + b"|".join(re.escape(w.encode()) for w in wanted) + rb")\b")
    candidates = set(workspace.candidates)
    tests = [path for path in workspace.files if path not in candidates]
    found: list[str] = []
    for path in [*workspace.documents, *tests, *sorted(own)]:
        try:
            content = read_regular(path)
        except SourceError:
            continue
        shows = path not in own or b">>>" in content or b"```" in content
        if shows and pattern.search(content):
            found.append(path)
    return sorted(found)[:_MAX_SHOWN]


def _parts(results: Iterable[Staged]) -> Built:
    """Return the classes that would be read with another one that nothing builds."""
    left = {(r.path, u.qualname): u for r in results for u in r.unbuilt}
    return frozenset(
        part
        for own, whole in left.items()
        for part in whole.parts & left.keys()
        if own not in left[part].parts
    )


def _without(result: R, built: Built) -> R:
    """Drop the classes that are built after all."""
    left = tuple(u for u in result.unbuilt if u.hint and (result.path, u.qualname) not in built)
    if left == result.unbuilt:
        return result
    changed: Any = replace(cast("Any", result), unbuilt=left)
    return changed
