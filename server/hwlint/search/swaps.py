"""Points that are no numbers: activations, norms, and calls that may be written in another way."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from attrs import frozen

from hwlint.graph import Layer, ModelGraph
from hwlint.search.alignment import is_legal
from hwlint.search.facts import inside
from hwlint.search.known import Found
from hwlint.search.model import Kind, Point, Value
from hwlint.search.probing import Prober
from hwlint.search.proving import arguments_of
from hwlint.search.reachable import Reachable
from hwlint.search.writing import Exact, Plan, Rewriting, Spot
from hwlint.source.changes import SetArgument, edits_for
from hwlint.source.inventory import Name
from hwlint.source.rewriting import rewritten
from hwlint.source.spans import Place

__all__ = ["Swaps"]

_ACTIVATIONS: tuple[str, ...] = ("ReLU", "ReLU6", "Hardswish", "SiLU", "GELU")
_FUNCTIONS = {name.lower(): name for name in _ACTIVATIONS}
_IN_PLACE = frozenset(("ReLU", "ReLU6", "Hardswish", "SiLU"))
"""Those that take `inplace`."""
_NORMS = ("LayerNorm", "RMSNorm")
_NORM_ARGUMENTS = frozenset(("", "normalized_shape", "eps", "elementwise_affine"))
_GROUPS = (1, 2, 4, 8)
_GROUPS_POSITION = 6


@frozen
class Swaps:
    """Looks for them in what may be changed of a module."""

    prober: Prober
    reach: Reachable

    def points(self) -> Iterator[Found]:
        """Yield the points, with all that may be tried there."""
        if self.prober.wants("activation"):
            yield from self._names("activation")
        if self.prober.wants("norm"):
            yield from self._names("norm")
        yield from self._calls()

    # --- names ------------------------------------------------------------------------------

    def _names(self, kind: Kind) -> Iterator[Found]:
        for name in self.reach.names:
            values = self._activations(name) if kind == "activation" else _norms(name)
            present = values[0] if values else ""
            legal = [v for v in values[1:] if is_legal(_op(v), self.prober.known.rereading.target)]
            if not legal:
                continue
            point_name = self._named(name.place, kind)
            plan = Plan(exacts=(Exact(name.place, point_name),))
            found = self._changed(plan, point_name, legal[0], present)
            if found is None:
                continue
            point = Point(
                point_name, kind, name.place, present, (present, *legal), f"{present} of {found}"
            )
            yield Found(point, plan)

    def _activations(self, name: Name) -> tuple[str, ...]:
        """Return what may be called in place of an activation, itself first."""
        table = dict(zip(_ACTIVATIONS, _ACTIVATIONS, strict=True))
        if name.text in _FUNCTIONS:
            if not name.called or name.prefix.rpartition(".")[0].rpartition(".")[2] not in _HOMES:
                return ()
            table = _FUNCTIONS
        own = table.get(name.text)
        if own is None:
            return ()
        more = name.arguments[1:] if table is _FUNCTIONS else name.arguments
        if any(argument not in ("", "inplace") for argument in more) or len(more) > 1:
            return ()
        others = [text for text, op in table.items() if not more or op in _IN_PLACE]
        return (name.text, *(text for text in others if text != name.text))

    def _changed(self, plan: Plan, name: str, value: Value, present: Value) -> str | None:
        """Return where something becomes another when a name does; None where nothing does."""
        known = self.prober.known
        point = Point(name, "activation", known.graph.entry.place, present, (present,))
        graph = known.read(plan.edits([point], {name: value}))
        if graph is None or not known.holds(graph):
            return None
        return _other(known.graph, graph)

    def _named(self, place: Place, kind: Kind) -> str:
        return self.prober.known.rereading.named(place, kind)

    # --- calls ------------------------------------------------------------------------------

    def _calls(self) -> Iterator[Found]:
        layers: dict[Place, list[tuple[str, Layer]]] = {}
        part = self.prober.known.rereading.part
        for name, layer in self.prober.known.graph.named_layers.items():
            if inside(name, part) and self.reach.call(layer.place):
                layers.setdefault(layer.place, []).append((name, layer))
        for place, found in layers.items():
            yield from self._call(place, found)
        if self.prober.wants("separable"):
            yield from self._pairs()

    def _call(self, place: Place, found: Sequence[tuple[str, Layer]]) -> Iterator[Found]:
        first = found[0][1]
        says = f"{first.op} of {found[0][0]}" + (f" and {len(found) - 1} more" if found[1:] else "")
        legal = is_legal("GroupNorm", self.prober.known.rereading.target)
        if first.op == "BatchNorm2d" and legal and self.prober.wants("norm"):
            values = {first.op: "", "GroupNorm": "GroupNorm"}
            yield from self._rewriting(place, "norm", values, says)
        if first.op == "Conv2d" and all(_mixes(layer) for _, layer in found):
            if self.prober.wants("separable"):
                values = {"standard": "", "separable": "separable"}
                yield from self._rewriting(place, "separable", values, says)
            if self.prober.wants("groups"):
                yield from self._grouped(place, first, says)

    def _pairs(self) -> Iterator[Found]:
        """Yield depthwise and pointwise convolutions in a row that could be one."""
        built = {n.place for n in self.prober.known.graph.nodes if n.kind == "Sequential"}
        for place in sorted(place for place in built if place is not None):
            if self.reach.call(place):
                says = "depthwise and pointwise convolution"
                values = {"separable": "", "standard": "dense"}
                yield from self._rewriting(place, "separable", values, says)

    def _rewriting(
        self, place: Place, kind: Kind, values: Mapping[str, str], says: str
    ) -> Iterator[Found]:
        """Yield a call that may be written in another way, by value; "" for how it stands."""
        how: dict[Value, str] = {value: way for value, way in values.items() if way}
        if any(rewritten(way, self.reach.call(place)) is None for way in how.values()):
            return
        name = self._named(place, kind)
        point = Point(name, kind, place, next(iter(values)), tuple(values), says)
        yield Found(point, Plan(rewritings=(Rewriting(place, name, how),)))

    def _grouped(self, place: Place, layer: Layer, says: str) -> Iterator[Found]:
        """Yield a convolution that says nothing of groups."""
        if not layer.args["groups"].default:
            return
        file = self.reach.files[place.path]
        edits = edits_for(SetArgument(place, "groups", "", _GROUPS_POSITION), file.source)
        if not edits or not edits[0].text:
            return
        name = self._named(place, "groups")
        spot = Spot(edits[0].place, 1, {name: Fraction(1)}, edits[0].text)
        yield Found(Point(name, "groups", place, 1, _GROUPS, says), Plan((spot,)))


_HOMES = frozenset(("F", "functional"))


def _op(value: str) -> str:
    return _FUNCTIONS.get(value, value)


def _norms(name: Name) -> tuple[str, ...]:
    if name.text not in _NORMS or not set(name.arguments) <= _NORM_ARGUMENTS:
        return ()
    return (name.text, *(other for other in _NORMS if other != name.text))


def _mixes(layer: Layer) -> bool:
    """Whether a convolution of more than one point mixes all of more than a few channels."""
    args: Mapping[str, object] = {key: argument.value for key, argument in layer.args.items()}
    ins, kernel = args["in_channels"], args["kernel_size"]
    if args["groups"] != 1 or not isinstance(ins, int) or not isinstance(kernel, tuple):
        return False
    return ins >= _FEW and kernel != (1, 1)


_FEW = 8
"""Channels from which on a convolution for each of them is worth a look."""


def _other(before: ModelGraph, after: ModelGraph) -> str | None:
    """Return the first layer, or function, that is another."""
    old, new = arguments_of(before), arguments_of(after)
    changed = [name for name, what in old.items() if name in new and new[name][0] != what[0]]
    if changed:
        return changed[0] + (f" and {len(changed) - 1} more" if changed[1:] else "")
    assert before.flow is not None
    assert after.flow is not None
    pairs = zip(before.flow.operations, after.flow.operations, strict=False)
    return next((one.module or "the model" for one, two in pairs if one.name != two.name), None)
