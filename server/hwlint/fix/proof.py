"""What a fix changed besides what it was to change: two readings side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hwlint.api import Edit, Finding
from hwlint.engine.analysis import FileResult, Raised
from hwlint.fix.bench import Bench, Key, Trial, graphs_of
from hwlint.fix.parts import unfit_for_parts
from hwlint.graph import Argument, Flow, Layer, ModelGraph, Node
from hwlint.source.changes import Change
from hwlint.source.edits import move
from hwlint.source.spans import Place

__all__ = ["WIDTHS", "Refused", "Resized", "compare", "prove"]

WIDTHS = frozenset(
    (
        "in_channels", "out_channels", "in_features", "out_features", "in1_features",
        "in2_features", "num_features", "num_channels", "normalized_shape", "embedding_dim",
        "embed_dim", "kdim", "vdim", "d_model", "dim_feedforward", "hidden_size", "input_size",
        "proj_size", "num_parameters",
    )
)  # fmt: skip
"""Arguments of torch's layers that say how wide something is."""
_ROWS = "num_embeddings"


class Refused(Exception):
    """Why a change is not offered."""


@dataclass
class Resized:
    """What is of another size, over all contexts."""

    layers: dict[tuple[str, str, str], tuple[object, object]] = field(
        default_factory=dict[tuple[str, str, str], tuple[object, object]]
    )
    """By context, name of the layer and argument: before and after."""
    grown: float = 0.0
    """By how much the parameters of a model grow at most: 0.08 is 8 %."""
    places: set[Place] = field(default_factory=set[Place])
    """The calls that build these layers."""
    followed: set[Place] = field(default_factory=set[Place])
    """The calls that build layers of models whose run is known to its end."""

    @property
    def number(self) -> int:
        """In how many layers of the model that has most of them."""
        counts: dict[str, set[str]] = {}
        for context, name, _ in self.layers:
            counts.setdefault(context, set()).add(name)
        return max(map(len, counts.values()), default=0)


@dataclass(frozen=True)
class _About:
    """What is to be proved."""

    change: Change
    code: str
    anchor: Place
    """Before the edits."""


def prove(
    bench: Bench, about: tuple[str, Place], change: Change, edits: Iterable[Edit]
) -> tuple[Trial, Resized]:
    """Read again with the edits made, and see that the finding (its code and its anchor) is gone
    and nothing else is worse. Raises `Refused` with the reason."""
    made = tuple(edits)
    keys = bench.dependents({edit.place.path for edit in made})
    before = bench.with_graphs(keys)
    trial = bench.trial(made, keys)
    if trial is None:
        raise Refused("the edits cannot be made")
    moves = _Moves(bench, made)
    _findings(bench, _About(change, *about), (before, trial.results), moves)
    resized = Resized()
    for key in keys:
        allowed = _concerned(before[key], about[0])
        compare((before[key], trial.results[key]), change, resized, allowed)
    if change.coupled:
        _covered(resized)
    return trial, resized


class _Moves:
    """Where places stand after the edits."""

    def __init__(self, bench: Bench, edits: tuple[Edit, ...]) -> None:
        self._bench = bench
        self._edits = edits
        self._touched = {edit.place.path for edit in edits}
        self._known: dict[Place, Place] = {}

    def __call__(self, place: Place) -> Place:
        if place.path not in self._touched:
            return place
        if place not in self._known:
            source = self._bench.source(place.path)
            assert source is not None
            self._known[place] = move(place, source.text, self._edits)
        return self._known[place]


Sides = tuple[Mapping[Key, FileResult], Mapping[Key, FileResult]]


