"""Keeps measurements and finds them again."""

import datetime as dt
import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.extras import need
from hwlint.measure.job import Job, Result, as_json, parse_job, parse_result
from hwlint.measure.store.measurement import Measurement, device_of, versions_of
from hwlint.measure.store.models import MeasurementRow
from hwlint.measure.store.place import store_url
from hwlint.measure.store.schema import is_current, upgrade

__all__ = ["Query", "Store", "open_store"]

_SECONDS_TO_WAIT = 30
"""For another process that writes, or for a server that does not answer."""
_UNIQUE = ("key", "target", "device", "versions")
_READS = {"hwlint_reads": True}
_TABLE = cast("sa.Table", MeasurementRow.__table__)


@frozen
class Query:
    """Which measurements; what is None does not matter."""

    keys: Sequence[str] | None = None
    target: str | None = None
    profile: str | None = None
    runner: str | None = None
    place: str | None = None
    """All of a place, or what it begins with before a "#" or ":": "net.py", "net.py:Net"."""
    before: dt.datetime | None = None
    ids: Sequence[int] | None = None

    def clauses(self) -> list[sa.ColumnElement[bool]]:
        """Return it as SQL."""
        columns = _TABLE.c
        found: list[sa.ColumnElement[bool]] = [
            columns[name] == value
            for name in ("target", "profile", "runner")
            if (value := getattr(self, name)) is not None
        ]
        if self.keys is not None:
            found.append(columns.key.in_(self.keys))
        if self.ids is not None:
            found.append(columns.id.in_(self.ids))
        if self.before is not None:
            found.append(columns.taken < self.before.astimezone(dt.UTC))
        if self.place is not None:
            begins = [columns.place.startswith(self.place + mark, autoescape=True) for mark in ":#"]
            found.append(sa.or_(columns.place == self.place, *begins))
        return found


class Store:
    """A database of measurements. Safe to use from several threads and processes at once."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use a database that has the right schema."""
        self._engine = engine

    def save(
        self,
        job: Job,
        result: Result,
        target: MeasureTarget,
        *,
        profile: str = "",
        taken: dt.datetime | None = None,
    ) -> bool:
        """Keep one measurement, as a whole or not at all; say whether it is the newest of its kind.

        There is one for each content, target, device and versions of what ran it: measured again,
        the later one stays. `profile`: id where the target says an alias.

        Raises:
            ValueError: Where there is no median to keep.
        """
        if result.failure is not None or result.median_s is None:
            raise ValueError("a failure is no measurement")
        values = _values(job, result, target, profile, taken)
        insert = postgresql.insert if self._engine.name == "postgresql" else sqlite.insert
        new = insert(_TABLE).values(**values)
        statement = new.on_conflict_do_update(
            index_elements=_UNIQUE,
            set_={name: new.excluded[name] for name in values if name not in _UNIQUE},
            where=_TABLE.c.taken <= new.excluded.taken,
        ).returning(_TABLE.c.id)
        with _explained(self._engine), self._engine.begin() as connection:
            return connection.execute(statement).first() is not None

    def find(self, query: Query | None = None, *, most: int | None = None) -> list[Measurement]:
        """Return measurements, the newest first."""
        statement = (
            sa.select(_TABLE)
            .where(*(query or Query()).clauses())
            .order_by(_TABLE.c.taken.desc(), _TABLE.c.id.desc())
            .limit(most)
        )
        with _explained(self._engine), self._engine.connect() as connection:
            rows = connection.execution_options(**_READS).execute(statement).mappings().all()
        return [_measurement(row) for row in rows]

    def count(self, query: Query | None = None) -> int:
        """Return how many there are."""
        statement = sa.select(sa.func.count()).select_from(_TABLE)
        statement = statement.where(*(query or Query()).clauses())
        with _explained(self._engine), self._engine.connect() as connection:
            return connection.execution_options(**_READS).scalar(statement) or 0

    def prune(self, query: Query) -> int:
        """Remove measurements; return how many."""
        statement = sa.delete(_TABLE).where(*query.clauses())
        with _explained(self._engine), self._engine.begin() as connection:
            return connection.execute(statement).rowcount

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_store(url: str | None = None, *, create: bool = True) -> Store | None:
    """Open the store, and make it where there is none.

    Args:
        url: Where; None: what `store_url` says.
        create: False: None comes back where there is no SQLite file yet.

    Raises:
        UserError: Where it cannot be reached, is no store, or is a newer hwlint's.
    """
    parsed = _parsed(url or store_url())
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if file is not None:
        if not create and not Path(file).exists():
            return None
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = _engine(parsed)
    try:
        _prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def _prepare(engine: sa.Engine) -> None:
    """Bring a database to this schema, if it has another one."""
    with _explained(engine):
        with engine.connect() as connection:
            ready = is_current(connection.execution_options(**_READS))
        if not ready:
            with engine.begin() as connection:
                upgrade(connection)


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise UserError(f"HWLINT_STORE: {url} is no database URL") from error
    if backend == "postgresql":
        need("psycopg", "postgresql", "a store in PostgreSQL")
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not parsed.database:
        raise UserError(
            f"HWLINT_STORE: {parsed.render_as_string()} is neither "
            "postgresql://USER@HOST/DATABASE nor sqlite:///FILE"
        )
    return parsed


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "postgresql":
        waits = {"connect_timeout": _SECONDS_TO_WAIT}
        return sa.create_engine(url, pool_pre_ping=True, connect_args=waits)
    engine = sa.create_engine(url, connect_args={"timeout": _SECONDS_TO_WAIT})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own idea of when a transaction begins leaves out what changes the schema.
    connection.isolation_level = None
    # Readers do not wait for a writer, and a writer that is killed leaves the file as it was.
    connection.execute("PRAGMA journal_mode = WAL")


def _on_begin(connection: sa.Connection) -> None:
    # A reader that turns writer midway would fail where another one writes; these wait.
    reads = connection.get_execution_options().get("hwlint_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def _explained(engine: sa.Engine) -> Generator[None]:
    """Turn what the database says into one line."""
    try:
        yield
    except DBAPIError as error:
        where = engine.url.render_as_string()
        line = " ".join(str(error.orig).split()) or type(error.orig).__name__
        raise UserError(f"the store {where}: {line}") from error


def _values(
    job: Job,
    result: Result,
    target: MeasureTarget,
    profile: str,
    taken: dt.datetime | None,
) -> dict[str, object]:
    return {
        "key": job.key,
        "target": target.name,
        "device": device_of(result)[:255],
        "versions": versions_of(result)[:255],
        "profile": profile or target.profile,
        "place": job.place,
        "runner": job.runner,
        "dtype": job.dtype,
        "median_s": result.median_s,
        "taken": (taken or dt.datetime.now(dt.UTC)).astimezone(dt.UTC),
        "job": json.loads(as_json(job)),
        "result": json.loads(as_json(evolve(result, rival=None))),
    }


def _measurement(row: sa.RowMapping) -> Measurement:
    taken: dt.datetime = row["taken"]
    if taken.tzinfo is None:  # SQLite keeps no time zone; what is written is UTC
        taken = taken.replace(tzinfo=dt.UTC)
    return Measurement(
        id=row["id"],
        target=row["target"],
        profile=row["profile"],
        device=row["device"],
        versions=row["versions"],
        taken=taken.astimezone(dt.UTC),
        job=parse_job(json.dumps(row["job"])),
        result=parse_result(json.dumps(row["result"])),
    )
