"""Where the store lies."""

import os
from pathlib import Path

from platformdirs import user_data_path

__all__ = ["has_store", "store_file", "store_url"]


def store_url() -> str:
    """Return the URL of the store: `HWLINT_STORE`, or a SQLite file in the user's data folder."""
    return os.environ.get("HWLINT_STORE") or f"sqlite:///{store_file()}"


def has_store() -> bool:
    """Say whether anything may have been kept, without opening it."""
    return bool(os.environ.get("HWLINT_STORE")) or store_file().is_file()


def store_file() -> Path:
    """Return the file of the user's own store."""
    return user_data_path("hwlint", appauthor=False) / "measurements.sqlite"
