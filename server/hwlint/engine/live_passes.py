"""The passes of a workspace that stays read: from memory where nothing has changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hwlint.engine.analysis import Analyst, FileResult, Job
from hwlint.engine.config import Config
from hwlint.engine.passes import PassNames
from hwlint.engine.pool import Built
from hwlint.engine.run import Passes
from hwlint.engine.workspace import Workspace
from hwlint.graph import EntryPoint
from hwlint.reader import STAGES

__all__ = ["LivePasses", "Setup", "Stopped", "never"]


class Stopped(Exception):
    """Something newer came in; what was read so far is kept."""


def never() -> bool:
    """Say that nothing is to stop."""
    return False


@dataclass
class Setup:
    """What stays the same until the configuration or the list of files changes."""

    config: Config
    workspace: Workspace
    job: Job
    analyst: Analyst | None = None
    kept: dict[tuple[str, str], FileResult] = field(
        default_factory=dict[tuple[str, str], FileResult]
    )
    last: Passes = field(default_factory=Passes)
    """All passes of the last whole check, those of files that have changed since too."""
    near: Passes = field(default_factory=Passes)
    """Those of the file in front, as long as not all has been read once."""
    recalled: bool = False
    """Whether it was asked what earlier runs found."""
    touched: set[str] = field(default_factory=set[str])
    """Files that have changed since the workspace was looked through."""
    kept_for_later: bool = False
    """Whether what was found is in the cache on the disk."""


class LivePasses:
    """Makes the passes of one check, from memory where nothing has changed."""

    def __init__(
        self,
        setup: Setup,
        analyst: Callable[[Setup], Analyst],
        first: str | None,
        stop: Callable[[], bool],
    ) -> None:
        self._setup = setup
        self._analyst = analyst
        self._first = first
        self._stop = stop
        self.passes: Passes = {}
        self._names = PassNames()

    def knows(self, stage: str, path: str, built: Built) -> bool:
        """Say whether a pass need not be made."""
        return (path, self._names(path, stage, built)) in self._setup.kept

    def knows_all(self, paths: Sequence[str], built: Built) -> bool:
        """Say whether no test or document need be read."""
        return all(self.knows(STAGES[-1], path, built) for path in paths)

    def __call__(self, stage: str, paths: Sequence[str], built: Built) -> Iterator[FileResult]:
        """Yield what a pass brings, the file in front before the others. Raises `Stopped`."""
        for path in sorted(paths, key=lambda path: path != self._first):
            key = (path, self._names(path, stage, built))
            result = self._setup.kept.get(key)
            if result is None:
                if self._stop():
                    raise Stopped
                result = self._visit(stage, path, built)
                if not result.incomplete:  # nobody knows which files it rests on
                    self._setup.kept[key] = result
            self.passes[stage, path] = built, result
            yield result

    def once(self, entry: EntryPoint) -> FileResult | None:
        """Read one way of building by itself; None where that cannot be."""
        return self._alone(lambda analyst: analyst.once(entry))

    def foremost(self, path: str) -> FileResult | None:
        """Read the first way of building of a file; None where that cannot be."""
        return self._alone(lambda analyst: analyst.foremost(path))

    def _alone(self, read: Callable[[Analyst], FileResult | None]) -> FileResult | None:
        try:
            return read(self._analyst(self._setup))
        except Stopped:
            raise
        except Exception:  # noqa: BLE001 - the pass over its file will say what is wrong
            self._setup.analyst = None
            return None

    def _visit(self, stage: str, path: str, built: Built) -> FileResult:
        setup = self._setup
        try:
            return self._analyst(setup).visit(stage, path, built)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - whatever goes wrong costs this file only
            setup.analyst = None  # what it remembers may be half made
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            return setup.job.failed(path, reason)
