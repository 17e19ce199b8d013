"""A workspace that stays read while its files are being edited: what an editor's server asks.

Results are kept file by file and pass by pass, each with the files that it rests on. A change
drops what rests on the changed file; everything else is told from memory. What comes out equals
what a cold `check` of the same texts gives.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from hwlint.engine.analysis import Analyst, FileResult, Job, Watch
from hwlint.engine.config import Config
from hwlint.engine.coverage import Coverage, cover
from hwlint.engine.findings import Diagnostic, collect
from hwlint.engine.focus import Focus, exchanged, stands_on, unchanged
from hwlint.engine.live_passes import LivePasses, Setup, Stopped, never
from hwlint.engine.pool import Built
from hwlint.engine.registry import discover_rules, select_rules
from hwlint.engine.run import Options, Passes, idle, prepare
from hwlint.engine.stages import read_stages, settled
from hwlint.engine.suppress import Suppressions
from hwlint.engine.targets import Target
from hwlint.engine.workspace import imported_words
from hwlint.graph import EntryPoint, ModelGraph
from hwlint.reader import STAGES
from hwlint.source import SourceError, lay_over, read_regular, read_source

__all__ = ["LiveResult", "LiveWorkspace", "Stopped"]

T = TypeVar("T")


@dataclass(frozen=True)
class LiveResult:
    """What holds in a workspace at one moment."""

    findings: tuple[Diagnostic, ...]
    coverage: Coverage
    targets: tuple[Target, ...]
    config: Config
    results: tuple[FileResult, ...]
    focus: Focus | None = None
    """Only this way of building was read; what is told of others is of the text before."""
    remembered: bool = False
    """Nothing was read: that is what earlier runs found, as far as it still holds. No views."""


class LiveWorkspace:
    """One workspace in one process; not thread-safe."""

    def __init__(self, root: Path, options: Options, watch: Watch | None = None) -> None:
        """Read nothing yet. `watch`: see `Analyst`."""
        self.root = root
        self._options = options
        self._watch = watch
        self._setup: Setup | None = None
        self._passes: Passes | None = None
        self._words: dict[str, tuple[frozenset[bytes], frozenset[str]]] = {}
        self._loose: set[str] = set()
        self._counts: dict[str, int] = {}
        self._moved: set[str] = set()
        """Files whose lines may stand elsewhere than when all was read last."""
        self._laid: dict[str, bytes] = {}
        """What editors have."""
        self._before: dict[str, bytes] = {}
        """The same when all was read last."""
        self._stop: Callable[[], bool] = never

    def lay(self, path: str, content: bytes | None, *, loose: bool = False) -> None:
        """Take a file's content from an editor; None: from the disk again. `loose`: the document
        is no file, and is read by itself."""
        if content is not None and self._laid.get(path) == content:
            return
        self._remember_words(path)
        lay_over(path, content)
        if loose:
            self._loose.add(path)
        if content is None:
            self._loose.discard(path)
            self._laid.pop(path, None)
        else:
            self._laid[path] = content
        before, now = self._counts.get(path), -1 if content is None else content.count(b"\n")
        self._counts[path] = now
        self._changed((path,))
        if before != now:
            self._moved.add(path)

    def changed(self, paths: Iterable[str]) -> None:
        """Files have other content than before."""
        touched = tuple(paths)
        self._moved.update(touched)
        self._changed(touched)

    def _changed(self, paths: Iterable[str]) -> None:
        self._passes = None
        setup = self._setup
        if setup is None:
            return
        touched = set(paths)
        setup.touched |= touched
        if any(self._is_new(path, setup) for path in touched):
            self._setup = None
            return
        if setup.analyst is not None and not all(map(setup.analyst.update, sorted(touched))):
            setup.analyst = None
        stale = [key for key, r in setup.kept.items() if not touched.isdisjoint(r.files)]
        for key in stale:
            del setup.kept[key]

    def relist(self) -> None:
        """Files came or went, or the configuration changed."""
        self._setup = self._passes = None

    def set_options(self, options: Options) -> None:
        """Ask for other devices, rules or another interpreter."""
        self._options = options
        self._setup = self._passes = None

    def survey(self) -> "tuple[Job, Passes, frozenset[str]] | None":
        """Return what the last check rests on: the job, all passes, the files of the workspace;
        None where something has changed since."""
        if self._setup is None or self._passes is None:
            return None
        return self._setup.job, dict(self._passes), frozenset(self._setup.workspace.files)

    def again(
        self,
        meant: Callable[[EntryPoint], bool],
        made: Callable[[tuple[Target, ...]], Callable[[ModelGraph], T]],
    ) -> T | None:
        """Read one way of building again that the last check met, and return what `made`, given
        the targets, makes of its graph; None where something has changed since, or it met none."""
        setup = self._setup
        if setup is None or self._passes is None:
            return None
        for (stage, path), (built, result) in self._passes.items():
            entry = next((entry.entry for entry in result.entries if meant(entry.entry)), None)
            if entry is not None:
                self._stop = never
                show = made(setup.job.targets)
                return self._analyst(setup).again(stage, path, built, entry, show)
        return None

    def check(
        self,
        first: str | None = None,
        stop: Callable[[], bool] = never,
        early: Callable[[LiveResult], None] | None = None,
        focus: Focus | None = None,
    ) -> LiveResult:
        """Read what is not known, the file `first` before others, and let the rules look.

        `early` is given what holds for `first`, as far as can be said before all other files are
        read; and before that, what holds for the way of building `focus`, see `LiveResult`, or
        where nothing is known yet for the first one of the file.
        Raises `Stopped` when `stop` says so, and `UserError` for a configuration that is
        wrong.
        """
        setup = self._setup = self._setup or self._prepare()
        self._stop = stop
        read = LivePasses(setup, self._analyst, first, stop)
        candidates = [*setup.workspace.candidates, *sorted(self._loose)]
        if early is not None and first in candidates and not setup.recalled:
            known = self._remembered(setup, first, early)
            if not known and not setup.last:
                self._glanced(setup, read, first, early)
        if early is not None and focus is not None:
            self._focused(setup, read, focus, early)
        if early is not None and first in candidates and len(candidates) > 1:
            passes = self._ahead(setup, read, first)
            if passes:
                if not setup.last:
                    setup.near = dict(read.passes)
                    self._all_read()
                early(self._told(setup, passes))

        def reads(stage: str, paths: Sequence[str], built: Built) -> Iterator[FileResult]:
            if stage == STAGES[-1] and not read.knows_all(paths, built):
                self._passes = {**_shown(setup.last), **read.passes}
                if early is not None:
                    early(self._told(setup, self._before_shown(setup, read), candidates))
            return read(stage, paths, built)

        results = read_stages(setup.workspace, candidates, reads)
        self._passes, setup.last = read.passes, dict(read.passes)
        self._all_read()
        self._remember_words()
        return self._told(setup, results, candidates)

    def _all_read(self) -> None:
        """Count changes from here on."""
        self._moved.clear()
        self._before = dict(self._laid)

    def _remembered(self, setup: Setup, first: str, early: Callable[[LiveResult], None]) -> bool:
        """Tell what earlier runs found, an editor's or those of `check`, if any of it concerns
        `first`; say whether it does."""
        from hwlint.engine.remembering import recalled  # noqa: PLC0415 - once a workspace

        setup.recalled = True
        try:
            results = recalled(setup.workspace, setup.job, setup.touched)
        except Exception:  # noqa: BLE001 - whatever a broken cache raises, nothing is known
            return False
        known = any(_concerns(result, first) for result in results)
        if known:
            early(replace(self._told(setup, results), remembered=True))
        return known

    def _glanced(
        self, setup: Setup, read: LivePasses, first: str, early: Callable[[LiveResult], None]
    ) -> None:
        """Where nothing is known yet, tell of one way of building of `first` before all others."""
        result = read.foremost(first)
        if result is not None and result.entries:
            entry = result.entries[-1].entry
            told = self._told(setup, [replace(result, unbuilt=())])
            early(replace(told, focus=Focus(entry.path, entry.name, entry.kind)))

    def keep_for_later(self) -> None:
        """Write what the first whole check found to the cache on the disk, for the next editor and
        for `check`."""
        setup = self._setup
        if setup is None or self._passes is None or setup.kept_for_later or self._loose:
            return
        from hwlint.engine.remembering import kept  # noqa: PLC0415 - once a workspace

        setup.kept_for_later = True
        with contextlib.suppress(Exception):  # a cache that cannot be written is none
            kept(setup.workspace, setup.job, setup.touched, self._passes)

    def _analyst(self, setup: Setup) -> Analyst:
        setup.analyst = setup.analyst or Analyst(setup.job, self._watch, self._heard)
        return setup.analyst

    def _heard(self) -> None:
        if self._stop():
            raise Stopped

    def _focused(
        self,
        setup: Setup,
        read: "LivePasses",
        focus: Focus,
        early: Callable[[LiveResult], None],
    ) -> None:
        """Read one way of building before the others of its pass, and tell of it. Not where that is
        not sooner, nor where lines have moved: what is told of the others would stand elsewhere."""
        last = setup.last or setup.near
        met = [
            (key, built, number)
            for key, (built, result) in last.items()
            for number, entry in enumerate(result.entries)
            if key[0] != STAGES[-1] and focus.means(entry.entry)
        ]
        if len(met) != 1 or self._moved:
            return
        key, built, number = met[0]
        known = last[key][1]
        if len(known.entries) == 1 or read.knows(*key, built):
            return
        fresh = read.once(known.entries[number].entry)
        if fresh is None:
            return
        lines = {path: self._changed_lines(path) for path in self._laid}
        now = {k: unchanged(r, lines) for k, (_, r) in last.items()}
        now[key] = exchanged(now[key], number, fresh)
        files = setup.workspace.candidates if setup.last else ()
        told = self._told(setup, settled(list(now.values())), files)
        # A comment on a line that has changed silences what is not known yet.
        kept = [d for d in told.findings if d.code != "HW003" or not stands_on(d.anchor, lines)]
        early(replace(told, findings=tuple(kept), focus=focus))

    def _changed_lines(self, path: str) -> frozenset[int]:
        before, now = self._before.get(path, b""), self._laid[path]
        if before == now:
            return frozenset()
        pairs = zip(before.splitlines(), now.splitlines(), strict=False)
        return frozenset(number for number, (old, new) in enumerate(pairs) if old != new)

    def _before_shown(self, setup: Setup, read: "LivePasses") -> list[FileResult]:
        """What is known before tests and documents are read: they give contexts and no findings.
        What they gave last stands in for it as long as no line has moved."""
        results = [result for _, result in read.passes.values()]
        shown = [result for _, result in _shown(setup.last).values()]
        if shown and self._moved.isdisjoint(path for result in shown for path in result.files):
            return settled([*results, *shown])
        return [replace(result, unbuilt=()) for result in settled(results)]

    def _ahead(self, setup: Setup, read: "LivePasses", first: str) -> list[FileResult]:
        """Read one file before all others; empty where that is not sooner."""
        if not setup.last:
            near = sorted({first, *self._near(setup, first)})
            fewer = len(near) < len(setup.workspace.candidates) // 2
            return read_stages(setup.workspace, near, read) if fewer else []
        stale, known = dict[tuple[str, str], Built](), list[FileResult]()
        for (stage, path), (built, result) in setup.last.items():
            if stage == STAGES[-1] or read.knows(stage, path, built):
                known.append(result)
            else:
                stale[stage, path] = built
        near = [key for key in stale if _concerns(setup.last[key][1], first)]
        if len(near) == len(stale):
            return []
        again = [r for stage, path in near for r in read(stage, [path], stale[stage, path])]
        return settled([*known, *again])

    def _near(self, setup: Setup, first: str) -> Iterator[str]:
        """Yield the files that can build what a file defines: they import it by some name."""
        try:
            source = read_source(first)
        except SourceError:
            return
        names = {s.name.encode() for s in source.segments if s.name} | {Path(first).stem.encode()}
        self._remember_words()
        for path in setup.workspace.candidates:
            words, _ = self._words.get(path, (frozenset[bytes](), None))
            if not names.isdisjoint(words):
                yield path

    def _told(
        self, setup: Setup, results: Sequence[FileResult], candidates: Sequence[str] = ()
    ) -> LiveResult:
        """Say what follows from the results of passes. `candidates`: the files of which all passes
        are there, so that a comment can be said to silence nothing."""
        config = setup.config
        owned = frozenset((*setup.workspace.files, *self._loose))
        active = select_rules(discover_rules(), config.select, config.ignore)
        found = collect(results, setup.job.rules, config, owned)
        suppressions = Suppressions()
        kept = tuple(d for d in found if d.code in active and not suppressions.cover(d))
        kept += idle(suppressions, candidates, results, config, active)
        return LiveResult(
            kept, cover(results, lambda _: True), setup.job.targets, config, tuple(results)
        )

    def _prepare(self) -> Setup:
        # An editor has the cells of a notebook as documents of their own.
        options = replace(self._options, notebooks=False)
        self._words.clear()
        return Setup(*prepare(self.root, (), options, discover_rules()))

    def _remember_words(self, *paths: str) -> None:
        """Look at files before they change, all of the workspace's where none is named: not before
        the first findings are there, unless somebody changes one sooner."""
        setup = self._setup
        if setup is None:
            return
        for path in paths or setup.workspace.files:
            if path not in self._words and path in setup.workspace.digests:
                self._words[path] = _words(path, setup.job)

    def _is_new(self, path: str, setup: Setup) -> bool:
        """Whether a change can make other files part of the reading than before."""
        if path in self._loose:
            return False
        if not path.endswith((".py", ".pyi")):
            return path in setup.workspace.settings or path in setup.workspace.documents
        if path not in self._words:  # it is new, or nobody has looked at it before it changed
            return Path(path).is_relative_to(self.root)
        before, self._words[path] = self._words[path], _words(path, setup.job)
        return before != self._words[path]


def _shown(passes: Passes) -> Passes:
    """Return the passes over tests and documents."""
    return {key: found for key, found in passes.items() if key[0] == STAGES[-1]}


def _concerns(result: FileResult, path: str) -> bool:
    """Say whether a pass can bring findings in a file."""
    places = (place for entry in result.entries for place in entry.places)
    return result.path == path or any(place.path == path for place in places)


def _words(path: str, job: Job) -> tuple[frozenset[bytes], frozenset[str]]:
    """What decides whether a file can have to do with torch, and what rules ask of a workspace."""
    try:
        content = read_regular(path)
    except SourceError:
        return frozenset(), frozenset()
    asked = ("torch", "timm", "transformers", *(w for rule in job.rules for w in rule.words))
    return imported_words(content), frozenset(w for w in asked if w.encode() in content)
