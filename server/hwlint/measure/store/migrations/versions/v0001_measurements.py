"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of measurements."""
    document = sa.JSON().with_variant(JSONB(), "postgresql")
    op.create_table(
        "measurements",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("device", sa.String(255), nullable=False),
        sa.Column("versions", sa.String(255), nullable=False),
        sa.Column("profile", sa.String(128), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("runner", sa.String(32), nullable=False),
        sa.Column("dtype", sa.String(32), nullable=False),
        sa.Column("median_s", sa.Double[float](), nullable=False),
        sa.Column("taken", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job", document, nullable=False),
        sa.Column("result", document, nullable=False),
        sa.UniqueConstraint("key", "target", "device", "versions", name="uq_measurements"),
    )
    op.create_index("ix_measurements_place", "measurements", ["place"])
    op.create_index("ix_measurements_taken", "measurements", ["taken"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("measurements")
