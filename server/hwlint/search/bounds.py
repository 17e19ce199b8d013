"""What a candidate has to keep to: `--only`, `--keep` and `--budget`, and who breaks them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

from attrs import frozen

from hwlint.engine.errors import UserError
from hwlint.search.model import Candidate, Facts, Kind

__all__ = [
    "Bound",
    "limits",
    "parse_budget",
    "parse_keep",
    "parse_only",
    "value_of",
    "violations",
]

Kept = Literal["params", "macs", "memory"]
Budgeted = Literal["latency_ms", "flash_kb", "sram_kb", "energy_mj"]


@frozen
class Bound:
    """One bound on what a candidate comes to."""

    what: Kept | Budgeted
    share: float | None = None
    """How far from the original it may be, up or down: 0.05 is 5 %."""
    most: float | None = None
    """The most that it may be, in the unit that its name says; kb are units of 1024 bytes."""

    def __str__(self) -> str:
        """Return it as it is asked for: "params=5%"."""
        return (
            f"{self.what}={self.share * 100:g}%"
            if self.share is not None
            else f"{self.what}={self.most:g}"
        )


_KINDS: dict[str, Kind] = {
    **{kind: kind for kind in get_args(Kind)},
    "widths": "width",
    "depths": "depth",
    "kernels": "kernel",
    "expansions": "expansion",
    "activations": "activation",
    "norms": "norm",
}


def parse_only(texts: Iterable[str]) -> frozenset[Kind]:
    """Return the kinds of points that "widths,depth" names; empty: all.

    Raises:
        UserError: Where one is not known.
    """
    found: set[Kind] = set()
    for word in _words(texts):
        if word not in _KINDS:
            known = ", ".join(get_args(Kind))
            raise UserError(f"--only {word}: no such kind of point; there are {known}")
        found.add(_KINDS[word])
    return frozenset(found)


def parse_keep(texts: Iterable[str]) -> tuple[Bound, ...]:
    """Return the bounds of "params=5%".

    Raises:
        UserError: Where one is not understood.
    """
    bounds: list[Bound] = []
    for word in _words(texts):
        found = re.fullmatch(r"(\w+)=(\d+(?:\.\d+)?)%", word)
        if found is None or found[1] not in get_args(Kept):
            known = ", ".join(f"{name}=5%" for name in get_args(Kept))
            raise UserError(f"--keep {word}: expected one of {known}")
        bounds.append(Bound(found[1], share=float(found[2]) / 100))  # pyright: ignore[reportArgumentType] - looked up above
    return tuple(bounds)


def parse_budget(texts: Iterable[str]) -> tuple[Bound, ...]:
    """Return the bounds of "latency_ms=5".

    Raises:
        UserError: Where one is not understood.
    """
    bounds: list[Bound] = []
    for word in _words(texts):
        found = re.fullmatch(r"(\w+)=(\d+(?:\.\d+)?)", word)
        if found is None or found[1] not in get_args(Budgeted) or not float(found[2]):
            known = ", ".join(f"{name}=5" for name in get_args(Budgeted))
            raise UserError(f"--budget {word}: expected one of {known}")
        bounds.append(Bound(found[1], most=float(found[2])))  # pyright: ignore[reportArgumentType] - looked up above
    return tuple(bounds)


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (word for word in re.split(r"[,\s]+", text) if word)


def violations(
    candidate: Candidate,
    original: Candidate,
    bounds: Sequence[Bound],
    measured_s: float | None = None,
) -> tuple[str, ...]:
    """Return which bounds a candidate breaks, one line each; empty: none.

    `measured_s`: its latency where it was measured, which goes before what is estimated. A bound
    on what is not known is broken: nobody can say that it holds.
    """
    found = (_broken(bound, candidate.facts, original.facts, measured_s) for bound in bounds)
    return tuple(line for line in found if line is not None)


def _broken(bound: Bound, facts: Facts, before: Facts, measured_s: float | None) -> str | None:
    value = value_of(bound, facts, measured_s)
    if value is None:
        return f"{bound}: {bound.what} of the candidate is not known"
    between = limits(bound, before)
    if between is None:
        return f"{bound}: {bound.what} of the original is not known"
    if between[0] <= value <= between[1]:
        return None
    if bound.share is None:
        return f"{bound}: {value:.4g} is more"
    was = value_of(bound, before)
    return f"{bound}: {was:g} -> {value:g} ({(value / was - 1) * 100 if was else 100:+.1f} %)"


def limits(bound: Bound, before: Facts) -> tuple[float, float] | None:
    """Return the least and the most that a bound allows, in its unit; None where it goes by what
    is not known of the original."""
    if bound.share is None:
        assert bound.most is not None
        return 0.0, bound.most
    was = value_of(bound, before)
    return None if was is None else (was * (1 - bound.share), was * (1 + bound.share))


def value_of(bound: Bound, facts: Facts, measured_s: float | None = None) -> float | None:
    """Return what a bound is about, in its unit; None where it is not known."""
    if bound.what == "params":
        return facts.params
    if bound.what == "macs":
        return facts.macs
    if bound.what == "memory":
        return facts.peak_bytes
    seconds = facts.estimate_s if measured_s is None else measured_s
    units: dict[Budgeted, tuple[float | None, float]] = {
        "latency_ms": (seconds, 1e3),
        "flash_kb": (facts.weight_bytes, 1 / 1024),
        "sram_kb": (facts.peak_bytes, 1 / 1024),
        "energy_mj": (facts.energy_j, 1e3),
    }
    value, scale = units[bound.what]
    return None if value is None else value * scale
