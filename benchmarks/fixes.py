"""Fixes for findings drawn from the sources of timm and torchvision.

    python benchmarks/fixes.py SITE [--findings 200] [--seed 1] [--device D,...] [--more]

SITE holds `timm` and `torchvision` as they are installed. Files are drawn at random, and of each at
most five findings for which a rule proposes a change, until so many were drawn. The fix that is
offered for a finding is made on a copy of the text, which a reader then reads that knows nothing of
the proof. Counts what is offered, and of that what does not hold: the text parses, the finding is
gone, there is no new HW002, and edits of widths are of whole numbers only.
SITE is never written to. `--more` goes on where the last run with these settings ended, so that the
record can be made in pieces; `--give-up` besides that leaves out the file at which it was stopped.
"""

import argparse
import ast
import json
import platform
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from hwlint.engine.analysis import Analyst
from hwlint.engine.findings import Diagnostic, collect
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import Options, Passes, prepare
from hwlint.fix.bench import Bench, Trial
from hwlint.fix.working import Proved, prove_fix
from hwlint.reader import STAGES
from hwlint.source import overlaid
from hwlint.source.changes import written_number
from hwlint.source.edits import Positions, move

EACH = 5
PACKAGES = ("timm/models", "torchvision/models")
RECORD = Path(__file__).parent / "results" / "fixes.json"


@dataclass
class Tally:
    """What was seen so far."""

    drawn: Counter[str] = field(default_factory=Counter[str])
    offered: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    edits: Counter[int] = field(default_factory=Counter[int])
    faults: list[str] = field(default_factory=list[str])
    files: int = 0
    passed: int = 0
    """Files looked at, those without a change to propose too."""
    given_up: list[str] = field(default_factory=list[str])
    """Files at which a run was stopped."""
    seconds: float = 0.0


