"""`check`: read a workspace, let the rules look, and say what holds."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hwlint.api import Rule
from hwlint.engine.analysis import FileResult, Job
from hwlint.engine.baseline import Compared, compare, read_baseline, without
from hwlint.engine.config import Config, load_config
from hwlint.engine.coverage import Coverage, cover
from hwlint.engine.errors import UserError
from hwlint.engine.findings import Diagnostic, collect, finish, order
from hwlint.engine.inputs import configured_inputs
from hwlint.engine.pool import KILL_AFTER, Built, Pool
from hwlint.engine.registry import UNREAD, UNUSED, discover_rules, select_rules
from hwlint.engine.stages import read_stages, settled
from hwlint.engine.suppress import Suppressions, unused_suppressions
from hwlint.engine.targets import find_targets, with_budgets
from hwlint.engine.workspace import Workspace, index, workspaces
from hwlint.graph import Missing
from hwlint.reader import STAGES, ForwardOptions, ReadOptions
from hwlint.reader.environment import site_packages_of
from hwlint.source import is_laid_over

if TYPE_CHECKING:
    from hwlint.engine.cache import Cache

__all__ = [
    "CheckResult",
    "Incomplete",
    "Options",
    "Survey",
    "check",
    "configure",
    "idle",
    "judge",
    "prepare",
    "processes",
    "read_options",
    "silent",
    "survey",
    "surveyed",
    "together",
    "workspaces",
]

_SERIAL_BELOW = 8
"""Files; under this a second process costs more than it saves."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What the user asked for on top of the configuration; None leaves it as configured."""

    devices: tuple[str, ...] | None = None
    dtype: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    python: Path | None = None
    root: Path | None = None
    min_coverage: float | None = None
    fail_on: str | None = None
    jobs: int | None = None
    cache: bool = True
    baseline: Path | None = None
    """Findings that this file knows are left out."""
    kill_after: float = KILL_AFTER
    baseline_commit: str | None = None
    """A commit of git: what it holds already is left out."""
    force_exclude: bool = False
    """Leave out what the configuration or a .gitignore leaves out, also where a path names it."""
    notebooks: bool = True
    config: Config | None = None
    """In place of what stands in the workspace."""
    tracked: bool = False
    """Let results say which files they rest on, also without the cache."""


