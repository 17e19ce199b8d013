"""Moves what is proposed into the bounds on a candidate's size.

Most of what a sampler proposes is too large or too small where parameters and products have to stay
as they are. Instead of throwing it away, a few of its points are changed until it keeps to the
bounds. What a change does to a size is looked up once, by itself; together, changes are taken to
multiply, and what was read last says how far off that is.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence

from attrs import define, field

from hwlint.search.bounds import Bound, limits, value_of
from hwlint.search.model import Candidate, Choices, Refusal, Space, Value

__all__ = ["Steering"]

_READINGS = 6
"""Of one proposal, after which it is given up."""
_KEPT = 2
"""Of these, so many in which one of the changes stays and others have to make up for it."""
_STEPS = 24
"""Changes between two readings at most."""
_OTHERS = 12
"""Changes that are weighed at each step besides those that take something back."""
_ROOM = 0.01
"""How far within the bounds a proposal is brought, in logarithms: sizes are estimated here."""

_Sizes = tuple[float, ...]
"""Logarithms of what each bound is about."""
_Move = tuple[str, Value]


@define
class Steering:
    """Moves proposals for one space into bounds."""

    space: Space
    bounds: Sequence[Bound]
    chance: random.Random
    _single: dict[_Move, _Sizes | None] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType] - of the type that stands here
    """By how much one change alone moves sizes; None where it does not read."""

    def steered(self, choices: Choices) -> dict[str, Value] | None:
        """Return choices near those given that read and keep to the bounds; None where none were
        found."""
        start, ranges = self._sizes(self.space.original), self._ranges()
        if start is None or ranges is None:
            return None
        now = {p.name: choices.get(p.name, p.present) for p in self.space.points}
        off = (0.0,) * len(start)
        for tried in range(_READINGS):
            made = self.space.candidate(now)
            if isinstance(made, Refusal):
                self._take_back(now)
                continue
            sizes = self._sizes(made)
            if sizes is None:
                return None
            if _excess(sizes, ranges) <= 0:
                return now if made.choices else None
            off = _minus(sizes, self._together(start, now))
            self._walk(now, _plus(start, off), ranges, self._kept(made) if tried < _KEPT else "")
        return None

    def _take_back(self, now: dict[str, Value]) -> None:
        """Take up to half of the changes back: together they do not read."""
        changed = [point for point in self.space.points if now[point.name] != point.present]
        for point in self.chance.sample(changed, max(1, len(changed) // 2)):
            now[point.name] = point.present

    def _kept(self, made: Candidate) -> str:
        """Return the name of a change that others are to make up for."""
        return self.chance.choice(list(made.choices)) if made.choices else ""

    def _walk(
        self,
        now: dict[str, Value],
        start: _Sizes,
        ranges: Sequence[tuple[float, float]],
        kept: str,
    ) -> None:
        """Change points until the sizes that are expected lie within the bounds."""
        inner = [(low + _ROOM, high - _ROOM) for low, high in ranges]
        for _ in range(_STEPS):
            sizes = self._together(start, now)
            excess = _excess(sizes, inner)
            if excess <= 0:
                return
            better = [
                (excess - left, move)
                for move in self._moves(now)
                if move[0] != kept
                and (left := self._after(sizes, now, move, inner)) is not None
                and left < excess
            ]
            if not better:
                return
            weights = [gain for gain, _ in better]
            name, value = self.chance.choices([move for _, move in better], weights)[0]
            now[name] = value

    def _after(
        self,
        sizes: _Sizes,
        now: Mapping[str, Value],
        move: _Move,
        ranges: Sequence[tuple[float, float]],
    ) -> float | None:
        """Return how far out of the bounds a change leaves what has certain sizes."""
        new, old = self._alone(move), self._alone((move[0], now[move[0]]))
        return (
            None if new is None or old is None else _excess(_plus(sizes, _minus(new, old)), ranges)
        )

    def _moves(self, now: Mapping[str, Value]) -> Iterator[_Move]:
        """Yield what may be changed next: all that takes something back, and some of the rest."""
        yield from ((p.name, p.present) for p in self.space.points if now[p.name] != p.present)
        free = [point for point in self.space.points if len(point.values) > 1]
        for point in self.chance.choices(free, k=_OTHERS) if free else ():
            value = self.chance.choice(point.values)
            if value not in (now[point.name], point.present):
                yield point.name, value

    def _together(self, start: _Sizes, now: Mapping[str, Value]) -> _Sizes:
        """Return the sizes to be expected of choices; a change that is not known counts nothing."""
        known = [alone for move in now.items() if (alone := self._alone(move)) is not None]
        return tuple(map(sum, zip(start, *known, strict=True)))

    def _alone(self, move: _Move) -> _Sizes | None:
        if move not in self._single:
            made = self.space.candidate(dict([move]))
            start = self._sizes(self.space.original)
            sizes = None if isinstance(made, Refusal) else self._sizes(made)
            both = None if sizes is None or start is None else _minus(sizes, start)
            self._single[move] = both
        return self._single[move]

    def _sizes(self, made: Candidate) -> _Sizes | None:
        values = [value_of(bound, made.facts) for bound in self.bounds]
        found = tuple(math.log(value) for value in values if value)
        return found if len(found) == len(values) else None

    def _ranges(self) -> list[tuple[float, float]] | None:
        """Return the least and most of the logarithm of each size; None where one is not known."""
        found = [limits(bound, self.space.original.facts) for bound in self.bounds]
        known = [(_log(pair[0]), _log(pair[1])) for pair in found if pair is not None]
        return known if len(known) == len(found) else None


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _excess(sizes: _Sizes, ranges: Sequence[tuple[float, float]]) -> float:
    pairs = zip(sizes, ranges, strict=True)
    return sum(max(0.0, low - size, size - high) for size, (low, high) in pairs)


def _plus(one: _Sizes, other: _Sizes) -> _Sizes:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _minus(one: _Sizes, other: _Sizes) -> _Sizes:
    return tuple(a - b for a, b in zip(one, other, strict=True))