def main() -> None:
    """Draw, fix, read again, print and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--findings", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="h100-sxm")
    parser.add_argument("--bytes", type=int, default=1_000_000, help="of the largest file")
    parser.add_argument("--limit", type=float, default=3600, help="seconds of a processor")
    parser.add_argument("--more", action="store_true", help="go on with the last record")
    parser.add_argument("--give-up", action="store_true", help="leave one file out")
    parser.add_argument("--record", type=Path, default=RECORD)
    given = parser.parse_args()
    tally = _known(given) if given.more else Tally()
    if given.give_up:
        files = _files(given.site, given.seed, given.bytes)
        left = next(islice(files, tally.passed, None))
        tally.given_up.append(str(left.relative_to(given.site)))
        tally.passed += 1
    before, start = tally.seconds, time.process_time()
    for file in islice(_files(given.site, given.seed, given.bytes), tally.passed, None):
        if sum(tally.drawn.values()) >= given.findings or time.process_time() - start > given.limit:
            break
        _try_file(given.site, file, (given.device, given.findings), tally)
        tally.passed += 1
        tally.seconds = before + time.process_time() - start
        record = _record(tally, given)
        given.record.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(file.relative_to(given.site), round(tally.seconds), dict(tally.drawn), flush=True)


def _known(given: argparse.Namespace) -> Tally:
    """Return the tally of the last run, where that had the same settings."""
    record = json.loads(given.record.read_text(encoding="utf-8"))
    settings = {name: record[name] for name in _settings(given)}
    if settings != _settings(given):
        raise SystemExit(f"{given.record} was made with {settings}")
    return Tally(
        Counter(record["drawn by rule"]),
        Counter(record["offered by rule"]),
        Counter(record["why not"]),
        Counter({int(n): count for n, count in record["edits of a fix"].items()}),
        record["faults"],
        record["files"],
        record["files passed"],
        record["files given up"],
        record["processor seconds"],
    )


def _files(site: Path, seed: int, most: int) -> Iterator[Path]:
    every = (file for part in PACKAGES for file in (site / part).rglob("*.py"))
    files = sorted(file for file in every if file.stat().st_size <= most)
    random.Random(seed).shuffle(files)
    return iter(files)


def _try_file(site: Path, file: Path, wanted: tuple[str, int], tally: Tally) -> None:
    device, most = wanted
    root = site / file.relative_to(site).parts[0]
    options = Options(devices=tuple(device.split(",")), root=root, cache=False, tracked=True)
    config, workspace, job = prepare(root, (file,), options, discover_rules())
    owned = frozenset(workspace.files)
    passes: Passes = {}
    analyst, built = Analyst(job), frozenset[tuple[str, str]]()
    for stage in STAGES[:-1]:
        result = analyst.visit(stage, str(file), built)
        passes[stage, str(file)] = (built, result)
        built |= result.built
    found = collect([r for _, r in passes.values()], job.rules, config, owned)
    proposed = [d for d in found if d.changes and d.anchor.path == str(file)]
    if not proposed:
        return
    tally.files += 1
    bench = Bench(job, passes, owned)
    room = min(EACH, most - sum(tally.drawn.values()))
    for one in random.Random(str(file.name)).sample(proposed, min(room, len(proposed))):
        tally.drawn[one.code] += 1
        reasons: list[str] = []
        proved = prove_fix(bench, one, reasons=reasons)
        if proved is None:
            tally.refused[_kind(reasons)] += 1
            continue
        tally.offered[one.code] += 1
        tally.edits[len(proved.fix.edits)] += 1
        fresh = Bench(job, dict(passes), owned)
        for fault in _faults(fresh, one, proved):
            tally.faults.append(
                f"{file.relative_to(site)}:{one.anchor.line + 1} {one.code}: {fault}"
            )


def _kind(reasons: list[str]) -> str:
    last = reasons[-1].partition(": ")[2] if reasons else "the text is not what the change needs"
    for known in (
        "still there",
        "would become",
        "other shapes",
        "HW002",
        "other inputs",
        "followed",
        "would come up",
        "to its end",
        "as far",
    ):
        if known in last:
            return known
    return last[:60]


def _faults(bench: Bench, found: Diagnostic, proved: Proved) -> Iterator[str]:
    """Yield what does not hold after the fix, by a reader of its own."""
    fix = proved.fix
    for path, text in proved.trial.texts.items():
        try:
            ast.parse(text)
        except SyntaxError as error:
            yield f"{path} does not parse: {error}"
    if found.code in ("HW101", "HW102", "HW103", "HW104", "HW105"):
        for edit in fix.edits:
            source = bench.source(edit.place.path)
            old = Positions(source.text).read(edit.place) if source is not None else ""
            if written_number(old) is None or written_number(edit.text) is None:
                yield f"{old!r} -> {edit.text!r} is no number"
    source = bench.source(found.anchor.path)
    anchor = move(found.anchor, source.text, fix.edits) if source is not None else found.anchor
    yield from _read_again(bench, found, proved.trial, anchor)


def _read_again(bench: Bench, found: Diagnostic, trial: Trial, anchor: object) -> Iterator[str]:
    keys = list(bench.passes)
    with overlaid(trial.contents):
        analyst = Analyst(bench.job)
        results = [analyst.visit(stage, path, bench.passes[stage, path][0]) for stage, path in keys]
    broken = [sum(r.rule == "HW002" for r in result.raised) for result in results]
    before = [sum(r.rule == "HW002" for r in bench.passes[key][1].raised) for key in keys]
    if any(new > old for new, old in zip(broken, before, strict=True)):
        yield "a new HW002"
    left = {r.finding.anchor for result in results for r in result.raised if r.rule == found.code}
    if anchor in left:
        yield "the finding is still there"


def _settings(given: argparse.Namespace) -> dict[str, object]:
    return {
        "device": given.device,
        "seed": given.seed,
        "files of at most": given.bytes,
        "wanted": given.findings,
    }


def _record(tally: Tally, given: argparse.Namespace) -> dict[str, object]:
    return {
        **_settings(given),
        "files passed": tally.passed,
        "files given up": tally.given_up,
        "files": tally.files,
        "drawn": sum(tally.drawn.values()),
        "drawn by rule": dict(sorted(tally.drawn.items())),
        "offered": sum(tally.offered.values()),
        "offered by rule": dict(sorted(tally.offered.items())),
        "why not": dict(tally.refused.most_common()),
        "edits of a fix": {str(n): c for n, c in sorted(tally.edits.items())},
        "faults": tally.faults,
        "processor seconds": round(tally.seconds),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
