"""From the plain dict that TOML gives to a checked `Profile`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast, get_args, get_origin

from attrs import fields_dict
from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)

from hwlint.profile.errors import did_you_mean
from hwlint.profile.model import Profile
from hwlint.profile.sourced import SourceMissing

__all__ = ["Problem", "structure"]

_NAMES = {int: "a whole number", str: "a string", bool: "true or false", float: "a number"}


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong."""

    where: tuple[str | int, ...]
    """The key at fault: ("tiles", 1, "minimum")."""
    message: str


def structure(raw: dict[str, object]) -> "Profile | Problem":
    """Return the profile, or what is wrong with it."""
    try:
        return _converter().structure(raw, Profile)
    except ClassValidationError as error:
        return _first_problem(error)


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for kind in _NAMES:
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_structure_hook_func(_is_strings, _strings)
    converter.register_structure_hook_func(_is_literal, _literal)
    return converter


def _strict(kind: type) -> Callable[[object, object], object]:
    accepted = (int, float) if kind is float else (kind,)

    def hook(value: object, _type: object) -> object:
        # A bool is an int to Python, not to the writer of a profile.
        if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
            raise ValueError(f"must be {_NAMES[kind]}, not {value!r}")
        return float(value) if isinstance(value, int) and kind is float else value

    return hook


def _is_strings(kind: object) -> bool:
    return kind == tuple[str, ...]


def _strings(value: object, _type: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(
        isinstance(item, str) for item in cast(Sequence[object], items)
    ):
        raise ValueError(f"must be a string or a list of strings, not {value!r}")
    return tuple(cast(Sequence[str], items))


def _is_literal(kind: object) -> bool:
    return get_origin(kind) is Literal


def _literal(value: object, kind: object) -> object:
    allowed = [str(word) for word in get_args(kind)]
    if value not in allowed:
        nearest = did_you_mean(str(value), allowed)
        raise ValueError(f"must be one of {', '.join(allowed)}, not {value!r}{nearest}")
    return value


def _first_problem(error: Exception) -> Problem:
    """Walk cattrs' tree of errors down to one leaf; its notes say where that is."""
    path: list[str | int] = []
    while isinstance(error, ExceptionGroup):
        below = cast(tuple[Exception, ...], error.exceptions)
        # A misspelt field is also a missing one; the spelling is what to tell.
        misspelt = [one for one in below if isinstance(one, ForbiddenExtraKeysError)]
        error = (*misspelt, *below)[0]
        for note in cast(list[object], getattr(error, "__notes__", [])):
            if isinstance(note, AttributeValidationNote):
                path.append(note.name)
            elif isinstance(note, IterableValidationNote):
                path.append(note.index)
    return _described(tuple(path), error)


def _described(path: tuple[str | int, ...], error: Exception) -> Problem:
    dotted = ".".join(str(part) for part in path)
    inside = f" in {dotted}" if dotted else ""
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = min(error.extra_fields)
        nearest = did_you_mean(unknown, fields_dict(error.cl))
        return Problem((*path, unknown), f'unknown field "{unknown}"{inside}{nearest}')
    if isinstance(error, KeyError):
        return Problem(path, f'missing field "{error.args[0]}"')
    if isinstance(error, SourceMissing):
        path = (*path, "source")
    if isinstance(error, TypeError):
        return Problem(path, f"{dotted}: must be a table or a list of them")
    return Problem(path, f"{dotted}: {error}")
