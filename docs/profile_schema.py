"""Write the JSON schema of profile files from the types in server/hwlint/profile.

python docs/profile_schema.py

Editors that check TOML take it: `hwlint device schema > profile.schema.json`, and at the head of a
profile `#:schema ./profile.schema.json`.
"""

import ast
import inspect
import json
import types
from collections.abc import Mapping
from typing import Literal, Union, get_args, get_origin, get_type_hints

import attrs

from hwlint.profile import Profile
from hwlint.profile.schema import SCHEMA_FILE

NOT_WRITTEN = frozenset({"id", "fingerprint"})
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
Schema = dict[str, object]


def described(cls: type) -> dict[str, str]:
    """Return what stands under each attribute in the source, those of base classes included."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__[:-1]):
        body = ast.parse(inspect.cleandoc(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for statement, after in zip(body.body, body.body[1:], strict=False):
            if isinstance(statement, ast.AnnAssign) and isinstance(after, ast.Expr):
                assert isinstance(statement.target, ast.Name)
                assert isinstance(after.value, ast.Constant)
                found[statement.target.id] = inspect.cleandoc(str(after.value.value))
    return found


def schema_of(kind: object, definitions: dict[str, Schema], *, item: bool = False) -> Schema:
    """Return the schema of one type. An `item` stands in a list, where nothing is inherited: all
    that has no default is required there."""
    if isinstance(kind, type) and kind in PLAIN:
        return {"type": PLAIN[kind]}
    if isinstance(kind, type) and attrs.has(kind):
        return table(kind, definitions, item=item)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        (known,) = [one for one in arguments if one is not type(None)]
        return schema_of(known, definitions)
    if origin is Mapping:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], definitions)}
    if origin is tuple and get_origin(arguments[0]) is tuple:  # a table of numbers
        return {"type": "array", "items": schema_of(arguments[0], definitions)}
    if origin is tuple:
        return several(arguments[0], definitions)
    raise TypeError(f"no schema for {kind}")


def several(kind: object, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a list; one string stands for a list of one."""
    found: Schema = {"type": "array", "items": schema_of(kind, definitions, item=True)}
    return {"anyOf": [{"type": "string"}, found]} if kind is str else found


def table(cls: type, definitions: dict[str, Schema], *, item: bool = False) -> Schema:
    """Return a reference to the schema of a table, which is made where there is none yet."""
    name = f"{cls.__name__}Item" if item else cls.__name__
    if name not in definitions:
        definitions[name] = {}  # a type may hold itself
        definitions[name] = fields(cls, definitions, item=item)
    return {"$ref": f"#/$defs/{name}"}


def fields(cls: type, definitions: dict[str, Schema], *, item: bool) -> Schema:
    """Return the schema of a table's keys."""
    hints, texts = get_type_hints(cls), described(cls)
    known = [a for a in attrs.fields(cls) if cls is not Profile or a.name not in NOT_WRITTEN]
    found: Schema = {
        "type": "object",
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "properties": {
            a.name: {"description": texts[a.name], **schema_of(hints[a.name], definitions)}
            for a in known
        },
        "additionalProperties": False,
    }
    if item:
        found["required"] = [a.name for a in known if a.default is attrs.NOTHING]
    return found


def schema() -> Schema:
    """Return the whole schema."""
    definitions: dict[str, Schema] = {}
    root = fields(Profile, definitions, item=False)
    head: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hwlint device profile",
    }
    return head | root | {"$defs": dict(sorted(definitions.items()))}


def text() -> str:
    """Return the schema as it is written."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(text(), encoding="utf-8")
