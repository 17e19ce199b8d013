"""Measurements that were made, kept in SQLite or in a PostgreSQL that a team shares.

`open_store` imports SQLAlchemy, everything else in here waits for it.
"""

from hwlint.measure.store.measurement import Measurement, device_of, versions_of
from hwlint.measure.store.place import store_url

__all__ = ["Measurement", "device_of", "store_url", "versions_of"]