def _findings(bench: Bench, about: _About, sides: Sides, moves: _Moves) -> None:
    before, after = sides
    gone = moves(about.anchor)
    for key, new in after.items():
        old = before[key]
        if new.incomplete:
            raise Refused(f"{new.path} is not read to its end: {new.incomplete}")
        if len(new.problems) > len(old.problems) or len(new.crashes) > len(old.crashes):
            raise Refused("something does not parse any more")
        had = {(r.rule, r.device, moves(_own(bench, r.finding))) for r in old.raised}
        for raised in new.raised:
            place = _own(bench, raised.finding)
            if raised.rule == about.code and place == gone:
                raise Refused("the finding is still there")
            fresh = (raised.rule, raised.device, place) not in had
            if fresh and _is_worse(raised, about.code):
                raise Refused(f"{raised.rule} would come up: {raised.finding.message}")


def _own(bench: Bench, finding: Finding) -> Place:
    """Return where a finding is shown."""
    places = (finding.anchor, *finding.alternatives)
    return next((place for place in places if place.path in bench.owned), finding.anchor)


def _is_worse(raised: Raised, code: str) -> bool:
    return raised.severity == "error" or raised.rule in (code, "HW002")


def _concerned(result: FileResult, code: str) -> dict[int | None, set[Place]]:
    """Return the places that findings of a rule speak of, by the model that they are about."""
    found: dict[int | None, set[Place]] = {}
    for raised in result.raised:
        if raised.rule == code:
            finding = raised.finding
            related = (one.place for one in finding.related)
            places = found.setdefault(raised.entry, set())
            places.update((finding.anchor, *finding.alternatives, *related))
    return found


def compare(
    sides: tuple[FileResult, FileResult],
    change: Change,
    resized: Resized,
    allowed: Mapping[int | None, set[Place]],
) -> None:
    """Compare all models that one pass read; where the change is not coupled, only layers built at
    `allowed` places of each may be others. Raises `Refused`."""
    old, new = sides
    pairs = list(zip(graphs_of(old), graphs_of(new), strict=False))
    names = [[e.entry.name for e in result.entries] for result in (old, new)]
    if names[0] != names[1]:
        raise Refused("other models are built")
    for number, (before, after) in enumerate(pairs):
        context = f"{old.path}:{number}:{before.entry.name}"
        comparison = _Comparison(change, context, resized, allowed.get(number, set()))
        comparison.graphs(before, after)


