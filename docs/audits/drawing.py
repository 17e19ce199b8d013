"""What the audits share: run a check once and keep it, draw findings, show them to a judge."""

import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwlint.engine.analysis import FileResult, Job
from hwlint.engine.coverage import cover
from hwlint.engine.findings import collect
from hwlint.engine.pool import Built, Pool
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import CheckResult, Incomplete, Options, check, prepare, processes
from hwlint.reader import STAGES
from hwlint.report.machine import FORMATS

Found = dict[str, Any]


def checked(
    root: Path, kept: Path, options: Options, every: int = 1, first: int = 0
) -> dict[str, Any]:
    """Return what `hwlint check` says of a folder; run it unless its result was kept.

    `every`: only every so manieth file is read for models, beginning with number `first`, and the
    others where it imports them.
    """
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        begin = time.monotonic()
        options = replace(options, root=root, cache=False)
        if every == 1:
            result = check((root,), options, Progress(root.name))
        else:
            result = part_of(root, options, every, first)
        said = {**json.loads(FORMATS["json"](result, Path.cwd())), "every": every}
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(said), encoding="utf-8")
        part.replace(kept)
        sys.stderr.write(f"{root.name}: {time.monotonic() - begin:.0f} s\n")
    return json.loads(kept.read_text(encoding="utf-8"))


def part_of(root: Path, options: Options, every: int, first: int) -> CheckResult:
    """Check a part of a folder, without what tests and documents show, which gives no findings.
    What files that are not read build counts as built by nobody."""
    root = root.resolve()
    config, workspace, job = prepare(root, (root,), options, discover_rules())
    paths = workspace.candidates[first::every]
    results = read_part(paths, replace(job, tracked=False), options, Progress(root.name))
    found = collect(results, job.rules, config, frozenset(workspace.files))
    ended = [Incomplete(r.path, r.incomplete, r.trace) for r in results if r.incomplete]
    targets = tuple((target.profile.id, target.dtype) for target in job.targets)
    coverage = cover(results, lambda _: True)
    return CheckResult(found, coverage, targets, (config,), len(paths), incomplete=tuple(ended))


def read_part(
    paths: Sequence[str], job: Job, options: Options, progress: "Progress"
) -> list[FileResult]:
    """Read some files stage by stage."""
    results: list[FileResult] = []
    built: Built = frozenset()
    stages = STAGES[:-1]
    with Pool(job, processes(len(paths), options.jobs)) as pool:
        for stage in stages:
            for result in pool.read(paths, stage, built):
                results.append(result)
                progress(len(results), len(stages) * len(paths))
            built = built.union(*(result.built for result in results))
    return sorted(results, key=lambda result: result.path)


class Progress:
    """A line on standard error for each twentieth of a run."""

    def __init__(self, name: str) -> None:
        """Begin to count."""
        self._name = name
        self._said = -1

    def __call__(self, done: int, total: int) -> None:
        """Say how far the run is."""
        if done * 20 // max(total, 1) > self._said:
            self._said = done * 20 // max(total, 1)
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {self._name}: {done} of {total}\n")


def relative(path: str, site: Path) -> str:
    """Return a path below the folder that holds the libraries."""
    full, site = Path(path).resolve(), site.resolve()
    return full.relative_to(site).as_posix() if full.is_relative_to(site) else path


def drawn(findings: list[Found], seed: int, count: int) -> list[Found]:
    """Draw `count` findings; all where there are fewer."""
    if len(findings) <= count:
        return findings
    return random.Random(seed).sample(findings, count)


def drawn_evenly(findings: Iterable[Found], seed: int, count: int) -> list[Found]:
    """Draw `count` findings, from each rule as many as from any other while it has some."""
    chance = random.Random(seed)
    piles: dict[str, list[Found]] = defaultdict(list)
    for found in findings:
        piles[found["code"]].append(found)
    for code in sorted(piles):
        chance.shuffle(piles[code])
    chosen: list[Found] = []
    while len(chosen) < count and any(piles.values()):
        for code in sorted(piles):
            if piles[code] and len(chosen) < count:
                chosen.append(piles[code].pop())
    return sorted(chosen, key=lambda found: (found["code"], found["file"], found["line"]))


def excerpt(site: Path, file: str, line: int, around: int = 2) -> str:
    """Return the lines about a place, its own marked."""
    lines = (site / file).read_text(encoding="utf-8").splitlines()
    first = max(1, line - around)
    numbered = enumerate(lines[first - 1 : line + around], first)
    return "\n".join(f"  {'>' if at == line else ' '} {at:5} {text}" for at, text in numbered)
