"""One measurement in a process of its own, for a program that goes on meanwhile.

    python -m hwlint.measure.apart

Is asked for an `Errand` and comes to an `Outcome`; see `hwlint.measure.piped`. How it goes on, it
says in words.
"""

import datetime as dt
import threading
from pathlib import Path

from attrs import evolve, field, frozen
from cattrs import Converter

from hwlint.engine.errors import UserError
from hwlint.engine.run import Options
from hwlint.measure.destination import Destination, find_destination
from hwlint.measure.job import Failure, Job, Result
from hwlint.measure.keeping import keep
from hwlint.measure.piped import Say, serve
from hwlint.measure.session import Asked, bench_for
from hwlint.measure.transports.base import Progress
from hwlint.profile import ProfileError

__all__ = ["Errand", "Outcome", "as_document", "parse_outcome"]


@frozen
class Errand:
    """One thing to measure."""

    job: Job
    target: str
    root: str
    """Of the workspace."""
    python: str | None = None
    """The interpreter that builds the model; None: as `hwlint measure` finds it."""
    moved: int | None = None
    """Bytes that one run reads and writes, as it was read."""


@frozen
class Outcome:
    """What came of it."""

    result: Result
    taken: dt.datetime = field(factory=lambda: dt.datetime.now(dt.UTC))
    profile: str = ""
    """Id of the target's profile."""
    not_kept: str = ""
    """Why it is not in the store; "" where it is, or where there is nothing to keep."""


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=False)
    converter.register_unstructure_hook(dt.datetime, dt.datetime.isoformat)
    converter.register_structure_hook(dt.datetime, lambda text, _: dt.datetime.fromisoformat(text))
    return converter


def as_document(value: Errand | Outcome) -> dict[str, object]:
    """Return what becomes JSON."""
    return _converter().unstructure(value)


def parse_outcome(document: object) -> Outcome:
    """Read an outcome; raises cattrs' errors where it is none."""
    return _converter().structure(document, Outcome)


def main() -> int:
    """Do one errand."""

    def do(asked: object, cancelled: threading.Event, say: Say) -> object:
        errand = _converter().structure(asked, Errand)
        return as_document(_done(errand, cancelled, say))

    return serve(do)


def _done(errand: Errand, cancelled: threading.Event, say: Progress) -> Outcome:
    job, root = errand.job, Path(errand.root)
    python = Path(errand.python) if errand.python is not None else None
    try:
        destination = find_destination(errand.target, root, compiled=job.runner == "vela")
        asked = Asked(job.runner, device=job.device, options=Options(python=python, root=root))
        bench = bench_for(asked, destination, root)
        result = bench.measure(job, cancelled=cancelled.is_set, progress=say)
    except (UserError, ProfileError) as problem:
        return Outcome(Result(job.key, failure=Failure("setup", str(problem))))
    if result.failure is not None:
        return Outcome(result)
    if result.median_s and errand.moved is not None and job.dtype == "float32":
        result = evolve(result, achieved_bandwidth=errand.moved / result.median_s)
    return _kept(Outcome(result), job, destination)


def _kept(outcome: Outcome, job: Job, destination: Destination) -> Outcome:
    """Put it into the store."""
    problem = keep([(job, outcome.result)], destination, outcome.taken)
    return evolve(outcome, profile=destination.profile_id, not_kept=problem)


if __name__ == "__main__":
    raise SystemExit(main())
