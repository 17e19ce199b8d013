"""Plain data in files beside the code: YAML, JSON and TOML, with the place of every value.

YAML is read by a small reader of our own, for plain data as people write it by hand: block and flow
collections, the three kinds of scalars, anchors, aliases and merge keys, comments. A tag, a
complex key or a second document is refused, and so is whatever does not parse: then nothing of the
file is known. Nothing here can run anything.
"""

import json
import tomllib
from dataclasses import dataclass
from typing import Any, cast

from hwlint.source.files import SourceError, read_regular
from hwlint.source.yaml import Literal, YamlProblem, read_yaml

__all__ = ["Literal", "LiteralProblem", "plain", "read_json", "read_toml", "read_yaml_text"]


_MAX_PLACED = 200_000
"""Characters of JSON up to which values get places: it is parsed a second time for them."""


@dataclass(frozen=True)
class LiteralProblem(Exception):
    """A file that is no plain data."""

    path: str
    reason: str


def read_text(path: str) -> str:
    """Return the text of a file; raises LiteralProblem."""
    try:
        return read_regular(path).decode("utf-8-sig")
    except SourceError as error:
        raise LiteralProblem(path, error.message) from error
    except UnicodeDecodeError as error:
        raise LiteralProblem(path, "is not UTF-8") from error


def read_yaml_text(path: str, text: str, *, floats: bool = False) -> Literal:
    """Return what YAML says; raises LiteralProblem. `floats`: 1e-3 is a number (as OmegaConf has
    it), else a text (as YAML 1.1 and so PyYAML have it)."""
    try:
        return read_yaml(path, text, floats=floats)
    except YamlProblem as problem:
        raise LiteralProblem(path, f"line {problem.line + 1}: {problem.reason}") from problem
    except RecursionError as problem:
        raise LiteralProblem(path, "nested too deeply") from problem


def read_json(path: str, text: str) -> Literal:
    """Return what JSON says; raises LiteralProblem."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise LiteralProblem(path, f"is not JSON: {problem}"[:200]) from problem
    if len(text) > _MAX_PLACED:
        return _without_places(path, value)
    try:
        placed = read_yaml_text(path, text, floats=True)  # JSON is YAML, and so has places
    except LiteralProblem:
        return _without_places(path, value)
    return placed if _same(plain(placed), value) else _without_places(path, value)


def read_toml(path: str, text: str) -> Literal:
    """Return what TOML says, without the places of its values; raises LiteralProblem."""
    try:
        return _without_places(path, tomllib.loads(text))
    except (ValueError, RecursionError) as problem:
        raise LiteralProblem(path, f"is not TOML: {problem}"[:200]) from problem


def plain(literal: Literal) -> Any:
    """Return the data alone."""
    value = literal.value
    if isinstance(value, dict):
        return {k: plain(v) for k, v in cast("dict[Any, Literal]", value).items()}
    if isinstance(value, list):
        return [plain(v) for v in cast("list[Literal]", value)]
    return value


def _same(left: Any, right: Any) -> bool:
    return bool(left == right) and repr(left) == repr(right)


def _without_places(path: str, value: object) -> Literal:
    nowhere = None
    if isinstance(value, dict):
        pairs = cast("dict[Any, object]", value).items()
        return Literal({k: _without_places(path, v) for k, v in pairs}, nowhere)
    if isinstance(value, list):
        return Literal([_without_places(path, v) for v in cast("list[object]", value)], nowhere)
    return Literal(value, nowhere)
