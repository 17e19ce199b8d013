"""Which fields of a profile a rule needs, and which of them a device lacks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from hwlint.profile.model import Profile

__all__ = ["Need", "missing", "needs_in"]

_FIELD = re.compile(r"`([a-z_]+(?:\.(?:<dtype>|[a-z_0-9]+))*)`(?:\s*\(([^)]*)\))?")
_NARROWED = re.compile(r"([a-z]+)\s+((?:\"[^\"]+\"(?:,\s*)?)+)")
_QUOTED = re.compile(r"\"([^\"]+)\"")


@dataclass(frozen=True, slots=True)
class Need:
    """One field, by its path; items of a list may be narrowed to those about some layers, say."""

    path: tuple[str, ...]
    """("fusion", "pointwise_chains"); "<dtype>" stands for what the model computes in."""
    narrowed: Mapping[str, frozenset[str]]
    """{"layers": {"conv", "depthwise"}}: an item about any of them will do."""


def needs_in(text: str) -> tuple[Need, ...]:
    """Return the fields that a rule's section "Profile fields" names.

    A field stands in backquotes, and what it is narrowed to behind it in brackets:
    `tiles` (layers "conv", "depthwise"; operands "in").
    """
    found: list[Need] = []
    for path, brackets in _FIELD.findall(text):
        narrowed = {
            name: frozenset(_QUOTED.findall(words))
            for name, words in _NARROWED.findall(brackets.replace("\n", " "))
        }
        found.append(Need(tuple(path.split(".")), narrowed))
    return tuple(found)


def missing(profile: Profile, dtype: str, needs: Iterable[Need]) -> tuple[str, ...]:
    """Return the fields that the profile lacks, each as far down as is lacking: "fusion" where the
    whole group is. A field that has a default is never lacking."""
    lacking = (_lacking(profile, dtype, need) for need in needs)
    return tuple(dict.fromkeys(name for name in lacking if name is not None))


def _lacking(profile: Profile, dtype: str, need: Need) -> str | None:
    value: object = profile
    path = [dtype if part == "<dtype>" else part for part in need.path]
    for depth, part in enumerate(path, start=1):
        if isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value).get(part)
        else:
            value = getattr(value, part, None)
        if value is None:
            return ".".join(path[:depth])
    if len(path) > 1 or not isinstance(value, tuple):
        return None
    items = cast("Sequence[object]", value)
    if any(_fits(item, dtype, need.narrowed) for item in items):
        return None
    about = "; ".join(f"{key} {', '.join(sorted(of))}" for key, of in sorted(need.narrowed.items()))
    return f"{path[0]} ({about})" if about else path[0]


def _fits(item: object, dtype: str, narrowed: Mapping[str, frozenset[str]]) -> bool:
    dtypes = getattr(item, "dtypes", ())
    if dtypes and dtype not in dtypes:
        return False
    return all(wanted & set(getattr(item, name, ())) for name, wanted in narrowed.items())
