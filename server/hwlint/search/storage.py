"""Where searches are kept: beside the store of measurements, in tables of their own."""

import hashlib
import os
import socket
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from hwlint.engine.errors import UserError
from hwlint.measure.extras import need
from hwlint.measure.store.place import store_url

if TYPE_CHECKING:
    import sqlalchemy as sa
    from optuna.storages import BaseStorage

__all__ = ["is_gone", "need_search", "open_storage", "process_name", "study_name"]

_FILE = "searches.sqlite"
_SCHEMA = "hwlint_search"
"""Of PostgreSQL: optuna's tables have common names, and its `alembic_version` is not ours."""
_SECONDS_TO_WAIT = 30


def need_search() -> None:
    """Raise `UserError` that says what to install where the extra is missing."""
    for module in ("optuna", "sqlalchemy"):
        need(module, "search", "searching")


def open_storage(url: str | None = None) -> "BaseStorage":
    """Open the storage of searches: a SQLite file beside that of the measurements, or a schema of
    the PostgreSQL database that `HWLINT_STORE` names.

    Raises:
        UserError: Where it cannot be reached, or the extra is missing.
    """
    need_search()
    import sqlalchemy as sa  # noqa: PLC0415 - optional, and heavy
    from optuna.logging import WARNING, set_verbosity  # noqa: PLC0415
    from optuna.storages import RDBStorage  # noqa: PLC0415
    from sqlalchemy import event  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    set_verbosity(WARNING)
    try:
        parsed = sa.make_url(url or store_url())
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            file = Path(parsed.database).with_name(_FILE)
            file.parent.mkdir(parents=True, exist_ok=True)
            waits = {"connect_args": {"timeout": _SECONDS_TO_WAIT}}
            storage = RDBStorage(f"sqlite:///{file}", engine_kwargs=waits)
            event.listen(storage.engine, "connect", _on_connect)
            storage.engine.dispose()  # what it has opened so far does not know of that
            return storage
        if parsed.get_backend_name() == "postgresql":
            return _in_postgresql(parsed)
    except (SQLAlchemyError, RuntimeError) as error:
        line = " ".join(str(getattr(error, "orig", None) or error).split())
        raise UserError(f"the storage of searches: {line}") from error
    raise UserError("HWLINT_STORE is neither postgresql://USER@HOST/DATABASE nor sqlite:///FILE")


def _on_connect(connection: sqlite3.Connection, _: object) -> None:
    # Each value of a trial is a transaction. A process that is killed loses none of them without
    # waiting for the disk each time; a machine that loses its power may lose the last few.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _in_postgresql(url: "sa.URL") -> "BaseStorage":
    import sqlalchemy as sa  # noqa: PLC0415
    from optuna.storages import RDBStorage  # noqa: PLC0415

    need("psycopg", "postgresql", "a store in PostgreSQL")
    url = url.set(drivername="postgresql+psycopg")
    waits: dict[str, object] = {"connect_timeout": _SECONDS_TO_WAIT}
    engine = sa.create_engine(url, connect_args=waits)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}"))
    finally:
        engine.dispose()
    given = {**waits, "options": f"-csearch_path={_SCHEMA}"}
    text = url.render_as_string(hide_password=False)
    return RDBStorage(text, engine_kwargs={"pool_pre_ping": True, "connect_args": given})


def study_name(*told: object) -> str:
    """Return the name of the study of what is told: the same search has the same name."""
    return f"hwlint-{hashlib.sha256(repr(told).encode()).hexdigest()[:24]}"


def process_name() -> str:
    """Return a name of this process that no later one has."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(name: str) -> bool:
    """Say whether the process of that name has ended. Of other computers nobody knows."""
    host, _, rest = name.partition(":")
    pid, _, started = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return not _lives(int(pid)) or _started(int(pid)) != started


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _started(pid: int) -> str:
    """Return when a process started, in ticks of the system; "" where it does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
