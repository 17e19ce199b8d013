"""What may stand at a point: each value is written by itself and read again."""

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, field, frozen

from hwlint.graph import ModelGraph
from hwlint.search.alignment import step_of, widths_around
from hwlint.search.known import Found, Known
from hwlint.search.model import Value
from hwlint.search.reachable import Reachable
from hwlint.search.writing import Plan, Unwritten
from hwlint.source.comments import Comment

__all__ = ["Valuer"]

_KERNELS = (3, 5, 7)
_DEEPER = (-2, -1, 1, 2)
_GROUPS = (1, 2, 4, 8, 16, 32)
_TIMES = (0.25, 0.5, 0.75, 1.25, 1.5, 2.0)
"""What heads and multipliers of widths are tried at, times what they are."""
_LEAST_WIDTH = 8
_MOST_TIMES = 6
"""How many times as many parameters or products one value alone may make."""


@frozen
class Valuer:
    """Finds values of points."""

    known: Known
    reach: Reachable
    sources: Plan = field()
    """A plan without anything in it but the texts."""

    def valued(self, found: Found) -> Found | None:
        """Return a point with what may stand there; None where nothing else may."""
        comment = self._comment(found)
        if comment is not None:
            values = [value for value in self._said(comment) if self._holds(found, value)]
        else:
            values = list(self._around(found))
        present = found.point.present
        every = dict.fromkeys((*values, present))
        ordered = sorted(every, key=_order) if comment is None else list(every)
        if len(ordered) < 2:
            return None
        return evolve(found, point=evolve(found.point, values=tuple(ordered)))

    def _comment(self, found: Found) -> Comment | None:
        place = found.point.place
        for comment in self.reach.searched.get(place.path, ()):
            if comment.first_line <= place.line <= comment.last_line and comment.args:
                said = comment.args[0]
                if type(said) is type(_number(found.point.present)):
                    return comment
        return None

    def _said(self, comment: Comment) -> Iterator[Value]:
        for value in comment.args:
            if isinstance(value, int):
                yield value
            elif isinstance(value, (float, str)):
                yield str(value)

    def _around(self, found: Found) -> Iterator[Value]:
        point = found.point
        if point.values[1:]:
            yield from (v for v in point.values if v != point.present and self._holds(found, v))
        elif not isinstance(point.present, int):
            yield from self._first(found, ([text] for text in _scaled(str(point.present))))
        elif point.kind == "width" and point.present >= _LEAST_WIDTH:
            step = step_of(found.layers, point.present, self.known.rereading.target)
            yield from self._first(found, widths_around(point.present, step))
        else:
            values = [v for v in _numbers(point.kind, point.present) if v != point.present]
            yield from (v for v in values if self._holds(found, v))

    def _first(self, found: Found, each: Iterable[Sequence[Value]]) -> Iterator[Value]:
        """Yield the first value of each sequence that holds."""
        seen: dict[Value, bool] = {}
        for values in each:
            for value in values:
                if value not in seen:
                    seen[value] = self._holds(found, value)
                    if seen[value]:
                        yield value
                if seen[value]:
                    break

    def _holds(self, found: Found, value: Value) -> bool:
        name = found.point.name
        plan = evolve(found.plan, sources=self.sources.sources)
        try:
            edits = plan.edits([found.point], {name: value})
        except Unwritten:
            return False
        graph = self.known.read(edits) if edits else None
        return self.known.holds(graph, found.point.kind) and self._is_near(graph)

    def _is_near(self, graph: ModelGraph | None) -> bool:
        """Whether a module is not many times as large as it was: `2**i` becomes `8**i` too."""
        was = self.known.graph
        assert graph is not None
        assert graph.flow is not None
        assert was.flow is not None
        pairs = ((was.params, graph.params), (was.flow.macs, graph.flow.macs))
        return all(not old or not new or new <= _MOST_TIMES * old for old, new in pairs)


def _numbers(kind: str, present: int) -> Iterator[int]:
    if kind == "kernel":
        yield from _KERNELS
    elif kind == "depth":
        yield from (present + more for more in _DEEPER if present + more > 0)
    elif kind == "groups":
        yield from _GROUPS
    elif kind == "heads":
        yield from dict.fromkeys(int(present * times) for times in _TIMES if present * times >= 1)
    else:
        near = (present // 2, present - 1, present + 1, present * 2)
        yield from dict.fromkeys(value for value in near if value > 0)


def _scaled(text: str) -> Iterator[str]:
    """Yield other numbers than a decimal one, a quarter to twice as large."""
    try:
        size = float(text)
    except ValueError:
        return
    for times in _TIMES:
        yield repr(round(size * times, 4))


def _number(value: Value) -> object:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _order(value: Value) -> tuple[int, float, str]:
    number = _number(value)
    return (0, number, "") if isinstance(number, (int, float)) else (1, 0.0, str(value))
