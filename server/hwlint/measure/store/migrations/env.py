"""Alembic starts here; the connection, and the transaction around everything, are the store's."""

from alembic import context

from hwlint.measure.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
