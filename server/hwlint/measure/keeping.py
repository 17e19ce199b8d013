"""Putting what was measured into the store."""

import datetime as dt
from collections.abc import Iterable

from hwlint.engine.errors import UserError
from hwlint.measure.destination import Destination
from hwlint.measure.extras import need
from hwlint.measure.job import Job, Result
from hwlint.measure.store import Measurement, device_of, versions_of

__all__ = ["as_measurement", "earlier", "keep"]


_MOST = 1000
"""Measurements that are looked among."""


def keep(
    measured: Iterable[tuple[Job, Result]],
    destination: Destination,
    taken: dt.datetime | None = None,
) -> str:
    """Put measurements of one target into the store; return why that could not be, "" where it was.
    The numbers are there all the same, and are shown. `taken`: when, now where nothing is said."""
    try:
        need("sqlalchemy", "measure", "keeping measurements")
        from hwlint.measure.store.store import open_store  # noqa: PLC0415 - heavy, and optional

        store = open_store()
        assert store is not None
        for job, result in measured:
            target, profile = destination.target, destination.profile_id
            store.save(job, result, target, profile=profile, taken=taken)
        store.close()
    except UserError as problem:
        return str(problem)
    return ""


def earlier(job: Job, destination: Destination) -> list[Measurement]:
    """Return the newest that the store has of the same target and runner. Raises `UserError`."""
    need("sqlalchemy", "measure", "comparing with earlier measurements")
    from hwlint.measure.store.store import Query, open_store  # noqa: PLC0415 - heavy, and optional

    store = open_store(create=False)
    if store is None or job.build is None:
        return []
    try:
        asked = Query(target=destination.target.name, runner=job.runner)
        found = store.find(asked, most=_MOST)
    finally:
        store.close()
    return found


def as_measurement(job: Job, result: Result, destination: Destination) -> Measurement:
    """Return what was measured just now as the store would give it."""
    return Measurement(
        id=0,
        target=destination.target.name,
        profile=destination.profile_id,
        device=device_of(result),
        versions=versions_of(result),
        taken=dt.datetime.now(dt.UTC),
        job=job,
        result=result,
    )