class _Comparison:
    """One model before and after."""

    def __init__(self, change: Change, context: str, resized: Resized, allowed: set[Place]) -> None:
        self._change = change
        self._allowed = allowed
        self._context = context
        self._resized = resized
        self._followed = False

    def graphs(self, before: ModelGraph, after: ModelGraph) -> None:
        """Raises `Refused` for whatever was not to change."""
        if len(after.missing) > len(before.missing) or (before.root is None) != (
            after.root is None
        ):
            raise Refused(f"{before.entry.name} is no longer read as far")
        self._followed = before.flow is not None and before.flow.complete
        self._flows(before, after)
        if before.root is not None and after.root is not None:
            self._nodes("", before.root, after.root)
        if before.params and after.params is not None:
            grown = after.params / before.params - 1
            if self._change.effect == "nothing" and grown:
                raise Refused("the number of parameters changes")
            if "submodules" in self._change.alters and grown:
                raise Refused("the number of parameters changes")
            self._resized.grown = max(self._resized.grown, grown)

    def _flows(self, before: ModelGraph, after: ModelGraph) -> None:
        old, new = before.flow, after.flow
        refused = new.mismatch if new is not None else None
        if refused is not None and (old is None or old.mismatch is None):
            raise Refused(f"{before.entry.name}: {refused.message}")
        if old is None or not old.complete:
            return
        if new is None or not new.complete:
            raise Refused(f"{before.entry.name} can no longer be followed")
        if old.inputs != new.inputs:
            raise Refused(f"{before.entry.name} takes other inputs")
        if old.outputs != new.outputs and not (self._change.outputs and _wider(old, new)):
            raise Refused(f"{before.entry.name} returns other shapes")
        if "submodules" in self._change.alters:
            self._computes(before.entry.name, old, new)
        if "operations" in self._change.alters:
            return
        if [o.name for o in old.operations] != [o.name for o in new.operations]:
            raise Refused(f"{before.entry.name} runs other operations")

    def _computes(self, name: str, old: Flow, new: Flow) -> None:
        """See that the same is computed, by what parts of a tensor allow."""
        if old.macs != new.macs:
            raise Refused(f"{name} has another number of MACs")
        unfit = unfit_for_parts(new)
        if unfit and not unfit_for_parts(old):
            raise Refused(f"{name}: {unfit}")

    def _nodes(self, name: str, before: Node, after: Node) -> None:
        if list(before.children) != list(after.children):
            self._children(name, before, after)
        if (before.layer is None) != (after.layer is None):
            raise Refused(f"{name} is something else")
        if before.layer is not None and after.layer is not None:
            self._layers(name, before.layer, after.layer)
        elif before.class_name != after.class_name:
            raise Refused(f"{name} is a {after.class_name}")
        for key, child in before.children.items():
            if key in after.children:
                self._nodes(f"{name}.{key}" if name else key, child, after.children[key])

    def _children(self, name: str, before: Node, after: Node) -> None:
        """See that only layers that the change is about went, and that one came for them."""
        gone = [child for key, child in before.children.items() if key not in after.children]
        come = [child for key, child in after.children.items() if key not in before.children]
        known = all(n.layer is not None and n.layer.place in self._allowed for n in gone)
        ops = {child.layer.op for child in (*gone, *come) if child.layer is not None}
        joined = known and len(come) == 1 and come[0].layer is not None and len(ops) == 1
        if "submodules" not in self._change.alters or not joined:
            raise Refused(f"{name or 'the model'} has other submodules")

    def _layers(self, name: str, before: Layer, after: Layer) -> None:
        if self._followed:
            self._resized.followed.add(before.place)
        if before.op != after.op:
            if "op" not in self._change.alters or before.place not in self._allowed:
                raise Refused(f"{name} would become a {after.op}")
            return
        for key, argument in before.args.items():
            other = after.args.get(key)
            if other is None or not _equal(argument, other):
                self._argument((name, key), before, after)

    def _argument(self, which: tuple[str, str], before: Layer, after: Layer) -> None:
        name, key = which
        old, new = before.args[key], after.args.get(key)
        if new is None or not new.known or not old.known:
            raise Refused(f"{key} of {name} is not known")
        if self._change.coupled:
            allowed = key in WIDTHS or (key == _ROWS and self._change.outputs)
            if not (allowed and _grows(old.value, new.value)) and not _depthwise(
                key, before, after
            ):
                raise Refused(f"{key} of {name} would become {new.value}")
            self._resized.layers[self._context, name, key] = (old.value, new.value)
            self._resized.places.add(before.place)
        elif key not in self._change.alters or before.place not in self._allowed:
            raise Refused(f"{key} of {name} would become {new.value}")


def _equal(one: Argument, other: Argument) -> bool:
    return one.known == other.known and one.value == other.value


def _grows(before: object, after: object) -> bool:
    if isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):  # pyright: ignore[reportUnknownArgumentType] - of anything
        return all(b == a or _grows(b, a) for b, a in zip(before, after, strict=True))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of anything
    return isinstance(before, int) and isinstance(after, int) and after > before


def _depthwise(key: str, before: Layer, after: Layer) -> bool:
    """Whether the groups of a convolution are its channels, before and after."""
    layers = (before, after)
    return key == "groups" and all(
        layer.args["groups"].value == layer.args["in_channels"].value for layer in layers
    )


def _wider(before: Flow, after: Flow) -> bool:
    """Whether every output keeps its rank and grows in its last dimension only."""
    if len(before.outputs) != len(after.outputs):
        return False
    return all(
        old is not None and new is not None and len(old) == len(new) and old[:-1] == new[:-1]
        for old, new in zip(before.outputs, after.outputs, strict=True)
    )


def _covered(resized: Resized) -> None:
    if not resized.layers:
        raise Refused("no layer is of another size")
    if not resized.places <= resized.followed:
        raise Refused("forward is not known to its end, so neither is what has to agree")
