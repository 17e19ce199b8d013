"""The JSON schema of the configuration: of hwlint.toml, and of [tool.hwlint] in a pyproject.toml.

Every key that `load_config` takes has an entry; `tests/engine/test_config_schema.py` compares both.
"""

import json
from collections.abc import Mapping
from itertools import combinations

from hwlint.api import BOUNDS
from hwlint.engine.config import LEVELS, MODES, SEVERITIES
from hwlint.engine.measure_targets import RUNNERS, TRANSPORTS

__all__ = ["SCHEMA", "described", "schema_text"]

_Schema = Mapping[str, object]
_STRING: _Schema = {"type": "string"}
_STRINGS: _Schema = {"anyOf": [_STRING, {"type": "array", "items": _STRING}]}
_COUNT: _Schema = {"type": "integer", "minimum": 1}
_AMOUNT: _Schema = {"type": "number", "exclusiveMinimum": 0}
_SHAPE: _Schema = {"anyOf": [_STRING, {"type": "array", "items": _COUNT}]}
_PAIR: _Schema = {"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2}


def described() -> dict[str, str]:
    """Return what each key is for."""
    return {key: said for key, (said, _) in _KEYS.items()}


def _table(values: _Schema) -> _Schema:
    return {"type": "object", "additionalProperties": values}


def _object(properties: Mapping[str, _Schema], **more: object) -> _Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


_BUDGET = _object(
    {"model": _STRING, "device": _STRING, **dict.fromkeys(BOUNDS, _AMOUNT)},
    required=["model", "device"],
    anyOf=[{"required": [bound]} for bound in BOUNDS],
)
_MODEL = _object(
    {
        "args": {"type": "object"},
        "inputs": {"anyOf": [_STRING, {"type": "array", "items": _SHAPE}]},
        "batch": _COUNT,
    }
)
_TARGET = _object(
    {
        "profile": _STRING,
        "ssh": {"type": "string", "pattern": r"^[^-\s]\S*$"},
        "command": _STRING,
        "dask": {"type": "string", "pattern": r"^(tcp|tls|ws|wss)://\S+$"},
        "python": _STRING,
        "runner": {"enum": list(RUNNERS)},
    },
    required=["profile"],
    allOf=[{"not": {"required": [one, other]}} for one, other in combinations(TRANSPORTS, 2)],
)
_KEYS: Mapping[str, tuple[str, _Schema]] = {
    "extend": ("Another configuration file, whose values hold where this one sets none.", _STRING),
    "devices": (
        "What the models are meant for; `hwlint device list` names them.",
        {"anyOf": [_STRING, {"type": "array", "items": _STRING, "minItems": 1}]},
    ),
    "dtype": (
        "What the models compute in, for all devices or by device.",
        {"anyOf": [_STRING, _table(_STRING)]},
    ),
    "batch": ("Batch size of inputs that nothing says more of.", _COUNT),
    "mode": ("Whether models are run or trained.", {"enum": list(MODES)}),
    "image-size": (
        "Height and width of images that nothing says more of.",
        {"anyOf": [_COUNT, _PAIR]},
    ),
    "select": ("Rules that run: codes, their beginnings, names.", _STRINGS),
    "ignore": ("Rules that do not.", _STRINGS),
    "severity": ("Severity by rule.", _table({"enum": list(SEVERITIES)})),
    "per-file-ignores": ("Rules that are silent in files, by pattern.", _table(_STRINGS)),
    "exclude": ("Files and folders that are not read, as in a .gitignore.", _STRINGS),
    "src": ("Folders that imports start from, besides those that are found.", _STRINGS),
    "python": ("The environment whose packages are read; it is never run.", _STRING),
    "min-coverage": (
        "Least percentage of entry points that have to be read fully.",
        {"type": "number", "minimum": 0, "maximum": 100},
    ),
    "fail-on": ("Least severity that makes the exit code 1.", {"enum": list(LEVELS)}),
    "models": ("Models by place, and how each is built and called.", _table(_MODEL)),
    "budgets": ("What one model may take on one device.", {"type": "array", "items": _BUDGET}),
    "targets": ("Devices that models are measured on, by name.", _table(_TARGET)),
}
SCHEMA: _Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "hwlint",
    **_object({key: {"description": said, **schema} for key, (said, schema) in _KEYS.items()}),
}


def schema_text() -> str:
    """Return the schema as JSON text."""
    return json.dumps(SCHEMA, indent=2) + "\n"
