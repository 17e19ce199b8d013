"""Fixing what a check found: one fix after the other, each proved on top of those before it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hwlint.api import Fix
from hwlint.engine.findings import Diagnostic, collect
from hwlint.engine.run import CheckResult, Options, Survey, judge, surveyed, together
from hwlint.engine.stages import settled
from hwlint.fix.bench import Bench
from hwlint.fix.working import Proved, prove_fix
from hwlint.source import SourceError, overlaid, read_regular
from hwlint.source.edits import move
from hwlint.source.spans import Place

__all__ = ["Made", "Mended", "mend", "show"]

_MOST_ROUNDS = 10
"""A fix may make room for another; each round looks again at files that changed in the last."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """A fix that was made, at the place and in the words of the finding before it."""

    found: Diagnostic
    fix: Fix
    """Its edits are of the text as it stood when its turn came."""


@dataclass
class Mended:
    """What fixing came to, in memory: nothing was written."""

    result: CheckResult
    """What was found before."""
    root: Path
    made: list[Made] = field(default_factory=list[Made])
    before: dict[str, bytes] = field(default_factory=dict[str, bytes])
    after: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Contents of the files that change, by path."""
    hidden: int = 0
    """Findings that a fix would mend which changes parameters or numerics."""


def mend(
    paths: Sequence[Path],
    options: Options,
    *,
    unsafe: bool,
    progress: Progress | None = None,
) -> list[Mended]:
    """Check workspaces and fix in memory what can be fixed; `unsafe`: also what changes parameters
    or numerics."""
    reads = surveyed(paths, replace(options, tracked=True), progress)
    return [_Session(read, progress, unsafe=unsafe).run() for read in reads]


def show(
    paths: Sequence[Path], options: Options, *, unsafe: bool, progress: Progress | None = None
) -> CheckResult:
    """Check workspaces and give each finding the fix that would mend it alone."""
    results: list[CheckResult] = []
    for read in surveyed(paths, replace(options, tracked=True), progress):
        bench, result = _bench(read), judge(read)
        fixed: list[Diagnostic] = []
        for found in result.findings:
            proved = prove_fix(bench, found, unsafe=unsafe)
            fixed.append(found if proved is None else replace(found, fix=proved.fix))
        results.append(replace(result, findings=tuple(fixed)))
    return together(results)


def _bench(read: Survey) -> Bench:
    return Bench(read.job, read.passes, frozenset(read.workspace.files))


class _Session:
    """One workspace."""

    def __init__(self, read: Survey, progress: Progress | None, *, unsafe: bool) -> None:
        self._read = read
        self._bench = _bench(read)
        self._unsafe = unsafe
        self._progress = progress
        self._mended = Mended(judge(read), read.workspace.root)

    def run(self) -> Mended:
        """Make rounds until one changes nothing."""
        result, changed = self._mended.result, None
        for _ in range(_MOST_ROUNDS):
            changed = self._round(result.findings, changed)
            if not changed:
                break
            with overlaid(self._bench.contents):
                result = judge(self._read)
        if not self._unsafe:
            self._mended.hidden = self._hidden(result.findings)
        self._mended.after = {
            path: content
            for path, content in self._bench.contents.items()
            if content != self._mended.before[path]
        }
        return self._mended

    def _round(self, findings: Iterable[Diagnostic], changed: set[str] | None) -> set[str]:
        """Go over the findings file by file, in round two and later only over those that may be
        others; returns the files whose reading changed."""
        by_path: dict[str, list[Diagnostic]] = {}
        for found in findings:
            if found.changes and (changed is None or found.anchor.path in changed):
                by_path.setdefault(found.anchor.path, []).append(found)
        touched: set[str] = set()
        for number, path in enumerate(sorted(by_path)):
            if self._progress is not None:
                self._progress(number, len(by_path))
            touched |= self._file(path, by_path[path], touched)
            self._bench.forget()
        return touched

    def _file(self, path: str, findings: list[Diagnostic], touched: set[str]) -> set[str]:
        """Fix the findings of one file; returns the files that changed and those that read them."""
        wanted = {(d.code, d.anchor) for d in findings}
        found = findings if path not in touched else self._again(path, wanted)
        changed: set[str] = set()
        while found:
            first, *found = found
            proved = prove_fix(self._bench, first, unsafe=self._unsafe)
            wanted.discard((first.code, first.anchor))
            if proved is None:
                continue
            wanted = {(code, self._moved(place, proved)) for code, place in wanted}
            self._accept(first, proved)
            files = {edit.place.path for edit in proved.fix.edits}
            changed |= files | {key[1] for key in self._bench.dependents(files)}
            found = self._again(path, wanted)
        return changed

    def _again(self, path: str, wanted: set[tuple[str, Place]]) -> list[Diagnostic]:
        """Return those of the findings of a file that still hold, as they stand now."""
        results = [self._bench.passes[key][1] for key in self._bench.dependents([path])]
        with overlaid(self._bench.contents):
            owned = frozenset(self._read.workspace.files)
            every = collect(settled(results), self._read.job.rules, self._read.config, owned)
        return [d for d in every if (d.code, d.anchor) in wanted]

    def _moved(self, place: Place, proved: Proved) -> Place:
        source = self._bench.source(place.path)
        return place if source is None else move(place, source.text, proved.fix.edits)

    def _accept(self, found: Diagnostic, proved: Proved) -> None:
        for path in {edit.place.path for edit in proved.fix.edits} - set(self._mended.before):
            self._mended.before[path] = _content(path)
        self._bench.accept(proved.trial)
        self._mended.made.append(Made(found, proved.fix))

    def _hidden(self, findings: Iterable[Diagnostic]) -> int:
        number = 0
        for found in findings:
            if found.changes and prove_fix(self._bench, found) is not None:
                number += 1
        return number


def _content(path: str) -> bytes:
    try:
        return read_regular(path)
    except SourceError:
        return b""
