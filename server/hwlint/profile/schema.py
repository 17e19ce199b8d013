"""The JSON schema of profile files, as docs/profile_schema.py writes it from the types."""

from pathlib import Path

__all__ = ["SCHEMA_FILE", "schema_text"]

SCHEMA_FILE = Path(__file__).with_name("profile.schema.json")


def schema_text() -> str:
    """Return the schema as JSON text."""
    return SCHEMA_FILE.read_text(encoding="utf-8")
