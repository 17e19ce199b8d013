"""What numbers of a source decide: each is changed in memory, read again, and the graph is asked
what became another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from attrs import define, evolve, field, frozen

from hwlint.fix.coupling import coupled_in
from hwlint.fix.proof import WIDTHS
from hwlint.graph import Layer, ModelGraph
from hwlint.search.facts import inside
from hwlint.search.known import Found, Known
from hwlint.search.model import Kind, Point
from hwlint.search.proving import Arguments, arguments_of
from hwlint.search.writing import Exact, Plan, Spot
from hwlint.source.changes import SetArgument, SetNumber, edits_for
from hwlint.source.edits import Edit
from hwlint.source.inventory import Number
from hwlint.source.spans import Place

__all__ = ["Moved", "Prober"]

_LEFT_ALONE = frozenset(("stride", "padding", "dilation", "output_padding", "eps", "momentum", "p"))
"""Arguments of layers that no point is about; a padding follows its kernel."""
_ATTENTION = frozenset(("softmax", "scaled_dot_product_attention"))
_PADDING_POSITION = 4
_LEAST_WIDTH = 8
"""A smaller number that decides on widths multiplies them."""


@frozen
class Moved:
    """What became another."""

    arguments: Mapping[str, frozenset[str]]
    """By layer, those that both have."""
    more: int = 0
    """How many layers there are now that were not, and the other way round."""
    ops: int = 0
    """Layers that are of another kind."""
    heads: bool = False
    """No layer is another, and attention has other shapes."""

    @property
    def names(self) -> frozenset[str]:
        """All arguments of layers that are others."""
        return frozenset(name for names in self.arguments.values() for name in names)


@define
class Prober:
    """Asks one number after the other."""

    known: Known
    only: frozenset[Kind] = frozenset()
    done: set[Place] = field(factory=set[Place])
    """Numbers that some point writes already."""

    @cached_property
    def _before(self) -> Arguments:
        return arguments_of(self.known.graph)

    @cached_property
    def _roles(self) -> Mapping[Place, frozenset[str]]:
        """Return which arguments of layers each number decides on."""
        found: dict[Place, set[str]] = {}
        for layer in self.known.graph.layers:
            for name, argument in layer.args.items():
                origin = argument.origin
                for leaf in origin.leaves() if origin is not None else ():
                    if leaf.place is not None and leaf.place in self.known.numbers:
                        found.setdefault(leaf.place, set()).add(name)
        return {place: frozenset(names) for place, names in found.items()}

    def wants(self, *kinds: Kind) -> bool:
        """Whether points of one of these kinds are asked for."""
        return not self.only or not self.only.isdisjoint(kinds)

    def points(self) -> Iterator[Found]:
        """Yield the points of all numbers, without what may stand there."""
        ordered = sorted(self.known.numbers.values(), key=lambda n: n.place)
        unseen = [n for n in ordered if n.place not in self._roles and isinstance(n.value, int)]
        self.done |= {number.place for number in self._idle(unseen)}
        for number in ordered:
            if number.place not in self.done:
                found = self._probed(number)
                if found is not None and self.wants(found.point.kind):
                    yield found

    def _idle(self, numbers: Sequence[Number]) -> Iterator[Number]:
        """Yield those numbers that decide on nothing: one more of all of them at once makes no
        difference. Most of what stands in a large file is so."""
        if not numbers:
            return
        graph = self.known.read([Edit(n.place, str(int(n.value) + 1)) for n in numbers])
        if graph is not None and self._is_same(graph):
            yield from numbers
        elif len(numbers) > 1:
            half = len(numbers) // 2
            yield from self._idle(numbers[:half])
            yield from self._idle(numbers[half:])

    def _is_same(self, graph: ModelGraph) -> bool:
        """Whether nothing at all is another."""
        was = self.known.graph.flow
        if graph.flow is None or was is None or not self.known.holds(graph):
            return False
        old, new = ([tensor.shape for tensor in flow.tensors] for flow in (was, graph.flow))
        return old == new and arguments_of(graph) == self._before

    def _probed(self, number: Number) -> Found | None:
        roles = self._roles.get(number.place, frozenset())
        if "kernel_size" in roles and not roles & WIDTHS:
            return self._kernel(number) if self.wants("kernel") else None
        if roles & WIDTHS:
            return self._width(number) if self.wants("width", "expansion", "heads") else None
        if (roles and roles <= _LEFT_ALONE) or not isinstance(number.value, int):
            return None
        return self._other(number) if self.wants("depth", "heads", "groups") else None

    # --- widths -----------------------------------------------------------------------------

    def _width(self, number: Number) -> Found | None:
        if not number.value:
            return None
        twice = number.value * 2
        edit = Edit(number.place, str(twice))
        graph = self.known.read([edit])
        if self.known.holds(graph):
            return self._found(number, graph, *self._written(number))
        if not isinstance(number.value, int) or number.value < _LEAST_WIDTH or graph is None:
            return None
        step = SetNumber(number.place, number.value, number.value * 2)
        numbers = coupled_in(self.known.bench, step, [_Counted(self.known)])
        if numbers is None or len(numbers) < 2 or not set(numbers) <= set(self.known.numbers):
            return None
        edits = [Edit(place, str(value)) for place, value in sorted(numbers.items())]
        graph = self.known.read(edits)
        if not self.known.holds(graph):
            return None
        found = self._found(number, graph, self._coupled(number, numbers))
        if found is not None:
            self.done |= {p for p, v in numbers.items() if v == step.after and self._is(p, step)}
        return found

    def _is(self, place: Place, step: SetNumber) -> bool:
        return self.known.numbers[place].value == step.before

    def _written(self, number: Number) -> tuple[tuple[Spot, ...], tuple[Exact, ...]]:
        """Return how a number is written where no other has to agree."""
        if not isinstance(number.value, int):
            return (), (Exact(number.place, ""),)
        return (Spot(number.place, number.value, {"": Fraction(1)}),), ()

    def _coupled(self, number: Number, numbers: Mapping[Place, int]) -> tuple[Spot, ...]:
        """Return what each number becomes when the first one does, as far as two readings say."""
        spots: list[Spot] = []
        for place, after in numbers.items():
            base = int(self.known.numbers[place].value)
            slope = Fraction(after - base, int(number.value))
            spots.append(Spot(place, base, {"": slope}))
        return tuple(spots)

    # --- kernels ----------------------------------------------------------------------------

    def _kernel(self, number: Number) -> Found | None:
        size = number.value
        if not _has_middle(size):
            return None
        graph = self.known.read([Edit(number.place, str(size + 2))])
        own, _ = self._written(number)
        ties = self._paddings(graph) if graph is not None else ()
        for spots in ((*own, *ties), own) if ties else (own,):
            edits = [Edit(s.place, text) for s in spots if (text := s.written({"": 2}))]
            graph = self.known.read(edits)
            if self.known.holds(graph, "kernel"):
                return self._found(number, graph, spots)
        return None

    def _paddings(self, graph: ModelGraph) -> tuple[Spot, ...]:
        """Return the paddings of the layers whose kernel became another and that do not follow it
        by themselves."""
        found: dict[tuple[Place, str], Spot] = {}
        after = graph.named_layers
        for name, layer in self.known.graph.named_layers.items():
            kernel, padding = layer.args.get("kernel_size"), layer.args.get("padding")
            other = after.get(name)
            if kernel is None or padding is None or other is None or other.op != layer.op:
                continue
            if other.args["kernel_size"].value == kernel.value:
                continue
            if other.args["padding"].value != padding.value:
                continue
            spot = self._padding(layer)
            if spot is not None:
                found[spot.place, spot.lead] = spot
        return tuple(found.values())

    def _padding(self, layer: Layer) -> Spot | None:
        padding = layer.args["padding"]
        dilation = layer.args["dilation"].value if "dilation" in layer.args else 1
        step = dilation[0] if isinstance(dilation, tuple) else dilation  # pyright: ignore[reportUnknownVariableType] - of numbers
        if not isinstance(step, int):
            return None
        slopes = {"": Fraction(step, 2)}
        origin = padding.origin
        place = origin.place if origin is not None else None
        if place is not None and place in self.known.numbers:
            return Spot(place, int(self.known.numbers[place].value), slopes)
        if padding.default and layer.op.startswith("Conv"):
            return self._inserted(layer, "padding", _PADDING_POSITION, Spot(layer.place, 0, slopes))
        return None

    def _inserted(self, layer: Layer, keyword: str, position: int, spot: Spot) -> Spot | None:
        """Return the place where one more argument of a call may stand."""
        path = layer.place.path
        source = self.known.bench.source(path) if path in self.known.bench.owned else None
        if source is None:
            return None
        step = SetArgument(layer.place, keyword, "", position)
        edits = edits_for(step, source)
        if not edits or not edits[0].text:
            return None
        return evolve(spot, place=edits[0].place, lead=edits[0].text)

    # --- others -----------------------------------------------------------------------------

    def _other(self, number: Number) -> Found | None:
        size = int(number.value)
        tried = dict.fromkeys((size + 1, size - 1, size * 2, size // 2))
        for value in tried:
            if value < 1 or value == size:
                continue
            graph = self.known.read([Edit(number.place, str(value))])
            if self.known.holds(graph):
                return self._found(number, graph, *self._written(number))
        return None

    # --- what came of it --------------------------------------------------------------------

    def _found(
        self,
        number: Number,
        graph: ModelGraph | None,
        spots: tuple[Spot, ...],
        exacts: tuple[Exact, ...] = (),
    ) -> Found | None:
        assert graph is not None
        moved = self.moved(graph)
        kind = self._kind(number, moved)
        if kind is None or (kind == "kernel" and not _has_middle(number.value)):
            return None
        if not self.known.holds(graph, kind):
            return None
        name = self.known.rereading.named(number.place, kind)
        spots = tuple(evolve(s, slopes={name: s.slopes[""]}) for s in spots)
        exacts = tuple(evolve(e, point=name) for e in exacts)
        present = number.value if isinstance(number.value, int) else number.text
        point = Point(name, kind, number.place, present, (present,), _says(moved, kind))
        layers = [self.known.graph.named_layers[layer] for layer in moved.arguments]
        return Found(point, Plan(spots, exacts), tuple(dict.fromkeys(layers)))

    def moved(self, graph: ModelGraph) -> Moved:
        """Return what is another in a reading."""
        before, after = self._before, arguments_of(graph)
        part = self.known.rereading.part
        shared = [name for name in before if name in after and inside(name, part)]
        changed = {
            name: frozenset(
                key
                for key, value in before[name][1].items()
                if after[name][1].get(key, value) != value
            )
            for name in shared
            if before[name][0] == after[name][0]
        }
        changed = {name: keys for name, keys in changed.items() if keys}
        more = len(before.keys() ^ after.keys())
        ops = sum(before[name][0] != after[name][0] for name in shared)
        still = not changed and not more and not ops
        return Moved(changed, more, ops, still and _attends_otherwise(self.known.graph, graph))

    def _kind(self, number: Number, moved: Moved) -> Kind | None:
        if moved.heads or moved.names == frozenset(("num_heads",)):
            return "heads"
        wide = bool(moved.names & self._roles.get(number.place, frozenset()) & WIDTHS)
        if moved.more and not wide:
            return "depth" if isinstance(number.value, int) else None
        if not moved.names or (moved.ops and not wide):
            return None  # a shortcut between other widths has a layer of its own
        if moved.names <= {"kernel_size", "padding"} and "kernel_size" in moved.names:
            ops = {self._before[name][0] for name in moved.arguments}
            return "kernel" if all(op.startswith("Conv") for op in ops) else None
        if moved.names == frozenset(("groups",)):
            return "groups"
        if not moved.names & WIDTHS:
            return None
        if isinstance(number.value, int) and number.value >= _LEAST_WIDTH:
            return "width"
        every = [name for name, (_, args) in self._before.items() if WIDTHS & args.keys()]
        return "width" if 2 * len(moved.arguments) > len(every) else "expansion"


@frozen
class _Counted:
    """The module as coupling asks it."""

    known: Known

    @property
    def graph(self) -> ModelGraph:
        return self.known.graph

    def read(self, edits: Sequence[Edit]) -> ModelGraph | None:
        return self.known.read(edits)


def _has_middle(size: float) -> bool:
    """Whether a kernel may grow and shrink around its middle."""
    return isinstance(size, int) and size > 1 and size % 2 == 1


def _attends_otherwise(before: ModelGraph, after: ModelGraph) -> bool:
    """Whether attention runs over other shapes."""
    return list(_attended(before)) != list(_attended(after))


def _attended(graph: ModelGraph) -> Iterator[object]:
    assert graph.flow is not None
    for operation in graph.flow.operations:
        if operation.name in _ATTENTION:
            yield [graph.flow.tensors[index].shape for index in operation.inputs]


def _says(moved: Moved, kind: Kind) -> str:
    if kind == "heads":
        return "heads of attention"
    if kind == "depth":
        return f"layers: {moved.more} more or less"
    shown = {name: keys - {"padding"} or keys for name, keys in moved.arguments.items()}
    return _listed([(name, max(keys)) for name, keys in shown.items()])


def _listed(changed: Iterable[tuple[str, str]]) -> str:
    found = list(changed)
    if not found:
        return ""
    name, key = found[0]
    rest = f" and {len(found) - 1} more" if found[1:] else ""
    return f"{key} of {name or 'the model'}{rest}"
