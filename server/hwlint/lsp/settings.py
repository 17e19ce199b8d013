"""What an editor can ask for, by initializationOptions or the section "hwlint" of its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from hwlint.engine.run import Options

__all__ = ["INLAY_HINTS", "Settings", "read_settings"]

INLAY_HINTS = ("off", "shapes", "costs")


@dataclass(frozen=True)
class Settings:
    """Settings in force; what a workspace's own configuration says stands unless given here."""

    devices: tuple[str, ...] | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    python: Path | None = None
    inlay_hints: str = "shapes"
    code_lens: bool = True

    def options(self) -> Options:
        """Return what the engine is asked for."""
        return Options(
            devices=self.devices, select=self.select, ignore=self.ignore, python=self.python
        )


def read_settings(given: object) -> tuple[Settings, tuple[str, ...]]:
    """Take settings from a client; returns them, and what of them was not understood.

    What is wrong counts as not given: an editor must not lose its linter over a typing error.
    """
    if not isinstance(given, Mapping):
        return Settings(), ()
    table = cast("Mapping[str, object]", given)
    values: dict[str, object] = {}
    wrong: list[str] = []
    for key, value in table.items():
        if value is None or key not in _KEYS:
            continue  # a client's section also holds what is for the client alone
        name, take = _KEYS[key]
        taken = take(value)
        if taken is None:
            wrong.append(f"hwlint.{key}: {value!r} is not understood")
        else:
            values[name] = taken
    # Each reader returns the type of the field that it is for.
    return Settings(**values), tuple(wrong)  # pyright: ignore[reportArgumentType]


def _names(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    items = cast("Sequence[object]", value)
    names = tuple(item for item in items if isinstance(item, str))
    return names if len(names) == len(items) else None


def _path(value: object) -> Path | None:
    return Path(value) if isinstance(value, str) and value else None


def _hints(value: object) -> str | None:
    return value if isinstance(value, str) and value in INLAY_HINTS else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_KEYS = {
    "devices": ("devices", _names),
    "select": ("select", _names),
    "ignore": ("ignore", _names),
    "python": ("python", _path),
    "inlayHints": ("inlay_hints", _hints),
    "codeLens": ("code_lens", _flag),
}
