"""Putting what was measured into the store."""

import datetime as dt
from collections.abc import Iterable

from hwlint.engine.errors import UserError
from hwlint.measure.destination import Destination
from hwlint.measure.extras import need
from hwlint.measure.job import Job, Result

__all__ = ["keep"]


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
