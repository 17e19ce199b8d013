"""Points where several layers may be one: linear layers of one input, and the pointwise and the
depthwise convolution of an inverted bottleneck."""

from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from hwlint.graph import Step
from hwlint.search.facts import inside
from hwlint.search.known import Found
from hwlint.search.model import Point
from hwlint.search.probing import Prober
from hwlint.search.reachable import Reachable
from hwlint.search.writing import Join, Plan, Rewriting
from hwlint.source.changes import JoinLinears, edits_for, is_apart
from hwlint.source.rewriting import rewritten
from hwlint.source.spans import Place

__all__ = ["Fusions"]


@frozen
class Fusions:
    """Looks for them in what may be changed of a module."""

    prober: Prober
    reach: Reachable

    def points(self) -> Iterator[Found]:
        """Yield the points, with all that may be tried there."""
        if self.prober.wants("fused"):
            yield from self._linears()
            yield from self._convolutions()

    # --- linear layers ----------------------------------------------------------------------

    def _linears(self) -> Iterator[Found]:
        """Yield linear layers that may be one, where all of the model are the same ones."""
        groups = {frozenset(layers): names for layers, names in self._groups()}
        for layers, names in groups.items():
            shared = any(other & layers for other in groups if other != layers)
            if not shared and all(self.reach.call(place) for place in layers):
                yield from self._joined(sorted(layers), names)

    def _groups(self) -> Iterator[tuple[Sequence[Place], str]]:
        links, part = self.prober.known.graph.links, self.prober.known.rereading.part
        for steps in links.projections() if links is not None else ():
            if inside(steps[0].operation.module, part):
                places = list(_built(steps))
                if len(set(places)) == len(steps):
                    yield places, _said(steps)

    def _joined(self, layers: Sequence[Place], says: str) -> Iterator[Found]:
        first, *others = layers
        if any(place.path != first.path for place in others):
            return
        step = JoinLinears(first, tuple(others))
        source = self.reach.files[first.path].source
        edits = edits_for(step, source)
        rest = {p: file.source for p, file in self.reach.files.items() if p != first.path}
        rest |= {s.path: s for s in self.prober.known.bench.companions(first.path)}
        fixed = any(self.reach.has_fixed(edit.place) for edit in edits or ())
        if not edits or fixed or not is_apart(step, source, rest.values()):
            return
        name = self.prober.known.rereading.named(first, "fused")
        point = Point(name, "fused", first, "separate", ("separate", "joined"), says)
        yield Found(point, Plan(joins=(Join(step, name, frozenset(("joined",))),)))

    # --- convolutions -----------------------------------------------------------------------

    def _convolutions(self) -> Iterator[Found]:
        """Yield sequences of layers, in a call or a list, with such a pair in them."""
        part = self.prober.known.rereading.part
        layers = self.prober.known.graph.named_layers
        built: dict[Place, str] = {}
        for name, layer in layers.items():
            if inside(name, part):
                built.setdefault(layer.place, name)
        for path, file in self.reach.files.items():
            own = {place: name for place, name in built.items() if place.path == path}
            for place in (*file.stands.calls, *file.stands.lists):
                names = [name for inner, name in own.items() if inner.within(place)]
                if names and rewritten("fused", self.reach.call(place)) is not None:
                    yield from self._pair(place, names[0])

    def _pair(self, place: Place, layer: str) -> Iterator[Found]:
        if self.reach.has_fixed(place):
            return
        name = self.prober.known.rereading.named(place, "fused")
        says = f"pointwise and depthwise convolution of {layer.rpartition('.')[0] or 'the model'}"
        point = Point(name, "fused", place, "inverted", ("inverted", "fused"), says)
        yield Found(point, Plan(rewritings=(Rewriting(place, name, {"fused": "fused"}),)))


def _built(steps: Iterable[Step]) -> Iterator[Place]:
    for step in steps:
        if step.layer is not None:
            yield step.layer.place


def _said(steps: Sequence[Step]) -> str:
    first = steps[0].operation.module
    return f"Linear of {first} and {len(steps) - 1} more"
