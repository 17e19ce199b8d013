"""From choices to edits: what has to be written where."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from attrs import field, frozen

from hwlint.search.model import Point, Value
from hwlint.source.changes import JoinLinears, edits_for
from hwlint.source.edits import Edit, Overlap, Positions, apply_edits, compose, encoded, move
from hwlint.source.files import SourceError, SourceFile, decode_source
from hwlint.source.rewriting import rewritten
from hwlint.source.spans import Place

__all__ = ["Exact", "Join", "Plan", "Rewriting", "Spot", "Unwritten"]


class Unwritten(Exception):
    """Why choices cannot be written."""


@frozen
class Spot:
    """A whole number that follows from one point or more: `base` and, for each, `slope` times as
    much more as the point has."""

    place: Place
    base: int
    slopes: Mapping[str, Fraction]
    """By name of the point."""
    lead: str = ""
    """Stands before it, where the place is empty: ", padding="."""

    def written(self, deltas: Mapping[str, int]) -> str | None:
        """Return what is to stand there; None: what does."""
        change = sum((s * deltas.get(name, 0) for name, s in self.slopes.items()), Fraction(0))
        if not change:
            return None
        if change.denominator != 1 or self.base + change < 0:
            raise Unwritten(f"line {self.place.line + 1}: no whole number follows")
        return f"{self.lead}{self.base + int(change)}"


@frozen
class Exact:
    """A place where a value stands as it is."""

    place: Place
    point: str


@frozen
class Rewriting:
    """A call that is written in another way, where the point has another value."""

    place: Place
    point: str
    how: Mapping[Value, str]
    """By value: one of `hwlint.source.rewriting.REWRITINGS`."""


@frozen
class Join:
    """Linear layers that become one, where the point has one of the values."""

    step: JoinLinears
    point: str
    values: frozenset[Value]


@frozen
class Plan:
    """All that points decide on."""

    spots: tuple[Spot, ...] = ()
    exacts: tuple[Exact, ...] = ()
    rewritings: tuple[Rewriting, ...] = ()
    joins: tuple[Join, ...] = ()
    sources: Mapping[str, SourceFile] = field(factory=dict[str, SourceFile])
    """By path."""

    def __add__(self, other: "Plan") -> "Plan":
        """Return both as one: a number that follows from both follows from their sum."""
        merged: dict[tuple[Place, str], Spot] = {}
        for spot in (*self.spots, *other.spots):
            key = (spot.place, spot.lead)
            known = merged.get(key)
            slopes = {**known.slopes, **spot.slopes} if known is not None else spot.slopes
            merged[key] = Spot(spot.place, spot.base, slopes, spot.lead)
        return Plan(
            tuple(merged.values()),
            (*self.exacts, *other.exacts),
            (*self.rewritings, *other.rewritings),
            (*self.joins, *other.joins),
            {**self.sources, **other.sources},
        )

    def edits(self, points: Iterable[Point], choices: Mapping[str, Value]) -> tuple[Edit, ...]:
        """Return the edits that make choices, sorted. Raises `Unwritten`."""
        present = {point.name: point.present for point in points}
        edits = list(self._texts(present, choices))
        inside_first = sorted(self.rewritings, key=lambda one: _size(one.place))
        for rewriting in inside_first:
            how = rewriting.how.get(choices.get(rewriting.point, ""))
            if how is not None:
                edits = self._rewritten(rewriting.place, how, edits)
        for join in self.joins:
            if choices.get(join.point) in join.values:
                edits = self._joined(join.step, edits)
        return tuple(sorted(edits))

    def _texts(self, present: Mapping[str, Value], choices: Mapping[str, Value]) -> Iterator[Edit]:
        deltas: dict[str, int] = {}
        for name, value in choices.items():
            was = present[name]
            if isinstance(value, int) and isinstance(was, int):
                deltas[name] = value - was
        for spot in self.spots:
            text = spot.written(deltas)
            if text is not None:
                yield Edit(spot.place, text)
        for exact in self.exacts:
            if exact.point in choices:
                yield Edit(exact.place, str(choices[exact.point]))

    def _rewritten(self, place: Place, how: str, edits: list[Edit]) -> list[Edit]:
        """Write a call in another way, with the edits inside of it made."""
        text = self.sources[place.path].text
        inner = [edit for edit in edits if edit.place.within(place)]
        edited = apply_edits(text, inner)
        call = Positions(edited).read(move(place, text, inner))
        new = rewritten(how, call)
        if new is None:
            raise Unwritten(f"line {place.line + 1}: cannot be written as {how} any more")
        return [*(edit for edit in edits if edit not in inner), Edit(place, new)]

    def _joined(self, step: JoinLinears, edits: list[Edit]) -> list[Edit]:
        """Make one of linear layers as they are written with the edits of their file made."""
        source = self.sources[step.first.path]
        own = [edit for edit in edits if edit.place.path == source.path]
        where = f"line {step.first.line + 1}"
        try:
            edited = decode_source(source.path, encoded(source, apply_edits(source.text, own)))
            first, *others = (move(p, source.text, own) for p in (step.first, *step.others))
            made = edits_for(JoinLinears(first, tuple(others)), edited)
            if made is None:
                raise Unwritten(f"{where}: the linear layers cannot be one any more")
            joined = compose(source.text, own, made)
        except (Overlap, SourceError, UnicodeError):
            raise Unwritten(f"{where}: the edits do not fit together") from None
        return [*(edit for edit in edits if edit not in own), *joined]


def _size(place: Place) -> tuple[int, int]:
    return place.end_line - place.line, place.end_col - place.col