@dataclass(frozen=True)
class Incomplete:
    """A file whose reading ended before its end."""

    path: str
    reason: str
    trace: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What a check of one or more workspaces came to."""

    findings: tuple[Diagnostic, ...]
    coverage: Coverage
    targets: tuple[tuple[str, str], ...]
    """Device and dtype."""
    configs: tuple[Config, ...]
    files: int
    """Files looked at, of those that were asked about."""
    suppressed: int = 0
    incomplete: tuple[Incomplete, ...] = ()
    notes: tuple[Missing, ...] = ()
    """What else could not be done, each with its place."""
    failing: bool = False
    """There is a finding at or above `fail-on`."""
    uncovered: float | None = None
    """The least coverage that was asked for, where it was not reached."""
    unread: bool = False
    """A configured model could not be read, or its budget not be judged."""
    known: int = 0
    """Findings that the baseline knows."""
    stale: tuple[str, ...] = ()
    """What entries of the baseline are about that no finding has any more."""
    fixed: tuple[Diagnostic, ...] = ()
    """What was found and fixed, each with its fix."""
    hidden: int = 0
    """Findings with a fix that changes parameters or numerics, which nobody asked for."""
    unwritten: tuple[Incomplete, ...] = ()
    """Files that were to be fixed and could not be written."""


def check(paths: Sequence[Path], options: Options, progress: Progress | None = None) -> CheckResult:
    """Check the workspaces that hold the paths and report what concerns the paths."""
    return together([judge(read) for read in surveyed(paths, options, progress)])


def surveyed(
    paths: Sequence[Path], options: Options, progress: Progress | None = None
) -> "Iterator[Survey]":
    """Yield a survey of each workspace that holds some of the paths."""
    for path in paths:
        if not path.exists() and not is_laid_over(str(path)):
            raise UserError(f"{path}: no such file or folder")
    rules = discover_rules()
    for root, chosen in workspaces(paths, options.root).items():
        yield survey(root, chosen, options, rules, progress)


def configure(root: Path, options: Options) -> Config:
    """Read the workspace's configuration and lay the command line's wishes over it."""
    config = options.config or load_config(root)
    wishes = {
        "devices": options.devices,
        "dtype": options.dtype,
        "select": options.select,
        "ignore": (*config.ignore, *options.ignore) if options.ignore else None,
        "python": options.python,
        "min_coverage": options.min_coverage,
        "fail_on": options.fail_on,
    }
    given = {name: value for name, value in wishes.items() if value is not None}
    origins = {name: where for name, where in config.origins.items() if name not in given}
    # Every value has the type of the field that it is named after.
    return replace(config, **given, origins=origins, given=frozenset(given))  # pyright: ignore[reportArgumentType]


def read_options(workspace: Workspace, config: Config) -> ReadOptions:
    """Say where the reader finds the workspace's modules and the user's packages."""
    if config.python is not None and not config.python.exists():
        raise UserError(f"{config.where('python')}: {config.python}: no such interpreter")
    return ReadOptions(
        root=workspace.root,
        import_roots=tuple(dict.fromkeys((*config.src, *workspace.import_roots))),
        site_packages=site_packages_of(config.python, workspace.root),
        models={name: model.args for name, model in config.models.items()},
        settings=workspace.settings,
        documents=workspace.documents,
        forward=ForwardOptions(
            image=config.image_size,
            batch=config.batch,
            training=config.mode == "training",
            by_model={
                name: configured_inputs(model.inputs, model.batch)
                for name, model in config.models.items()
            },
        ),
    )


def prepare(
    root: Path, chosen: tuple[Path, ...], options: Options, rules: tuple[type[Rule], ...]
) -> tuple[Config, Workspace, Job]:
    """Read the configuration of a workspace, list its files, and say what is to be done."""
    config = with_budgets(configure(root, options), root)
    active = select_rules(rules, config.select, config.ignore)
    targets = find_targets(config, root)
    running = tuple(rule for rule in rules if rule.code in active)
    words = frozenset(word for rule in running for word in rule.words)
    nested = options.root is not None
    named = () if options.force_exclude else chosen
    workspace = index(
        root, named, config.exclude, words, nested=nested, notebooks=options.notebooks
    )
    reading = read_options(workspace, config)
    job = Job(root, reading, targets, running, config.budgets, workspace.words)
    return config, workspace, job


Passes = dict[tuple[str, str], tuple[Built, FileResult]]
"""By stage and path: what was known to be built, and what the pass brought."""


@dataclass
class Survey:
    """A workspace as it was read, before anything is said of it."""

    chosen: tuple[Path, ...]
    """What the user asked about."""
    options: Options
    config: Config
    workspace: Workspace
    job: Job
    active: frozenset[str]
    """The codes that are on."""
    passes: Passes
    before: frozenset[str] = frozenset()
    """Fingerprints of what the commit holds already that a run compares with."""

    @property
    def results(self) -> list[FileResult]:
        """What all passes brought."""
        order = sorted(self.passes, key=lambda key: (STAGES.index(key[0]), key[1]))
        return settled([self.passes[key][1] for key in order])


def survey(
    root: Path,
    chosen: tuple[Path, ...],
    options: Options,
    rules: tuple[type[Rule], ...],
    progress: Progress | None,
) -> Survey:
    """Read a workspace and let the rules look."""
    config, workspace, job = prepare(root, chosen, options, rules)
    active = select_rules(rules, config.select, config.ignore)
    job = replace(job, tracked=options.cache or options.tracked)
    passes: Passes = {}
    read_all(workspace, job, options, progress, passes)
    before = frozenset[str]()
    if options.baseline_commit is not None:
        # A run that asks for no commit starts faster, and never starts git.
        from hwlint.engine.commits import found_in  # noqa: PLC0415

        before = found_in(options.baseline_commit, root, config, options)
    return Survey(chosen, options, config, workspace, job, active, passes, before)


def judge(read: Survey) -> CheckResult:
    """Say what holds in a workspace."""
    config, workspace, job, active = read.config, read.workspace, read.job, read.active
    results = read.results
    found = collect(results, job.rules, config, frozenset(workspace.files))
    shown = _Shown(read.chosen)
    asked = [d for d in found if d.code in active and shown(d.anchor.path)]
    suppressions = Suppressions()
    kept = tuple(d for d in asked if not suppressions.cover(d))
    suppressed = len(asked) - len(kept)
    kept += idle(suppressions, filter(shown, workspace.candidates), results, config, active)
    beside = Compared(kept, 0, ())
    if read.options.baseline_commit is not None:
        beside = without(read.before, kept, read.workspace.root)
    if read.options.baseline is not None:
        beside = _beside(read.options.baseline, kept, filter(shown, workspace.files))
    return _graded(
        CheckResult(
            beside.new,
            cover(results, shown),
            tuple((t.profile.id, t.dtype) for t in job.targets),
            (config,),
            sum(map(shown, workspace.candidates)),
            suppressed,
            _incomplete(results, workspace, shown),
            _notes(results, shown),
            known=beside.known,
            stale=beside.stale,
        ),
        config,
    )


def idle(
    suppressions: Suppressions,
    paths: Iterable[str],
    results: Sequence[FileResult],
    config: Config,
    active: frozenset[str],
) -> tuple[Diagnostic, ...]:
    """Say which suppressions silence nothing; silent where the command line chose other devices
    than the configuration, which the comments may be meant for."""
    if UNUSED not in active or "devices" in config.given:
        return ()
    return finish(unused_suppressions(suppressions, paths, results, active), config)


def _beside(file: Path, found: tuple[Diagnostic, ...], looked_at: Iterable[str]) -> Compared:
    """Set findings beside the baseline."""
    root = file.resolve().parent
    inside = (Path(path) for path in looked_at)
    names = frozenset(p.relative_to(root).as_posix() for p in inside if p.is_relative_to(root))
    return compare(read_baseline(file), found, root, names)


class _Shown:
    """Whether a file is among those that the user asked about."""

    def __init__(self, chosen: tuple[Path, ...]) -> None:
        self._exact = frozenset(map(str, chosen))
        self._below = tuple(f"{path}{os.sep}" for path in chosen if path.is_dir())

    def __call__(self, path: str) -> bool:
        return path in self._exact or path.startswith(self._below)


def _graded(result: CheckResult, config: Config) -> CheckResult:
    levels = ("info", "warning", "error")
    bar = levels.index(config.fail_on)
    failing = any(levels.index(d.severity) >= bar for d in result.findings)
    least = config.min_coverage
    uncovered = least if least is not None and result.coverage.percent < least else None
    unread = any(d.code == UNREAD for d in result.findings)
    return replace(result, failing=failing, uncovered=uncovered, unread=unread)


def _incomplete(
    results: Sequence[FileResult], workspace: Workspace, shown: Callable[[str], bool]
) -> tuple[Incomplete, ...]:
    found = [Incomplete(r.path, r.incomplete, r.trace) for r in results if r.incomplete]
    found += [Incomplete(path, reason) for path, reason in workspace.unreadable]
    return tuple(sorted((i for i in found if shown(i.path)), key=lambda i: i.path))


def _notes(results: Sequence[FileResult], shown: Callable[[str], bool]) -> tuple[Missing, ...]:
    notes = dict.fromkeys(note for result in results for note in result.notes)
    return tuple(note for note in notes if note.place is not None and shown(note.place.path))


def silent(done: int, total: int) -> None:
    """Say nothing of how far the run is."""


def read_all(
    workspace: Workspace,
    job: Job,
    options: Options,
    progress: Progress | None = None,
    passes: Passes | None = None,
) -> list[FileResult]:
    """Read every candidate, pass by pass; `passes` is told of each."""
    cache = _opened_cache(workspace, job) if options.cache else None
    paths = workspace.candidates
    report = progress or silent
    with Pool(job, processes(len(paths), options.jobs), options.kill_after) as pool:
        known = {} if passes is None else passes
        run = _Passes(pool, cache, report, (len(STAGES) - 1) * len(paths), known)
        results = read_stages(workspace, paths, run.read)
    if cache is not None:
        cache.save()
    return results


def _opened_cache(workspace: Workspace, job: Job) -> "Cache":
    from hwlint.engine.cache import Cache  # noqa: PLC0415 - a run without one starts faster

    return Cache(workspace, job)


@dataclass
class _Passes:
    """The cache before the processes."""

    pool: Pool[FileResult]
    cache: "Cache | None"
    report: Progress
    total: int
    kept: Passes
    done: int = 0

    def read(self, stage: str, paths: Sequence[str], built: Built) -> Iterator[FileResult]:
        """Yield a result for each path: an earlier one where it still holds."""
        for result in self._read(stage, paths, built):
            self.kept[stage, result.path] = (built, result)
            yield self._count(result)

    def _read(self, stage: str, paths: Sequence[str], built: Built) -> Iterator[FileResult]:
        missing: list[str] = []
        for path in paths:
            known = self.cache.get(path, stage, built) if self.cache is not None else None
            if known is None:
                missing.append(path)
                continue
            yield known
        for result in self.pool.read(missing, stage, built):
            if self.cache is not None:
                self.cache.put(result, stage, built)
            yield result

    def _count(self, result: FileResult) -> FileResult:
        self.done = min(self.done + 1, self.total)
        self.report(self.done, self.total)
        return result


def processes(files: int, asked: int | None) -> int:
    """Say how many processes are to read that many files."""
    if asked is not None:
        return max(1, asked)
    if files < _SERIAL_BELOW:
        return 1
    return max(1, min(_cpus(), files // 4))


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def together(parts: Sequence[CheckResult]) -> CheckResult:
    """Put together what holds in several workspaces."""
    total = Coverage(0, 0)
    for part in parts:
        total += part.coverage
    uncovered = [part.uncovered for part in parts if part.uncovered is not None]
    return CheckResult(
        tuple(sorted((d for part in parts for d in part.findings), key=order)),
        total,
        tuple(dict.fromkeys(target for part in parts for target in part.targets)),
        tuple(config for part in parts for config in part.configs),
        sum(part.files for part in parts),
        sum(part.suppressed for part in parts),
        tuple(i for part in parts for i in part.incomplete),
        tuple(note for part in parts for note in part.notes),
        any(part.failing for part in parts),
        max(uncovered, default=None),
        any(part.unread for part in parts),
        sum(part.known for part in parts),
        tuple(about for part in parts for about in part.stale),
    )
