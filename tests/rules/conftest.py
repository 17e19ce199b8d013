"""Models by hand: layers, where their numbers come from, and the tree that they stand in."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hwlint.api import (
    Argument,
    EntryPoint,
    Finding,
    Layer,
    ModelGraph,
    Node,
    Origin,
    Place,
    Reading,
    Rule,
)
from hwlint.ops import LAYERS, bind, count, normalise
from hwlint.profile import Profile, ProfileIndex, discover_profiles
from hwlint.reader import ForwardOptions, Reader, ReadOptions

PATH = "/models/net.py"


def place(line: int, col: int = 8) -> Place:
    """Return a place in the model's file; lines are 0-based."""
    return Place(PATH, line, col, line, col + 3)


def make(op: str, line: int, **given: object) -> Layer:
    """Return a layer with torch's defaults; an `Origin` as argument brings its value."""
    maybe = bool(given.pop("maybe", False))
    class_name = str(given.pop("class_name", op))
    values = {k: v.value if isinstance(v, Origin) else v for k, v in given.items()}
    bound = bind(LAYERS[op], (), values)
    known = None not in (values.get(k) for k in values if k != "device")
    full = normalise(LAYERS[op], bound.values) if known else bound.values
    params = count(LAYERS[op], full) if known else None
    args = {
        key: Argument(
            value,
            origin if isinstance(origin := given.get(key), Origin) else None,
            known=not (key in values and value is None),
            default=key in bound.defaulted,
        )
        for key, value in full.items()
    }
    return Layer(op, place(line), args, params, class_name, "Net.__init__", maybe)


@dataclass
class Net:
    """A model under construction."""

    layers: dict[str, Layer] = field(default_factory=dict[str, Layer])
    sequences: dict[str, list[Layer]] = field(default_factory=dict[str, list[Layer]])
    sequence_kind: str = "Sequential"
    again: set[str] = field(default_factory=set[str])

    @staticmethod
    def literal(value: object, line: int, name: str | None = None, path: str = PATH) -> Origin:
        """Return the origin of a literal."""
        return Origin(value, place=Place(path, line, 4, line, 7), name=name)

    @staticmethod
    def computed(value: object, operation: str, *operands: Origin) -> Origin:
        """Return the origin of a computed value."""
        return Origin(value, operation, operands)

    def add(self, op: str, name: str, line: int, **given: object) -> Layer:
        """Add a layer to the model itself."""
        layer = self.layers[name] = make(op, line, **given)
        return layer

    def use_again(self, name: str, layer: Layer) -> None:
        """Let the model hold a layer under one more name."""
        self.layers[name] = replace(layer, params=0)
        self.again.add(name)

    def sequence(self, name: str, *layers: tuple[str, dict[str, object]]) -> None:
        """Add an `nn.Sequential` of layers that nothing else uses."""
        self.sequences[name] = [
            make(op, 10 + number, **given) for number, (op, given) in enumerate(layers)
        ]

    def graph(self, params: int | None = -1) -> ModelGraph:
        """Return what the reader would give; `params` None: the total is not known."""
        nodes = {name: _leaf(layer, name in self.again) for name, layer in self.layers.items()}
        for name, members in self.sequences.items():
            children = {str(i): _leaf(member) for i, member in enumerate(members)}
            nodes[name] = Node("Sequential", self.sequence_kind, place(1), children)
        root = Node("Net", "module", None, nodes)
        layers = [node.layer for _, node in root.walk() if node.layer is not None]
        total = sum(layer.params or 0 for layer in layers) if params == -1 else params
        entry = EntryPoint("Net", "class", place(0), PATH, "net")
        return ModelGraph(entry, root, tuple(layers), total, complete=True, files=(PATH,))


def _leaf(layer: Layer, again: bool = False) -> Node:
    return Node(layer.class_name, "layer", layer.place, {}, layer, again)


@pytest.fixture
def net() -> Net:
    """Return an empty model."""
    return Net()


@pytest.fixture(scope="session")
def devices() -> ProfileIndex:
    """Return the profiles that come with hwlint."""
    return discover_profiles(("hwlint_profiles",))


@pytest.fixture
def findings(devices: ProfileIndex) -> Callable[..., list[Finding]]:
    """Return a function that lets a rule look at a model on a device."""

    def look(
        rule: type[Rule], graph: ModelGraph, device: str | Profile = "h100-sxm"
    ) -> list[Finding]:
        profile = devices[device] if isinstance(device, str) else device
        return list(rule().check(Reading(profile, profile.default_dtype, graph=graph)))

    return look


@pytest.fixture
def told(devices: ProfileIndex, tmp_path: Path) -> Callable[..., list[Finding]]:
    """Return a function that lets a rule look at a model; words in it are replaced."""

    def look(rule: type[Rule], text: str, device: str, **words: object) -> list[Finding]:
        for word, value in words.items():
            text = text.replace(word, str(value))
        path = tmp_path / "net.py"
        path.write_text(text)
        reader = Reader(ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions()))
        profile = devices[device]
        graphs = reader.read(str(path)).graphs
        return [
            finding
            for graph in graphs
            for finding in rule().check(Reading(profile, profile.default_dtype, graph))
        ]

    return look
