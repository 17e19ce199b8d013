"""The JSON schema says of profile files what the loader says."""

import copy
import json
import runpy
import tomllib
from pathlib import Path
from typing import cast

import pytest

from hwlint.profile import discover_profiles
from hwlint.profile.schema import SCHEMA_FILE, schema_text

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(schema_text())
FILES = discover_profiles(("hwlint_profiles",)).files()
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def faults(schema: dict[str, object], value: object, where: str = "") -> list[str]:
    """Check a value by the words that our schema uses, and by no others."""
    words = set(schema) - {"$schema", "$defs", "title", "description"}
    if "$ref" in words:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        return faults(SCHEMA["$defs"][name], value, where)
    if "anyOf" in words:
        choices = cast("list[dict[str, object]]", schema["anyOf"])
        found = [faults(choice, value, where) for choice in choices]
        return min(found, key=len)
    if "enum" in words:
        return [] if value in cast("list[object]", schema["enum"]) else [f"{where}: {value!r}"]
    assert words <= {"type", "properties", "additionalProperties", "required", "items"}, words
    kind = str(schema["type"])
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{where}: not {kind}"]
    if isinstance(value, list):
        items = cast("dict[str, object]", schema["items"])
        return [f for i, one in enumerate(value) for f in faults(items, one, f"{where}[{i}]")]
    return _table_faults(schema, value, where) if isinstance(value, dict) else []


def _table_faults(schema: dict[str, object], value: dict[str, object], where: str) -> list[str]:
    properties = cast("dict[str, dict[str, object]]", schema.get("properties", {}))
    required = cast("list[str]", schema.get("required", []))
    found = [f"{where}: wants {name}" for name in required if name not in value]
    for key, item in value.items():
        inner = properties.get(key, schema["additionalProperties"])
        if inner is False:
            found.append(f"{where}: unknown {key}")
        else:
            found += faults(cast("dict[str, object]", inner), item, f"{where}.{key}")
    return found


def test_the_schema_is_up_to_date():
    made = runpy.run_path(str(ROOT / "docs" / "profile_schema.py"))
    written = SCHEMA_FILE.read_text(encoding="utf-8")
    assert written == made["text"](), "run: python docs/profile_schema.py"


def test_every_key_is_explained():
    tables = [SCHEMA, *SCHEMA["$defs"].values()]
    assert len(tables) > 20
    for found in tables:
        assert found["description"]
        assert found["properties"]
        assert all(key["description"] for key in found["properties"].values())
        assert found["additionalProperties"] is False


@pytest.mark.parametrize("name", sorted(FILES))
def test_all_profiles_pass(name: str):
    assert faults(SCHEMA, tomllib.loads(FILES[name].read_text(encoding="utf-8"))) == []


BASE = tomllib.loads(FILES["_nvidia-fp8"].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tilez": []}, "unknown tilez"),
        ({"kind": "gpuu"}, ".kind"),
        ({"aliases": 3}, ".aliases"),
        ({"memory": {"dram_gb": "80"}}, ".memory.dram_gb: not number"),
        ({"memory": {"dram_gbb": 80}}, "unknown dram_gbb"),
        ({"requirements": {"static_shapes": 1}}, "static_shapes: not boolean"),
        ({"wave": {"rows": 1.5}}, ".wave.rows: not integer"),
        ({"operators": {"int8": {"support": {"ReLU": "fast"}}}}, "ReLU"),
        ({"tiles": [{**BASE["tiles"][0], "minimum": True}]}, "not integer"),
        ({"id": "x"}, "unknown id"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(change: dict[str, object], said: str):
    value = copy.deepcopy(BASE) | change
    (fault,) = faults(SCHEMA, value)
    assert said in fault


def test_a_tile_must_be_complete_and_sourced():
    for name in ("source", "evidence", "minimum", "dtypes", "layers", "operands"):
        value = copy.deepcopy(BASE)
        del value["tiles"][0][name]
        (fault,) = faults(SCHEMA, value)
        assert f"wants {name}" in fault
