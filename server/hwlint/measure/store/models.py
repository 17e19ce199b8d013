"""The tables of the store. A change here needs a migration in `migrations/versions/`."""

import datetime as dt

from sqlalchemy import JSON, DateTime, Double, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["Base", "MeasurementRow"]

_DOCUMENT = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(
        naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s"}
    )


class MeasurementRow(Base):
    """One measurement: what is looked for in columns of its own, all of it in two documents."""

    __tablename__ = "measurements"
    __table_args__ = (
        UniqueConstraint("key", "target", "device", "versions"),
        Index(None, "place"),
        Index(None, "taken"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(128))
    """`Job.key`: hash of the content that was measured."""
    target: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(255))
    """Which of all machines the target's name meant: "local" is another one for everybody."""
    versions: Mapped[str] = mapped_column(String(255))
    """Of what ran it: "onnxruntime 1.32.0, python 3.11.7"."""
    profile: Mapped[str] = mapped_column(String(128))
    place: Mapped[str] = mapped_column(Text)
    runner: Mapped[str] = mapped_column(String(32))
    dtype: Mapped[str] = mapped_column(String(32))
    median_s: Mapped[float] = mapped_column(Double)
    taken: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    job: Mapped[dict[str, object]] = mapped_column(_DOCUMENT)
    result: Mapped[dict[str, object]] = mapped_column(_DOCUMENT)
