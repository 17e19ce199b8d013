"""Brings a database to the schema of this hwlint.

By Alembic, which SQLAlchemy's author keeps, which knows how SQLite changes a table, and which
optuna brings along in any case; it is imported only where there is something to change.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from hwlint.engine.errors import UserError

__all__ = ["HEAD", "is_current", "upgrade"]

HEAD = "0001"
"""The newest revision in `migrations/versions/`."""
_LOCK = 0x68776C696E74
""""hwlint" in ASCII: PostgreSQL's name for the lock of those who change the schema."""


def is_current(connection: Connection) -> bool:
    """Say whether the database has this schema; raises `UserError` where it has a later one."""
    found = _revision(connection)
    if found is not None and found > HEAD:
        raise UserError(
            f"the store was written by a newer hwlint (schema {found}, this one knows {HEAD}): "
            "update hwlint"
        )
    return found == HEAD


def upgrade(connection: Connection, target: str = "head") -> None:
    """Bring the database to a revision inside the connection's transaction, one at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if target == "head" and is_current(connection):
        return  # somebody else was faster
    from alembic import command  # noqa: PLC0415 - needed once for each database
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: object = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return str(found) if found is not None else None
