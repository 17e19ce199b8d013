"""Compare what hwlint reads of a project with what torch built for it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Site = tuple[str, int, int, str]
"""File, line from 1, byte column of the call's begin, layer."""
Built = list[dict[str, Any]]


@dataclass
class Score:
    """How well one project was read."""

    sites: int = 0
    judged: int = 0
    """Readings at calls that a run came to."""
    missed: list[Site] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def merge(answers: Iterable[Mapping[str, Any]]) -> dict[Site, Built]:
    """Put together what several runs built."""
    sites: dict[Site, Built] = {}
    for answer in answers:
        for file, line, col, op, built in answer["sites"]:
            sites.setdefault((file, line, col, op), []).extend(built)
    return sites


def score(sites: Mapping[Site, Built], records: Iterable[Mapping[str, Any]]) -> Score:
    """Find the sites of which no reading is right, and the readings that nothing built.

    A reading at a call that no run came to is neither.
    """
    result = Score(sites=len(sites))
    also = _inherited(sites)
    read: set[Site] = set()
    for record in records:
        if "kind" in record:
            continue
        here = (record["file"], record["line"], record["col"], record["op"])
        places = [here] if here in sites else also.get(here, [])
        for place in places:
            if any(is_complete(record["args"], built) for built in sites[place]):
                read.add(place)
        result.judged += bool(places)
        if places and not any(agrees(record["args"], b) for p in places for b in sites[p]):
            result.wrong.append(f"{here}: {record['args']} in {record['context']}")
    result.missed = sorted(set(sites) - read)
    return result


def _inherited(sites: Mapping[Site, Built]) -> dict[Site, list[Site]]:
    """A layer of a subclass may be told at the `super().__init__` or where it is made."""
    also: dict[Site, list[Site]] = {}
    for site, ways in sites.items():
        for file, line, col in {tuple(place) for built in ways for place in built["also"]}:
            also.setdefault((file, line, col, site[3]), []).append(site)
    return also


def agrees(args: Mapping[str, Any], built: Mapping[str, Any]) -> bool:
    """Say whether every argument that is told is the one that torch was given.

    Where torch was given None it chooses itself, and what it chose may be told.
    """
    given = built["args"]
    return all(
        value is None or name not in given or given[name] is None or same(value, given[name])
        for name, value in args.items()
    )


def is_complete(args: Mapping[str, Any], built: Mapping[str, Any]) -> bool:
    """Say whether the arguments agree and none that was given is left out."""
    told = all(
        name in args and _is_told(args[name], built["args"][name]) for name in built["given"]
    )
    return told and agrees(args, built)


def _is_told(value: Any, given: Any) -> bool:
    return given is None or (value is not None and not (isinstance(value, list) and None in value))


def same(value: Any, given: Any) -> bool:
    """Compare two arguments; torch takes 3 for (3, 3) and "gelu" for its function."""
    if isinstance(value, list) and isinstance(given, list):
        short, long = sorted((value, given), key=len)
        short = short * len(long) if len(short) == 1 else short
        return len(short) == len(long) and all(map(same, short, long))
    if isinstance(value, list) or isinstance(given, list):
        many, one = (value, given) if isinstance(value, list) else (given, value)
        return all(same(item, one) for item in many)
    if isinstance(value, float) and isinstance(given, int | float):
        return math.isclose(value, given)
    if isinstance(value, str) and value.startswith("torch."):
        value = value.rpartition(".")[2]
    return value == given
