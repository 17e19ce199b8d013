"""What earlier runs found in a workspace, for an editor that has only just opened it.

The cache is that of `check`: either finds what the other has left.
"""

from collections.abc import Collection
from dataclasses import replace

from hwlint.engine.analysis import FileResult, Job
from hwlint.engine.cache import Cache
from hwlint.engine.pool import Built
from hwlint.engine.run import Passes
from hwlint.engine.stages import settled
from hwlint.engine.workspace import Workspace
from hwlint.reader import STAGES

__all__ = ["kept", "recalled"]


def recalled(workspace: Workspace, job: Job, touched: Collection[str]) -> list[FileResult]:
    """Return what is known of a workspace without reading a model: the results that rest on nothing
    that has changed. What nothing builds is left out, as not all may be there.

    `touched`: files that may have changed since the workspace was looked through.
    """
    cache = _opened(workspace, job, touched)
    results: list[FileResult] = []
    built: Built = frozenset()
    for stage in STAGES[:-1]:
        found = [cache.get(path, stage, built) for path in workspace.candidates]
        results += [result for result in found if result is not None]
        built = built.union(*(result.built for result in results))
    return [replace(result, unbuilt=()) for result in settled(results)]


def kept(workspace: Workspace, job: Job, touched: Collection[str], passes: Passes) -> None:
    """Write what was read to the cache, without what only an editor makes of a graph."""
    cache = _opened(workspace, job, touched)
    for (stage, path), (built, result) in passes.items():
        if cache.get(path, stage, built) is None:
            entries = tuple([replace(entry, view=None) for entry in result.entries])
            cache.put(replace(result, entries=entries), stage, built)
    cache.save()


def _opened(workspace: Workspace, job: Job, touched: Collection[str]) -> Cache:
    known = {p: d for p, d in workspace.digests.items() if p not in touched}
    return Cache(replace(workspace, digests=known), job)
