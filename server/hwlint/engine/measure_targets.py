"""Where models are measured, as a configuration says it: a profile, a way there, and a runner."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from hwlint.engine.tomlfile import Table, shown
from hwlint.profile.errors import did_you_mean

__all__ = ["KEYS", "RUNNERS", "TRANSPORTS", "MeasureTarget", "read_measure_targets", "wrong_value"]

RUNNERS = ("onnxruntime", "torch", "torch-compile", "vela")
TRANSPORTS = ("ssh", "command", "dask")
"""Each with its address under its own name; where there is none of them, it is this computer."""
KEYS = ("profile", *TRANSPORTS, "python", "runner")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class MeasureTarget:
    """One device that models can be measured on."""

    name: str
    profile: str
    """Id or alias of the device's profile."""
    transport: str = "local"
    """"local", or one of `TRANSPORTS`."""
    address: str = ""
    """What the transport goes by: "pi@host", a command, "tcp://scheduler:8786"; "" for "local"."""
    python: str | None = None
    """The interpreter there; None: the transport's usual one."""
    runner: str = "onnxruntime"
    origin: str = ""
    """The file and line that say so; "" for what is built in."""

    def fields(self) -> dict[str, str]:
        """Return its keys as a file has them."""
        way = {} if self.transport == "local" else {self.transport: self.address}
        python = {} if self.python is None else {"python": self.python}
        return {"profile": self.profile, **way, **python, "runner": self.runner}

    def way(self) -> str:
        """Say how it is reached: "ssh pi@host"."""
        return f"{self.transport} {self.address}".strip()


def read_measure_targets(table: Table, key: str, value: object) -> Mapping[str, MeasureTarget]:
    """Read the table `key` of targets by name. Raises `UserError` that names the line."""
    if not isinstance(value, dict):
        raise table.error(f'"{key}" must be a table of targets', key)
    given = cast("dict[str, object]", value)
    return {name: _target(table, key, name, keys) for name, keys in given.items()}


def _target(table: Table, key: str, name: str, given: object) -> MeasureTarget:
    if not isinstance(given, dict):
        raise table.error(f'"{key}.{name}" must be a table', key, name)
    values = cast("dict[str, object]", given)
    inner = Table(table.file, (*table.path, key, name), values, table.text)
    for each, value in values.items():
        if each not in KEYS:
            raise inner.error(f'unknown key "{each}"{did_you_mean(each, KEYS)}', each)
        problem = wrong_value(each, value) if isinstance(value, str) else "a string is needed"
        if problem:
            raise inner.error(f'"{each}": {problem}', each)
    said = cast("dict[str, str]", values)
    if not _NAME.fullmatch(name):
        raise inner.error(f'"{name}": {wrong_value("name", name)}')
    if "profile" not in said:
        raise inner.error('a target needs "profile": `hwlint device list` names them')
    ways = [way for way in TRANSPORTS if way in said]
    if len(ways) > 1:
        raise inner.error(f"a target has one way to it, not {' and '.join(ways)}", ways[1])
    way = ways[0] if ways else "local"
    runner = said.get("runner", "onnxruntime")
    origin = f"{shown(table.file)}:{inner.line()}"
    return MeasureTarget(
        name, said["profile"], way, said.get(way, ""), said.get("python"), runner, origin
    )


def wrong_value(key: str, value: str) -> str:
    """Say what is wrong with the value of a key, "name" among them; "" where nothing is."""
    if key == "name":
        fine = _NAME.fullmatch(value)
        return "" if fine else "a name has letters, digits, dots, - and _, 64 at most"
    if not value.strip() or any(ord(mark) < 32 for mark in value):
        return "a text of one line is needed"
    if key == "runner" and value not in RUNNERS:
        return f"there is no runner {value}{did_you_mean(value, RUNNERS)}"
    # ssh would take it for an option, and options can start programs.
    if key == "ssh" and (value.startswith("-") or any(mark.isspace() for mark in value)):
        return f"{value} names no host: HOST, USER@HOST or ssh://USER@HOST:PORT"
    if key == "dask" and not re.fullmatch(r"(tcp|tls|ws|wss)://\S+", value):
        return f"{value} is no scheduler's address, as tcp://host:8786"
    return ""
